// The processes of an application while tasks are given to them: how many each has for each of its members, and which has least.

import { type Task, taskKey } from "./tasks.ts";

type MemberCount = readonly [memberId: string, count: number];

export class ProcessLoad {
  readonly processId: string;
  /** How many tasks each member has, in whatever role. */
  readonly taskCounts = new Map<string, number>();
  readonly #tasks = new Set<string>();
  #members: LeastFirst<MemberCount> | undefined;

  constructor(processId: string) {
    this.processId = processId;
  }

  /** Tasks for each member. */
  get load(): number {
    return this.#tasks.size / this.taskCounts.size;
  }

  addMember(memberId: string): void {
    this.taskCounts.set(memberId, 0);
  }

  has(task: Task): boolean {
    return this.#tasks.has(taskKey(task));
  }

  /** Gives how many the member has then. */
  add(memberId: string, task: Task): number {
    this.#members = undefined;
    return this.#add(memberId, task);
  }

  /** To the member that has least. Gives who that is, and how many it has then. */
  addToLeastLoaded(task: Task): MemberCount {
    const members = this.#members ?? new LeastFirst<MemberCount>(([, count]) => count, this.taskCounts);
    this.#members = members;
    const [memberId] = members.take() ?? [""];
    const given: MemberCount = [memberId, this.#add(memberId, task)];
    members.put(given);
    return given;
  }

  #add(memberId: string, task: Task): number {
    const count = (this.taskCounts.get(memberId) ?? 0) + 1;
    this.taskCounts.set(memberId, count);
    this.#tasks.add(taskKey(task));
    return count;
  }
}

/** A binary heap. Of what weighs the same, which comes first depends on what was put and taken before, and on nothing else. */
export class LeastFirst<Element> {
  readonly #weight: (element: Element) => number;
  readonly #heap: Element[] = [];

  constructor(weight: (element: Element) => number, elements: Iterable<Element>) {
    this.#weight = weight;
    for (const element of elements) this.put(element);
  }

  put(element: Element): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || this.#weight(element) >= this.#weight(parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = element;
  }

  take(): Element | undefined {
    const heap = this.#heap;
    const [least] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return least;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isRight = right !== undefined && this.#weight(right) < this.#weight(left);
      const child = isRight ? right : left;
      if (this.#weight(last) <= this.#weight(child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return least;
  }
}
