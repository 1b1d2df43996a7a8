// The topology of a Kafka Streams application, as its members bring it and its group keeps it (KIP-1071): subtopologies with their topics.
//
//   source              topics of others, which must be there
//   repartition source  internal topics that another subtopology writes (its sinks); made by the broker
//   changelog           internal topics that keep the state of tasks; made by the broker
//
// A count of 0 partitions has the broker decide it. The topics of a copartition group are named by their places in the lists of their subtopology.

import { isDeepStrictEqual } from "node:util";

interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface InternalTopicInfo {
  readonly name: string;
  readonly partitions: number;
  /** 0: the broker's default. */
  readonly replicationFactor: number;
  readonly topicConfigs: readonly KeyValue[];
}

export interface Subtopology {
  readonly subtopologyId: string;
  readonly sourceTopics: readonly string[];
  readonly sourceTopicRegex: readonly string[];
  readonly stateChangelogTopics: readonly InternalTopicInfo[];
  readonly repartitionSinkTopics: readonly string[];
  readonly repartitionSourceTopics: readonly InternalTopicInfo[];
  readonly copartitionGroups: readonly {
    readonly sourceTopics: readonly number[];
    readonly sourceTopicRegex: readonly number[];
    readonly repartitionSourceTopics: readonly number[];
  }[];
}

export interface Topology {
  readonly epoch: number;
  readonly subtopologies: readonly Subtopology[];
}

/** How many partitions a topic has; `undefined` when there is none, or nothing was decided. */
export type PartitionCount = (topic: string) => number | undefined;

/** Every topic that must be there before tasks are given; each once. */
export function requiredTopics({ subtopologies }: Topology): ReadonlySet<string> {
  return new Set(
    subtopologies.flatMap(({ sourceTopics, repartitionSourceTopics, stateChangelogTopics }) => [
      ...sourceTopics,
      ...repartitionSourceTopics.map(({ name }) => name),
      ...stateChangelogTopics.map(({ name }) => name),
    ]),
  );
}

/** Every topic that it names, as often as it does. */
export function namedTopics({ subtopologies }: Topology): string[] {
  return subtopologies.flatMap(({ sourceTopics, repartitionSinkTopics, repartitionSourceTopics, stateChangelogTopics }) => [
    ...sourceTopics,
    ...repartitionSinkTopics,
    ...repartitionSourceTopics.map(({ name }) => name),
    ...stateChangelogTopics.map(({ name }) => name),
  ]);
}

/** By topic: the subtopology that reads it. */
export function readers({ subtopologies }: Topology): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { subtopologyId, sourceTopics, repartitionSourceTopics } of subtopologies) {
    for (const name of sourceTopics) found.set(name, subtopologyId);
    for (const { name } of repartitionSourceTopics) found.set(name, subtopologyId);
  }
  return found;
}

/** Whatever the order of subtopologies. */
export function isSameTopology(a: Topology, b: Topology): boolean {
  if (a.epoch !== b.epoch || a.subtopologies.length !== b.subtopologies.length) return false;
  const others = new Map(b.subtopologies.map((subtopology) => [subtopology.subtopologyId, subtopology]));
  return a.subtopologies.every((subtopology) => isDeepStrictEqual(subtopology, others.get(subtopology.subtopologyId)));
}
