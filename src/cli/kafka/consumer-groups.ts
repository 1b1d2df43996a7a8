// `kafka-consumer-groups`: list, describe (describe-groups.ts) and delete groups of consumers, delete and reset their offsets
// (reset-offsets.ts).

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { patternFault } from "../../base/patterns.ts";
import { deleteGroup, deleteOffsets, listAllGroups } from "../../client/admin/groups.ts";
import { findTopic } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { ClientError, NotLetIn } from "../../client/client-error.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line, NONE } from "./columns.ts";
import { describeGroups } from "./describe-groups.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, javaTrace, sentenceOf } from "./java-error.ts";
import { resetOffsets, SCENARIOS } from "./reset-offsets.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";
import { wantedGroups } from "./wanted-groups.ts";

const ACTIONS = ["list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"] as const;
const STATES = ["CompletingRebalance", "Empty", "Reconciling", "Assigning", "Dead", "PreparingRebalance", "Stable"] as const;
const TYPES = ["Consumer", "Classic"] as const;
const DRY_RUN_WARNING =
  "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.";

/** Where Kafka's engine says something else of a regular expression. */
const JAVA_FAULTS: ReadonlyMap<string, string> = new Map([["unexpected )", "regexp/syntax: internal error"]]);

export const kafkaConsumerGroups: Tool = {
  purpose: "List, describe and delete consumer groups, and reset their offsets.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "list", help: "print the names of groups" },
    { name: "describe", help: "print offsets (default), members or state of groups" },
    { name: "delete", help: "delete groups without members" },
    { name: "reset-offsets", help: "set the offsets of a group without members" },
    { name: "delete-offsets", help: "forget the offsets of topics" },
    { name: "validate-regex", value: "regex", help: "whether a regular expression may be subscribed to" },
    { name: "group", value: "name", help: "the group; repeatable" },
    { name: "all-groups", help: "all groups" },
    { name: "topic", value: "name[:partitions]", help: "the topic, with partitions a:0,1 if wanted; repeatable" },
    { name: "all-topics", help: "all topics that the group has offsets of" },
    { name: "members", help: "with --describe: members and what they are assigned" },
    { name: "offsets", help: "with --describe: offsets and lag" },
    {
      name: "state",
      value: "states",
      isValueOptional: true,
      help: "with --describe: the group's state; with --list: show and filter states",
    },
    { name: "type", value: "types", isValueOptional: true, help: "with --list: show and filter types" },
    { name: "verbose", help: "with --describe: more columns" },
    { name: "timeout", value: "ms", isWhole: true, help: "accepted without effect: a group that moves is waited for up to 5 s" },
    { name: "execute", help: "with --reset-offsets: do it" },
    { name: "dry-run", help: "with --reset-offsets: show it only" },
    { name: "export", help: "with --reset-offsets: print CSV" },
    { name: "to-earliest", help: "reset to the oldest record" },
    { name: "to-latest", help: "reset to the end" },
    { name: "to-current", help: "reset to where the group is" },
    { name: "to-offset", value: "offset", isWhole: true, help: "reset to this offset" },
    { name: "shift-by", value: "count", isWhole: true, help: "move on or, below 0, back" },
    { name: "to-datetime", value: "time", help: "reset to a time: YYYY-MM-DDThh:mm:ss.sss" },
    { name: "by-duration", value: "duration", help: "reset to so long ago: P1DT2H3M4S" },
    { name: "from-file", value: "file", help: "reset to the offsets of a CSV file" },
  ],
  run: async (flags, io) => {
    checkFlags(flags, io);
    if (flags.has("validate-regex")) return validateRegex(flags.get("validate-regex") ?? "", io);
    return withBrokers(flags, async (brokers) => {
      try {
        if (flags.has("list")) await list(brokers, flags, io);
        else if (flags.has("describe")) await describeGroups(brokers, flags, io);
        else if (flags.has("delete")) await remove(brokers, flags, io);
        else if (flags.has("delete-offsets")) await removeOffsets(brokers, flags, io);
        else await resetOffsets(brokers, flags, io);
      } catch (error) {
        if (error instanceof FlagError) throw error;
        io.out(`\nError: Executing consumer group command failed due to ${javaCause(error)}`);
        io.error(isMissingGroup(error) ? `java.util.concurrent.ExecutionException: ${javaLine(error)}` : javaTrace(error));
        return error instanceof ClientError ? 0 : 1;
      }
      return 0;
    });
  },
};

/** What comes out of describing carries the class's name, and so does what comes before anything is asked. */
function javaCause(error: unknown): string {
  return isMissingGroup(error) || error instanceof NotLetIn ? javaLine(error) : sentenceOf(error);
}

function isMissingGroup(error: unknown): boolean {
  return error instanceof Refusal && error.errorCode === Errors.GROUP_ID_NOT_FOUND;
}

function checkFlags(flags: Flags, io: Io): void {
  if (!flags.has("validate-regex")) flags.need("bootstrap-server");
  if (flags.countOf(ACTIONS) !== 1)
    throw new FlagError(`Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(", ")}`);
  if (flags.has("describe")) {
    oneGroupScope(flags, "describe");
    if (flags.countOf(["members", "offsets", "state"]) > 1)
      throw new FlagError("Option [describe] takes at most one of these options: [members], [offsets], [state]");
  }
  if (flags.has("delete")) {
    oneGroupScope(flags, "delete");
    if (flags.has("topic")) throw new FlagError("The consumer does not support topic-specific offset deletion from a consumer group.");
  }
  if (flags.has("delete-offsets") && !(flags.has("group") && flags.has("topic")))
    throw new FlagError("Option [delete-offsets] takes the following options: [topic], [group]");
  if (flags.has("verbose") && !flags.has("describe"))
    throw new FlagError("Option(s) [verbose] are unavailable given other options on the command line", { isTerse: true });
  if (flags.has("reset-offsets")) {
    if (flags.has("dry-run") && flags.has("execute"))
      throw new FlagError("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
    if (!flags.has("dry-run") && !flags.has("execute")) io.error(DRY_RUN_WARNING);
    oneGroupScope(flags, "reset-offsets");
    for (const scenario of SCENARIOS) flags.refuseWith(scenario, SCENARIOS.filter((other) => other !== scenario).toReversed());
  }
  flags.refuseWith("all-groups", ["group"]);
  flags.refuseWith("list", ["group", "all-groups", "topic"]);
  flags.refuseWith("describe", ["topic", "all-topics"]);
}

function oneGroupScope(flags: Flags, action: string): void {
  if (!flags.has("group") && !flags.has("all-groups"))
    throw new FlagError(`Option [${action}] takes one of these options: [all-groups], [group]`);
}

async function validateRegex(regex: string, io: Io): Promise<number> {
  const fault = await patternFault(regex);
  if (fault === undefined) io.out(`The regular expression \`${regex}\` is valid.`);
  else io.out(`The regular expression \`${regex}\` is invalid: ${JAVA_FAULTS.get(fault) ?? fault}.`);
  return 0;
}

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const states = parseNames(flags.get("state"), STATES, (given) => `Invalid state list '${given}'. Valid states are: ${STATES.join(", ")}`);
  const types = parseNames(flags.get("type"), TYPES, (given) => `Invalid types list '${given}'. Valid types are: ${TYPES.join(", ")}`);
  const all = await listAllGroups(brokers, { states, types });
  const ofConsumers = all.filter(
    ({ protocolType, type }) => (protocolType === "consumer" || protocolType === "") && type !== "share" && type !== "streams",
  );
  const groups = inMapOrder(ofConsumers, ({ id }) => stringHash(id));
  if (!flags.has("state") && !flags.has("type")) {
    if (groups.length > 0) io.out(groups.map(({ id }) => id).join("\n"));
    return;
  }
  const width = Math.max(15, ...groups.map(({ id }) => id.length)) + 10;
  const row = (id: string, type: string, state: string) =>
    io.out(line([cell(id, width), ...(flags.has("type") ? [cell(type, 20)] : []), ...(flags.has("state") ? [cell(state, 20)] : [])]));
  row("GROUP", "TYPE", "STATE");
  for (const { id, type, state } of groups) row(id, capitalised(type === "" ? "classic" : type), state);
}

function parseNames(given: string | undefined, known: readonly string[], complaint: (given: string) => string): string[] {
  if (given === undefined || given === "") return [];
  return given.split(",").map((text) => {
    const name = known.find((one) => one.toLowerCase() === text.trim().toLowerCase());
    if (name === undefined) throw new FlagError(complaint(given));
    return name;
  });
}

async function remove(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const deleted: string[] = [];
  const failed: string[] = [];
  for (const id of inMapOrder(await wantedGroups(brokers, flags), stringHash)) {
    try {
      await deleteGroup(brokers, id);
      deleted.push(`'${id}'`);
    } catch (error) {
      failed.push(`\n* Group '${id}' could not be deleted due to: ${javaLine(error)}`);
    }
  }
  if (failed.length === 0) io.out(`Deletion of requested consumer groups (${deleted.join(", ")}) was successful.`);
  else {
    io.out(`\nError: Deletion of some consumer groups failed:${failed.join("")}`);
    if (deleted.length > 0) io.out(`\nThese consumer groups were deleted successfully: ${deleted.join(", ")}`);
  }
}

async function removeOffsets(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const group = flags.get("group") ?? "";
  const partitions: TopicPartition[] = [];
  const rows: { readonly topic: string; readonly partition: string; readonly status: string }[] = [];
  for (const text of flags.all("topic")) {
    const [topic = "", list] = text.split(":");
    try {
      const indexes =
        list === undefined ? (await findTopic(brokers, topic)).partitions.map(({ index }) => index) : list.split(",").map(Number);
      partitions.push(...indexes.map((partition) => ({ topic, partition })));
    } catch (error) {
      rows.push({ topic, partition: NONE, status: `Error: ${javaLine(error)}` });
    }
  }
  let failure: unknown;
  const results = await deleteOffsets(brokers, group, partitions).catch((error: unknown) => {
    failure = error;
    return new Map<string, Refusal | null>();
  });
  for (const partition of partitions) {
    const error = failure ?? results.get(nameOf(partition));
    rows.push({
      topic: partition.topic,
      partition: `${partition.partition}`,
      status: error == null ? "Successful" : `Error: ${javaLine(error)}`,
    });
  }
  const isPartial = [...results.values()].some((result) => result !== null);
  if (failure !== undefined) io.out(`\nError: ${sentenceOf(failure)}`);
  else if (isPartial) io.out(`\nError: Encountered some partition-level error, see the follow-up details.`);
  else io.out(`Request succeeded for deleting offsets from group ${group}.`);
  const width = Math.max(15, ...rows.map(({ topic }) => topic.length));
  const print = (topic: string, partition: string, status: string, before = "") =>
    io.out(`${before}${line([cell(topic, width), cell(partition, 10), cell(status, 15)])}`);
  print("TOPIC", "PARTITION", "STATUS", "\n");
  const place = ({ topic, partition }: Pick<(typeof rows)[number], "topic" | "partition">) => `${topic}${partition}`;
  for (const { topic, partition, status } of rows.sort((one, other) => (place(one) < place(other) ? -1 : 1)))
    print(topic, partition, status);
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
