// One step of a member towards its target (KIP-1071): what it keeps, what it has to give up first, and what of the rest is free.
//
// An active task is free when it is active in no process, and not held otherwise by the member's own; a standby when the member's own process
// has it in no role. So a standby need not wait for the process that it comes from, and no state directory is opened twice.

import { Errors } from "../../../../protocol/errors.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import { isEqualProgress, isReconciled, MemberStates, type StreamsMemberView, type StreamsProgress } from "./streams-member.ts";
import type { TaskHolders } from "./task-holders.ts";
import {
  type HeldByRole,
  type HeldTasks,
  isNothing,
  NO_TASKS,
  NOTHING_HELD,
  type Tasks,
  type TasksByRole,
  withoutEpochs,
} from "./tasks.ts";

export interface Step {
  readonly targetEpoch: number;
  readonly target: TasksByRole;
  readonly holders: TaskHolders;
  /** What it says that it has; `null`: it did not say. */
  readonly owned: TasksByRole | null;
}

/** The same object when nothing changes. */
export function reconcile(member: StreamsMemberView, step: Step): StreamsProgress | Refusal {
  const { progress, identity } = member;
  if (isReconciled(member, step.targetEpoch)) return progress;
  const towards = (epoch: number) => towardsTarget(progress, epoch, identity.processId, step);
  const next = (): StreamsProgress | Refusal => {
    switch (progress.state) {
      case MemberStates.STABLE:
      case MemberStates.UNRELEASED_TASKS:
        return towards(progress.epoch);
      case MemberStates.UNREVOKED_TASKS:
        if (step.owned === null || ownsAny(step.owned, progress.pendingRevocation)) return progress;
        return towards(progress.epoch + 1);
      case MemberStates.UNKNOWN:
        return step.owned === null || !isNothing(step.owned) ? UNKNOWN_STATE : towards(step.targetEpoch);
    }
  };
  const moved = next();
  return "error" in moved || !isEqualProgress(progress, moved) ? moved : progress;
}

const UNKNOWN_STATE: Refusal = {
  error: Errors.FENCED_MEMBER_EPOCH,
  message: "The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.",
};

/** @param epoch of the member, if it has yet to give something up */
function towardsTarget(progress: StreamsProgress, epoch: number, processId: string, step: Step): StreamsProgress {
  const { target, targetEpoch, holders } = step;
  const { assigned } = progress;
  const isTaken = (subtopologyId: string, partition: number) =>
    holders.activeIn(subtopologyId, partition) !== undefined || holders.isPassiveIn(processId, subtopologyId, partition);
  const isHere = (subtopologyId: string, partition: number) =>
    holders.activeIn(subtopologyId, partition) === processId || holders.isPassiveIn(processId, subtopologyId, partition);
  const active = differenceHeld(assigned.active, target.active, targetEpoch, isTaken);
  const standby = difference(assigned.standby, target.standby, isHere);
  const warmup = difference(assigned.warmup, target.warmup, isHere);
  const pendingRevocation = { active: active.surplus, standby: standby.surplus, warmup: warmup.surplus };
  if (!isNothing(pendingRevocation) && (step.owned === null || ownsAny(step.owned, pendingRevocation)))
    return {
      ...moved(progress, epoch),
      state: MemberStates.UNREVOKED_TASKS,
      assigned: { active: active.kept, standby: standby.kept, warmup: warmup.kept },
      pendingRevocation,
    };
  const isWaiting = active.isWaiting || standby.isWaiting || warmup.isWaiting;
  return {
    ...moved(progress, targetEpoch),
    state: isWaiting ? MemberStates.UNRELEASED_TASKS : MemberStates.STABLE,
    assigned: { active: active.having, standby: standby.having, warmup: warmup.having },
    pendingRevocation: NOTHING_HELD,
  };
}

/** An epoch that is given again is the one before, too. */
function moved(progress: StreamsProgress, epoch: number): StreamsProgress {
  return { ...progress, epoch, previousEpoch: progress.epoch };
}

type IsUnreleased = (subtopologyId: string, partition: number) => boolean;

interface Difference<Held> {
  /** What is had and is to be had. */
  readonly kept: Held;
  /** What is had and is not to be had. */
  readonly surplus: Held;
  /** What is kept, and what is to be had and is free. */
  readonly having: Held;
  /** Something is to be had, and is not free. */
  readonly isWaiting: boolean;
}

function differenceHeld(assigned: HeldTasks, target: Tasks, targetEpoch: number, isUnreleased: IsUnreleased): Difference<HeldTasks> {
  const [kept, surplus, having] = [new Map(), new Map(), new Map()] as [HeldMap, HeldMap, HeldMap];
  let isWaiting = false;
  for (const [subtopologyId, epochs] of assigned) {
    const wanted = new Set(target.get(subtopologyId));
    for (const [partition, epoch] of epochs) {
      put(wanted.has(partition) ? kept : surplus, subtopologyId, partition, epoch);
      if (wanted.has(partition)) put(having, subtopologyId, partition, epoch);
    }
  }
  for (const [subtopologyId, partitions] of target) {
    for (const partition of partitions) {
      if (assigned.get(subtopologyId)?.has(partition) === true) continue;
      if (isUnreleased(subtopologyId, partition)) isWaiting = true;
      else put(having, subtopologyId, partition, targetEpoch);
    }
  }
  return { kept, surplus, having, isWaiting };
}

type HeldMap = Map<string, Map<number, number>>;

function put(into: HeldMap, subtopologyId: string, partition: number, epoch: number): void {
  const epochs = into.get(subtopologyId);
  if (epochs === undefined) into.set(subtopologyId, new Map([[partition, epoch]]));
  else epochs.set(partition, epoch);
}

function difference(assigned: Tasks, target: Tasks, isUnreleased: IsUnreleased): Difference<Tasks> {
  if (assigned.size === 0 && target.size === 0) return { kept: NO_TASKS, surplus: NO_TASKS, having: NO_TASKS, isWaiting: false };
  const heldFrom = new Map([...assigned].map(([id, partitions]) => [id, new Map(partitions.map((partition) => [partition, 0]))]));
  const { kept, surplus, having, isWaiting } = differenceHeld(heldFrom, target, 0, isUnreleased);
  return { kept: withoutEpochs(kept), surplus: withoutEpochs(surplus), having: withoutEpochs(having), isWaiting };
}

/** In the same role. */
function ownsAny(owned: TasksByRole, held: HeldByRole): boolean {
  const among = (tasks: Tasks, isAmong: IsUnreleased) =>
    [...tasks].some(([subtopologyId, partitions]) => partitions.some((partition) => isAmong(subtopologyId, partition)));
  return (
    among(owned.active, (id, partition) => held.active.get(id)?.has(partition) === true) ||
    among(owned.standby, (id, partition) => held.standby.get(id)?.includes(partition) === true) ||
    among(owned.warmup, (id, partition) => held.warmup.get(id)?.includes(partition) === true)
  );
}
