// How many partitions of a topic each of its subscribers is to have, while that is being decided, and in the end which. Members go by their
// index, and `loads` are all the partitions that each of them has, of this topic and others. Among equals, whoever comes first in an order
// by load gets, and the last one gives.

import { Highest, Lowest, placesByLevel } from "./levels.ts";
import type { Parts, TopicPartitions } from "./parts.ts";

export class TopicShares {
  readonly #topic: TopicPartitions;
  /** By place. */
  readonly #subscribers: number[] = [];
  /** How many each had and could keep. Made when all subscribers are known, as the next. */
  #kept = new Int32Array();
  /** How many each is to have. */
  #counts = new Int32Array();
  /** No earlier place than that of the member that came last. */
  #nextPlace = 0;

  constructor(topic: TopicPartitions) {
    this.#topic = topic;
  }

  get id(): string {
    return this.#topic.id;
  }

  get partitionCount(): number {
    return this.#topic.count;
  }

  /** Indexes of members, ascending. A subscriber's place is its index here. */
  get subscribers(): readonly number[] {
    return this.#subscribers;
  }

  /** Whether nobody had any of it. */
  get isNew(): boolean {
    return this.#kept.every((count) => count === 0);
  }

  /** Members that are to have less than they had. */
  losers(): number[] {
    return this.#subscribers.filter((_, place) => (this.#counts[place] ?? 0) < (this.#kept[place] ?? 0));
  }

  /** Members that are to have more than they had. */
  winners(): number[] {
    return this.#subscribers.filter((_, place) => this.isWinner(place));
  }

  isWinner(place: number): boolean {
    return (this.#counts[place] ?? 0) > (this.#kept[place] ?? 0);
  }

  /** What the subscriber with the least has of all topics. */
  lowest(loads: Int32Array): number {
    return this.#subscribers.reduce((lowest, member) => Math.min(lowest, loads[member] ?? 0), Number.POSITIVE_INFINITY);
  }

  /** One partition goes from one subscriber to another; what they have of all topics is the caller's. */
  handOver(from: number, to: number): void {
    this.#counts[from] = (this.#counts[from] ?? 0) - 1;
    this.#counts[to] = (this.#counts[to] ?? 0) + 1;
  }

  /** Members come in the order of their indexes. */
  subscribe(member: number): void {
    this.#subscribers.push(member);
  }

  /** After the last subscription. */
  begin(): void {
    this.#kept = new Int32Array(this.#subscribers.length);
    this.#counts = new Int32Array(this.#subscribers.length);
  }

  /** What a member keeps of these partitions; nothing if it does not subscribe. Members come in the order of their indexes. */
  keep(member: number, partitions: readonly number[]): readonly number[] {
    while ((this.#subscribers[this.#nextPlace] ?? member) < member) this.#nextPlace++;
    if (this.#subscribers[this.#nextPlace] !== member) return [];
    const claimed = this.#topic.claim(partitions);
    this.#kept[this.#nextPlace] = claimed.length;
    this.#counts[this.#nextPlace] = claimed.length;
    return claimed;
  }

  /** Partitions without an owner go to those who have least. */
  handOut(loads: Int32Array): void {
    let left = this.#topic.freeCount;
    if (left === 0) return;
    const levels = this.#levels(loads);
    const lowest = new Lowest(placesByLevel(levels), levels);
    for (; left > 0; left--) this.#change(lowest.next(), 1, levels);
    this.#store(levels, loads);
  }

  /** Those who have most give to those who have least; says whether anything moved. */
  evenOut(loads: Int32Array): boolean {
    if (this.#isEven(loads)) return false;
    const levels = this.#levels(loads);
    const places = placesByLevel(levels);
    const lowest = new Lowest(places, levels);
    const highest = new Highest(places, levels, this.#counts);
    let hasMoved = false;
    for (;;) {
      const giver = highest.next();
      if (giver === undefined) break;
      const taker = lowest.next();
      if ((levels[giver] ?? 0) - (levels[taker] ?? 0) <= 1) break;
      this.#change(giver, -1, levels);
      this.#change(taker, 1, levels);
      hasMoved = true;
    }
    if (hasMoved) this.#store(levels, loads);
    return hasMoved;
  }

  /** Takes from everybody what is more than its number, and gives that, with what has no owner, to those who have less. */
  settle(parts: Parts): void {
    for (let place = 0; place < this.#counts.length; place++) {
      const surplus = (this.#kept[place] ?? 0) - (this.#counts[place] ?? 0);
      if (surplus > 0) parts.release(this.#subscribers[place] ?? 0, this.#topic, surplus);
    }
    for (let place = 0; place < this.#counts.length; place++) {
      const missing = (this.#counts[place] ?? 0) - (this.#kept[place] ?? 0);
      if (missing > 0) parts.add(this.#subscribers[place] ?? 0, this.#topic, missing);
    }
  }

  #change(place: number, by: number, levels: Int32Array): void {
    this.#counts[place] = (this.#counts[place] ?? 0) + by;
    levels[place] = (levels[place] ?? 0) + by;
  }

  #isEven(loads: Int32Array): boolean {
    let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
    for (const member of this.#subscribers) {
      const load = loads[member] ?? 0;
      if (load < lowest) lowest = load;
      if (load > highest) highest = load;
    }
    return highest - lowest <= 1;
  }

  /** The subscribers' loads, by place. */
  #levels(loads: Int32Array): Int32Array {
    const levels = new Int32Array(this.#subscribers.length);
    for (let place = 0; place < levels.length; place++) levels[place] = loads[this.#subscribers[place] ?? 0] ?? 0;
    return levels;
  }

  #store(levels: Int32Array, loads: Int32Array): void {
    for (let place = 0; place < levels.length; place++) loads[this.#subscribers[place] ?? 0] = levels[place] ?? 0;
  }
}
