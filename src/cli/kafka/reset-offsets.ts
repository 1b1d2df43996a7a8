// `kafka-consumer-groups --reset-offsets`: where each partition of a group is set, by one of the scenarios.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, partitionHash, stringHash } from "../../base/java-order.ts";
import { type CommittedOffset, commitOffsets, committedOffsets } from "../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { findTopic } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { cell, line } from "./columns.ts";
import { FlagError, type Flags } from "./flags.ts";
import { parseDuration } from "./java-duration.ts";
import { type Io, readTextFile } from "./tool.ts";
import { describeConsumerGroup, OtherGroup, wantedGroups } from "./wanted-groups.ts";

export const SCENARIOS = [
  "to-datetime",
  "from-file",
  "shift-by",
  "to-offset",
  "to-earliest",
  "to-current",
  "to-latest",
  "by-duration",
] as const;

export type Target = TopicPartition & { readonly offset: number };

export async function resetOffsets(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const resets = new Map<string, readonly Target[]>();
  const groups = await wantedGroups(brokers, flags);
  if (!flags.has("topic") && !flags.has("all-topics") && !flags.has("from-file"))
    throw new FlagError("One of the reset scopes should be defined: --all-topics, --topic.");
  if (flags.countOf(SCENARIOS) === 0)
    throw new FlagError(
      `Option '[reset-offsets]' requires one of the following scenarios: [${SCENARIOS.map((scenario) => `[${scenario}]`).join(", ")}]`,
    );
  for (const group of groups) {
    const state = await stateOf(brokers, group);
    if (state !== "Empty" && state !== "Dead") {
      io.out(`\nError: Assignments can only be reset if the group '${group}' is inactive, but the current state is ${state}.`);
      resets.set(group, []);
      continue;
    }
    const targets = flags.has("from-file") ? fileTargets(flags, group) : await scenarioTargets(brokers, flags, group);
    if (flags.has("execute") && targets.length > 0) await commitOffsets(brokers, group, targets);
    resets.set(group, targets);
  }
  if (flags.has("export")) io.out(csvOf(resets));
  else print(resets, io);
}

async function stateOf(brokers: Brokers, group: string): Promise<string> {
  try {
    return (await describeConsumerGroup(brokers, group)).state;
  } catch (error) {
    if (error instanceof Refusal && error.errorCode === Errors.GROUP_ID_NOT_FOUND) return "Dead";
    if (error instanceof OtherGroup) throw new CommandError(`java.util.concurrent.ExecutionException: ${error.message}`);
    throw error;
  }
}

async function scenarioTargets(brokers: Brokers, flags: Flags, group: string): Promise<Target[]> {
  const committed = await committedOffsets(brokers, group);
  const partitions = flags.has("all-topics") ? committed : await namedPartitions(brokers, flags.all("topic"));
  return targetsOf(brokers, flags, partitions, committed);
}

/** Where the scenario of the flags has partitions set, in the order of Kafka's tool. */
export async function targetsOf(
  brokers: Brokers,
  flags: Flags,
  partitions: readonly TopicPartition[],
  committed: readonly CommittedOffset[],
): Promise<Target[]> {
  const current = new Map(committed.map((entry) => [nameOf(entry), entry.offset]));
  const bounds = async (spec: number) => {
    const found = await offsetsAt(brokers, partitions, { timestamp: spec });
    return (partition: TopicPartition) => {
      const result = found.get(nameOf(partition));
      if (result instanceof Refusal) throw result;
      return result?.offset ?? -1;
    };
  };
  const earliest = await bounds(OffsetSpec.EARLIEST);
  const latest = await bounds(OffsetSpec.LATEST);
  const wanted = await wantedOffset(flags, { earliest, latest, current, bounds });
  return inMapOrder(
    partitions.map(({ topic, partition }) => {
      const at = { topic, partition };
      return { ...at, offset: Math.min(Math.max(wanted(at), earliest(at)), latest(at)) };
    }),
    partitionHash,
  );
}

type OffsetOf = (partition: TopicPartition) => number;

interface Known {
  readonly earliest: OffsetOf;
  readonly latest: OffsetOf;
  readonly current: ReadonlyMap<string, number>;
  readonly bounds: (timestamp: number) => Promise<OffsetOf>;
}

/** What the scenario asks for; it may lie outside of the log. */
async function wantedOffset(flags: Flags, { earliest, latest, current, bounds }: Known): Promise<OffsetOf> {
  if (flags.has("to-earliest")) return earliest;
  if (flags.has("to-latest")) return latest;
  if (flags.has("to-offset")) return () => flags.whole("to-offset") ?? 0;
  if (flags.has("to-current")) return (partition) => current.get(nameOf(partition)) ?? latest(partition);
  if (flags.has("shift-by"))
    return (partition) => {
      const offset = current.get(nameOf(partition));
      if (offset === undefined)
        throw new CommandError(`Cannot shift offset for partition ${nameOf(partition)} since there is no current committed offset`);
      return offset + (flags.whole("shift-by") ?? 0);
    };
  const timestamp = flags.has("to-datetime")
    ? parseTime(flags.get("to-datetime") ?? "")
    : Date.now() - parseDuration(flags.get("by-duration") ?? "");
  const atTime = await bounds(timestamp);
  return (partition) => {
    const offset = atTime(partition);
    return offset < 0 ? latest(partition) : offset;
  };
}

/** `topic` or `topic:0,1`. */
export async function namedPartitions(brokers: Brokers, texts: readonly string[]): Promise<TopicPartition[]> {
  const partitions: TopicPartition[] = [];
  for (const text of texts) {
    const [topic = "", list] = text.split(":");
    const known = (await findTopic(brokers, topic)).partitions.map(({ index }) => index);
    const indexes = list === undefined ? known : list.split(",").map(Number);
    const missing = indexes.filter((index) => !known.includes(index)).map((partition) => nameOf({ topic, partition }));
    if (missing.length > 0)
      throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, topic, `The partitions "${missing.join(", ")}" do not exist`);
    partitions.push(...indexes.map((partition) => ({ topic, partition })));
  }
  return partitions;
}

/** Without a zone the time is UTC. */
export function parseTime(text: string): number {
  if (!text.includes("T"))
    throw new CommandError("java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
  const time = Date.parse(/(Z|[+-]\d\d(:?\d\d)?)$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(time)) throw new CommandError(`java.text.ParseException: Unparseable date: "${text}"`);
  return time;
}

/** Lines `topic,partition,offset`, with the group before them where there are several. */
export function fileTargets(flags: Flags, group: string): Target[] {
  const lines = readTextFile(flags.get("from-file") ?? "").split(/\r?\n/);
  return lines.flatMap((text) => {
    const fields = text.split(",").map((field) => field.trim());
    const [topic = "", partition = "", offset = ""] = fields.length === 4 ? fields.slice(1) : fields;
    if (text.trim() === "" || (fields.length === 4 && fields[0] !== group)) return [];
    if (!/^\d+$/.test(partition) || !/^\d+$/.test(offset)) throw new CommandError(`Error reading file: ${text}`);
    return [{ topic, partition: Number(partition), offset: Number(offset) }];
  });
}

export function csvOf(resets: ReadonlyMap<string, readonly Target[]>): string {
  const hasGroups = resets.size > 1;
  const lines = [...resets].flatMap(([group, targets]) =>
    targets.map(({ topic, partition, offset }) => `${hasGroups ? `${group},` : ""}${topic},${partition},${offset}\n`),
  );
  return lines.join("");
}

function print(resets: ReadonlyMap<string, readonly Target[]>, io: Io): void {
  const topics = [...resets.values()].flat().map(({ topic }) => topic.length);
  const groupWidth = Math.max(15, ...[...resets.keys()].map((group) => group.length));
  const topicWidth = Math.max(15, ...topics);
  const row = (group: string, topic: string, partition: string, offset: string, before = "") =>
    io.out(`${before}${line([cell(group, groupWidth), cell(topic, topicWidth), cell(partition, 10), offset])}`);
  row("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET", "\n");
  for (const [group, targets] of inMapOrder([...resets], ([id]) => stringHash(id)))
    for (const { topic, partition, offset } of targets) row(group, topic, `${partition}`, `${offset}`);
}
