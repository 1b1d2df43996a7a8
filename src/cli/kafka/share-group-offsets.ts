// `kafka-share-groups --reset-offsets` and `--delete-offsets`: where a share group without members starts, or starts anew.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, partitionHash } from "../../base/java-order.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { alterShareOffsets, deleteShareOffsets, describeShareGroup, shareOffsets } from "../../client/admin/share-groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line } from "./columns.ts";
import { FlagError, type Flags } from "./flags.ts";
import { sentenceOf } from "./java-error.ts";
import { namedPartitions, parseTime } from "./reset-offsets.ts";
import type { Io } from "./tool.ts";

export const SHARE_SCENARIOS = ["to-datetime", "to-latest", "to-earliest"] as const;

const NARROWEST = 15;

export async function resetStarts(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const groups = flags.all("group");
  if (groups.length > 1) {
    const sentence = "Found multiple arguments for option group, but you asked for only one";
    io.out(`\nError: Executing share group command failed due to ${sentence}`);
    io.error(`joptsimple.MultipleArgumentsForOptionException: ${sentence}`);
    return;
  }
  const [group = ""] = groups;
  if (!(await isWithoutMembers(brokers, group))) throw new FlagError(`Share group '${group}' is not empty.`, { isTerse: true });
  const partitions = flags.has("all-topics")
    ? (await shareOffsets(brokers, group)).map(({ topic, partition }) => ({ topic, partition }))
    : await namedPartitions(brokers, flags.all("topic"));
  const starts = await wantedStarts(brokers, flags, partitions, io);
  if (flags.has("execute") && starts.length > 0) await alterShareOffsets(brokers, group, starts);
  const groupWidth = Math.max(NARROWEST, group.length);
  const topicWidth = Math.max(NARROWEST, ...starts.map(({ topic }) => topic.length));
  const row = (name: string, topic: string, partition: string, offset: string, before = "") =>
    io.out(`${before}${line([cell(name, groupWidth), cell(topic, topicWidth), cell(partition, 10), offset])}`);
  row("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET", "\n");
  for (const { topic, partition, offset } of starts) row(group, topic, `${partition}`, `${offset}`);
}

/** One that is not there has none. */
async function isWithoutMembers(brokers: Brokers, group: string): Promise<boolean> {
  try {
    const { state } = await describeShareGroup(brokers, group);
    return state === "Empty" || state === "Dead";
  } catch (error) {
    if (error instanceof Refusal && error.errorCode === Errors.GROUP_ID_NOT_FOUND) return true;
    throw error;
  }
}

type Start = TopicPartition & { readonly offset: number };

async function wantedStarts(brokers: Brokers, flags: Flags, partitions: readonly TopicPartition[], io: Io): Promise<Start[]> {
  const time = flags.get("to-datetime");
  const timestamp = time !== undefined ? parseTime(time) : flags.has("to-earliest") ? OffsetSpec.EARLIEST : OffsetSpec.LATEST;
  const found = await startsAt(brokers, partitions, timestamp);
  const beyond = partitions.filter((partition) => found(partition) < 0);
  const latest = beyond.length === 0 ? found : await startsAt(brokers, beyond, OffsetSpec.LATEST);
  for (const { topic, partition } of beyond.toSorted(comparePartitions))
    io.out(`\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.`);
  return inMapOrder(
    partitions.map((at) => ({ ...at, offset: found(at) < 0 ? latest(at) : found(at) })),
    partitionHash,
  );
}

/** -1 where there is no such record. */
async function startsAt(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  timestamp: number,
): Promise<(partition: TopicPartition) => number> {
  const found = await offsetsAt(brokers, partitions, { timestamp });
  return (partition) => {
    const result = found.get(nameOf(partition));
    if (result instanceof Refusal) throw result;
    return result?.offset ?? -1;
  };
}

export async function deleteStarts(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const [group = ""] = flags.all("group");
  const topics = [...new Set(flags.all("topic"))].sort();
  let failure: unknown;
  const results = await deleteShareOffsets(brokers, group, topics).catch((error: unknown) => {
    failure = error;
    return new Map<string, Refusal | null>();
  });
  if (failure !== undefined) io.out(`\nError: ${sentenceOf(failure)}`);
  const width = Math.max(NARROWEST, ...topics.map((topic) => topic.length));
  io.out(`\n${line([cell("TOPIC", width), "STATUS"])}`);
  for (const topic of topics) {
    const error = failure ?? results.get(topic);
    io.out(line([cell(topic, width), error == null ? "Successful" : `Error: ${sentenceOf(error)}`]));
  }
}
