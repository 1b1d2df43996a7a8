// Decides whether a topic may be created, and as what. Pure: the caller commits the change. Kafka's order of checks: name, existence,
// then partitions, replication factor, assignments and settings. Messages are Kafka's, because tools print them.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { SettingError } from "../config/setting.ts";
import type { Change, ClusterImage } from "./image.ts";
import { collisionKey, topicNameFault } from "./topic-name.ts";

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

export interface Refusal {
  readonly error: ErrorCode;
  readonly message: string;
}

export function isRefusal(outcome: TopicChange | Refusal): outcome is Refusal {
  return "error" in outcome;
}

/** Where a partition count comes from a client, the most that one topic may have: beyond it, it is a slip of the keyboard. */
const MAX_PARTITIONS = 100_000;

export function decideTopic(image: ClusterImage, wish: TopicWish, defaults: TopicDefaults): TopicChange | Refusal {
  const nameFault = topicNameFault(wish.name);
  if (nameFault !== undefined) return { error: Errors.INVALID_TOPIC_EXCEPTION, message: nameFault };
  if (image.topicsByName.has(wish.name)) return { error: Errors.TOPIC_ALREADY_EXISTS, message: `Topic '${wish.name}' already exists.` };
  const collision = collidingTopic(image, wish.name);
  if (collision !== undefined) {
    return { error: Errors.INVALID_TOPIC_EXCEPTION, message: `Topic '${wish.name}' collides with existing topic: ${collision}` };
  }
  const replicas = wish.assignments.length > 0 ? assignedReplicas(image, wish) : spreadReplicas(image, wish, defaults);
  if (!Array.isArray(replicas)) return replicas as Refusal;
  const configs = checkedConfigs(wish, defaults);
  if ("error" in configs) return configs;
  const partitions = replicas.map((ids) => ({ leader: ids[0] ?? -1, leaderEpoch: 0, replicas: ids, inSyncReplicas: ids }));
  return { type: "topic", name: wish.name, id: defaults.newTopicId(), partitions, configs: configs.configs };
}

function collidingTopic(image: ClusterImage, name: string): string | undefined {
  if (!name.includes(".") && !name.includes("_")) return undefined;
  const key = collisionKey(name);
  for (const other of image.topicsByName.keys()) if (other !== name && collisionKey(other) === key) return other;
  return undefined;
}

function assignedReplicas(image: ClusterImage, wish: TopicWish): number[][] | Refusal {
  if (wish.partitionCount !== -1) {
    return { error: Errors.INVALID_REQUEST, message: "A manual partition assignment was specified, but numPartitions was not set to -1." };
  }
  if (wish.replicationFactor !== -1) {
    return { error: Errors.INVALID_REQUEST, message: "A manual partition assignment was specified, but replication factor was not set to -1." };
  }
  const refuse = (message: string): Refusal => ({ error: Errors.INVALID_REPLICA_ASSIGNMENT, message });
  const byIndex = new Map<number, readonly number[]>();
  let factor: number | undefined;
  for (const { partitionIndex, brokerIds } of wish.assignments) {
    if (byIndex.has(partitionIndex)) return refuse(`Found multiple manual partition assignments for partition ${partitionIndex}`);
    if (brokerIds.length === 0) return refuse("The manual partition assignment includes an empty replica list.");
    if (new Set(brokerIds).size !== brokerIds.length) {
      return refuse(`The manual partition assignment includes the broker ${firstDuplicate(brokerIds)} more than once.`);
    }
    const unknown = brokerIds.find((id) => !image.brokers.has(id));
    if (unknown !== undefined) return refuse(`The manual partition assignment includes broker ${unknown}, but no such broker is registered.`);
    factor ??= brokerIds.length;
    if (brokerIds.length !== factor) {
      return refuse(
        `The manual partition assignment includes a partition with ${brokerIds.length} replica(s), but this is not consistent with previous partitions, which have ${factor} replica(s).`,
      );
    }
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

function firstDuplicate(ids: readonly number[]): number {
  return ids.find((id, index) => ids.indexOf(id) !== index) ?? -1;
}

function spreadReplicas(image: ClusterImage, wish: TopicWish, defaults: TopicDefaults): number[][] | Refusal {
  if (wish.replicationFactor === 0 || wish.replicationFactor < -1) {
    return { error: Errors.INVALID_REPLICATION_FACTOR, message: "Replication factor must be larger than 0, or -1 to use the default value." };
  }
  if (wish.partitionCount === 0 || wish.partitionCount < -1) {
    return { error: Errors.INVALID_PARTITIONS, message: "Number of partitions was set to an invalid non-positive value." };
  }
  const partitionCount = wish.partitionCount === -1 ? defaults.partitionCount : wish.partitionCount;
  if (partitionCount > MAX_PARTITIONS) {
    return { error: Errors.INVALID_PARTITIONS, message: `A topic may have at most ${MAX_PARTITIONS} partitions; ${partitionCount} were asked for.` };
  }
  const brokerIds = [...image.brokers.keys()].sort((a, b) => a - b);
  const factor = wish.replicationFactor === -1 ? Math.min(defaults.replicationFactor, brokerIds.length) : wish.replicationFactor;
  if (factor > brokerIds.length) {
    return {
      error: Errors.INVALID_REPLICATION_FACTOR,
      message: `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be reached because only ${brokerIds.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
    };
  }
  // The first replica leads: leaders go round the brokers, starting at another one for each topic.
  const first = image.topicsByName.size;
  return Array.from({ length: partitionCount }, (_, index) =>
    Array.from({ length: factor }, (_, replica) => brokerIds[(first + index + replica) % brokerIds.length] ?? -1),
  );
}

function checkedConfigs(wish: TopicWish, defaults: TopicDefaults): { readonly configs: Readonly<Record<string, string>> } | Refusal {
  const configs: Record<string, string> = {};
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
