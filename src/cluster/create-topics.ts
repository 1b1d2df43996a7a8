// Decides whether a topic may be created, and as what. Pure: the caller commits the change. Kafka's order of checks: name, existence,
// then partitions, replication factor, assignments and settings. Messages are Kafka's, because tools print them.

import { Errors } from "../../protocol/errors.ts";
import { emptyRecord } from "../base/foreign-names.ts";
import { SettingError } from "../config/setting.ts";
import type { Change, ClusterImage } from "./image.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import { assignmentFault, MAX_PARTITIONS, newPartition, spreadReplicas } from "./replica-placement.ts";
import { CLUSTER_METADATA_TOPIC, type NameCollisions, topicNameFault } from "./topic-name.ts";

export interface TopicWish {
  readonly name: string;
  /** -1: the broker's default. */
  readonly partitionCount: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface TopicDefaults {
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** Throws SettingError for an unknown key or a bad value. */
  readonly checkConfigs: (configs: Readonly<Record<string, string>>) => void;
  readonly newTopicId: () => string;
}

export type TopicChange = Extract<Change, { type: "topic" }>;

export function decideTopic(
  image: ClusterImage,
  wish: TopicWish,
  { defaults, collisions }: { readonly defaults: TopicDefaults; readonly collisions: NameCollisions },
): TopicChange | Refusal {
  const nameFault = topicNameFault(wish.name);
  if (nameFault !== undefined) return { error: Errors.INVALID_TOPIC_EXCEPTION, message: nameFault };
  if (wish.name === CLUSTER_METADATA_TOPIC)
    return { error: Errors.INVALID_REQUEST, message: `Creation of internal topic ${wish.name} is prohibited.` };
  if (image.topicsByName.has(wish.name)) return { error: Errors.TOPIC_ALREADY_EXISTS, message: `Topic '${wish.name}' already exists.` };
  const collision = collisions.with(wish.name);
  if (collision !== undefined) {
    return { error: Errors.INVALID_TOPIC_EXCEPTION, message: `Topic '${wish.name}' collides with existing topic: ${collision}` };
  }
  const replicas = wish.assignments.length > 0 ? assignedReplicas(image, wish) : defaultReplicas(image, wish, defaults);
  if (isRefusal(replicas)) return replicas;
  const configs = checkedConfigs(wish, defaults);
  if (isRefusal(configs)) return configs;
  return {
    type: "topic",
    name: wish.name,
    id: defaults.newTopicId(),
    partitions: replicas.map((ids) => newPartition(image, ids)),
    configs: configs.configs,
  };
}

function assignedReplicas(image: ClusterImage, wish: TopicWish): number[][] | Refusal {
  if (wish.partitionCount !== -1) {
    return { error: Errors.INVALID_REQUEST, message: "A manual partition assignment was specified, but numPartitions was not set to -1." };
  }
  if (wish.replicationFactor !== -1) {
    return {
      error: Errors.INVALID_REQUEST,
      message: "A manual partition assignment was specified, but replication factor was not set to -1.",
    };
  }
  const refuse = (message: string): Refusal => ({ error: Errors.INVALID_REPLICA_ASSIGNMENT, message });
  const byIndex = new Map<number, readonly number[]>();
  for (const { partitionIndex, brokerIds } of wish.assignments) {
    if (byIndex.has(partitionIndex)) return refuse(`Found multiple manual partition assignments for partition ${partitionIndex}`);
    const fault = assignmentFault(image, brokerIds, wish.assignments[0]?.brokerIds.length);
    if (fault !== undefined) return fault;
    byIndex.set(partitionIndex, brokerIds);
  }
  const replicas: number[][] = [];
  for (let index = 0; index < byIndex.size; index++) {
    const brokerIds = byIndex.get(index);
    if (brokerIds === undefined) return refuse("partitions should be a consecutive 0-based integer sequence");
    replicas.push([...brokerIds]);
  }
  return replicas;
}

function defaultReplicas(image: ClusterImage, wish: TopicWish, defaults: TopicDefaults): number[][] | Refusal {
  if (wish.replicationFactor === 0 || wish.replicationFactor < -1) {
    return {
      error: Errors.INVALID_REPLICATION_FACTOR,
      message: "Replication factor must be larger than 0, or -1 to use the default value.",
    };
  }
  if (wish.partitionCount === 0 || wish.partitionCount < -1) {
    return { error: Errors.INVALID_PARTITIONS, message: "Number of partitions was set to an invalid non-positive value." };
  }
  const partitionCount = wish.partitionCount === -1 ? defaults.partitionCount : wish.partitionCount;
  if (partitionCount > MAX_PARTITIONS) {
    return {
      error: Errors.INVALID_PARTITIONS,
      message: `A topic may have at most ${MAX_PARTITIONS} partitions; ${partitionCount} were asked for.`,
    };
  }
  const factor =
    wish.replicationFactor === -1 ? Math.min(defaults.replicationFactor, Math.max(1, image.brokers.size)) : wish.replicationFactor;
  // Topics begin at different brokers.
  return spreadReplicas(image, { first: image.topicsByName.size, partitionCount, factor });
}

function checkedConfigs(wish: TopicWish, defaults: TopicDefaults): { readonly configs: Readonly<Record<string, string>> } | Refusal {
  const configs = emptyRecord<string>();
  for (const { name, value } of wish.configs) {
    if (value === null) return { error: Errors.INVALID_CONFIG, message: `Null value not supported for topic configs: ${name}` };
    configs[name] = value;
  }
  try {
    defaults.checkConfigs(configs);
  } catch (error) {
    if (error instanceof SettingError) return { error: Errors.INVALID_CONFIG, message: error.message };
    throw error;
  }
  return { configs };
}
