// Tasks of a Kafka Streams application, by subtopology and partition, and the roles in which members have them (KIP-1071):
//
//   active    reads, processes and writes; of each task there is one in the group
//   standby   keeps a copy of its state up to date
//   warm-up   restores its state before it becomes active; no assignor gives any

import { type HeldPartitions, holdsSame } from "../consumer/consumer-member.ts";

/** Partitions by subtopology, ascending; no subtopology without partitions. */
export type Tasks = ReadonlyMap<string, readonly number[]>;

/** By subtopology: partitions with the member epoch at which each was given. No subtopology without partitions. */
export type HeldTasks = HeldPartitions;

/** What a member is to have, or says that it has. */
export interface TasksByRole {
  readonly active: Tasks;
  readonly standby: Tasks;
  readonly warmup: Tasks;
}

/** What a member has. Whether it may commit is asked of active tasks alone. */
export interface HeldByRole {
  readonly active: HeldTasks;
  readonly standby: Tasks;
  readonly warmup: Tasks;
}

export const NO_TASKS: Tasks = new Map();
export const NOTHING: TasksByRole = { active: NO_TASKS, standby: NO_TASKS, warmup: NO_TASKS };
export const NOTHING_HELD: HeldByRole = { active: new Map(), standby: NO_TASKS, warmup: NO_TASKS };

export interface Task {
  readonly subtopologyId: string;
  readonly partition: number;
}

/** For maps and sets of tasks. */
export function taskKey({ subtopologyId, partition }: Task): string {
  return `${partition} ${subtopologyId}`;
}

export interface TaskIds {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

export function tasksOf(lists: readonly TaskIds[]): Tasks {
  const tasks = new Map<string, readonly number[]>();
  for (const { subtopologyId, partitions } of lists) {
    const known = tasks.get(subtopologyId);
    const all = known === undefined ? partitions : [...known, ...partitions];
    if (all.length > 0) tasks.set(subtopologyId, [...new Set(all)].sort(ascending));
  }
  return tasks;
}

export function toTaskIds(tasks: Tasks): TaskIds[] {
  return [...tasks].map(([subtopologyId, partitions]) => ({ subtopologyId, partitions }));
}

export function withoutEpochs(held: HeldTasks): Tasks {
  return new Map([...held].map(([subtopologyId, epochs]) => [subtopologyId, [...epochs.keys()].sort(ascending)]));
}

export function isNothing({ active, standby, warmup }: TasksByRole | HeldByRole): boolean {
  return active.size === 0 && standby.size === 0 && warmup.size === 0;
}

export function isSameTasks(a: Tasks, b: Tasks): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [subtopologyId, partitions] of a) {
    const others = b.get(subtopologyId);
    if (others?.length !== partitions.length || !partitions.every((partition, index) => partition === others[index])) return false;
  }
  return true;
}

export function isSameByRole(a: TasksByRole, b: TasksByRole): boolean {
  return isSameTasks(a.active, b.active) && isSameTasks(a.standby, b.standby) && isSameTasks(a.warmup, b.warmup);
}

export function isSameHeld(a: HeldByRole, b: HeldByRole): boolean {
  return holdsSame(a.active, b.active) && isSameTasks(a.standby, b.standby) && isSameTasks(a.warmup, b.warmup);
}

/** Whatever the epochs: what a member has to be told. */
export function isSameToTell(a: HeldByRole, b: HeldByRole): boolean {
  return (
    isSameTasks(withoutEpochs(a.active), withoutEpochs(b.active)) && isSameTasks(a.standby, b.standby) && isSameTasks(a.warmup, b.warmup)
  );
}

export function ascending(a: number, b: number): number {
  return a - b;
}
