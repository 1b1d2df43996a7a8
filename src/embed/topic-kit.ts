// Topics and records, straight on the broker's parts: what a test does before and after the code under test talks to the broker.

import { Errors, errorName } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { murmur2 } from "../base/murmur2.ts";
import type { NewTopic } from "../broker/broker-options.ts";
import { decidePartitions } from "../cluster/create-partitions.ts";
import type { TopicImage } from "../cluster/image.ts";
import { isRefusal } from "../cluster/refusal.ts";
import { isInternalTopic } from "../cluster/topic-name.ts";
import type { RunningNode } from "../node.ts";
import type { Partition } from "../partition/partition.ts";
import { BrokerError } from "./broker-error.ts";
import type { Emitter } from "./events.ts";
import { type Decoder, decodeRecord, type ReadRecord, type RecordView, recordsIn } from "./records.ts";

/** Text and bytes are sent as they are, anything else as JSON; `null` is a tombstone. */
export interface NewRecord {
  readonly key?: string | Buffer | null;
  readonly value: unknown;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Default: by the key's hash, as clients do it; without a key one after another. */
  readonly partition?: number;
  /** Milliseconds or a Date; default now. */
  readonly timestamp?: number | Date;
}

export interface ProducedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface ReadOptions<Value = string> {
  /** Default: all of them. */
  readonly partition?: number;
  /** An offset, a point in time, or the oldest record (default). */
  readonly from?: "start" | number | Date;
  /** Exclusive: an offset, a point in time, or what is there now (default). */
  readonly until?: "end" | number | Date;
  /** Default "text". */
  readonly decode?: Decoder<Value>;
  /** Which records of transactions; default "committed". */
  readonly view?: RecordView;
}

export class TopicKit {
  readonly #node: RunningNode;
  readonly #emitter: Emitter;
  readonly #nextPartition = new Map<string, number>();

  constructor(node: RunningNode, emitter: Emitter) {
    this.#node = node;
    this.#emitter = emitter;
  }

  /** Names, without those of the broker's own. */
  list(): string[] {
    return [...this.#node.cluster.image.topicsByName.keys()].filter((name) => !isInternalTopic(name)).sort();
  }

  /** As the cluster has it: partitions with their leaders, replicas and settings; `undefined` when there is none. */
  get(name: string): TopicImage | undefined {
    return this.#node.cluster.image.topicsByName.get(name);
  }

  /** Usable when the promise resolves. Throws BrokerError. */
  async create(...topics: readonly (string | NewTopic)[]): Promise<void> {
    const wishes = topics.map((topic) => (typeof topic === "string" ? { name: topic } : topic));
    const { services } = this.#node.broker;
    const outcomes = await services.topics.create(
      wishes.map(({ name, partitions = -1, replicationFactor = -1, configs = {} }: NewTopic) => ({
        name,
        partitionCount: partitions,
        replicationFactor,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      })),
    );
    outcomes.forEach((outcome, index) => {
      if (isRefusal(outcome)) throw new BrokerError(outcome.error, `topic ${wishes[index]?.name}: ${outcome.message}`);
    });
  }

  /** Gone when the promise resolves. Throws BrokerError for one that is not there. */
  async delete(...names: readonly string[]): Promise<void> {
    const outcomes = await this.#node.broker.services.topics.delete(names.map((name) => ({ name })));
    outcomes.forEach((outcome, index) => {
      if ("error" in outcome)
        throw new BrokerError(outcome.error, `topic ${names[index]} could not be deleted: ${errorName(outcome.error)}`);
    });
  }

  /** `total` is how many the topic has afterwards. Throws BrokerError. */
  async addPartitions(name: string, total: number): Promise<void> {
    const refusal = await this.#node.cluster.transact((image) => {
      const decision = decidePartitions(image, { name, count: total, assignments: null });
      return isRefusal(decision) ? { changes: [], result: decision } : { changes: [decision], result: undefined };
    });
    if (refusal !== undefined) throw new BrokerError(refusal.error, `topic ${name}: ${refusal.message || errorName(refusal.error)}`);
  }

  /** Deletes the records of topics; offsets go on where they are. Without names: of all topics but the broker's own. */
  async clear(...names: readonly string[]): Promise<void> {
    for (const name of names.length === 0 ? this.list() : names)
      for (const partition of this.partitions(name)) await partition.deleteRecordsBefore(partition.logEndOffset);
  }

  /** Sends records as a client would; makes the topic if the broker may. Throws BrokerError. */
  async produce(topic: string, records: unknown): Promise<ProducedRecord[]> {
    await this.#ensure(topic);
    const given = (Array.isArray(records) ? records : [records]).map(asRecord);
    const placed = given.map((record) => ({ record, partition: this.#partitionFor(topic, record) }));
    const produced = new Map<NewRecord, ProducedRecord>();
    for (const index of new Set(placed.map(({ partition }) => partition))) {
      const batch = placed.filter(({ partition }) => partition === index).map(({ record }) => record);
      const baseOffset = await this.#append(topic, index, batch);
      for (const [at, record] of batch.entries()) produced.set(record, { topic, partition: index, offset: baseOffset + at });
      this.#emitter.emit("produce", { topic, partition: index, baseOffset, clientId: "" });
    }
    return given.flatMap((record) => produced.get(record) ?? []);
  }

  /** What is there, by partition and offset. Throws BrokerError for a topic that is not there. */
  async read<Value = string>(topic: string, options: ReadOptions<Value> = {}): Promise<ReadRecord<Value>[]> {
    const { decode = "text", view = "committed" } = options;
    const found: ReadRecord<Value>[] = [];
    for (const partition of this.partitions(topic)) {
      if (options.partition !== undefined && options.partition !== partition.index) continue;
      const from = await offsetOf(partition, options.from ?? "start");
      const until = await offsetOf(partition, options.until ?? "end");
      for await (const record of recordsIn(partition, { from, until, view })) found.push(decodeRecord(partition, record, decode));
    }
    return found;
  }

  /** As their leaders have them; those that nobody leads are left out. Throws BrokerError. */
  partitions(topic: string): Partition[] {
    const image = this.get(topic);
    if (image === undefined)
      throw new BrokerError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${topic}; there are ${this.list().join(", ") || "none"}`);
    return image.partitions.flatMap((_, index) => this.partition(topic, index) ?? []);
  }

  partition(topic: string, index: number): Partition | undefined {
    for (const broker of this.#node.brokers) {
      const partition = broker.services.partitions.get(topic, index);
      if (partition !== undefined) return partition;
    }
    return undefined;
  }

  async #ensure(topic: string): Promise<void> {
    if (this.get(topic) !== undefined) return;
    const { services } = this.#node.broker;
    if (!services.config["auto.create.topics.enable"])
      throw new BrokerError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${topic}, and auto.create.topics.enable is off`);
    const refusal = await services.topics.autoCreate(topic);
    if (refusal !== undefined) throw new BrokerError(refusal.error, `topic ${topic}: ${refusal.message}`);
  }

  #partitionFor(topic: string, { key, partition }: NewRecord): number {
    const count = this.get(topic)?.partitions.length ?? 1;
    if (partition !== undefined) return partition;
    if (key !== undefined && key !== null) return (murmur2(Buffer.from(key)) & 0x7fff_ffff) % count;
    const next = this.#nextPartition.get(topic) ?? 0;
    this.#nextPartition.set(topic, next + 1);
    return next % count;
  }

  async #append(topic: string, index: number, records: readonly NewRecord[]): Promise<number> {
    const partition = this.partition(topic, index);
    if (partition === undefined)
      throw new BrokerError(Errors.LEADER_NOT_AVAILABLE, `nobody leads ${topic}-${index}, or there is no such partition`);
    const batch = buildBatch(
      records.map(({ key, value, headers = {}, timestamp }) => ({
        key: key === undefined || key === null ? null : Buffer.from(key),
        value: asBytes(value),
        headers: Object.entries(headers).map(([name, content]) => ({ key: name, value: Buffer.from(content) })),
        ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
      })),
      { timestamp: this.#node.broker.services.clock.now() },
    );
    const result = partition.append(batch.bytes, "client");
    if (!result.ok)
      throw new BrokerError(result.error, `${topic}-${index} refused the records: ${result.message ?? errorName(result.error)}`);
    const isCommitted = await (partition.whenCommitted(partition.logEndOffset) ?? true);
    if (!isCommitted)
      throw new BrokerError(Errors.NOT_LEADER_OR_FOLLOWER, `the leader of ${topic}-${index} changed before the records were committed`);
    return result.baseOffset;
  }
}

function asRecord(given: unknown): NewRecord {
  const isRecord = typeof given === "object" && given !== null && "value" in given && !Buffer.isBuffer(given);
  return isRecord ? (given as NewRecord) : { value: given };
}

function asBytes(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || value instanceof Uint8Array) return Buffer.from(value as string);
  return Buffer.from(JSON.stringify(value));
}

async function offsetOf(partition: Partition, place: "start" | "end" | number | Date): Promise<number> {
  if (place === "start") return partition.logStartOffset;
  if (place === "end") return partition.logEndOffset;
  if (typeof place === "number") return place;
  return (await partition.log.offsetForTimestamp(place.getTime(), partition.highWatermark))?.offset ?? partition.logEndOffset;
}
