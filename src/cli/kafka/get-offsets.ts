// `kafka-get-offsets`: prints topic:partition:offset lines.

import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { listTopics } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, sentenceOf } from "./java-error.ts";
import { type Tool, withBrokers } from "./tool.ts";
import { topicFilter } from "./topic-filter.ts";

const TIMES: ReadonlyMap<string, number> = new Map([
  ["latest", OffsetSpec.LATEST],
  ["earliest", OffsetSpec.EARLIEST],
  ["max-timestamp", OffsetSpec.MAX_TIMESTAMP],
  ["earliest-local", OffsetSpec.EARLIEST_LOCAL],
  ["latest-tiered", OffsetSpec.LATEST_TIERED],
  ["earliest-pending-upload", OffsetSpec.EARLIEST_PENDING_UPLOAD],
]);

export const kafkaGetOffsets: Tool = {
  purpose: "Print the offsets of topics' partitions.",
  flagErrorPrefix: "Error occurred: ",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "topic", value: "pattern", help: "the topics; a regular expression" },
    { name: "partitions", value: "list", help: "of these partitions only: 0,2" },
    { name: "topic-partitions", value: "list", help: "topics with partitions: a:0,b:1-3,c:-2,d" },
    { name: "time", value: "time", help: `a timestamp in ms, or ${[...TIMES.keys()].join(", ")} (-1 to -6)` },
    { name: "exclude-internal-topics", help: "without internal topics" },
  ],
  run: async (flags, io) => {
    if (!flags.has("bootstrap-server")) throw new FlagError('Missing required argument "[bootstrap-server]"');
    if (flags.has("topic-partitions") && (flags.has("topic") || flags.has("partitions")))
      throw new FlagError("--topic-partitions cannot be used with --topic or --partitions", { isTerse: true });
    const timestamp = parseTime(flags.get("time") ?? "latest");
    const isWanted = partitionFilter(flags);
    return withBrokers(flags, async (brokers) => {
      const partitions = (await allPartitions(brokers, flags)).filter(isWanted);
      if (partitions.length === 0)
        throw new FlagError("Could not match any topic-partitions with the specified filters", { isTerse: true });
      const offsets = await offsetsAt(brokers, partitions, { timestamp });
      for (const partition of partitions) {
        const found = offsets.get(nameOf(partition));
        if (found instanceof Refusal)
          io.error(`Skip getting offsets for topic-partition ${nameOf(partition)} due to error: ${sentenceOf(found)}`);
        else if (found !== undefined && found.offset >= 0) io.out(`${partition.topic}:${partition.partition}:${found.offset}`);
      }
      return 0;
    });
  },
  failed: (error, io) => {
    io.error(`Error occurred: ${javaLine(error)}`);
    return 1;
  },
};

function parseTime(text: string): number {
  const timestamp = TIMES.get(text) ?? (/^-?\d+$/.test(text) ? Number(text) : undefined);
  if (timestamp !== undefined) return timestamp;
  const known = [...TIMES].map(([name, number]) => `${number} or ${name}`).join(" / ");
  throw new FlagError(`Malformed time argument ${text}. Please use ${known}, or a specified long format timestamp`, { isTerse: true });
}

async function allPartitions(brokers: Brokers, flags: Flags): Promise<TopicPartition[]> {
  const topics = await listTopics(brokers);
  return topics
    .filter(({ isInternal }) => !(flags.has("exclude-internal-topics") && isInternal))
    .flatMap(({ name, partitions }) => partitions.map(({ index }) => ({ topic: name, partition: index })))
    .sort(comparePartitions);
}

type PartitionFilter = (partition: TopicPartition) => boolean;

function partitionFilter(flags: Flags): PartitionFilter {
  const rules = flags.get("topic-partitions");
  if (rules !== undefined) {
    const filters = rules.split(",").map(ruleFilter);
    return (partition) => filters.some((filter) => filter(partition));
  }
  const isTopic = topicFilter(flags.get("topic"));
  const list = flags.get("partitions");
  const wanted = list === undefined ? undefined : new Set(list.split(",").map((id) => partitionId(id, list)));
  return ({ topic, partition }) => isTopic(topic) && (wanted === undefined || wanted.has(partition));
}

function partitionId(text: string, list: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new FlagError(`--partitions expects a comma separated list of numeric partition ids, but received: ${list}`, { isTerse: true });
}

/** `topic`, `topic:3`, `topic:2-4` (without the 4), `topic:2-` or `topic:-4`; the topic may be left out or be a regular expression. */
function ruleFilter(rule: string): PartitionFilter {
  const [, pattern = "", one, from, to] = /^([^:]*)(?::(?:(\d+)|(\d*)-(\d*)))?$/.exec(rule) ?? [];
  if (pattern === "" && one === undefined && from === undefined && rule !== "")
    throw new FlagError(`org.apache.kafka.tools.TerseException: Invalid rule specification: ${rule}`, { isTerse: true });
  const isTopic = topicFilter(pattern === "" ? undefined : pattern);
  const first = one ?? (from === undefined || from === "" ? undefined : from);
  const end = one === undefined ? (to === undefined || to === "" ? undefined : Number(to)) : Number(one) + 1;
  return ({ topic, partition }) => isTopic(topic) && partition >= Number(first ?? 0) && partition < (end ?? Number.POSITIVE_INFINITY);
}
