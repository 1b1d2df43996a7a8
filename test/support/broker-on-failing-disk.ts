// A broker that does what brokers do while its disk fails, and a client that notes what it was told: what was acknowledged must be there
// afterwards, once and in order, in the running broker as after its next start.

import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { RawClient } from "./raw-client.ts";

const FOLDER = "/data";
const GROUP = "readers";
const CONFIG = brokerConfig({
  argument: {
    "offsets.topic.num.partitions": 1,
    "log.cleaner.backoff.ms": 1000,
    "log.retention.check.interval.ms": 5000,
    "log.initial.task.delay.ms": 5000,
  },
});
const SMALL_SEGMENTS = { "internal.segment.bytes": "300", "index.interval.bytes": "80", "file.delete.delay.ms": "1000" };

/** Of one partition, what its producer was told. */
interface Produced {
  /** Values by the offset that was acknowledged. */
  readonly acknowledged: Map<number, string>;
  readonly refused: Set<string>;
}

/** Everything that a client knows of the broker. */
export class Knowledge {
  readonly topics = new Set<string>();
  /** Refused or deleted. */
  readonly refusedTopics = new Set<string>();
  readonly produced = new Map<string, Produced>();
  /** Below it records may be gone: somebody asked for that. */
  readonly deletedBelow = new Map<string, number>();
  committedOffset = -1;
  /** Answered with an error, which may nevertheless have been done. */
  readonly refusedCommits = new Set<number>();

  of(partition: string): Produced {
    const known = this.produced.get(partition) ?? { acknowledged: new Map(), refused: new Set() };
    this.produced.set(partition, known);
    return known;
  }
}

export class BrokerOnDisk {
  readonly clock: VirtualClock;
  readonly #node: RunningNode;
  readonly #client: RawClient;
  readonly #knowledge: Knowledge;
  #lastValue = 0;

  private constructor(clock: VirtualClock, node: RunningNode, client: RawClient, knowledge: Knowledge) {
    this.clock = clock;
    this.#node = node;
    this.#client = client;
    this.#knowledge = knowledge;
  }

  static async start(filesystem: Filesystem, knowledge: Knowledge): Promise<BrokerOnDisk> {
    const clock = new VirtualClock();
    const node = await openNode({ config: CONFIG, host: "127.0.0.1", port: 0, data: FOLDER, topics: [], clock, filesystem });
    return new BrokerOnDisk(clock, node, await RawClient.connect(node.broker.port), knowledge);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#node.stop();
  }

  /** Also on a disk that fails, every request is answered. */
  async #ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    let isAnswered = false;
    const answering = this.#client.call(api, version, body).finally(() => {
      isAnswered = true;
    });
    // What an answer waits for may come with time.
    for (let turn = 0; !isAnswered && turn < 4000; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 20 === 19) await this.clock.advance(50);
    }
    if (!isAnswered) throw new Error(`${api.name} is not answered`);
    const answer = await answering;
    if (answer === undefined) throw new Error(`the broker closed the connection at ${api.name}`);
    return answer;
  }

  /** Everything that changes files: segments that roll, compaction, retention, deletion, checkpoints, groups. */
  async live(): Promise<void> {
    await this.createTopic("plain", { ...SMALL_SEGMENTS, "retention.bytes": "900" });
    await this.createTopic("compacted", { ...SMALL_SEGMENTS, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01" });
    await this.createTopic("flushed", { ...SMALL_SEGMENTS, "flush.messages": "1" });
    await this.createTopic("short", {});
    for (let round = 0; round < 4; round++) {
      await this.produce("plain", 0, "a");
      await this.produce("plain", 0, "b");
      await this.produce("compacted", 0, `k${round % 2}`);
      await this.produce("compacted", 0, "k2");
      await this.produce("flushed", 0, "f");
      await this.produce("short", 0, "s");
      await this.commitOffset(round);
      await this.clock.advance(1000);
    }
    await this.addPartition("plain", 2);
    await this.produce("plain", 1, "p");
    await this.deleteRecords("plain", 0, 2);
    await this.deleteTopic("short");
    await this.clock.advance(65_000);
    await this.produce("plain", 0, "c");
    await this.produce("compacted", 0, "k0");
    await this.commitOffset(9);
  }

  async createTopic(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs };
    const answer = await this.#ask(messages.createTopics, 5, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    const isMade = answer.topics[0]?.errorCode === 0;
    if (isMade) this.#knowledge.topics.add(name);
    if (isMade) this.#knowledge.refusedTopics.delete(name);
    else this.#knowledge.refusedTopics.add(name);
  }

  async deleteTopic(name: string): Promise<void> {
    const answer = await this.#ask(messages.deleteTopics, 4, { topicNames: [name], timeoutMs: 1000 });
    if (answer.responses[0]?.errorCode !== 0) return;
    this.#knowledge.topics.delete(name);
    this.#knowledge.refusedTopics.add(name);
    this.#knowledge.produced.delete(`${name}-0`);
  }

  async addPartition(name: string, count: number): Promise<void> {
    await this.#ask(messages.createPartitions, 1, { topics: [{ name, count, assignments: null }], timeoutMs: 1000, validateOnly: false });
  }

  /** A batch of one record; gives the error. The record's value is never used again. */
  async produce(topic: string, index: number, key: string): Promise<number> {
    const value = `${key} ${++this.#lastValue} ${"x".repeat(40)}`;
    const records = buildBatch([{ key: Buffer.from(key), value: Buffer.from(value) }], { timestamp: this.clock.now() }).bytes;
    const topicData = [{ name: topic, partitionData: [{ index, records }] }];
    const answer = await this.#ask(messages.produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData });
    const answered = answer.responses[0]?.partitionResponses[0];
    const known = this.#knowledge.of(`${topic}-${index}`);
    if (answered?.errorCode !== 0) known.refused.add(value);
    else if (known.acknowledged.has(answered.baseOffset))
      throw new Error(`${topic}-${index} has given offset ${answered.baseOffset} twice`);
    else known.acknowledged.set(answered.baseOffset, value);
    return answered?.errorCode ?? -1;
  }

  async deleteRecords(name: string, partitionIndex: number, offset: number): Promise<number> {
    const topics = [{ name, partitions: [{ partitionIndex, offset }] }];
    const answer = await this.#ask(messages.deleteRecords, 1, { topics, timeoutMs: 1000 });
    const partition = answer.topics[0]?.partitions[0];
    if (partition?.errorCode === 0) this.#knowledge.deletedBelow.set(`${name}-${partitionIndex}`, partition.lowWatermark);
    return partition?.errorCode ?? -1;
  }

  /** As a consumer without a group does; whose coordinator is found first. */
  async commitOffset(offset: number): Promise<number> {
    const found = await this.#ask(messages.findCoordinator, 3, { key: GROUP, keyType: 0 });
    const topics = [{ name: "plain", partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }] }];
    const answer = await this.#ask(messages.offsetCommit, 6, { groupId: GROUP, topics });
    const errorCode = found.errorCode === 0 ? (answer.topics[0]?.partitions[0]?.errorCode ?? -1) : (found.errorCode ?? -1);
    if (errorCode === 0) this.#knowledge.committedOffset = offset;
    else this.#knowledge.refusedCommits.add(offset);
    return errorCode;
  }

  async #committed(): Promise<number> {
    const answer = await this.#ask(messages.offsetFetch, 5, { groupId: GROUP, topics: [{ name: "plain", partitionIndexes: [0] }] });
    return answer.topics?.[0]?.partitions[0]?.committedOffset ?? -1;
  }

  async topics(): Promise<Map<string, number>> {
    const answer = await this.#ask(messages.metadata, 1, { topics: null });
    return new Map(answer.topics.map(({ name, partitions }) => [name ?? "", partitions.length]));
  }

  /** Every record that a fetch gives from the log's start on, by offset. */
  async #records(topic: string, partition: number): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    const answered = await this.#ask(messages.listOffsets, 2, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -2 }] }],
    });
    let offset = answered.topics[0]?.partitions[0]?.offset ?? 0;
    for (;;) {
      const one = { partition, fetchOffset: offset, partitionMaxBytes: 150 };
      const topics = [{ topic, partitions: [one] }];
      const answer = await this.#ask(messages.fetch, 4, { maxWaitMs: 0, minBytes: 0, maxBytes: 150, topics });
      const { errorCode, records, highWatermark } = answer.responses[0]?.partitions[0] ?? {};
      if (errorCode !== 0) throw new Error(`a fetch of ${topic}-${partition} at ${offset} gave error ${errorCode}`);
      for (const batch of batchesOf(records ?? Buffer.alloc(0))) {
        if (!batch.isCrcValid()) throw new Error(`${topic}-${partition} has a damaged batch at ${batch.baseOffset}`);
        for (const record of recordsOf(batch)) {
          if (found.has(record.offset)) throw new Error(`${topic}-${partition} gave offset ${record.offset} twice`);
          if (record.offset >= offset) found.set(record.offset, record.value?.toString() ?? "");
        }
        offset = batch.nextOffset;
      }
      if ((records?.length ?? 0) === 0) {
        if (offset < Number(highWatermark)) throw new Error(`${topic}-${partition} gives nothing at ${offset}, below ${highWatermark}`);
        return found;
      }
    }
  }

  /** The disk works again: after a while so does everything. */
  async expectHealed(): Promise<void> {
    await this.clock.advance(30_000);
    if (!(await this.topics()).has("plain")) await this.createTopic("plain", SMALL_SEGMENTS);
    for (const [topic, partitionCount] of await this.topics()) {
      if (topic.startsWith("__")) continue;
      for (let index = 0; index < partitionCount; index++) {
        const errorCode = await this.produce(topic, index, "healed");
        if (errorCode !== 0) throw new Error(`${topic}-${index} still answers ${errorCode}`);
      }
    }
    const errorCode = await this.commitOffset(42);
    if (errorCode !== 0) throw new Error(`a commit is still answered with ${errorCode}`);
    await this.createTopic(`after-${this.#lastValue}`, {});
    if (!this.#knowledge.topics.has(`after-${this.#lastValue}`)) throw new Error("no topic can be made");
  }

  /** What the client was told is so. */
  async expectTold(): Promise<void> {
    const topics = await this.topics();
    for (const name of this.#knowledge.topics) if (!topics.has(name)) throw new Error(`the topic ${name} is gone`);
    for (const name of this.#knowledge.refusedTopics) if (topics.has(name)) throw new Error(`the topic ${name} was refused and is there`);
    for (const [topic, partitionCount] of topics) {
      if (topic.startsWith("__")) continue;
      for (let index = 0; index < partitionCount; index++) await this.#expectRecords(topic, index);
    }
    const committed = await this.#committed();
    if (committed !== this.#knowledge.committedOffset && !this.#knowledge.refusedCommits.has(committed))
      throw new Error(`the committed offset is ${committed} instead of ${this.#knowledge.committedOffset}`);
  }

  async #expectRecords(topic: string, index: number): Promise<void> {
    const name = `${topic}-${index}`;
    const { acknowledged, refused } = this.#knowledge.of(name);
    const found = await this.#records(topic, index);
    for (const [offset, value] of found) {
      if (acknowledged.get(offset) === value) continue;
      const isRefused = refused.has(value) && !acknowledged.has(offset);
      if (!isRefused) throw new Error(`${name} has "${value}" at ${offset} instead of "${acknowledged.get(offset)}"`);
    }
    const start = Math.min(...found.keys());
    const deletedBelow = this.#knowledge.deletedBelow.get(name) ?? 0;
    if (start < deletedBelow) throw new Error(`${name} has ${start} again, which was deleted`);
    for (const [offset, value] of acknowledged) {
      if (found.has(offset) || isGone(topic, { offset, value }, { start, acknowledged, refused, found })) continue;
      throw new Error(`${name} has lost "${value}" at ${offset}; it starts at ${start}`);
    }
  }
}

interface Left {
  readonly start: number;
  readonly acknowledged: ReadonlyMap<number, string>;
  readonly refused: ReadonlySet<string>;
  readonly found: ReadonlyMap<number, string>;
}

/** Retention and DeleteRecords take the oldest, compaction what has a later record of its key. */
function isGone(topic: string, lost: { readonly offset: number; readonly value: string }, { start, found }: Left): boolean {
  if (topic === "plain") return lost.offset < start;
  const [key] = lost.value.split(" ");
  return topic === "compacted" && [...found].some(([offset, value]) => offset > lost.offset && value.split(" ")[0] === key);
}
