// Reads partitions wherever their leaders are: one Fetch at a time to each leader, all of them at once. A leader that has moved or is
// away is looked for again; only when no broker answers for long does reading fail.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import type { Brokers } from "./brokers.ts";
import { Disconnected } from "./client-error.ts";
import { type FetchedPartition, fetchPartitions, type Position } from "./partition-fetch.ts";
import { Refusal } from "./refusal.ts";
import { type Address, hostAndPort } from "./socket.ts";
import { nameOf, type TopicPartition } from "./topic-partition.ts";

const RETRY_MS = 100;
const GIVE_UP_MS = 30_000;

export interface ReaderOptions {
  readonly isCommittedOnly: boolean;
  /** Read of one partition at a time. */
  readonly partitionBytes: number;
  /** Where to go on when the position is outside of the log. */
  readonly reset: (position: Position) => Promise<number>;
}

export class PartitionReader {
  readonly #brokers: Brokers;
  readonly #options: ReaderOptions;
  readonly #positions = new Map<string, Position>();
  /** What was handed out last. */
  readonly #handedOut = new Map<string, Pick<FetchedPartition, "nextOffset" | "lastLeaderEpoch">>();
  readonly #leaders = new Map<string, Address>();
  /** By leader. */
  readonly #inFlight = new Map<string, Promise<void>>();
  #arrived: FetchedPartition[] = [];
  #failure: unknown;
  #silentSinceMs: number | undefined;

  constructor(brokers: Brokers, options: ReaderOptions) {
    this.#brokers = brokers;
    this.#options = options;
  }

  /** Reads these, and no others, from now on. */
  assign(positions: readonly Position[]): void {
    this.#positions.clear();
    for (const position of positions) this.#positions.set(nameOf(position), position);
  }

  get positions(): readonly Position[] {
    return [...this.#positions.values()];
  }

  /** What was read of it up to `nextOffset` is done with. Who stops in the midst of what was handed out has no epoch, as with Kafka's. */
  passed(partition: TopicPartition, nextOffset: number): void {
    const name = nameOf(partition);
    if (!this.#positions.has(name)) return;
    const last = this.#handedOut.get(name);
    const leaderEpoch = last?.nextOffset === nextOffset ? last.lastLeaderEpoch : undefined;
    this.#positions.set(name, { topic: partition.topic, partition: partition.partition, offset: nextOffset, leaderEpoch });
  }

  /**
   * What has come, or comes within `maxWaitMs`, each partition from its position on. Every one must be passed before the next call; what
   * is not passed is read again.
   */
  async poll(maxWaitMs: number): Promise<FetchedPartition[]> {
    await this.#request(maxWaitMs);
    if (this.#arrived.length === 0 && this.#failure === undefined) {
      const waits = [...this.#inFlight.values()];
      await Promise.race(waits.length === 0 ? [delay(Math.min(maxWaitMs, RETRY_MS))] : waits);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const arrived = this.#arrived;
    this.#arrived = [];
    const wanted = arrived.filter((fetched) => this.#positions.get(nameOf(fetched))?.offset === fetched.offset);
    this.#handedOut.clear();
    for (const fetched of wanted) this.#handedOut.set(nameOf(fetched), fetched);
    return wanted;
  }

  async #request(maxWaitMs: number): Promise<void> {
    await this.#tolerating(() => this.#findLeaders());
    const byLeader = Map.groupBy(this.#positions.values(), (position) => {
      const leader = this.#leaders.get(nameOf(position));
      return leader === undefined ? undefined : hostAndPort(leader);
    });
    for (const [name, positions] of byLeader) {
      const leader = positions[0] === undefined ? undefined : this.#leaders.get(nameOf(positions[0]));
      if (name === undefined || leader === undefined || this.#inFlight.has(name)) continue;
      const fetching = this.#tolerating(() => this.#fetch(leader, positions, maxWaitMs), positions).catch((error: unknown) => {
        this.#failure ??= error;
      });
      this.#inFlight.set(
        name,
        fetching.finally(() => this.#inFlight.delete(name)),
      );
    }
  }

  async #fetch(leader: Address, positions: readonly Position[], maxWaitMs: number): Promise<void> {
    const connection = await this.#brokers.at(leader);
    const { isCommittedOnly, partitionBytes } = this.#options;
    const fetched = await fetchPartitions(connection, { positions, maxWaitMs, isCommittedOnly, partitionBytes });
    this.#silentSinceMs = undefined;
    const failed = fetched.filter(({ errorCode }) => errorCode !== Errors.NONE);
    this.#arrived.push(...fetched.filter((partition) => partition.errorCode === Errors.NONE && partition.nextOffset > partition.offset));
    for (const partition of failed) await this.#recover(partition);
    if (failed.length > 0) await delay(RETRY_MS);
  }

  async #recover(position: FetchedPartition): Promise<void> {
    if (position.errorCode === Errors.OFFSET_OUT_OF_RANGE) this.passed(position, await this.#options.reset(position));
    else if (isRetriable(position.errorCode)) this.#leaders.delete(nameOf(position));
    else throw new Refusal(position.errorCode, nameOf(position), null);
  }

  async #findLeaders(): Promise<void> {
    const missing = this.positions.filter((position) => !this.#leaders.has(nameOf(position)));
    if (missing.length === 0) return;
    const topics = [...new Set(missing.map(({ topic }) => topic))].map((name) => ({ name }));
    const answer = await this.#brokers.ask(metadata, 9, { topics, allowAutoTopicCreation: false });
    const addresses = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, leaderId } of partitions) {
        const address = addresses.get(leaderId);
        if (address !== undefined) this.#leaders.set(nameOf({ topic: name ?? "", partition: partitionIndex }), address);
      }
    }
  }

  /** A broker that is away for a while is no failure; its partitions are looked for elsewhere. */
  async #tolerating(work: () => Promise<void>, positions: readonly Position[] = []): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      const nowMs = Date.now();
      this.#silentSinceMs ??= nowMs;
      if (nowMs - this.#silentSinceMs > GIVE_UP_MS) throw error;
      for (const position of positions) this.#leaders.delete(nameOf(position));
      await delay(RETRY_MS);
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
