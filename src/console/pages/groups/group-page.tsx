// One group: where it stands, who is in it, what each member owns, and how it came to rebalance.

import { useMemo, useState } from "preact/hooks";
import type { Overview } from "../../../http/api/shapes.ts";
import { deleteGroup, describeGroup, type Group, type GroupOffset, totalLag } from "../../ask/groups.ts";
import { SecondLook } from "../../parts/dialog.tsx";
import { counted, oneLine, whole } from "../../parts/format.ts";
import { Plot } from "../../parts/plot.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { Empty, Facts, Head, Shown, Tabs } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, type Place } from "../../shell/route.ts";
import { GroupState } from "./group-columns.tsx";
import { withLag } from "./lag-history.ts";
import { MembersTab } from "./members-tab.tsx";
import { RebalancesTab } from "./rebalances-tab.tsx";
import { ResetDialog } from "./reset-dialog.tsx";

const TABS = [
  ["offsets", "Offsets and lag"],
  ["members", "Members"],
  ["rebalances", "Rebalances"],
] as const;

interface Seen {
  readonly group: Group;
  readonly atMs: number;
}

export function GroupPage({ id, place, overview }: { id: string; place: Place; overview: Overview | undefined }) {
  const seen = useLoaded<Seen>(`group ${id}`, async (signal) => ({ group: await describeGroup(id, signal), atMs: Date.now() }), {
    everyMs: 2000,
  });
  const [, , tab = "offsets"] = place.segments;
  const [isResetting, setResetting] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const group = seen.value?.group;
  const isServed = (what: "explain" | "rebalances") => overview?.serves.includes(what) === true;
  const tabs = TABS.filter(([name]) => name !== "rebalances" || isServed("rebalances"));
  const remove = async () => {
    await deleteGroup(id);
    toast(`Group ${id} deleted.`);
    go(["groups"]);
  };
  return (
    <div class="page">
      <Head title={oneLine(id)} from={{ title: "Groups", href: at(["groups"]) }}>
        {isServed("explain") ? (
          <a class="button" href={at(["explain"], { group: id })}>
            Explain
          </a>
        ) : null}
        <button type="button" class="button" disabled={group === undefined || group.kind === "streams"} onClick={() => setResetting(true)}>
          Reset offsets
        </button>
        <button type="button" class="button danger" onClick={() => setDeleting(true)}>
          Delete
        </button>
      </Head>
      <Tabs label="Of the group" tabs={tabs.map(([name, title]) => ({ title, href: at(["groups", id, name]), isHere: name === tab }))} />
      {tab === "rebalances" ? (
        <RebalancesTab id={id} />
      ) : (
        <Shown loaded={seen}>
          {(value) => (
            <>
              <About group={value.group} />
              {tab === "members" ? (
                <MembersTab group={value.group} onChange={seen.reload} />
              ) : (
                <OffsetsTab group={value.group} atMs={value.atMs} />
              )}
            </>
          )}
        </Shown>
      )}
      {isResetting && group !== undefined ? <ResetDialog group={group} onClose={() => setResetting(false)} onDone={seen.reload} /> : null}
      {isDeleting ? (
        <SecondLook title="Delete the group" action="Delete group" name={id} run={remove} onClose={() => setDeleting(false)}>
          <p>Its offsets are gone: who joins a group of this name begins where auto.offset.reset says.</p>
        </SecondLook>
      ) : null}
    </div>
  );
}

function About({ group: { kind, described, offsets } }: { group: Group }) {
  const { groupState, members, groupEpoch, assignorName, protocolData } = described;
  return (
    <Facts
      facts={[
        ["State", <GroupState key="state" state={groupState} />],
        ["Lag", whole(totalLag(offsets))],
        ["Kind", kind],
        ["Members", whole(members.length)],
        ["Assignor", assignorName || protocolData || "–"],
        ...(groupEpoch === undefined ? [] : [["Epoch", whole(groupEpoch)] as const]),
      ]}
    />
  );
}

interface OffsetRow extends GroupOffset {
  readonly owner: string;
}

const shownOffset = (offset: number | undefined) => (offset === undefined ? "–" : whole(offset));
const COLUMNS: readonly Column<OffsetRow>[] = [
  { title: "Topic", by: ({ topic }) => topic, cell: ({ topic }) => <a href={at(["topics", topic])}>{oneLine(topic)}</a> },
  { title: "Partition", width: "84px", isNumber: true, by: ({ partition }) => partition, cell: ({ partition }) => partition },
  {
    title: "Committed",
    width: "120px",
    isNumber: true,
    isWide: true,
    by: ({ committed }) => committed ?? -1,
    cell: ({ committed }) => shownOffset(committed),
  },
  { title: "End", width: "120px", isNumber: true, isWide: true, by: ({ end }) => end ?? -1, cell: ({ end }) => shownOffset(end) },
  {
    title: "Lag",
    width: "100px",
    isNumber: true,
    by: ({ lag }) => lag ?? -1,
    cell: ({ lag }) => <span class={(lag ?? 0) > 0 ? "warn" : ""}>{shownOffset(lag)}</span>,
  },
  {
    title: "Owner",
    width: "32%",
    isWide: true,
    by: ({ owner }) => owner,
    cell: ({ owner }) => (owner === "" ? <span class="faint">nobody</span> : <bdi title={owner}>{oneLine(owner)}</bdi>),
  },
];

function OffsetsTab({ group, atMs }: { group: Group; atMs: number }) {
  const rows = useMemo(() => withOwners(group), [group]);
  const samples = useMemo(() => withLag(group.id, { atMs, value: totalLag(group.offsets) }), [group, atMs]);
  if (rows.length === 0)
    return (
      <Empty title="The group has no offsets">
        <p>It has committed none, and nobody in it owns a partition. Members commit once they have read something.</p>
      </Empty>
    );
  return (
    <>
      <div class="panel">
        <Plot title="Lag" samples={samples} />
      </div>
      <Table
        label={`Offsets, ${counted(rows.length, "partition")}`}
        columns={COLUMNS}
        rows={rows}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
      />
    </>
  );
}

/** Partitions with offsets, and those that somebody owns and has committed nothing of. */
function withOwners({ offsets, owners, described }: Group): readonly OffsetRow[] {
  const clients = new Map(described.members.map(({ memberId, clientId }) => [memberId, clientId === "" ? memberId : clientId]));
  const ownerOf = (key: string) => (owners.get(key) ?? []).map((memberId) => clients.get(memberId) ?? memberId).join(", ");
  const known = new Set(offsets.map(({ topic, partition }) => `${topic}/${partition}`));
  const others = [...owners.keys()].flatMap((key) => {
    const at = key.lastIndexOf("/");
    return known.has(key)
      ? []
      : [{ topic: key.slice(0, at), partition: Number(key.slice(at + 1)), committed: undefined, end: undefined, lag: undefined }];
  });
  const rows = [...offsets, ...others].map((offset) => ({ ...offset, owner: ownerOf(`${offset.topic}/${offset.partition}`) }));
  return rows.sort((one, other) => (one.topic < other.topic ? -1 : one.topic > other.topic ? 1 : one.partition - other.partition));
}
