// `--topic name[:partitions[:key=value,…]]`. A piece without "=" goes on with the value before it, so lists can be written as
// they are: `orders:3:cleanup.policy=compact,delete`; a first such piece is the cleanup policy: `state:1:compact`.

import { topicNameFault } from "../cluster/topic-name.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
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
export function parseTopicOption(text: string, config: BrokerConfig): TopicOption {
  const [name = "", count = "", ...rest] = text.split(":");
  const fault = topicNameFault(name);
  if (fault !== undefined) throw usageError(`--topic ${text}: ${fault}`);
  const configs = parseConfigs(text, rest.join(":"));
  try {
    topicSettings(config, configs);
  } catch (error) {
    if (error instanceof SettingError) throw usageError(`--topic ${text}: ${error.message}`);
    throw error;
  }
  return count === "" ? { name, configs } : { name, partitions: parseCount(text, count), configs };
}

function parseCount(text: string, count: string): number {
  const partitions = Number(count);
  if (/^\d+$/.test(count) && partitions >= 1 && partitions <= MOST_PARTITIONS) return partitions;
  throw usageError(`--topic ${text}: the number of partitions must be a whole number from 1 to ${MOST_PARTITIONS}, not ${count}`);
}

function parseConfigs(text: string, list: string): Record<string, string> {
  const configs: Record<string, string> = {};
  if (list === "") return configs;
  let last: string | undefined;
  for (const piece of list.split(",")) {
    const at = piece.indexOf("=");
    if (at === 0) throw usageError(`--topic ${text}: a setting must be written key=value, not ${piece}`);
    if (at > 0) {
      last = piece.slice(0, at).trim();
      configs[last] = piece.slice(at + 1);
    } else if (last === undefined) {
      last = "cleanup.policy";
      configs[last] = piece;
    } else configs[last] += `,${piece}`;
  }
  return configs;
}
