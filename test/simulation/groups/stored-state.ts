// What must be the same before and after a load: groups with their epochs, members, targets and expressions, and committed offsets.

import type { ConsumerGroup } from "../../../src/coordinator/group/consumer/consumer-group.ts";
import type { HeldPartitions } from "../../../src/coordinator/group/consumer/consumer-member.ts";
import type { GroupState } from "../../../src/coordinator/group/group-state.ts";

export function describeStored(state: GroupState): string {
  const groups = [...state.groups()].map((group) => (group.kind === "consumer" ? ofConsumerGroup(group) : { groupId: group.groupId }));
  const offsets = [...state.offsets.groupIds()].map((groupId) => ({ groupId, offsets: byKey(state.offsets.ofGroup(groupId), byKey) }));
  return JSON.stringify({ groups: sorted(groups), offsets: sorted(offsets) });
}

function ofConsumerGroup(group: ConsumerGroup) {
  const members = [...group.members.values()].map(({ memberId, identity, progress: { assigned, pendingRevocation, ...progress } }) => ({
    memberId,
    identity,
    progress: { ...progress, assigned: ofHeld(assigned), pendingRevocation: ofHeld(pendingRevocation) },
  }));
  return {
    groupId: group.groupId,
    state: group.state,
    epoch: group.epoch,
    metadataHash: String(group.metadataHash),
    target: [group.targetEpoch, group.targetTimestampMs],
    targets: byKey(group.targets(), (assignment) => byKey(assignment)),
    members: members.sort((a, b) => (a.memberId < b.memberId ? -1 : 1)),
    topics: group.subscriptions.topicNames(),
    regexes: byKey(group.subscriptions.resolvedRegexes()),
    held: [...group.members.values()].map(({ progress }) => [progress.assigned, progress.pendingRevocation].map(ofHeld)).sort(),
  };
}

function ofHeld(held: HeldPartitions) {
  return byKey(held, (partitions) => byKey(partitions));
}

function byKey<K, V>(map: ReadonlyMap<K, V> | undefined, of: (value: V) => unknown = (value) => value): [K, unknown][] {
  const entries = [...(map ?? [])].map(([key, value]): [K, unknown] => [key, of(value)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function sorted<T extends { readonly groupId: string }>(groups: readonly T[]): T[] {
  return groups.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
}
