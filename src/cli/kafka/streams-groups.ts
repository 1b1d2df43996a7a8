// `kafka-streams-groups`: list, describe (describe-streams-groups.ts) and delete streams groups, with their internal topics if wanted; delete and
// reset their offsets (reset-streams-offsets.ts).

import { Errors } from "../../../protocol/errors.ts";
import { listAllGroups } from "../../client/admin/groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { cell, line } from "./columns.ts";
import { deleteStreamsGroups, deleteStreamsOffsets } from "./delete-streams-groups.ts";
import { describeStreamsGroups } from "./describe-streams-groups.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, javaTrace, sentenceOf } from "./java-error.ts";
import { resetStreamsOffsets } from "./reset-streams-offsets.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ACTIONS = ["list", "describe", "reset-offsets", "delete", "delete-offsets"] as const;
/** In the order in which Kafka's tool looks at them. */
const SCENARIO_CHECKS = [
  "to-offset",
  "to-datetime",
  "by-duration",
  "to-earliest",
  "to-latest",
  "to-current",
  "shift-by",
  "from-file",
] as const;
const STATES = ["Empty", "NotReady", "Stable", "Assigning", "Reconciling", "Dead"] as const;

export const kafkaStreamsGroups: Tool = {
  purpose: "List, describe and delete streams groups, and reset their offsets.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "list", help: "print the names of groups" },
    { name: "describe", help: "print offsets (default), members or state of groups" },
    { name: "delete", help: "delete groups without members" },
    { name: "reset-offsets", help: "set the offsets of a group without members" },
    { name: "delete-offsets", help: "forget the offsets of topics" },
    { name: "group", value: "name", help: "the group; repeatable" },
    { name: "all-groups", help: "all streams groups" },
    { name: "input-topic", value: "name[:partitions]", help: "the topic, with partitions a:0,1 if wanted; repeatable" },
    { name: "all-input-topics", help: "all source topics of the group" },
    { name: "members", help: "with --describe: members and their tasks" },
    { name: "offsets", help: "with --describe: offsets and lag" },
    {
      name: "state",
      value: "states",
      isValueOptional: true,
      help: "with --describe: the group's state; with --list: show and filter states",
    },
    { name: "verbose", help: "with --describe: more columns" },
    { name: "timeout", value: "ms", isWhole: true, help: "accepted without effect" },
    { name: "delete-all-internal-topics", help: "with --delete, or --reset-offsets --execute: delete all internal topics of the group" },
    { name: "delete-internal-topic", value: "name", help: "with --reset-offsets --execute: delete this topic; repeatable" },
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
    checkFlags(flags);
    return withBrokers(flags, async (brokers) => {
      try {
        await act(brokers, flags, io);
      } catch (error) {
        if (error instanceof FlagError) throw error;
        // Kafka's tool asks for topics by itself, and for groups through what wraps its errors.
        const isOfTopic = error instanceof Refusal && error.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION;
        io.out(`\nError: Executing streams group command failed due to ${isOfTopic ? sentenceOf(error) : javaLine(error)}`);
        io.error(`java.util.concurrent.ExecutionException: ${javaTrace(error)}`);
        return 1;
      }
      return 0;
    });
  },
};

async function act(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  if (flags.has("list")) return list(brokers, flags, io);
  if (flags.has("delete-offsets")) return deleteStreamsOffsets(brokers, flags, io);
  const ids = flags.has("all-groups") ? (await streamsGroups(brokers)).map(({ id }) => id) : [...flags.all("group")];
  if (flags.has("describe")) return describeStreamsGroups(brokers, ids, flags, io);
  if (flags.has("delete")) return deleteStreamsGroups(brokers, ids, flags, io);
  return resetStreamsOffsets(brokers, [...new Set(ids)], flags, io);
}

/** @param states Kafka's names; none: all */
function streamsGroups(brokers: Brokers, states: readonly string[] = []) {
  return listAllGroups(brokers, { types: ["streams"], states });
}

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const given = flags.get("state") ?? "";
  const groups = await streamsGroups(brokers, given === "" ? [] : given.split(",").map((text) => stateNamed(text, given)));
  if (!flags.has("state")) {
    for (const { id } of groups) io.out(id);
    return;
  }
  const width = Math.max(15, ...groups.map(({ id }) => id.length));
  for (const [id, state] of [["GROUP", "STATE"], ...groups.map(({ id, state }) => [id, state])] as const)
    io.out(line([cell(id ?? "", width), state ?? ""]));
}

function stateNamed(text: string, given: string): string {
  const name = STATES.find((state) => state.toLowerCase() === text.trim().toLowerCase());
  if (name === undefined) throw new FlagError(`Invalid state list '${given}'. Valid states are: ${STATES.join(", ")}`);
  return name;
}

function checkFlags(flags: Flags): void {
  checkAvailable(flags, ["verbose", "members", "offsets"], ["describe"]);
  checkAvailable(flags, ["state"], ["list", "describe"]);
  flags.need("bootstrap-server");
  if (flags.has("describe")) checkDescribe(flags);
  if (flags.has("delete")) {
    oneGroupScope(flags, "delete");
    if (flags.has("input-topic") || flags.has("all-input-topics"))
      throw new FlagError("Kafka Streams does not support topic-specific offset deletion from a streams group.");
  }
  if (flags.has("delete-offsets")) checkDeleteOffsets(flags);
  if (flags.has("reset-offsets")) checkReset(flags);
  checkInternalTopics(flags);
  if ((flags.has("dry-run") || flags.has("execute")) && !flags.has("reset-offsets"))
    throw new FlagError("Only Option [reset-offsets] accepts [execute] or [dry-run]");
  refuse(flags, "group", ["all-groups", "list"]);
  refuse(flags, "input-topic", ["list", "describe", "delete"]);
  if (flags.countOf(ACTIONS) !== 1)
    throw new FlagError("Command must include exactly one action: --list, --describe, --delete, --reset-offsets, or --delete-offsets.");
}

function checkAvailable(flags: Flags, names: readonly string[], actions: readonly string[]): void {
  const unavailable = names.filter((name) => flags.has(name));
  if (unavailable.length > 0 && flags.countOf(actions) === 0)
    throw new FlagError(`Option(s) [${unavailable.join(", ")}] are unavailable given other options on the command line`, { isTerse: true });
}

function checkDescribe(flags: Flags): void {
  oneGroupScope(flags, "describe");
  if (flags.countOf(["members", "offsets", "state"]) > 1)
    throw new FlagError("Option [describe] takes at most one of these options: [members], [offsets], [state]");
  if (flags.has("state") && (flags.get("state") ?? "") !== "") throw new FlagError("Option [describe] does not take a value for [state]");
}

function checkDeleteOffsets(flags: Flags): void {
  if ((!flags.has("input-topic") && !flags.has("all-input-topics")) || !flags.has("group"))
    throw new FlagError("Option [delete-offsets] takes the [group] and one of these options: [all-input-topics], [input-topic]");
  const groups = flags.all("group");
  if (groups.length > 1)
    throw new FlagError(`Option [delete-offsets] supports only one [group] at a time, but found: [${groups.join(", ")}]`);
}

function checkReset(flags: Flags): void {
  if (flags.has("dry-run") && flags.has("execute"))
    throw new FlagError("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
  if (!flags.has("dry-run") && !flags.has("execute"))
    throw new FlagError("Option [reset-offsets] takes the option: [execute] or [dry-run]");
  oneGroupScope(flags, "reset-offsets");
  for (const [index, scenario] of SCENARIO_CHECKS.entries()) refuse(flags, scenario, SCENARIO_CHECKS.slice(index + 1));
}

/** The other way round than the tool for consumer groups says it. */
function refuse(flags: Flags, name: string, others: readonly string[]): void {
  const other = others.find((one) => flags.has(one));
  if (flags.has(name) && other !== undefined) throw new FlagError(`Option "[${name}]" can't be used with option "[${other}]"`);
}

function checkInternalTopics(flags: Flags): void {
  const isReset = flags.has("reset-offsets");
  if (flags.has("delete-all-internal-topics")) {
    if (!isReset && !flags.has("delete"))
      throw new FlagError("Option [delete-all-internal-topics] takes one of these options: [delete], [reset-offsets]");
    if (isReset && !flags.has("execute"))
      throw new FlagError("Option [delete-all-internal-topics] takes [execute] when [reset-offsets] is used.");
    return;
  }
  if (flags.has("delete-internal-topic") && !(isReset && flags.has("execute")))
    throw new FlagError("Option [delete-internal-topic] takes [reset-offsets] when [execute] is used.");
}

function oneGroupScope(flags: Flags, action: string): void {
  if (!flags.has("group") && !flags.has("all-groups"))
    throw new FlagError(`Option [${action}] takes one of these options: [all-groups], [group]`);
}
