// `kafka-consumer-groups`: list, describe and delete groups of consumers, delete and reset their offsets (reset-offsets.ts).

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { patternFault } from "../../base/patterns.ts";
import {
  committedOffsets,
  type DescribedGroup,
  deleteGroup,
  deleteOffsets,
  describeGroup,
  type GroupMember,
  listAllGroups,
} from "../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { findTopic } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { ClientError, NotLetIn } from "../../client/client-error.ts";
import { Refusal } from "../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { cell, line } from "./columns.ts";
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
        else if (flags.has("describe")) await describe(brokers, flags, io);
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
  if (given === undefined) return [];
  return given.split(",").map((text) => {
    const name = known.find((one) => one.toLowerCase() === text.trim().toLowerCase());
    if (name === undefined) throw new FlagError(complaint(given));
    return name;
  });
}

async function describe(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  for (const id of await wantedGroups(brokers, flags)) {
    const group = await describeGroup(brokers, id);
    const rows = flags.has("members") || flags.has("state") ? [] : await offsetRows(brokers, group);
    switch (group.state) {
      case "Empty":
        io.error(`\nConsumer group '${id}' has no active members.`);
        break;
      case "Dead":
        io.error(`\nConsumer group '${id}' does not exist.`);
        continue;
      case "PreparingRebalance":
      case "CompletingRebalance":
      case "Assigning":
      case "Reconciling":
        io.error(`\nWarning: Consumer group '${id}' is rebalancing.`);
        break;
      case "Stable":
        break;
      default:
        throw new CommandError(`Expected a valid consumer group state, but found '${group.state}'.`);
    }
    if (flags.has("members")) printMembers(group, flags.has("verbose"), io);
    else if (flags.has("state")) printState(group, flags.has("verbose"), io);
    else if (rows.length > 0) printOffsets(rows, flags.has("verbose"), io);
  }
}

interface OffsetRow extends TopicPartition {
  readonly group: string;
  readonly current: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly end: number | undefined;
  readonly member: GroupMember | undefined;
}

async function offsetRows(brokers: Brokers, group: DescribedGroup): Promise<OffsetRow[]> {
  const committed = new Map((await committedOffsets(brokers, group.id)).map((entry) => [nameOf(entry), entry]));
  const owners = new Map(group.members.flatMap((member) => member.assigned.map((partition) => [nameOf(partition), member] as const)));
  const assigned = group.members.flatMap((member) => [...member.assigned]);
  const partitions = new Map([...assigned, ...committed.values()].map((partition) => [nameOf(partition), partition]));
  const ends = await offsetsAt(brokers, [...partitions.values()], { timestamp: OffsetSpec.LATEST });
  const rows = [...partitions.values()].map(({ topic, partition }): OffsetRow => {
    const name = nameOf({ topic, partition });
    const end = ends.get(name);
    const entry = committed.get(name);
    return {
      group: group.id,
      topic,
      partition,
      current: entry?.offset,
      leaderEpoch: entry === undefined || entry.leaderEpoch < 0 ? undefined : entry.leaderEpoch,
      end: end === undefined || end instanceof Refusal ? undefined : end.offset,
      member: owners.get(name),
    };
  });
  return rows.sort((one, other) => Number(one.member === undefined) - Number(other.member === undefined) || comparePartitions(one, other));
}

const NONE = "-";

function printOffsets(rows: readonly OffsetRow[], isVerbose: boolean, io: Io): void {
  const width = (texts: readonly string[]) => Math.max(15, ...texts.map((text) => text.length));
  const group = width(rows.map((row) => row.group));
  const topic = width(rows.map((row) => row.topic));
  const member = width(rows.map((row) => row.member?.id ?? NONE));
  const host = width(rows.map((row) => row.member?.host ?? NONE));
  const print = (texts: readonly string[], last: string, epoch: string, before = "") => {
    const [first = "", second = "", third = "", ...rest] = texts;
    const [current = "", end = "", lag = "", memberId = "", hostName = ""] = rest;
    const epochs = isVerbose ? [cell(epoch, 15)] : [];
    io.out(
      `${before}${line([cell(first, group), cell(second, topic), cell(third, 10), ...epochs, cell(current, 15), cell(end, 15), cell(lag, 15), cell(memberId, member), cell(hostName, host), last])}`,
    );
  };
  print(
    ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST"],
    "CLIENT-ID",
    "LEADER-EPOCH",
    "\n",
  );
  for (const row of rows) {
    const lag = row.current === undefined || row.end === undefined ? undefined : row.end - row.current;
    const numbers = [row.current, row.end, lag].map((number) => `${number ?? NONE}`);
    const texts = [row.group, row.topic, `${row.partition}`, ...numbers, row.member?.id ?? NONE, row.member?.host ?? NONE];
    print(texts, row.member?.clientId ?? NONE, `${row.leaderEpoch ?? NONE}`);
  }
}

function printMembers(group: DescribedGroup, isVerbose: boolean, io: Io): void {
  const width = (texts: readonly string[], least = 15) => Math.max(least, ...texts.map((text) => text.length));
  const hasInstances = group.members.some(({ instanceId }) => instanceId !== null);
  const groupWidth = group.members.length === 0 ? width([]) : width([group.id]);
  const id = width(group.members.map((member) => member.id));
  const instance = width(
    group.members.map((member) => member.instanceId ?? NONE),
    17,
  );
  const host = width(group.members.map((member) => member.host));
  const client = width(group.members.map((member) => member.clientId));
  const assignments = group.members.map((member) => assignmentText(member.assigned));
  const targets = group.members.map((member) => assignmentText(member.target));
  const assignment = width(assignments, 20);
  const target = width(targets, 20);
  const print = (texts: readonly string[], more: readonly string[], instanceId: string, before = "") => {
    const [first = "", memberId = "", hostName = "", clientId = "", count = ""] = texts;
    const [epoch = "", current = "", targetEpoch = "", wanted = ""] = more;
    const cells = [cell(first, groupWidth), cell(memberId, id), ...(hasInstances ? [cell(instanceId, instance)] : [])];
    cells.push(cell(hostName, host), cell(clientId, client), cell(count, 15));
    if (isVerbose) cells.push(cell(epoch, 15), cell(current, assignment), cell(targetEpoch, 15), cell(wanted, target));
    io.out(`${before}${line(cells)}${isVerbose ? "" : " "}`);
  };
  const moreNames = ["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT"];
  print(["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"], moreNames, "GROUP-INSTANCE-ID", "\n");
  for (const [index, member] of group.members.entries()) {
    const texts = [group.id, member.id, member.host, member.clientId, `${member.assigned.length}`];
    const targetEpoch = group.type === "consumer" ? `${group.targetEpoch ?? NONE}` : NONE;
    print(texts, [`${member.epoch ?? NONE}`, assignments[index] ?? "", targetEpoch, targets[index] ?? ""], member.instanceId ?? NONE);
  }
}

/** `a:0,1;b:0`. */
function assignmentText(partitions: readonly TopicPartition[] | undefined): string {
  if (partitions === undefined || partitions.length === 0) return NONE;
  const byTopic = Map.groupBy(partitions.toSorted(comparePartitions), ({ topic }) => topic);
  return [...byTopic].map(([topic, list]) => `${topic}:${list.map(({ partition }) => partition).join(",")}`).join(";");
}

function printState(group: DescribedGroup, isVerbose: boolean, io: Io): void {
  const coordinator = `${group.coordinator.host}:${group.coordinator.port}  (${group.coordinator.id})`;
  const groupWidth = Math.max(15, group.id.length);
  const width = Math.max(25, coordinator.length);
  const print = (texts: readonly string[], epochs: readonly string[], last: string, before = "") => {
    const [first = "", second = "", third = "", fourth = ""] = texts;
    const [epoch = "", target = ""] = epochs;
    const more = isVerbose ? [cell(epoch, 15), cell(target, 25)] : [];
    io.out(`${before}${line([cell(first, groupWidth), cell(second, width), cell(third, 20), cell(fourth, 20), ...more, last])}`);
  };
  print(["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"], ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"], "#MEMBERS", "\n");
  const assignor = group.assignor === "" ? NONE : group.assignor;
  print(
    [group.id, coordinator, assignor, group.state],
    [`${group.epoch ?? NONE}`, `${group.targetEpoch ?? NONE}`],
    `${group.members.length}`,
  );
}

async function remove(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const deleted: string[] = [];
  const failed: string[] = [];
  for (const id of await wantedGroups(brokers, flags)) {
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
  else if (isPartial) io.out(`\nEncountered some partition-level error, see the follow-up details.`);
  else io.out(`Request succeeded for deleting offsets from group ${group}.`);
  const print = (topic: string, partition: string, status: string, before = "") =>
    io.out(`${before}${line([cell(topic, 15), cell(partition, 10), cell(status, 15)])}`);
  print("TOPIC", "PARTITION", "STATUS", "\n");
  for (const { topic, partition, status } of rows) print(topic, partition, status);
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
