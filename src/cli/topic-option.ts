// The topics that a start is to make: `--topic name[:partitions[:key=value,…]]`, and what KAFKA_CREATE_TOPICS lists. In an option a piece
// without "=" goes on with the value before it, so lists can be written as they are: `orders:3:cleanup.policy=compact,delete`; a first such
// piece is the cleanup policy: `state:1:compact`. Where both name a topic, the option counts.

import { topicNameFault } from "../cluster/topic-name.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { type Environment, environmentTopics } from "../config/environment.ts";
import { SettingError } from "../config/setting.ts";
import { topicSettings } from "../config/topic-config.ts";
import { usageError } from "./command-error.ts";

export interface TopicOption {
  readonly name: string;
  /** Absent: the broker's num.partitions. */
  readonly partitions?: number;
  readonly configs: Readonly<Record<string, string>>;
}

const MOST_PARTITIONS = 10_000;

/** Raises a usage error. */
export function planTopics(options: readonly string[], environment: Environment, config: BrokerConfig): readonly TopicOption[] {
  const given = new Map<string, Written>();
  for (const text of options) take(given, readTopic(parseOption(text), config));
  const listed = new Map<string, Written>();
  for (const topic of readEnvironmentTopics(environment)) take(listed, readTopic(topic, config));
  return [...new Map([...listed, ...given]).values()].map(({ topic }) => topic);
}

interface TopicText {
  /** What to blame: the option or the variable, as it was written. */
  readonly where: string;
  readonly name: string;
  /** Empty: not given. */
  readonly count: string;
  readonly configs: ReadonlyMap<string, string>;
}

interface Written {
  readonly where: string;
  readonly topic: TopicOption;
}

/** The same twice is once. */
function take(topics: Map<string, Written>, written: Written): void {
  const earlier = topics.get(written.topic.name);
  if (earlier !== undefined && JSON.stringify(earlier.topic) !== JSON.stringify(written.topic))
    throw usageError(`${written.where}: the topic was given before, and otherwise, by ${earlier.where}`);
  topics.set(written.topic.name, written);
}

function readTopic({ where, name, count, configs }: TopicText, config: BrokerConfig): Written {
  const fault = topicNameFault(name);
  if (fault !== undefined) throw usageError(`${where}: ${fault}`);
  const values = Object.fromEntries(configs);
  try {
    topicSettings(config, values);
  } catch (error) {
    if (error instanceof SettingError) throw usageError(`${where}: ${error.message}`);
    throw error;
  }
  return { where, topic: { name, ...(count === "" ? {} : { partitions: parseCount(where, count) }), configs: values } };
}

/** Of the replicas that they ask for there are as many as there are brokers here. */
function readEnvironmentTopics(environment: Environment): TopicText[] {
  try {
    return environmentTopics(environment).map(({ text, name, partitions, cleanupPolicy }) => ({
      where: `KAFKA_CREATE_TOPICS: ${text}`,
      name,
      count: partitions,
      configs: new Map(cleanupPolicy === undefined ? [] : [["cleanup.policy", cleanupPolicy]]),
    }));
  } catch (error) {
    throw error instanceof SettingError ? usageError(error.message) : error;
  }
}

function parseOption(text: string): TopicText {
  const [name = "", count = "", ...rest] = text.split(":");
  return { where: `--topic ${text}`, name, count, configs: parseConfigs(text, rest.join(":")) };
}

function parseCount(where: string, count: string): number {
  const partitions = Number(count);
  if (/^\d+$/.test(count) && partitions >= 1 && partitions <= MOST_PARTITIONS) return partitions;
  throw usageError(`${where}: the number of partitions must be a whole number from 1 to ${MOST_PARTITIONS}, not ${count}`);
}

function parseConfigs(text: string, list: string): ReadonlyMap<string, string> {
  const configs = new Map<string, string>();
  if (list === "") return configs;
  let last: string | undefined;
  for (const piece of list.split(",")) {
    const at = piece.indexOf("=");
    if (at === 0) throw usageError(`--topic ${text}: a setting must be written key=value, not ${piece}`);
    if (at > 0) {
      last = piece.slice(0, at).trim();
      configs.set(last, piece.slice(at + 1));
    } else if (last === undefined) {
      last = "cleanup.policy";
      configs.set(last, piece);
    } else configs.set(last, `${configs.get(last)},${piece}`);
  }
  return configs;
}
