// The members of a group, what each owns, and the end of one.

import { useState } from "preact/hooks";
import { expireMember, type Group, ownedBy } from "../../ask/groups.ts";
import type { DescribedMember } from "../../ask/kafka.ts";
import { SecondLook } from "../../parts/dialog.tsx";
import { counted, oneLine } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty } from "../../parts/told.tsx";

export function MembersTab({ group, onChange }: { group: Group; onChange: () => void }) {
  const [expiring, setExpiring] = useState<DescribedMember>();
  const { members } = group.described;
  const columns: readonly Column<DescribedMember>[] = [
    { title: "Client", width: "22%", by: ({ clientId }) => clientId, cell: ({ clientId }) => <bdi>{oneLine(clientId)}</bdi> },
    { title: "Member", isWide: true, by: ({ memberId }) => memberId, cell: ({ memberId }) => <bdi class="mono">{oneLine(memberId)}</bdi> },
    {
      title: "Static id",
      width: "110px",
      isWide: true,
      cell: ({ groupInstanceId, instanceId }) => oneLine(groupInstanceId ?? instanceId ?? "–"),
    },
    { title: "Host", width: "120px", isWide: true, by: ({ clientHost }) => clientHost, cell: ({ clientHost }) => oneLine(clientHost) },
    { title: "Owns", cell: (member) => <bdi title={owned(member)}>{owned(member)}</bdi> },
    ...(group.kind === "classic"
      ? [{ title: "", width: "90px", cell: (member: DescribedMember) => <ExpireButton member={member} onExpire={setExpiring} /> }]
      : []),
  ];
  const expire = async () => {
    if (expiring !== undefined) await expireMember(group.id, expiring);
    onChange();
  };
  if (members.length === 0)
    return (
      <Empty title="Nobody is in the group">
        <p>
          Its offsets are kept until offsets.retention.minutes are over. Start a consumer of this group, or reset its offsets meanwhile.
        </p>
      </Empty>
    );
  return (
    <>
      <Table label="Members" columns={columns} rows={members} keyOf={({ memberId }) => memberId} />
      {expiring === undefined ? null : (
        <SecondLook title="Expire the member" action="Expire" run={expire} onClose={() => setExpiring(undefined)}>
          <p>
            <bdi>{oneLine(expiring.memberId)}</bdi> loses {counted(ownedBy(expiring).length, "partition")}, and the group rebalances. A
            client that lives joins again.
          </p>
        </SecondLook>
      )}
    </>
  );
}

function ExpireButton({ member, onExpire }: { member: DescribedMember; onExpire: (member: DescribedMember) => void }) {
  return (
    <button type="button" class="button plain" onClick={() => onExpire(member)}>
      Expire
    </button>
  );
}

function owned(member: DescribedMember): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of ownedBy(member)) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  if (topics.size === 0) return "nothing";
  return oneLine(
    [...topics].map(([topic, partitions]) => `${topic}: ${partitions.sort((one, other) => one - other).join(", ")}`).join("; "),
  );
}
