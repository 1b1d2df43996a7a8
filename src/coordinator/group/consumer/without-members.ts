// The records of a group when members are no longer in it.

import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord } from "../group-record.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerMember } from "./consumer-member.ts";

/** The records of a group that these members are no longer in. */
export function withoutMembers(
  { topicHashes }: GroupEnvironment,
  group: ConsumerGroup,
  leaving: readonly ConsumerMember[],
): ConsumerRecord[] {
  if (leaving.length === 0) return [];
  const { groupId, subscriptions } = group;
  const records = leaving.flatMap(({ memberId }) => memberTombstones(group, memberId));
  const gone = regexesOnlyOf(group, leaving);
  for (const regex of gone) records.push({ type: "consumerRegex", groupId, regex, resolved: null });
  const metadataHash = subscriptions.supposing(
    leaving.map(({ identity }) => ({ before: identity, after: undefined })),
    gone.map((regex) => ({ regex, as: undefined })),
    () => topicHashes.hashOf(subscriptions.topicNames()),
  );
  records.push({ type: "consumerGroup", groupId, value: { epoch: group.epoch + 1, metadataHash } });
  return records;
}

export function memberTombstones({ groupId }: ConsumerGroup, memberId: string): ConsumerRecord[] {
  return [
    { type: "consumerMemberProgress", groupId, memberId, progress: null },
    { type: "consumerMemberTarget", groupId, memberId, target: null },
    { type: "consumerMember", groupId, memberId, identity: null },
  ];
}

/** Expressions that nobody has when these members are gone. */
function regexesOnlyOf(group: ConsumerGroup, leaving: readonly ConsumerMember[]): string[] {
  const counts = new Map<string, number>();
  for (const { identity } of leaving) {
    if (identity.topicRegex !== "") counts.set(identity.topicRegex, (counts.get(identity.topicRegex) ?? 0) + 1);
  }
  return [...counts].filter(([regex, count]) => group.subscriptions.regexes().get(regex) === count).map(([regex]) => regex);
}
