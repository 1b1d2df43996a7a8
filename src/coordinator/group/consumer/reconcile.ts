// One step of a member towards its target (KIP-848): what it keeps, what it has to give up first, and what of the rest is free.
//
// A partition that is to change hands is taken from its holder's assignment, and stays its holder's until the member no longer reports it as
// owned. Only then is it free, and given to the next one with the epoch of the target. So there is no moment at which two members may
// think that a partition is theirs.

import type { Assignment } from "../assignors/assignor.ts";
import {
  type HeldPartitions,
  holdsSame,
  isReconciled,
  type MemberProgress,
  MemberStates,
  type MemberView,
  NO_PARTITIONS,
} from "./consumer-member.ts";

/** What a member says that it owns. */
export type OwnedPartitions = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

export interface Step {
  readonly targetEpoch: number;
  readonly target: Assignment;
  /** Asked only for a member that is not reconciled. */
  readonly isSubscribed: (topicId: string) => boolean;
  /** It has just changed its subscription: what is no longer subscribed to goes at once, whatever the target says. */
  readonly hasSubscriptionChanged: boolean;
  readonly isHeld: (topicId: string, partition: number) => boolean;
  /** `null`: it did not say. */
  readonly owned: OwnedPartitions | null;
}

/** The same object when nothing changes. */
export function reconcile(member: MemberView, step: Step): MemberProgress {
  const { progress } = member;
  if (!step.hasSubscriptionChanged && isReconciled(member, step.targetEpoch)) return progress;
  const next = nextProgress(progress, step);
  return isSameProgress(progress, next) ? progress : next;
}

function nextProgress(progress: MemberProgress, step: Step): MemberProgress {
  switch (progress.state) {
    case MemberStates.STABLE:
      return progress.epoch === step.targetEpoch ? withoutUnsubscribed(progress, step) : towardsTarget(progress, step);
    case MemberStates.UNREVOKED_PARTITIONS:
      if (!ownsAny(step.owned, progress.pendingRevocation)) return towardsTarget(progress, step);
      return step.hasSubscriptionChanged ? withoutUnsubscribed(progress, step) : progress;
    case MemberStates.UNRELEASED_PARTITIONS:
      return towardsTarget(progress, step);
    case MemberStates.UNKNOWN:
      return towardsTarget({ ...progress, epoch: step.targetEpoch }, step);
  }
}

function towardsTarget(progress: MemberProgress, step: Step): MemberProgress {
  const { targetEpoch } = step;
  const kept = new Map<string, Map<number, number>>();
  const surplus = new Map<string, Map<number, number>>();
  for (const [topicId, partitions] of progress.assigned) {
    const wanted = new Set(step.isSubscribed(topicId) ? step.target.get(topicId) : undefined);
    for (const [partition, epoch] of partitions) put(wanted.has(partition) ? kept : surplus, topicId, partition, epoch);
  }
  if (ownsAny(step.owned, surplus)) {
    return { ...moved(progress, progress.epoch), state: MemberStates.UNREVOKED_PARTITIONS, assigned: kept, pendingRevocation: surplus };
  }
  let isWaiting = false;
  for (const [topicId, partitions] of step.target) {
    if (!step.isSubscribed(topicId)) continue;
    for (const partition of partitions) {
      if (progress.assigned.get(topicId)?.has(partition) === true) continue;
      // What it was to give up, and is given back, it may keep.
      const isItsOwn = progress.pendingRevocation.get(topicId)?.has(partition) === true;
      if (step.isHeld(topicId, partition) && !isItsOwn) isWaiting = true;
      else put(kept, topicId, partition, targetEpoch);
    }
  }
  const state = isWaiting ? MemberStates.UNRELEASED_PARTITIONS : MemberStates.STABLE;
  return { ...moved(progress, targetEpoch), state, assigned: kept, pendingRevocation: NO_PARTITIONS };
}

/** Stays where it is, but lets go of topics that it no longer subscribes to. */
function withoutUnsubscribed(progress: MemberProgress, step: Step): MemberProgress {
  const gone = [...progress.assigned].filter(([topicId]) => !step.isSubscribed(topicId));
  if (gone.length === 0) return progress;
  const assigned = new Map(progress.assigned);
  const pendingRevocation = new Map(progress.pendingRevocation);
  for (const [topicId, partitions] of gone) {
    assigned.delete(topicId);
    pendingRevocation.set(topicId, new Map([...(pendingRevocation.get(topicId) ?? []), ...partitions]));
  }
  const held = moved(progress, progress.epoch);
  return ownsAny(step.owned, pendingRevocation)
    ? { ...held, state: MemberStates.UNREVOKED_PARTITIONS, assigned, pendingRevocation }
    : { ...held, assigned };
}

function moved(progress: MemberProgress, epoch: number): MemberProgress {
  return { ...progress, epoch, previousEpoch: progress.epoch };
}

/** When in doubt it does. */
function ownsAny(owned: OwnedPartitions | null, partitions: HeldPartitions): boolean {
  if (partitions.size === 0) return false;
  if (owned === null) return true;
  return owned.some(({ topicId, partitions: indexes }) => {
    const among = partitions.get(topicId);
    return among !== undefined && indexes.some((index) => among.has(index));
  });
}

function put(into: Map<string, Map<number, number>>, topicId: string, partition: number, epoch: number): void {
  const partitions = into.get(topicId);
  if (partitions === undefined) into.set(topicId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}

function isSameProgress(a: MemberProgress, b: MemberProgress): boolean {
  return (
    a === b ||
    (a.epoch === b.epoch &&
      a.previousEpoch === b.previousEpoch &&
      a.state === b.state &&
      holdsSame(a.assigned, b.assigned) &&
      holdsSame(a.pendingRevocation, b.pendingRevocation))
  );
}
