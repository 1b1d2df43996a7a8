// Everybody's target in a share group: what `simple` makes of its members and of the partitions that have their state.

import { assignShared, type SharingInput } from "../assignors/simple.ts";
import type { ShareRecord } from "../group-record.ts";
import { changedTargets, type Targets } from "../targets.ts";
import { topicIdsOfMembers } from "../topic-ids.ts";
import type { TopicsView } from "../topics-view.ts";
import type { ShareGroup } from "./share-group.ts";
import type { ShareMemberView } from "./share-member.ts";
import { nameOfShared } from "./share-states.ts";
import type { TopicsShared } from "./shared-partitions.ts";

/** The only assignor of share groups, as it is told. */
export const SHARE_ASSIGNOR = "simple";

/** Takes no longer than a heartbeat may: a group has a thousand members at most. */
export function computeShareTargets(group: ShareGroup, topics: TopicsView, members: readonly ShareMemberView[]): Targets {
  const topicIds = topicIdsOfMembers(group.subscriptions, topics);
  const input: SharingInput = {
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: null,
      topicIds: topicIds(member.identity),
      current: group.targetOf(member),
    })),
    partitionsOf: (topicId) => group.partitions.initialized.get(topicId)?.partitions ?? [],
  };
  return assignShared(input);
}

export function shareTargetRecords(
  { groupId, ...group }: Pick<ShareGroup, "groupId"> & { readonly before: Targets },
  targets: Targets,
  members: readonly ShareMemberView[],
  computed: { readonly epoch: number; readonly timestampMs: number },
): ShareRecord[] {
  return [
    ...changedTargets(group.before, targets, members).map((changed) => ({ type: "shareMemberTarget", groupId, ...changed }) as const),
    { type: "shareTarget", groupId, value: computed },
  ];
}

/** Partitions have got their state, or lost it, since the targets were computed. Topics of `group.subscriptions` count. */
export function areTargetsBehind(group: ShareGroup, topics: TopicsView): boolean {
  const assigned = new Map<string, Set<number>>();
  for (const target of group.targets().values()) {
    for (const [topicId, partitions] of target) {
      const ofTopic = assigned.get(topicId);
      if (ofTopic === undefined) assigned.set(topicId, new Set(partitions));
      else for (const partition of partitions) ofTopic.add(partition);
    }
  }
  for (const name of group.subscriptions.names()) {
    const topicId = topics.idOf(name);
    if (topicId === undefined) continue;
    const initialized = group.partitions.initialized.get(topicId)?.partitions ?? [];
    const ofTopic = assigned.get(topicId);
    assigned.delete(topicId);
    if (initialized.length !== (ofTopic?.size ?? 0) || !initialized.every((partition) => ofTopic?.has(partition))) return true;
  }
  return assigned.size > 0;
}

/** Partitions of subscribed topics whose state has not begun, and is not about to. */
export function partitionsToBegin(group: ShareGroup, topics: TopicsView): TopicsShared {
  const wanted = new Map<string, { readonly name: string; readonly partitions: number[] }>();
  for (const name of [...group.subscriptions.names()].sort()) {
    const topicId = topics.idOf(name);
    if (topicId === undefined) continue;
    const initialized = new Set(group.partitions.initialized.get(topicId)?.partitions);
    const partitions: number[] = [];
    for (let partition = 0; partition < (topics.partitionCount(name) ?? 0); partition++) {
      if (!initialized.has(partition) && !group.beginning.has(nameOfShared(topicId, partition))) partitions.push(partition);
    }
    if (partitions.length > 0) wanted.set(topicId, { name, partitions });
  }
  return wanted;
}
