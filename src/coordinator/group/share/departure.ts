// The records of a share group when members are no longer in it: by their own wish, or because they were not heard of. Its target stays until the
// next heartbeat.

import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import { unknownMember } from "../consumer/membership-faults.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord, ShareRecord } from "../group-record.ts";
import type { ShareGroup } from "./share-group.ts";
import type { ShareMember } from "./share-member.ts";

/** Whatever epoch the member says. */
export function leaveShareGroup(
  environment: GroupEnvironment,
  group: ShareGroup,
  memberId: string,
): Decision<GroupRecord, Refusal | { readonly memberId: string }> {
  const member = group.members.get(memberId) ?? unknownMember(memberId, group.groupId);
  if (isRefusal(member)) return answer(member);
  return {
    records: withoutShareMembers(environment, group, [member]),
    applied: () => {
      environment.logger.info({ group: group.groupId, member: memberId }, "a member left");
      noteChange(environment.timeline, group, { kind: "memberLeft", text: "a member left", members: [member] });
      return { memberId };
    },
  };
}

export function withoutShareMembers(
  { topicHashes }: GroupEnvironment,
  { groupId, subscriptions, epoch }: ShareGroup,
  leaving: readonly ShareMember[],
): ShareRecord[] {
  const metadataHash = subscriptions.supposing(
    leaving.map(({ identity }) => ({ before: identity, after: undefined })),
    [],
    () => topicHashes.hashOf(subscriptions.topicNames()),
  );
  return [
    ...leaving.flatMap(({ memberId }): ShareRecord[] => [
      { type: "shareMemberProgress", groupId, memberId, progress: null },
      { type: "shareMemberTarget", groupId, memberId, target: null },
      { type: "shareMember", groupId, memberId, identity: null },
    ]),
    { type: "shareGroup", groupId, value: { epoch: epoch + 1, metadataHash } },
  ];
}
