// Topics as the console lists them: Kafka's metadata with where each partition begins and ends, and how much it holds.

import { refuseError } from "./fault.ts";
import { type ConfigEntry, kafka, type MetadataTopic } from "./kafka.ts";

export interface TopicRow {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitionCount: number;
  readonly replicaCount: number;
  readonly recordCount: number | undefined;
  readonly sizeBytes: number | undefined;
  /** Some partition has no leader, or fewer replicas in sync than it has. */
  readonly isImpaired: boolean;
}

export interface PartitionRow {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly sizeBytes: number | undefined;
}

/** Beyond so many, offsets are not asked for: they are of interest once one looks at a topic. */
const MOST_WITH_OFFSETS = 2000;

const LATEST = -1;
const EARLIEST = -2;

export async function listTopics(signal: AbortSignal): Promise<readonly TopicRow[]> {
  const [{ topics }, sizes] = await Promise.all([
    kafka("Metadata", { topics: null, allowAutoTopicCreation: false }, { signal }),
    sizesOf(null, signal),
  ]);
  const partitionCount = topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const counts = partitionCount > MOST_WITH_OFFSETS ? new Map<string, number>() : await recordCounts(topics, signal);
  return topics.map(({ name, isInternal, partitions }) => ({
    name,
    isInternal,
    partitionCount: partitions.length,
    replicaCount: partitions[0]?.replicaNodes.length ?? 0,
    recordCount: counts.get(name),
    sizeBytes: sum(sizes?.get(name)),
    isImpaired: partitions.some(({ leaderId, isrNodes, replicaNodes }) => leaderId < 0 || isrNodes.length < replicaNodes.length),
  }));
}

/** Names alone. */
export async function topicNames(signal?: AbortSignal): Promise<readonly string[]> {
  const { topics } = await kafka("Metadata", { topics: null, allowAutoTopicCreation: false }, { signal });
  return topics.map(({ name }) => name).sort();
}

/** Rejects with Fault where there is no such topic. */
export async function describeTopic(name: string, signal?: AbortSignal): Promise<MetadataTopic> {
  const { topics } = await kafka("Metadata", { topics: [{ name }], allowAutoTopicCreation: false }, { signal });
  const [topic] = topics;
  refuseError(topic?.errorCode ?? 3);
  if (topic === undefined) throw new Error("no answer about the topic");
  return topic;
}

export async function topicPartitions(name: string, signal?: AbortSignal): Promise<readonly PartitionRow[]> {
  const [topic, sizes] = await Promise.all([describeTopic(name, signal), sizesOf(name, signal)]);
  const [starts, ends] = await Promise.all([offsetsAt([topic], EARLIEST, signal), offsetsAt([topic], LATEST, signal)]);
  return topic.partitions
    .map(({ partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes }) => ({
      partition: partitionIndex,
      leader: leaderId,
      leaderEpoch,
      replicas: replicaNodes,
      inSync: isrNodes,
      start: starts.get(`${name}/${partitionIndex}`),
      end: ends.get(`${name}/${partitionIndex}`),
      sizeBytes: sizes?.get(name)?.get(partitionIndex),
    }))
    .sort((one, other) => one.partition - other.partition);
}

/** @param type 2 of a topic, 4 of a broker, 32 of a group */
export async function describeSettings(type: number, name: string, signal?: AbortSignal): Promise<readonly ConfigEntry[]> {
  const resources = [{ resourceType: type, resourceName: name, configurationKeys: null }];
  const { results } = await kafka("DescribeConfigs", { resources, includeSynonyms: true, includeDocumentation: true }, { signal });
  const [result] = results;
  refuseError(result?.errorCode ?? 0, result?.errorMessage);
  return result?.configs ?? [];
}

/** @param value `null`: as by default */
export async function alterSetting(type: number, name: string, setting: string, value: string | null): Promise<void> {
  const configs = [{ name: setting, configOperation: value === null ? 1 : 0, value }];
  const { responses } = await kafka("IncrementalAlterConfigs", {
    resources: [{ resourceType: type, resourceName: name, configs }],
    validateOnly: false,
  });
  refuseError(responses[0]?.errorCode ?? 0, responses[0]?.errorMessage);
}

export interface NewTopic {
  readonly name: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
}

export async function createTopic(topic: NewTopic): Promise<void> {
  const { topics } = await kafka("CreateTopics", { topics: [{ ...topic, assignments: [] }], timeoutMs: 30_000, validateOnly: false });
  refuseError(topics[0]?.errorCode ?? 0, topics[0]?.errorMessage);
}

export async function deleteTopic(name: string): Promise<void> {
  const { responses } = await kafka("DeleteTopics", { topics: [{ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 30_000 });
  refuseError(responses[0]?.errorCode ?? 0, responses[0]?.errorMessage);
}

/** All records that are there now go; offsets go on where they are. */
export async function purgeTopic(name: string, partitions: readonly number[]): Promise<void> {
  const asked = partitions.map((partitionIndex) => ({ partitionIndex, offset: -1 }));
  const { topics } = await kafka("DeleteRecords", { topics: [{ name, partitions: asked }], timeoutMs: 30_000 });
  for (const { errorCode } of topics[0]?.partitions ?? []) refuseError(errorCode);
}

export async function addPartitions(name: string, count: number): Promise<void> {
  const { results } = await kafka("CreatePartitions", {
    topics: [{ name, count, assignments: null }],
    timeoutMs: 30_000,
    validateOnly: false,
  });
  refuseError(results[0]?.errorCode ?? 0, results[0]?.errorMessage);
}

interface Listed {
  readonly name: string;
  readonly partitions: readonly { readonly partitionIndex: number }[];
}

/** By "topic/partition". @param timestamp a time, -1 the end, -2 the start */
export async function offsetsAt(topics: readonly Listed[], timestamp: number, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const asked = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, timestamp })),
  }));
  if (asked.length === 0) return new Map();
  const answer = await kafka("ListOffsets", { replicaId: -1, isolationLevel: 0, topics: asked }, { signal });
  return new Map(
    answer.topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ partitionIndex, errorCode, offset }) =>
        errorCode === 0 ? [[`${name}/${partitionIndex}`, offset] as const] : [],
      ),
    ),
  );
}

async function recordCounts(topics: readonly MetadataTopic[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const [starts, ends] = await Promise.all([offsetsAt(topics, EARLIEST, signal), offsetsAt(topics, LATEST, signal)]);
  return new Map(
    topics.map(({ name, partitions }) => {
      const of = partitions.map(({ partitionIndex }) => `${name}/${partitionIndex}`);
      return [name, of.reduce((total, key) => total + (ends.get(key) ?? 0) - (starts.get(key) ?? 0), 0)] as const;
    }),
  );
}

type Sizes = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Of those that this broker leads; undefined to who may not see them. */
async function sizesOf(topic: string | null, signal?: AbortSignal): Promise<Sizes | undefined> {
  try {
    const topics =
      topic === null
        ? null
        : [{ topic, partitions: (await describeTopic(topic, signal)).partitions.map(({ partitionIndex }) => partitionIndex) }];
    const { results } = await kafka("DescribeLogDirs", { topics }, { signal });
    const sizes = new Map<string, Map<number, number>>();
    for (const { name, partitions } of results.flatMap(({ topics: here }) => here)) {
      const known = sizes.get(name) ?? new Map<number, number>();
      sizes.set(name, known);
      for (const { partitionIndex, partitionSize, isFutureKey } of partitions) if (!isFutureKey) known.set(partitionIndex, partitionSize);
    }
    return sizes;
  } catch {
    return undefined;
  }
}

function sum(sizes: ReadonlyMap<number, number> | undefined): number | undefined {
  return sizes === undefined ? undefined : [...sizes.values()].reduce((total, size) => total + size, 0);
}
