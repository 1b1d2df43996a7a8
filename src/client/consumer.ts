// Reads topics as a consumer does, alone or as a member of a group. Alone it reads the partitions that it is given; in a group it reads
// those that are its own at any time, and stores how far it has come: from time to time, before it gives partitions up, at its end.

import { Errors } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { OffsetSpec, offsetsAt } from "./admin/offsets.ts";
import type { Brokers } from "./brokers.ts";
import { ClassicMember } from "./classic-member.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { isPassing } from "./coordinator-link.ts";
import { isGone } from "./member-offsets.ts";
import type { Membership, MembershipOptions } from "./membership.ts";
import { type FetchedPartition, MAX_FETCH_BYTES, type Position } from "./partition-fetch.ts";
import { PartitionReader } from "./partition-reader.ts";
import { present, Refusal } from "./refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "./topic-partition.ts";

const NO_OFFSET = -1;
/** How soon a topic that is missing is looked for again. */
const MISSING_TOPIC_MS = 1000;
const RETRY_MS = 100;

/** Where to begin where nothing is stored: a timestamp or one of OffsetSpec, or so many ms ago; null: that is an error. */
export type OffsetReset = { readonly timestamp: number } | { readonly agoMs: number } | null;
export const FROM_EARLIEST: OffsetReset = { timestamp: OffsetSpec.EARLIEST };
export const FROM_LATEST: OffsetReset = { timestamp: OffsetSpec.LATEST };

export interface ConsumerOptions {
  readonly isCommittedOnly: boolean;
  readonly offsetReset: OffsetReset;
  /** Read of one partition at a time; as much as of all, unless given. */
  readonly partitionBytes?: number;
}

export const GROUP_PROTOCOLS = ["classic", "consumer"] as const;
export type GroupProtocol = (typeof GROUP_PROTOCOLS)[number];

export interface GroupOptions extends ConsumerOptions, MembershipOptions {
  readonly protocol: GroupProtocol;
  /** undefined: nothing is stored. */
  readonly commitIntervalMs: number | undefined;
  readonly topicsRefreshMs: number;
  /** The topics to read, of those that there are; asked again from time to time. */
  readonly wantedTopics: () => Promise<readonly string[]>;
  /** Protocol consumer: those whose names match as well, an expression of RE2's syntax that the coordinator resolves. */
  readonly topicRegex?: string;
  /** These are its own from now on, beside those that it has not given up. */
  readonly assigned?: (partitions: readonly TopicPartition[]) => void;
  /** It stops to read these, of which it has stored how far it came where it does so by itself; they are given up when it settles. */
  readonly revoked?: (partitions: readonly TopicPartition[], how: { readonly isLost: boolean }) => void | Promise<void>;
}

/** As Kafka's consumer has them. */
export const GROUP_DEFAULTS = {
  protocol: "classic",
  instanceId: null,
  assignors: ["range", "cooperative-sticky"],
  sessionTimeoutMs: 45_000,
  rebalanceTimeoutMs: 300_000,
  heartbeatIntervalMs: 3000,
  commitIntervalMs: 5000,
  topicsRefreshMs: 300_000,
} as const;

export interface Consumer {
  /** It has its partitions, or knows that it has none. */
  readonly isReady: boolean;
  /** What has come, or comes within `maxWaitMs`. All of it must be passed before the next call. */
  poll(maxWaitMs: number): Promise<FetchedPartition[]>;
  /** The partition is done with up to `nextOffset`. */
  passed(partition: TopicPartition, nextOffset: number): void;
  close(): Promise<void>;
}

/** Outside of any group. */
export class LoneConsumer implements Consumer {
  readonly isReady = true;
  readonly #reader: PartitionReader;

  constructor(brokers: Brokers, positions: readonly Position[], options: ConsumerOptions) {
    this.#reader = readerOf(brokers, options);
    this.#reader.assign(positions);
  }

  poll(maxWaitMs: number): Promise<FetchedPartition[]> {
    return this.#reader.poll(maxWaitMs);
  }

  passed(partition: TopicPartition, nextOffset: number): void {
    this.#reader.passed(partition, nextOffset);
  }

  async close(): Promise<void> {}
}

export class GroupConsumer implements Consumer {
  readonly #brokers: Brokers;
  readonly #options: GroupOptions;
  readonly #reader: PartitionReader;
  readonly #member: Membership;
  #rebalancing: Promise<void> | undefined;
  #hasShare = false;
  #isClosing = false;
  #isReady = false;
  #assigned: readonly TopicPartition[] = [];
  /** Of those assigned: where to begin is not known yet. */
  #unplaced: readonly TopicPartition[] = [];
  /** What the subscription was when it was last looked at, with numbers of partitions. */
  #seen: string | undefined;
  #isTopicMissing = false;
  #nextRefreshMs = 0;
  #nextCommitMs = 0;

  constructor(brokers: Brokers, options: GroupOptions) {
    this.#brokers = brokers;
    this.#options = options;
    this.#reader = readerOf(brokers, options);
    this.#member = memberOf(brokers, options);
  }

  async poll(maxWaitMs: number): Promise<FetchedPartition[]> {
    this.#member.polled();
    if (this.#rebalancing === undefined && Date.now() >= this.#nextRefreshMs) await this.#refreshTopics();
    if (this.#member.isToRebalance || this.#unplaced.length > 0) this.#rebalancing ??= this.#rebalance().finally(() => this.#rebalanced());
    if (this.#rebalancing !== undefined) {
      let timer: NodeJS.Timeout | undefined;
      const time = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, maxWaitMs);
      });
      await Promise.race([this.#rebalancing, time]).finally(() => clearTimeout(timer));
      return [];
    }
    if (this.#options.commitIntervalMs !== undefined && Date.now() >= this.#nextCommitMs) await this.#commitAll();
    return this.#reader.poll(maxWaitMs);
  }

  get isReady(): boolean {
    this.#isReady ||= this.#hasShare && this.#member.isSettled;
    return this.#isReady;
  }

  passed(partition: TopicPartition, nextOffset: number): void {
    this.#reader.passed(partition, nextOffset);
  }

  /** Stores for the group where to go on; gives whether it took that. Raises Refusal. */
  commit(positions: readonly Position[]): Promise<boolean> {
    return this.#member.commit(positions);
  }

  /** Stores how far it has come, and leaves. */
  async close(): Promise<void> {
    try {
      // What it is being given meanwhile it does not take.
      this.#isClosing = true;
      await this.#giveUp(this.#assigned, { isLost: false });
    } finally {
      this.#rebalancing?.catch(() => undefined);
      await this.#member.leave();
    }
  }

  async #rebalance(): Promise<void> {
    try {
      if (this.#member.isToRebalance) await this.#share();
      await this.#place();
    } catch (error) {
      // Where it has lost its place in the group, that is what comes next.
      if (!isPassing(error) && !this.#member.isToRebalance) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #share(): Promise<void> {
    const assigned = await this.#member.rebalance((partitions, how) => this.#giveUp(partitions, how));
    if (this.#isClosing) return;
    const added = without(assigned, this.#assigned);
    this.#assigned = assigned;
    this.#unplaced = [...this.#unplaced, ...added];
    this.#hasShare = true;
    this.#options.assigned?.(added);
  }

  /** Begins to read what is new where the group stopped, or where new readers begin. While a topic is not there, nothing is begun. */
  async #place(): Promise<void> {
    const committed = await this.#member.committed(this.#unplaced);
    const fresh = await startOf(this.#brokers, without(this.#unplaced, committed), this.#options).catch((error: unknown) => {
      if (error instanceof Refusal && isGone(error.errorCode)) return undefined;
      throw error;
    });
    if (fresh === undefined) return;
    if (this.#isClosing) return;
    this.#unplaced = [];
    this.#reader.assign([...this.#reader.positions, ...committed, ...fresh].sort(comparePartitions));
  }

  async #giveUp(given: readonly TopicPartition[], { isLost }: { readonly isLost: boolean }): Promise<void> {
    const partitions = without(given, without(given, this.#assigned));
    if (partitions.length === 0) return;
    if (!isLost) await this.#commitAll();
    this.#assigned = without(this.#assigned, partitions);
    this.#unplaced = without(this.#unplaced, partitions);
    this.#reader.assign(without(this.#reader.positions, partitions));
    await this.#options.revoked?.(partitions, { isLost });
  }

  #rebalanced(): void {
    this.#rebalancing = undefined;
    this.#nextCommitMs = Date.now() + (this.#options.commitIntervalMs ?? 0);
  }

  async #commitAll(): Promise<void> {
    if (this.#options.commitIntervalMs === undefined) return;
    this.#nextCommitMs = Date.now() + this.#options.commitIntervalMs;
    await this.#member.commit(this.#reader.positions);
  }

  async #refreshTopics(): Promise<void> {
    try {
      const topics = await this.#options.wantedTopics();
      const counts = await partitionCounts(this.#brokers, topics);
      const regex = this.#options.topicRegex;
      this.#isTopicMissing = (topics.length === 0 && regex === undefined) || topics.some((topic) => !counts.has(topic));
      const seen = JSON.stringify([topics.toSorted(), [...counts].sort()]);
      if (this.#seen !== seen) this.#member.subscribe({ topics, regex });
      this.#seen = seen;
    } catch (error) {
      if (!(error instanceof Disconnected) || this.#seen === undefined) throw error;
    }
    this.#nextRefreshMs = Date.now() + (this.#isTopicMissing ? MISSING_TOPIC_MS : this.#options.topicsRefreshMs);
  }
}

function memberOf(brokers: Brokers, options: GroupOptions): Membership {
  switch (options.protocol) {
    case "classic":
      return new ClassicMember(brokers, { ...options, countPartitions: (topics) => partitionCounts(brokers, topics) });
    case "consumer":
      return new ConsumerMember(brokers, options);
  }
}

function without<Partition extends TopicPartition>(partitions: readonly Partition[], others: readonly TopicPartition[]): Partition[] {
  const names = new Set(others.map(nameOf));
  return partitions.filter((partition) => !names.has(nameOf(partition)));
}

function readerOf(brokers: Brokers, options: ConsumerOptions): PartitionReader {
  const reset = async (position: Position) => (await startOf(brokers, [position], options))[0]?.offset ?? 0;
  const { isCommittedOnly, partitionBytes = MAX_FETCH_BYTES } = options;
  return new PartitionReader(brokers, { isCommittedOnly, partitionBytes, reset });
}

/** Where to begin with partitions of which nothing is stored. Raises ClientError where there is no rule. */
export async function startOf(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  { offsetReset, isCommittedOnly }: ConsumerOptions,
): Promise<Position[]> {
  if (partitions.length === 0) return [];
  if (offsetReset === null)
    throw new ClientError(`Undefined offset with no reset policy for partitions: [${partitions.map(nameOf).join(", ")}]`);
  const timestamp = "timestamp" in offsetReset ? offsetReset.timestamp : Date.now() - offsetReset.agoMs;
  const found = await foundOffsets(brokers, partitions, { timestamp, isCommittedOnly });
  // No record is that young.
  const beyond = partitions.filter((partition) => found.get(nameOf(partition)) === NO_OFFSET);
  const ends = await foundOffsets(brokers, beyond, { timestamp: OffsetSpec.LATEST, isCommittedOnly });
  return partitions.map(({ topic, partition }) => {
    const name = nameOf({ topic, partition });
    return { topic, partition, offset: ends.get(name) ?? present(found.get(name), name) };
  });
}

async function foundOffsets(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  at: { readonly timestamp: number; readonly isCommittedOnly: boolean },
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const [name, result] of await offsetsAt(brokers, partitions, at)) {
    if (result instanceof Refusal) throw result;
    found.set(name, result.offset);
  }
  return found;
}

async function partitionCounts(brokers: Brokers, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (topics.length === 0) return new Map();
  const answer = await brokers.ask(metadata, 9, { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false });
  return new Map(
    answer.topics.flatMap(({ errorCode, name, partitions }) =>
      errorCode === Errors.NONE && name !== null && partitions.length > 0 ? [[name, partitions.length] as const] : [],
    ),
  );
}
