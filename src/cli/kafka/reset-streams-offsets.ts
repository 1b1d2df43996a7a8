// `kafka-streams-groups --reset-offsets`: where each partition of a streams group is set, by one of the scenarios of `kafka-consumer-groups`, and
// which internal topics go with that.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { commitOffsets, committedOffsets } from "../../client/admin/groups.ts";
import { describeStreamsGroup, type StreamsGroup } from "../../client/admin/streams-groups.ts";
import { deleteTopic } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line } from "./columns.ts";
import { offsetsOfTopics } from "./describe-streams-groups.ts";
import { FlagError, type Flags } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { csvOf, fileTargets, namedPartitions, SCENARIOS, type Target, targetsOf } from "./reset-offsets.ts";
import { internalTopicsOf } from "./streams-internal-topics.ts";
import type { Io } from "./tool.ts";

export async function resetStreamsOffsets(brokers: Brokers, ids: readonly string[], flags: Flags, io: Io): Promise<void> {
  const resets = new Map<string, readonly Target[]>();
  for (const id of ids) {
    const group = await found(brokers, id);
    if (group !== undefined && group.groupState !== "Empty" && group.groupState !== "Dead") {
      io.out(`\nError: Assignments can only be reset if the group '${id}' is inactive, but the current state is ${group.groupState}.`);
      resets.set(id, []);
      continue;
    }
    const targets = await targetsOfGroup(brokers, { id, group }, flags, io);
    if (flags.has("execute")) {
      if (targets.length > 0) await commitOffsets(brokers, id, targets);
      if (group !== undefined) await deleteInternalTopics(brokers, id, flags, io);
    }
    resets.set(id, targets);
  }
  if (flags.has("export")) io.out(csvOf(resets));
  else print(resets, io);
}

/** `undefined` when there is none of that name. */
async function found(brokers: Brokers, id: string): Promise<StreamsGroup | undefined> {
  try {
    return await describeStreamsGroup(brokers, id);
  } catch (error) {
    if (error instanceof Refusal && error.errorCode === Errors.GROUP_ID_NOT_FOUND) return undefined;
    throw error;
  }
}

interface Wanted {
  readonly id: string;
  readonly group: StreamsGroup | undefined;
}

async function targetsOfGroup(brokers: Brokers, wanted: Wanted, flags: Flags, io: Io): Promise<Target[]> {
  const partitions = await partitionsToReset(brokers, wanted, flags, io);
  if (flags.countOf(SCENARIOS) === 0)
    throw new FlagError(
      `Option '[reset-offsets]' requires one of the following scenarios: [${SCENARIOS.map((scenario) => `[${scenario}]`).join(", ")}]`,
    );
  if (flags.has("from-file")) return fileTargets(flags, wanted.id);
  const needsCommitted = flags.has("shift-by") || flags.has("to-current");
  const committed = needsCommitted ? await offsetsOfTopics(brokers, await known(brokers, wanted), { withInternal: true }) : [];
  return targetsOf(brokers, flags, partitions, committed);
}

async function partitionsToReset(brokers: Brokers, wanted: Wanted, flags: Flags, io: Io): Promise<readonly TopicPartition[]> {
  if (flags.has("all-input-topics")) return offsetsOfTopics(brokers, await known(brokers, wanted), { withInternal: false });
  if (!flags.has("input-topic")) {
    if (!flags.has("from-file")) throw new FlagError("One of the reset scopes should be defined: --all-topics, --topic.");
    return [];
  }
  const partitions = await namedPartitions(brokers, flags.all("input-topic"));
  const read = new Set((await committedOffsets(brokers, wanted.id)).map(nameOf));
  if (partitions.every((partition) => read.has(nameOf(partition)))) return partitions;
  io.out(`\nError: One or more topics are not part of the group '${wanted.id}'.`);
  return [];
}

/** Raises Refusal for a group that is missing. */
async function known(brokers: Brokers, { id, group }: Wanted): Promise<StreamsGroup> {
  return group ?? (await describeStreamsGroup(brokers, id));
}

async function deleteInternalTopics(brokers: Brokers, id: string, flags: Flags, io: Io): Promise<void> {
  const topics = flags.has("delete-all-internal-topics") ? await internalTopicsOf(brokers, id, io) : flags.all("delete-internal-topic");
  const failures: unknown[] = [];
  for (const topic of topics) await deleteTopic(brokers, topic).catch((error: unknown) => failures.push(error));
  const [first] = failures;
  if (first === undefined) return;
  if (first instanceof Refusal && first.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION)
    io.out(`\nError: Deleting internal topics for group '${id}' failed because the topics do not exist.`);
  else io.out(`\nError: Deleting internal topics for group '${id}' failed due to ${javaLine(first)}`);
}

/** Columns of a width of their own, and no line break before the last line is over. */
function print(resets: ReadonlyMap<string, readonly Target[]>, io: Io): void {
  const text = (group: string, topic: string, partition: string, offset: string) =>
    line([cell(group, 30), cell(topic, 30), cell(partition, 10), cell(offset, 15)]);
  const rows = inMapOrder([...resets], ([id]) => stringHash(id)).flatMap(([id, targets]) =>
    targets.map(({ topic, partition, offset }) => text(id, topic, `${partition}`, `${offset}`)),
  );
  if (resets.size === 0) io.out("");
  else io.out(`\n${[text("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"), ...rows].join("\n")}`);
}
