// `kafka-streams-groups --delete` and `--delete-offsets`.

import { Errors, errorName } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { deleteGroup, deleteOffsets, listAllGroups } from "../../client/admin/groups.ts";
import { describeStreamsGroup } from "../../client/admin/streams-groups.ts";
import { deleteTopic, findTopic } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line, NONE } from "./columns.ts";
import { offsetsOfTopics } from "./describe-streams-groups.ts";
import type { Flags } from "./flags.ts";
import { javaLine, sentenceOf } from "./java-error.ts";
import { internalTopicsOf } from "./streams-internal-topics.ts";
import type { Io } from "./tool.ts";

export async function deleteStreamsGroups(brokers: Brokers, ids: readonly string[], flags: Flags, io: Io): Promise<void> {
  const failed = await notDeletable(brokers, ids);
  const wanted = ids.filter((id) => !failed.has(id));
  const internal = new Map<string, readonly string[]>();
  if (flags.has("delete-all-internal-topics")) {
    for (const id of new Set(wanted)) {
      const topics = await internalTopicsOf(brokers, id, io);
      if (topics.length > 0) internal.set(id, topics);
    }
  }
  const deleted = new Set<string>();
  for (const id of wanted) {
    try {
      await deleteGroup(brokers, id);
      deleted.add(id);
    } catch (error) {
      failed.set(id, javaLine(error));
    }
  }
  const left = await deleteInternalTopics(brokers, deleted, internal, io);
  const names = inMapOrder([...deleted], stringHash);
  if (failed.size === 0) io.out(`Deletion of requested streams groups ('${names.join("', '")}') was successful.`);
  else {
    io.out("\nError: Deletion of some streams groups failed:");
    for (const [id, why] of inMapOrder([...failed], ([name]) => stringHash(name)))
      io.out(`* Group '${id}' could not be deleted due to: ${why}`);
    if (deleted.size > 0) io.out(`\nThese streams groups were deleted successfully: '${names.join("', '")}'.`);
  }
  if (internal.size === 0 || deleted.size === 0) return;
  if (left.size === 0) {
    const cleared = names.filter((id) => internal.has(id));
    io.out(`Deletion of associated internal topics of the streams groups ('${cleared.join("', '")}') was successful.`);
    return;
  }
  io.out("Deletion of some associated internal topics failed:");
  for (const [id, why] of left) io.out(`* Internal topics of the streams group '${id}' could not be deleted due to: ${why}`);
}

/** Why, by id. */
async function notDeletable(brokers: Brokers, ids: readonly string[]): Promise<Map<string, string>> {
  const states = new Map((await listAllGroups(brokers, { types: ["streams"] })).map(({ id, state }) => [id, state]));
  const faults = new Map<string, string>();
  for (const id of ids) {
    const state = states.get(id);
    if (state === undefined) faults.set(id, `java.lang.IllegalArgumentException: Group '${id}' does not exist or is not a streams group.`);
    else if (state !== "Empty")
      faults.set(id, `org.apache.kafka.common.errors.GroupNotEmptyException: Streams group '${id}' is not EMPTY.`);
  }
  return faults;
}

/** Of groups that are gone; why it failed, by group. */
async function deleteInternalTopics(
  brokers: Brokers,
  deleted: ReadonlySet<string>,
  internal: ReadonlyMap<string, readonly string[]>,
  io: Io,
): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  for (const id of deleted) {
    for (const topic of internal.get(id) ?? []) {
      try {
        await deleteTopic(brokers, topic);
      } catch (error) {
        io.out(`Failed to delete internal topic: ${topic}`);
        if (!failures.has(id)) failures.set(id, javaLine(error));
      }
    }
  }
  return failures;
}

const OF_THE_GROUP: readonly number[] = [
  Errors.INVALID_GROUP_ID,
  Errors.GROUP_ID_NOT_FOUND,
  Errors.GROUP_AUTHORIZATION_FAILED,
  Errors.NON_EMPTY_GROUP,
];
const OF_PARTITIONS: readonly number[] = [
  Errors.GROUP_SUBSCRIBED_TO_TOPIC,
  Errors.TOPIC_AUTHORIZATION_FAILED,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
];

interface Row {
  readonly topic: string;
  /** -1: of a topic that is not there. */
  readonly partition: number;
  readonly error: unknown;
}

export async function deleteStreamsOffsets(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const id = flags.get("group") ?? "";
  const { partitions, missing } = flags.has("all-input-topics")
    ? { partitions: await offsetsOfTopics(brokers, await describeStreamsGroup(brokers, id), { withInternal: false }), missing: [] }
    : await partitionsNamed(brokers, flags.all("input-topic"));
  let failure: unknown;
  const results = await deleteOffsets(brokers, id, partitions).catch((error: unknown) => {
    failure = error;
    return new Map<string, Refusal | null>();
  });
  const rows: Row[] = [
    ...missing,
    ...partitions.map(({ topic, partition }) => ({ topic, partition, error: failure ?? results.get(nameOf({ topic, partition })) })),
  ];
  sayOutcome(id, failure ?? [...results.values()].find((result) => result !== null), io);
  const width = Math.max(15, ...rows.map(({ topic }) => topic.length));
  const text = (topic: string, partition: string, status: string) => line([cell(topic, width), cell(partition, 10), cell(status, 15)]);
  const place = ({ topic, partition }: Row) => `${topic}${partition}`;
  const sorted = rows.sort((one, other) => (place(one) < place(other) ? -1 : 1));
  const texts = sorted.map(({ topic, partition, error }) =>
    text(topic, partition < 0 ? NONE : `${partition}`, error == null ? "Successful" : `Error: ${javaLine(error)}`),
  );
  io.out(`\n${[text("TOPIC", "PARTITION", "STATUS"), ...texts].join("\n")}`);
}

function sayOutcome(id: string, error: unknown, io: Io): void {
  if (error == null) io.out(`Request succeeded for deleting offsets from group ${id}.`);
  else if (error instanceof Refusal && OF_THE_GROUP.includes(error.errorCode)) io.out(`\nError: ${sentenceOf(error)}`);
  else if (error instanceof Refusal && OF_PARTITIONS.includes(error.errorCode))
    io.out("\nError: Encountered some partition-level error, see the follow-up details.");
  else io.out(`\nError: Encountered some unknown error: ${error instanceof Refusal ? errorName(error.errorCode) : "UNKNOWN_SERVER_ERROR"}`);
}

/** `topic` or `topic:0,1`. */
async function partitionsNamed(brokers: Brokers, texts: readonly string[]) {
  const partitions: TopicPartition[] = [];
  const missing: Row[] = [];
  for (const text of texts) {
    const [topic = "", list] = text.split(":");
    try {
      const indexes =
        list === undefined ? (await findTopic(brokers, topic)).partitions.map(({ index }) => index) : list.split(",").map(Number);
      partitions.push(...indexes.map((partition) => ({ topic, partition })));
    } catch (error) {
      missing.push({ topic, partition: -1, error });
    }
  }
  return { partitions, missing };
}
