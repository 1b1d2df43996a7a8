// What is left to gain, once everything that moves for its own good has moved, by handing on partitions that nobody had before, or that whoever
// has them did not have. One of topic t goes from A to B, one of u from B to C, and so on: such a way costs nothing, as each gives away
// something that it need not keep. It is looked for from member to member, the shortest first.
//
//   evenFurther   where nobody had anything: from a member that has most to one that has less by two. Once there is no such way, there is no
//                 assignment that is more even.
//   regain        from a member that lost a partition of t to one that got one: this one gives it back, and the way makes up for it. Everybody
//                 has as many as before, and nobody gets of a topic of which another subscriber has two less than he, to whom it would go next.

import { isEven } from "./levels.ts";
import type { TopicShares } from "./topic-shares.ts";

const NOBODY = -1;

/** Of the search that is under way. */
type MayGet = (member: number, topic: number) => boolean;

/** Members and topics go by their indexes. */
export class Exchange {
  readonly #topics: readonly TopicShares[];
  /** Of all topics, by member. */
  readonly #loads: Int32Array;
  /** What member m subscribes to: from `#starts[m]` on, until the next one's begin, topics and its places among their subscribers. */
  readonly #starts: Int32Array;
  #subscribed = new Int32Array();
  #places = new Int32Array();
  /** By member: from whom it was reached, by what topic, and in which search that was. */
  readonly #from: Int32Array;
  readonly #by: Int32Array;
  readonly #reachedIn: Int32Array;
  /** By topic: in which search one of it was handed on. */
  readonly #handedIn: Int32Array;
  #search = 0;

  constructor(topics: readonly TopicShares[], loads: Int32Array) {
    this.#topics = topics;
    this.#loads = loads;
    this.#from = new Int32Array(loads.length);
    this.#by = new Int32Array(loads.length);
    this.#reachedIn = new Int32Array(loads.length);
    this.#handedIn = new Int32Array(topics.length);
    this.#starts = new Int32Array(loads.length + 1);
  }

  *evenFurther(): Generator<void, void> {
    const loads = this.#loads;
    if (isEven(loads)) return;
    yield* this.#indexSubscriptions();
    // Whoever is reached from those that have most has nothing to do with the others, if nobody among them has two less.
    const open = new Set(loads.keys());
    while (open.size > 0) {
      let most = 0;
      for (const member of open) most = Math.max(most, loads[member] ?? 0);
      const sources = [...open].filter((member) => loads[member] === most);
      const end = this.#find(
        sources,
        (member) => (loads[member] ?? 0) <= most - 2,
        (member) => open.has(member),
      );
      if (end === undefined) {
        for (const member of open) if (this.#reachedIn[member] === this.#search) open.delete(member);
      } else {
        loads[this.#handOn(end)] = most - 1;
        loads[end] = (loads[end] ?? 0) + 1;
      }
      yield;
    }
  }

  *regain(): Generator<void, void> {
    const loads = this.#loads;
    if (!this.#topics.some((topic) => topic.losers().length > 0)) return;
    yield* this.#indexSubscriptions();
    const lowest = this.#topics.map((topic) => topic.lowest(loads));
    const mayGet: MayGet = (member, topic) => (loads[member] ?? 0) - 1 <= (lowest[topic] ?? 0);
    for (const [index, topic] of this.#topics.entries()) {
      yield;
      for (;;) {
        const losers = topic.losers().filter((member) => mayGet(member, index));
        if (losers.length === 0) break;
        const winners = new Set(topic.winners());
        const end = this.#find(losers, (member) => winners.has(member), mayGet);
        if (end === undefined) break;
        topic.handOver(this.#placeOf(end, index), this.#placeOf(this.#handOn(end), index));
        yield;
      }
    }
  }

  *#indexSubscriptions(): Generator<void, void> {
    const starts = this.#starts;
    for (const { subscribers } of this.#topics) {
      for (const member of subscribers) starts[member + 1] = (starts[member + 1] ?? 0) + 1;
      yield;
    }
    for (let member = 1; member < starts.length; member++) starts[member] = (starts[member] ?? 0) + (starts[member - 1] ?? 0);
    this.#subscribed = new Int32Array(starts.at(-1) ?? 0);
    this.#places = new Int32Array(starts.at(-1) ?? 0);
    const next = starts.slice();
    for (const [topic, { subscribers }] of this.#topics.entries()) {
      for (let place = 0; place < subscribers.length; place++) {
        const member = subscribers[place] ?? 0;
        const at = next[member] ?? 0;
        this.#subscribed[at] = topic;
        this.#places[at] = place;
        next[member] = at + 1;
      }
      yield;
    }
  }

  /** Who of those that are wanted is reached first from one of the sources. */
  #find(sources: readonly number[], isWanted: (member: number) => boolean, mayGet: MayGet): number | undefined {
    const search = ++this.#search;
    const queue = [...sources];
    for (const member of sources) {
      this.#from[member] = NOBODY;
      this.#reachedIn[member] = search;
    }
    for (const member of queue) {
      for (let at = this.#starts[member] ?? 0; at < (this.#starts[member + 1] ?? 0); at++) {
        const topic = this.#subscribed[at] ?? 0;
        const shares = this.#topics[topic];
        if (shares === undefined || this.#handedIn[topic] === search || !shares.isWinner(this.#places[at] ?? 0)) continue;
        this.#handedIn[topic] = search;
        for (const other of shares.subscribers) {
          if (this.#reachedIn[other] === search || !mayGet(other, topic)) continue;
          this.#reachedIn[other] = search;
          this.#from[other] = member;
          this.#by[other] = topic;
          if (isWanted(other)) return other;
          queue.push(other);
        }
      }
    }
    return undefined;
  }

  /** Hands on along the way that was found; gives the member at its beginning. */
  #handOn(end: number): number {
    let member = end;
    for (;;) {
      const from = this.#from[member] ?? NOBODY;
      if (from === NOBODY) return member;
      const topic = this.#by[member] ?? 0;
      this.#topics[topic]?.handOver(this.#placeOf(from, topic), this.#placeOf(member, topic));
      member = from;
    }
  }

  #placeOf(member: number, topic: number): number {
    let at = this.#starts[member] ?? 0;
    while (this.#subscribed[at] !== topic) at++;
    return this.#places[at] ?? 0;
  }
}
