// Consumers of a soak. Each goes on while the broker is away, and begins anew where its client gives up.

import { setTimeout as sleep } from "node:timers/promises";
import { Kafka } from "kafkajs";
import { Brokers } from "../../src/client/brokers.ts";
import { FROM_EARLIEST, GROUP_DEFAULTS, GroupConsumer, type GroupProtocol } from "../../src/client/consumer.ts";
import type { FetchedPartition, Position } from "../../src/client/partition-fetch.ts";
import { PartitionReader } from "../../src/client/partition-reader.ts";
import { ShareConsumer } from "../../src/client/share-consumer.ts";
import { Acknowledgement } from "../../src/client/share-session.ts";
import type { TopicPartition } from "../../src/client/topic-partition.ts";
import { QUIET } from "../support/kafkajs.ts";

const POLL_MS = 200;
const RETRY_MS = 500;
const PARTITION_BYTES = 1 << 18;
const LEAVE_MS = 10_000;
const MAX_SHARED = 100;

/** One consumer, as long as its client goes on. */
interface Polled {
  poll(maxWaitMs: number): Promise<readonly FetchedPartition[]>;
  passed(partition: TopicPartition, nextOffset: number): void;
  close(): Promise<void>;
}

export interface ReaderOptions {
  readonly bootstrap: string;
  readonly open: (brokers: Brokers) => Polled;
  readonly given: (fetched: FetchedPartition) => void;
  /** After so long it leaves, and comes back. Default: never. */
  readonly lifeMs?: number;
}

export interface Reader {
  /** How often its client gave up, and what for the last time. */
  readonly anew: number;
  readonly lastCause: string | undefined;
  begin(): void;
  end(): Promise<void>;
}

export class PolledReader implements Reader {
  anew = 0;
  lastCause: string | undefined;
  readonly #options: ReaderOptions;
  #going: Promise<void> | undefined;
  #isOver = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#going = this.#goOn();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      const brokers = new Brokers(this.#options.bootstrap);
      try {
        await this.#live(this.#options.open(brokers));
      } catch (error) {
        this.anew++;
        this.lastCause = `${error}`;
        await sleep(RETRY_MS);
      }
      await brokers.close().catch(() => undefined);
    }
  }

  async #live(consumer: Polled): Promise<void> {
    const { given, lifeMs = Number.POSITIVE_INFINITY } = this.#options;
    const untilMs = performance.now() + lifeMs;
    try {
      while (!this.#isOver && performance.now() < untilMs) {
        for (const fetched of await consumer.poll(POLL_MS)) {
          given(fetched);
          consumer.passed(fetched, fetched.nextOffset);
        }
      }
    } finally {
      await Promise.race([consumer.close(), sleep(LEAVE_MS)]);
    }
  }
}

export interface MemberOptions {
  readonly bootstrap: string;
  readonly group: string;
  readonly topic: string;
  readonly lifeMs?: number;
}

export type GivenTo = (group: string, partition: number, offset: number) => void;

export function groupReader(protocol: GroupProtocol, given: GivenTo, { bootstrap, group, topic, lifeMs }: MemberOptions): Reader {
  return new PolledReader({
    bootstrap,
    ...(lifeMs === undefined ? {} : { lifeMs }),
    open: (brokers) =>
      new GroupConsumer(brokers, {
        ...GROUP_DEFAULTS,
        protocol,
        groupId: group,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        heartbeatIntervalMs: 500,
        commitIntervalMs: 500,
        isCommittedOnly: true,
        offsetReset: FROM_EARLIEST,
        partitionBytes: PARTITION_BYTES,
        wantedTopics: async () => [topic],
      }),
    given: ({ partition, records }) => {
      for (const { offset } of records) given(group, partition, offset);
    },
  });
}

export type GivenToShare = (partition: number, offset: number, deliveryCount: number) => void;

export function shareReader(given: GivenToShare, { bootstrap, group, topic, lifeMs }: MemberOptions): Reader {
  return new PolledReader({
    bootstrap,
    ...(lifeMs === undefined ? {} : { lifeMs }),
    open: (brokers) =>
      new ShareConsumer(brokers, { groupId: group, topics: [topic], acknowledgement: Acknowledgement.ACCEPT, maxRecords: MAX_SHARED }),
    given: ({ partition, records }) => {
      for (const { offset, deliveryCount = 1 } of records) given(partition, offset, deliveryCount);
    },
  });
}

export type GivenValue = (partition: TopicPartition, value: string) => void;

/** Reads partitions from their beginning on, what is committed, and knows how far it came. */
export class LoneReader implements Reader {
  readonly #reader: PolledReader;
  readonly #next = new Map<string, Position>();

  constructor(bootstrap: string, partitions: readonly TopicPartition[], given: GivenValue) {
    for (const { topic, partition } of partitions) this.#next.set(placeOf({ topic, partition }), { topic, partition, offset: 0 });
    this.#reader = new PolledReader({
      bootstrap,
      open: (brokers) => this.#open(brokers),
      given: ({ topic, partition, records, nextOffset }) => {
        for (const { value } of records) given({ topic, partition }, `${value}`);
        this.#next.set(placeOf({ topic, partition }), { topic, partition, offset: nextOffset });
      },
    });
  }

  get anew(): number {
    return this.#reader.anew;
  }

  get lastCause(): string | undefined {
    return this.#reader.lastCause;
  }

  begin(): void {
    this.#reader.begin();
  }

  end(): Promise<void> {
    return this.#reader.end();
  }

  /** @param ends the next offset by place, "topic-partition" */
  hasReached(ends: ReadonlyMap<string, number>): boolean {
    return [...ends].every(([place, end]) => (this.#next.get(place)?.offset ?? 0) >= end);
  }

  #open(brokers: Brokers): Polled {
    const reader = new PartitionReader(brokers, {
      isCommittedOnly: true,
      partitionBytes: PARTITION_BYTES,
      reset: (position) => Promise.reject(new Error(`${placeOf(position)} has no offset ${position.offset}`)),
    });
    reader.assign([...this.#next.values()]);
    return {
      poll: (maxWaitMs) => reader.poll(maxWaitMs),
      passed: (partition, nextOffset) => reader.passed(partition, nextOffset),
      close: async () => undefined,
    };
  }
}

/** kafkajs begins a consumer anew by itself, unless it takes what ended it for final; then somebody must make another. */
export class KafkajsReader implements Reader {
  anew = 0;
  lastCause: string | undefined;
  readonly #options: MemberOptions;
  readonly #given: GivenTo;
  readonly #kafka: Kafka;
  #isOver = false;
  #end = () => {};
  #going: Promise<void> | undefined;

  constructor(given: GivenTo, options: MemberOptions) {
    this.#options = options;
    this.#given = given;
    const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 100 };
    this.#kafka = new Kafka({ clientId: options.group, brokers: [options.bootstrap], ...QUIET, requestTimeout: 5000, retry });
  }

  begin(): void {
    this.#going = this.#goOn();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#end();
    await this.#going;
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#live();
      } catch (error) {
        this.anew++;
        this.lastCause = `for good: ${error}`;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Until it is over. Rejects with what ended it for good. */
  async #live(): Promise<void> {
    const { group, topic } = this.#options;
    const consumer = this.#kafka.consumer({ groupId: group, sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: POLL_MS });
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = resolve;
      consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
        if (!restart) return reject(error);
        this.anew++;
        this.lastCause = `${error}`;
      });
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommitInterval: 500,
        eachMessage: async ({ partition, message }) => this.#given(group, partition, Number(message.offset)),
      });
      if (!this.#isOver) await ended;
    } finally {
      ended.catch(() => undefined);
      await Promise.race([consumer.disconnect().catch(() => undefined), sleep(LEAVE_MS)]);
    }
  }
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
