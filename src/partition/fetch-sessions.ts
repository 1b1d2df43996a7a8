// Incremental fetch sessions (KIP-227): a consumer names its partitions once; later requests carry only what changed, and answers
// only partitions that have something new. A session outlives its connection; it ends when the client says so, or when its slot is
// needed and it has not been used for a while.

import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type FetchPartition, FetchSession } from "./fetch-session.ts";

/** A session unused for longer may lose its slot to a new one. */
const EVICTABLE_AFTER_MS = 120_000;
/**
 * What all sessions may have, of which each takes about 200 bytes; and one of them, so that it leaves others some. A client that has more goes on
 * with full requests.
 */
const MOST_PARTITIONS = 500_000;
const MOST_PARTITIONS_OF_ONE = 100_000;
const LAST_EPOCH = 2 ** 31 - 1;

export class FetchSessions {
  /** Sessions that made room for others. */
  evictionCount = 0;
  readonly #sessions = new Map<number, FetchSession>();
  readonly #maxSessions: number;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(maxSessions: number, clock: Clock, random: Random) {
    this.#maxSessions = maxSessions;
    this.#clock = clock;
    this.#random = random;
  }

  /** `undefined` when every slot is taken by a session in use, or too many partitions are: the client then goes on with full requests. */
  open(
    partitions: ReadonlyMap<string, FetchPartition>,
    options: { readonly usesTopicIds: boolean; readonly manner: string },
  ): FetchSession | undefined {
    if (!this.#makeRoom() || !this.#hasRoomFor(partitions.size)) return undefined;
    let id = this.#random.positiveInt32();
    while (this.#sessions.has(id)) id = this.#random.positiveInt32();
    const session = new FetchSession(id, options);
    session.lastUsedMs = this.#clock.now();
    for (const [key, partition] of partitions) session.set(key, partition);
    this.#sessions.set(id, session);
    return session;
  }

  /** One that has been given too many partitions meanwhile is over. */
  get(id: number): FetchSession | undefined {
    if ((this.#sessions.get(id)?.partitionCount ?? 0) > MOST_PARTITIONS_OF_ONE) this.end(id);
    return this.#sessions.get(id);
  }

  /** Marks a request as received: the next one carries the next epoch. */
  use(session: FetchSession): void {
    session.epoch = session.epoch === LAST_EPOCH ? 1 : session.epoch + 1;
    session.lastUsedMs = this.#clock.now();
    // Keeps the map in order of last use, the oldest first.
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  /** The cluster has changed, and partitions may be elsewhere: sessions compare when they are used next. */
  follow(): void {
    for (const session of this.#sessions.values()) session.hasSeenCluster = false;
  }

  end(id: number): void {
    this.#sessions.get(id)?.close();
    this.#sessions.delete(id);
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Of all sessions together. */
  get partitionCount(): number {
    let count = 0;
    for (const session of this.#sessions.values()) count += session.partitionCount;
    return count;
  }

  close(): void {
    for (const id of [...this.#sessions.keys()]) this.end(id);
  }

  #hasRoomFor(partitionCount: number): boolean {
    if (partitionCount > MOST_PARTITIONS_OF_ONE) return false;
    let count = partitionCount;
    // Of so few each all sessions may be.
    if (partitionCount <= MOST_PARTITIONS / this.#maxSessions) return true;
    for (const session of this.#sessions.values()) count += session.partitionCount;
    return count <= MOST_PARTITIONS;
  }

  #makeRoom(): boolean {
    if (this.#sessions.size < this.#maxSessions) return true;
    const [oldest] = this.#sessions.values();
    if (oldest === undefined || oldest.lastUsedMs > this.#clock.now() - EVICTABLE_AFTER_MS) return false;
    this.end(oldest.id);
    this.evictionCount++;
    return true;
  }
}
