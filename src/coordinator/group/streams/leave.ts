// How members leave a streams group: by their own wish, or because they were not heard of.

import type { Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import { unknownMember } from "./membership-faults.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { StreamsMember } from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";

export interface Leave {
  readonly memberId: string;
  /** It has all others end, too. */
  readonly isShutdown: boolean;
}

export function leaveGroup(
  { logger, timeline }: GroupEnvironment,
  group: StreamsGroup,
  { memberId, isShutdown }: Leave,
): Decision<GroupRecord, Refusal | { readonly memberId: string }> {
  const member = group.members.get(memberId);
  if (member === undefined) return answer(unknownMember(memberId, group.groupId));
  return {
    records: withoutMembers(group, [member]),
    applied: () => {
      if (isShutdown && !group.isEmpty) group.shutdownRequestedBy = memberId;
      logger.info({ group: group.groupId, member: memberId, isShutdown }, "member left the group");
      noteChange(timeline, group, { kind: "memberLeft", text: "a member left", members: [member] });
      return { memberId };
    },
  };
}

/** The records of a group that these members are no longer in. */
export function withoutMembers(group: StreamsGroup, leaving: readonly StreamsMember[]): StreamsRecord[] {
  if (leaving.length === 0) return [];
  const { groupId, metadataHash, validatedTopologyEpoch, assignmentSettings } = group;
  const records = leaving.flatMap(({ memberId }): StreamsRecord[] => [
    { type: "streamsMemberProgress", groupId, memberId, progress: null },
    { type: "streamsMemberTarget", groupId, memberId, target: null },
    { type: "streamsMember", groupId, memberId, identity: null },
  ]);
  const epoch = group.epoch + 1;
  records.push({ type: "streamsGroup", groupId, value: { epoch, metadataHash, validatedTopologyEpoch, assignmentSettings } });
  return records;
}
