// What old clients ask for and send, and what is noted of the answers: the versions that Apache Kafka served up to 3.9 and 4.0 dropped.

import {
  addPartitionsToTxn,
  createTopics,
  deleteTopics,
  describeConfigs,
  endTxn,
  fetch,
  findCoordinator,
  initProducerId,
  listOffsets,
  offsetCommit,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
} from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { compress } from "../../protocol/records/compression.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { messageSet, TIME, type Written, withCrc } from "./message-sets.ts";
import type { OldStage } from "./old-stage.ts";

export interface OldScenario {
  readonly name: string;
  readonly play: (stage: OldStage) => Promise<void>;
}

const THREE: Written = [
  ["a", "one"],
  [null, "two"],
  ["c", null],
];
const CODECS = [Compression.GZIP, Compression.SNAPPY, Compression.LZ4] as const;
const MAGICS = [0, 1] as const;
const PRODUCE_VERSION = { 0: 0, 1: 2 } as const;
/** Compresses to little. */
const LONG = "long ".repeat(2000);

function records(count: number, value = "value") {
  return Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`k${index}`),
    value: Buffer.from(`${value}${index}`),
    headers: [{ key: "h", value: Buffer.from("x") }],
    timestamp: TIME + index,
  }));
}

const VERSIONS = [0, 1, 2, 3];

function fetchAll(stage: OldStage, offset = 0): Promise<void> {
  return stage.fetch(offset, { versions: VERSIONS });
}

const written: readonly OldScenario[] = [
  ...MAGICS.map((magic) => ({
    name: `messages of magic ${magic}, one by one`,
    play: async (stage: OldStage) => {
      await stage.createTopic();
      for (const version of [0, 1, 2]) await stage.produce(version, messageSet(THREE, { magic }));
      await stage.produce(2, messageSet(THREE, { magic, offset: 70 }));
      await fetchAll(stage);
      await fetchAll(stage, 4);
    },
  })),
  ...MAGICS.flatMap((magic) =>
    CODECS.map((codec) => ({
      name: `messages of magic ${magic} in a wrapper, codec ${codec}`,
      play: async (stage: OldStage) => {
        await stage.createTopic();
        await stage.produce(PRODUCE_VERSION[magic], messageSet(THREE, { magic, codec }));
        await stage.produce(PRODUCE_VERSION[magic], messageSet(THREE, { magic, codec, offset: 50, innerOffset: 7 }));
        await fetchAll(stage);
        await fetchAll(stage, 4);
      },
    })),
  ),
  {
    name: "messages of magic 0 and 1 in one set, and what is cut off",
    play: async (stage) => {
      await stage.createTopic();
      await stage.produce(2, Buffer.concat([messageSet(THREE, { magic: 0 }), messageSet(THREE, { magic: 1 })]));
      const set = messageSet(THREE, { magic: 1 });
      await stage.produce(2, set.subarray(0, set.length - 5));
      await stage.produce(2, set.subarray(0, 20));
      await stage.produce(2, Buffer.alloc(0));
      await stage.fetch(0);
    },
  },
  {
    name: "a topic with the time of the append",
    play: async (stage) => {
      await stage.createTopic({ "message.timestamp.type": "LogAppendTime" });
      await stage.produce(0, messageSet(THREE, { magic: 0 }));
      await stage.produce(2, messageSet(THREE, { magic: 1 }));
      await stage.produce(2, messageSet(THREE, { magic: 1, codec: Compression.GZIP }));
      await fetchAll(stage);
    },
  },
  {
    name: "a producer that claims to know the time of the append",
    play: async (stage) => {
      await stage.createTopic();
      for (const codec of [Compression.NONE, Compression.GZIP])
        await stage.produce(2, messageSet(THREE, { magic: 1, codec, timestampType: TimestampType.LOG_APPEND_TIME }));
      await stage.fetch(0);
      await stage.fetch(3);
    },
  },
  {
    name: "a compacted topic wants keys",
    play: async (stage) => {
      await stage.createTopic({ "cleanup.policy": "compact" });
      for (const magic of MAGICS) {
        for (const codec of [Compression.NONE, Compression.GZIP]) {
          await stage.produce(PRODUCE_VERSION[magic], messageSet(THREE, { magic, codec }));
          await stage.produce(PRODUCE_VERSION[magic], messageSet([["k", "v"]], { magic, codec }));
        }
      }
      await stage.fetch(0);
    },
  },
  ...["gzip", "lz4", "uncompressed", "zstd"].map((type) => ({
    name: `a topic of compression.type ${type}`,
    play: async (stage: OldStage) => {
      await stage.createTopic({ "compression.type": type });
      await stage.produce(1, messageSet(THREE, { magic: 0 }));
      await stage.produce(2, messageSet(THREE, { magic: 1, codec: Compression.SNAPPY }));
      await fetchAll(stage);
    },
  })),
  {
    name: "sizes at the limit of the topic",
    play: async (stage) => {
      await stage.createTopic({ "max.message.bytes": "2000" });
      const five = (bytes: number): Written => Array.from({ length: 5 }, () => ["k", "x".repeat(bytes)] as const);
      await stage.produce(2, messageSet(five(300), { magic: 1 }));
      await stage.produce(2, messageSet(five(500), { magic: 1 }));
      await stage.produce(2, messageSet(five(500), { magic: 1, codec: Compression.GZIP }));
      await stage.produce(2, messageSet([["k", "x".repeat(1964)]], { magic: 1 }));
      await stage.produce(2, messageSet([["k", "x".repeat(2964)]], { magic: 1 }));
      await stage.produce(0, messageSet([["k", "x".repeat(1850)]], { magic: 0 }));
    },
  },
  {
    name: "sizes at the limit of a topic that compresses",
    play: async (stage) => {
      await stage.createTopic({ "max.message.bytes": "2000", "compression.type": "gzip" });
      const five = Array.from({ length: 5 }, () => ["k", "x".repeat(500)] as const);
      await stage.produce(2, messageSet(five, { magic: 1 }));
      await stage.produce(2, messageSet([["k", "x".repeat(2964)]], { magic: 1 }));
      await stage.fetch(0);
    },
  },
];

const refused: readonly OldScenario[] = [
  {
    name: "messages with a fault",
    play: async (stage) => {
      await stage.createTopic();
      const one: Written = [["k", "v"]];
      for (const magic of MAGICS) {
        const version = PRODUCE_VERSION[magic];
        const set = (at: number, value: number, isMended = false) => {
          const bytes = messageSet(one, { magic });
          bytes[at] = value;
          return isMended ? withCrc(bytes) : bytes;
        };
        await stage.produce(version, set(20, 0x55));
        await stage.produce(version, set(11, 13));
        await stage.produce(version, set(8, 0x80));
        await stage.produce(version, set(16, 5, true));
        await stage.produce(version, set(17, 5, true));
        await stage.produce(version, set(magic === 0 ? 21 : 29, 100, true));
        await stage.produce(version, set(magic === 0 ? 26 : 34, 0, true));
        await stage.produce(version, set(magic === 0 ? 18 : 26, 0xfe, true));
      }
      await stage.produce(2, messageSet(one, { magic: 1, codec: Compression.ZSTD }));
      await stage.fetch(0);
    },
  },
  {
    name: "wrappers with a fault",
    play: async (stage) => {
      await stage.createTopic();
      for (const magic of MAGICS) {
        const version = PRODUCE_VERSION[magic];
        const gzip = { magic, codec: Compression.GZIP } as const;
        await stage.produce(version, Buffer.concat([messageSet(THREE, gzip), messageSet(THREE, gzip)]));
        await stage.produce(version, Buffer.concat([messageSet(THREE, { magic }), messageSet(THREE, gzip)]));
        await stage.produce(version, Buffer.concat([messageSet(THREE, gzip), messageSet(THREE, { magic })]));
        await stage.produce(version, messageSet([], gzip));
        await stage.produce(version, wrapperOf(messageSet(THREE, gzip), magic));
        const inner = messageSet([["k", "v"]], { magic });
        inner[inner.length - 1] = 0x55;
        await stage.produce(version, wrapperOf(inner, magic));
        await stage.produce(version, wrapperOf(messageSet(THREE, { magic }).subarray(0, 40), magic));
        await stage.produce(version, wrapperOf(messageSet(THREE, { magic: magic === 0 ? 1 : 0 }), magic));
        const garbage = messageSet([["k", "v"]], { magic });
        garbage[17] = Compression.GZIP;
        await stage.produce(version, withCrc(garbage));
        const nothing = messageSet([["k", null]], { magic });
        nothing[17] = Compression.GZIP;
        await stage.produce(version, withCrc(nothing));
      }
      await stage.fetch(0);
    },
  },
  {
    name: "formats in versions that are not theirs",
    play: async (stage) => {
      await stage.createTopic();
      const batch = () => buildBatch(records(2), { timestamp: TIME }).bytes;
      await stage.produce(0, batch());
      await stage.produce(2, batch());
      await stage.produce(2, Buffer.concat([batch(), batch()]));
      for (const magic of MAGICS) await stage.produce(3, messageSet(THREE, { magic }));
      await stage.produce(0, messageSet(THREE, { magic: 1 }));
      await stage.produce(2, messageSet(THREE, { magic: 0, codec: Compression.LZ4 }));
      await fetchAll(stage);
      await stage.produce(2, buildBatch(records(2), { timestamp: TIME, compression: Compression.ZSTD }).bytes);
    },
  },
  {
    name: "topics and partitions that are not there",
    play: async (stage) => {
      await stage.createTopic();
      const none = `${stage.topic}-none-`;
      await stage.produce(0, messageSet(THREE, { magic: 0 }), { topic: "not/valid" });
      await stage.produce(0, messageSet(THREE, { magic: 0 }), { acks: 3 });
      await stage.produce(0, messageSet(THREE, { magic: 0 }), { acks: 1 });
      await stage.produce(0, messageSet(THREE, { magic: 0 }), { acks: 0 });
      for (const version of [0, 1, 2]) {
        const partitions = [{ partition: 9, fetchOffset: 0, partitionMaxBytes: 1000 }];
        await stage.tell(fetch, version, { replicaId: -1, maxWaitMs: 0, minBytes: 1, topics: [{ topic: none, partitions }] });
        const topicData = [{ name: none, partitionData: [{ index: 9, records: messageSet(THREE, { magic: 0 }) }] }];
        await stage.tell(produce, version, { acks: 1, timeoutMs: 1000, topicData });
      }
      await stage.tell(listOffsets, 0, {
        replicaId: -1,
        topics: [{ name: none, partitions: [{ partitionIndex: 0, timestamp: -1, maxNumOffsets: 1 }] }],
      });
      await stage.fetch(6, { versions: [1] });
      await stage.fetch(7, { versions: [1] });
      await stage.produce(2, Buffer.from("not a message set at all, but long enough to be one"), { acks: 0 });
      await stage.fetch(0, { versions: [1] });
      await stage.fetch(0, { versions: [1] });
    },
  },
];

function wrapperOf(content: Buffer, magic: 0 | 1): Buffer {
  const wrapper = messageSet([[null, "?"]], { magic, codec: Compression.GZIP });
  const headBytes = magic === 0 ? 26 : 34;
  const value = compress(Compression.GZIP, content);
  const bytes = Buffer.concat([wrapper.subarray(0, headBytes), value]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(value.length, headBytes - 4);
  return withCrc(bytes);
}

const read: readonly OldScenario[] = [
  ...[Compression.NONE, ...CODECS, Compression.ZSTD].map((codec) => ({
    name: `batches of today, codec ${codec}`,
    play: async (stage: OldStage) => {
      await stage.createTopic();
      await stage.produce(7, buildBatch(records(3), { timestamp: TIME, compression: codec }).bytes);
      await stage.produce(7, buildBatch(records(2), { timestamp: TIME, compression: codec }).bytes);
      await fetchAll(stage);
      await fetchAll(stage, 1);
      await fetchAll(stage, 4);
    },
  })),
  {
    name: "zstd behind another batch",
    play: async (stage) => {
      await stage.createTopic();
      await stage.produceBatch(records(2), { timestamp: TIME });
      await stage.produceBatch(records(2), { timestamp: TIME, compression: Compression.ZSTD });
      await stage.produceBatch(records(2), { timestamp: TIME });
      await fetchAll(stage);
      await fetchAll(stage, 2);
      await fetchAll(stage, 4);
    },
  },
  {
    name: "limits that are smaller than a batch",
    play: async (stage) => {
      await stage.createTopic();
      await stage.produceBatch(records(1, LONG), { timestamp: TIME });
      await stage.produceBatch(records(2), { timestamp: TIME });
      for (const maxBytes of [0, 100, 10_100, 10_160]) await stage.fetch(0, { versions: VERSIONS, maxBytes });
      await stage.fetch(1, { versions: VERSIONS, maxBytes: 30 });
      await stage.fetch(0, { versions: [3], totalBytes: 50 });
    },
  },
  {
    name: "batches that grow when they are converted",
    play: async (stage) => {
      await stage.createTopic();
      const small = Array.from({ length: 20 }, (_, index) => ({ key: null, value: null, timestamp: TIME + index }));
      await stage.produceBatch(small, { timestamp: TIME });
      await stage.produceBatch(small, { timestamp: TIME });
      await stage.produceBatch(small, { timestamp: TIME, compression: Compression.GZIP });
      await stage.fetch(0, { versions: [2], maxBytes: 221 });
      await stage.fetch(20, { versions: [2], maxBytes: 221 });
    },
  },
  {
    name: "an idempotent producer, and transactions",
    play: async (stage) => {
      await stage.createTopic();
      const transactionalId = `${stage.topic}-txn`;
      const { producerId, producerEpoch } = await untilThere(stage, transactionalId);
      await transact(stage, { transactionalId, producerId, producerEpoch }, 0, true);
      await transact(stage, { transactionalId, producerId, producerEpoch }, 2, false);
    },
  },
  {
    name: "messages around the ends of transactions",
    play: async (stage) => {
      await stage.createTopic();
      const transactionalId = `${stage.topic}-txn`;
      const { producerId, producerEpoch } = await untilThere(stage, transactionalId);
      for (const baseSequence of [0, 2]) await transact(stage, { transactionalId, producerId, producerEpoch }, baseSequence, true);
      await fetchAll(stage);
      await stage.fetch(2);
      await stage.fetch(5);
    },
  },
];

async function untilThere(stage: OldStage, transactionalId: string) {
  await stage.ask(findCoordinator, 1, { key: transactionalId, keyType: 1 });
  for (;;) {
    const answer = await stage.ask(initProducerId, 0, { transactionalId, transactionTimeoutMs: 60_000 });
    if (answer?.errorCode === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Transactional {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The transaction before may not be complete yet, though its end is answered. */
async function untilAdded(stage: OldStage, { transactionalId, producerId, producerEpoch }: Transactional): Promise<void> {
  for (;;) {
    const answer = await stage.ask(addPartitionsToTxn, 0, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: stage.topic, partitions: [0] }],
    });
    if (answer?.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Two records, which are fetched before the transaction ends. */
async function transact(stage: OldStage, producer: Transactional, baseSequence: number, committed: boolean): Promise<void> {
  const { transactionalId, producerId, producerEpoch } = producer;
  await untilAdded(stage, producer);
  const own = { timestamp: TIME, producerId, producerEpoch, isTransactional: true, baseSequence };
  const topicData = [{ name: stage.topic, partitionData: [{ index: 0, records: buildBatch(records(2), own).bytes }] }];
  await stage.ask(produce, 7, { transactionalId, acks: -1, timeoutMs: 10_000, topicData });
  const baseOffset = (3 * baseSequence) / 2;
  await stage.fetch(baseOffset);
  await stage.ask(endTxn, 0, { transactionalId, producerId, producerEpoch, committed });
  await untilMarked(stage, baseOffset + 3);
}

async function untilMarked(stage: OldStage, offset: number): Promise<void> {
  for (;;) {
    const topics = [{ name: stage.topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
    const answer = await stage.ask(listOffsets, 2, { replicaId: -1, isolationLevel: 1, topics });
    if (answer?.topics[0]?.partitions[0]?.offset === offset) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const others: readonly OldScenario[] = [
  {
    name: "offsets as a list",
    play: async (stage) => {
      await stage.createTopic();
      const askAll = async () => {
        for (const count of [0, 1, 2, 10]) for (const timestamp of [-1, -2]) await listedOffsets(stage, timestamp, count);
        await listedOffsets(stage, Date.now() + 3_600_000, 10);
        await listedOffsets(stage, -3, 10);
      };
      await askAll();
      await stage.produceBatch(records(3), { timestamp: TIME });
      await askAll();
    },
  },
  {
    name: "offsets as a list, of several segments and times",
    play: async (stage) => {
      await stage.createTopic({ "segment.bytes": "1048576", "max.message.bytes": "900000" });
      for (let index = 0; index < 3; index++) await stage.produceBatch(records(2, "x".repeat(400_000)), { timestamp: TIME });
      for (const timestamp of [-1, -2, TIME + 1, TIME - 1, Date.now() + 3_600_000]) await listedOffsets(stage, timestamp, 10);
    },
  },
  {
    name: "offsets of groups",
    play: async (stage) => {
      await stage.createTopic();
      const groupId = `${stage.topic}-group`;
      const partition = { partitionIndex: 0, committedOffset: 7, committedMetadata: "m" };
      const topics = (name: string) => [{ name, partitions: [partition] }];
      const asked = (name: string) => [{ name, partitionIndexes: [0, 1] }];
      await untilCommitted(stage, { groupId, topics: topics(stage.topic) });
      await stage.tell(offsetFetch, 1, { groupId, topics: asked(stage.topic) });
      await stage.tell(offsetCommit, 1, {
        groupId,
        topics: [{ name: stage.topic, partitions: [{ ...partition, committedOffset: 8, commitTimestamp: Date.now() }] }],
      });
      await stage.tell(offsetCommit, 1, { groupId, topics: topics(`${stage.topic}-none`) });
      await stage.tell(offsetFetch, 1, { groupId, topics: asked(stage.topic) });
      await stage.tell(offsetFetch, 1, { groupId, topics: asked(`${stage.topic}-none`) });
      await stage.tell(offsetFetch, 1, { groupId: `${groupId}-none`, topics: asked(stage.topic) });
      await stage.tell(offsetCommit, 1, { groupId, generationIdOrMemberEpoch: 3, memberId: "nobody", topics: topics(stage.topic) });
    },
  },
  {
    name: "offsets of groups that were in ZooKeeper",
    play: async (stage) => {
      await stage.createTopic();
      const groupId = `${stage.topic}-group`;
      await untilCommitted(stage, { groupId, topics: [] });
      const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: "m" }];
      await stage.tell(offsetCommit, 0, { groupId, topics: [{ name: stage.topic, partitions }] });
      await stage.tell(offsetFetch, 0, { groupId, topics: [{ name: stage.topic, partitionIndexes: [0] }] });
      await stage.tell(offsetFetch, 1, { groupId, topics: [{ name: stage.topic, partitionIndexes: [0] }] });
    },
  },
  {
    name: "topics, their settings and epochs",
    play: async (stage) => {
      const names = [0, 1].map((version) => `${stage.topic}-made-${version}`);
      for (const [version, name] of names.entries()) {
        const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
        await stage.tell(createTopics, version, { topics: [topic], timeoutMs: 10_000 });
        await stage.tell(createTopics, version, { topics: [topic], timeoutMs: 10_000 });
      }
      await stage.createTopic();
      await stage.produceBatch(records(3), { timestamp: TIME });
      for (const version of [0, 1]) {
        const partitions = [0, 9].map((partition) => ({ partition, leaderEpoch: 0 }));
        await stage.tell(offsetForLeaderEpoch, version, { topics: [{ topic: stage.topic, partitions }] });
      }
      const resources = [{ resourceType: 2, resourceName: stage.topic, configurationKeys: ["retention.ms"] }];
      await stage.tell(describeConfigs, 0, { resources });
      for (const name of names) await stage.tell(deleteTopics, 0, { topicNames: [name], timeoutMs: 10_000 });
      await stage.tell(deleteTopics, 0, { topicNames: [`${stage.topic}-none`], timeoutMs: 10_000 });
    },
  },
];

async function listedOffsets(stage: OldStage, timestamp: number, maxNumOffsets: number): Promise<void> {
  const topics = [{ name: stage.topic, partitions: [{ partitionIndex: 0, timestamp, maxNumOffsets }] }];
  const answer = await stage.ask(listOffsets, 0, { replicaId: -1, topics });
  const { errorCode, oldStyleOffsets } = answer?.topics[0]?.partitions[0] ?? {};
  const time = timestamp > Date.now() ? "a time to come" : timestamp < 0 ? `${timestamp}` : `+${timestamp - TIME}`;
  stage.note(`ListOffsets 0 of ${time}, ${maxNumOffsets}: error ${errorCode}, [${oldStyleOffsets}]`);
}

/** The coordinator has to be there first, which it is some time after it was asked for. */
async function untilCommitted(stage: OldStage, commit: EncodableMessage<typeof offsetCommit.request>): Promise<void> {
  await stage.ask(findCoordinator, 0, { key: commit.groupId });
  for (;;) {
    const answer = await stage.ask(offsetCommit, 2, commit);
    if ((answer?.topics[0]?.partitions[0]?.errorCode ?? 0) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const SCENARIOS: readonly OldScenario[] = [...written, ...refused, ...read, ...others];
