// Who is to have which task: the assignor "sticky" (KIP-1071), the only one. It gives what Apache Kafka 4.3's gives.
//
//   1. active tasks stay where they are, as far as nobody gets more than its part of them
//   2. the others go to members that have a standby of them, else where least is
//   3. standbys of tasks with state go where they are or the active one was, as far as nobody gets more than its part of everything, else where
//      least is; never into a process that has the task already, so there may be fewer than asked for
//
// What a part is, is found anew each time that somebody has its whole: from the tasks and members that are left.

import { LeastFirst, ProcessLoad } from "./process-load.ts";
import { ascending, type Task, type Tasks, type TasksByRole, taskKey } from "./tasks.ts";

export interface StickyMember {
  readonly memberId: string;
  readonly processId: string;
  /** Its part of the assignment before. */
  readonly current: TasksByRole;
}

export interface StickyInput {
  readonly members: readonly StickyMember[];
  /** In the order of their ids. */
  readonly subtopologies: readonly { readonly subtopologyId: string; readonly taskCount: number; readonly isStateful: boolean }[];
  readonly standbyCount: number;
}

/** By member id, everyone's. */
export function assignSticky(input: StickyInput): ReadonlyMap<string, TasksByRole> {
  const { members, subtopologies, standbyCount } = input;
  const tasksWhere = (isWanted: (isStateful: boolean) => boolean): Task[] =>
    subtopologies
      .filter(({ isStateful }) => isWanted(isStateful))
      .flatMap(({ subtopologyId, taskCount }) => Array.from({ length: taskCount }, (_, partition) => ({ subtopologyId, partition })));
  const active = tasksWhere(() => true);
  const stateful = tasksWhere((isStateful) => isStateful);
  const round = new Round(members, active.length, active.length + stateful.length * standbyCount);
  round.assignActive(active);
  if (standbyCount > 0) round.assignStandby(stateful, standbyCount);
  return round.assignment();
}

/** How many each may have, as long as there are members that have less. */
class Quota {
  #taskCount: number;
  #memberCount: number;
  #each: number;

  constructor(taskCount: number, memberCount: number) {
    this.#taskCount = taskCount;
    this.#memberCount = memberCount;
    this.#each = this.#part();
  }

  allows(count: number): boolean {
    return count < this.#each;
  }

  /** A member has so many now. */
  reached(count: number): void {
    if (count !== this.#each) return;
    this.#memberCount--;
    this.#taskCount -= count;
    this.#each = this.#part();
  }

  #part(): number {
    return this.#memberCount === 0 ? 0 : Math.ceil(this.#taskCount / this.#memberCount);
  }
}

class Round {
  readonly #members: readonly StickyMember[];
  readonly #processes = new Map<string, ProcessLoad>();
  readonly #formerlyActive = new Map<string, StickyMember>();
  readonly #formerlyStandby = new Map<string, StickyMember[]>();
  readonly #active = new Map<string, Task[]>();
  readonly #standby = new Map<string, Task[]>();
  readonly #activeQuota: Quota;
  readonly #totalQuota: Quota;

  constructor(members: readonly StickyMember[], activeCount: number, totalCount: number) {
    this.#members = members;
    this.#activeQuota = new Quota(activeCount, members.length);
    this.#totalQuota = new Quota(totalCount, members.length);
    for (const member of members) {
      this.#processOf(member).addMember(member.memberId);
      for (const key of keysOf(member.current.active)) this.#formerlyActive.set(key, member);
      for (const key of keysOf(member.current.standby)) append(this.#formerlyStandby, key, member);
    }
  }

  assignActive(tasks: readonly Task[]): void {
    let left = tasks.toSorted(byPartition).filter((task) => {
      const member = this.#formerlyActive.get(taskKey(task));
      return !this.#giveActive(member, task);
    });
    left = left.filter((task) => !this.#giveActive(this.#formerStandby(task), task));
    const processes = new LeastFirst((process: ProcessLoad) => process.load, this.#processes.values());
    for (const task of left.sort(bySubtopology)) {
      const process = processes.take();
      if (process === undefined) return;
      const [memberId, count] = process.addToLeastLoaded(task);
      append(this.#active, memberId, task);
      this.#activeQuota.reached(count);
      this.#totalQuota.reached(count);
      processes.put(process);
    }
  }

  assignStandby(tasks: readonly Task[], standbyCount: number): void {
    const left: { readonly task: Task; readonly count: number }[] = [];
    for (const task of tasks.toSorted((a, b) => byPartition(b, a))) {
      for (let given = 0; given < standbyCount; given++) {
        if (this.#giveStandby(this.#formerlyActive.get(taskKey(task)), task)) continue;
        if (this.#giveStandby(this.#formerStandby(task), task)) continue;
        left.push({ task, count: standbyCount - given });
        break;
      }
    }
    left.sort((a, b) => bySubtopology(b.task, a.task));
    const processes = new LeastFirst((process: ProcessLoad) => process.load, this.#processes.values());
    for (const { task, count } of left) {
      for (let given = 0; given < count; given++) if (!this.#giveStandbyToLeastLoaded(processes, task)) break;
    }
  }

  assignment(): ReadonlyMap<string, TasksByRole> {
    return new Map(
      this.#members.map(({ memberId }) => [
        memberId,
        { active: grouped(this.#active.get(memberId)), standby: grouped(this.#standby.get(memberId)), warmup: new Map() },
      ]),
    );
  }

  #processOf({ processId }: StickyMember): ProcessLoad {
    const process = this.#processes.get(processId) ?? new ProcessLoad(processId);
    this.#processes.set(processId, process);
    return process;
  }

  #giveActive(member: StickyMember | undefined, task: Task): boolean {
    if (member === undefined) return false;
    const process = this.#processOf(member);
    if (!this.#activeQuota.allows(process.taskCounts.get(member.memberId) ?? 0)) return false;
    const count = process.add(member.memberId, task);
    append(this.#active, member.memberId, task);
    this.#activeQuota.reached(count);
    this.#totalQuota.reached(count);
    return true;
  }

  #giveStandby(member: StickyMember | undefined, task: Task): boolean {
    if (member === undefined) return false;
    const process = this.#processOf(member);
    if (process.has(task) || !this.#totalQuota.allows(process.taskCounts.get(member.memberId) ?? 0)) return false;
    this.#totalQuota.reached(process.add(member.memberId, task));
    append(this.#standby, member.memberId, task);
    return true;
  }

  /** False when every process has the task. */
  #giveStandbyToLeastLoaded(processes: LeastFirst<ProcessLoad>, task: Task): boolean {
    const passedOver: ProcessLoad[] = [];
    let process = processes.take();
    for (; process?.has(task) === true; process = processes.take()) passedOver.unshift(process);
    if (process !== undefined) {
      const [memberId, count] = process.addToLeastLoaded(task);
      append(this.#standby, memberId, task);
      this.#totalQuota.reached(count);
      processes.put(process);
    }
    for (const each of passedOver) processes.put(each);
    return process !== undefined;
  }

  /**
   * Of those that had it as a standby, one of a process that has least. As with Kafka, only the others are passed over where their process has the
   * task already: when that of the first has, and no other has less, there is none.
   */
  #formerStandby(task: Task): StickyMember | undefined {
    const [first, ...others] = this.#formerlyStandby.get(taskKey(task)) ?? [];
    if (first === undefined) return undefined;
    let best = first;
    for (const candidate of others) {
      const [known, process] = [this.#processOf(best), this.#processOf(candidate)];
      const countOf = (of: ProcessLoad, { memberId }: StickyMember) => of.taskCounts.get(memberId) ?? 0;
      if (process.load < known.load && !process.has(task) && countOf(process, candidate) < countOf(known, best)) best = candidate;
    }
    return this.#processOf(best).has(task) ? undefined : best;
  }
}

function append<Element>(into: Map<string, Element[]>, key: string, element: Element): void {
  const known = into.get(key);
  if (known === undefined) into.set(key, [element]);
  else known.push(element);
}

function keysOf(tasks: Tasks): string[] {
  return [...tasks].flatMap(([subtopologyId, partitions]) => partitions.map((partition) => taskKey({ subtopologyId, partition })));
}

function grouped(tasks: readonly Task[] = []): Tasks {
  const found = new Map<string, number[]>();
  for (const { subtopologyId, partition } of tasks) append(found, subtopologyId, partition);
  for (const partitions of found.values()) partitions.sort(ascending);
  return found;
}

function byPartition(a: Task, b: Task): number {
  return a.partition - b.partition || order(a.subtopologyId, b.subtopologyId);
}

function bySubtopology(a: Task, b: Task): number {
  return order(a.subtopologyId, b.subtopologyId) || a.partition - b.partition;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
