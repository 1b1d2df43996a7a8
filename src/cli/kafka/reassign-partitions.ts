// `kafka-reassign-partitions`: proposes where replicas of partitions could be, moves them there, and says how far that is.

import { Errors } from "../../../protocol/errors.ts";
import { ongoingReassignments, reassign } from "../../client/admin/leaders.ts";
import { logDirectoriesOf } from "../../client/admin/log-dirs.ts";
import { type DescribedPartition, describeTopics } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { beginMoves, directoryMoves, reportMoves } from "./directory-moves.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, sentenceOf } from "./java-error.ts";
import { readJsonFile } from "./json-file.ts";
import { ANY_DIRECTORY, parseReassignment, parseTopics, reassignmentText, type WantedReplicas } from "./reassignment-file.ts";
import { type PlacedPartition, parseBrokerList, proposePlacement } from "./reassignment-plan.ts";
import { clearThrottles, throttleBrokers, throttleDirectories } from "./reassignment-throttles.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ACTIONS = ["generate", "execute", "verify", "cancel", "list"] as const;
type Action = (typeof ACTIONS)[number];
/** What each needs, and what else it takes, beside addresses and client settings. */
const ARGUMENTS: { readonly [action in Action]: { readonly needed: readonly string[]; readonly taken: readonly string[] } } = {
  generate: { needed: ["topics-to-move-json-file", "broker-list"], taken: ["disable-rack-aware"] },
  execute: {
    needed: ["reassignment-json-file"],
    taken: ["additional", "disallow-replication-factor-change", "replica-alter-log-dirs-throttle", "throttle", "timeout"],
  },
  verify: { needed: ["reassignment-json-file"], taken: ["preserve-throttles"] },
  cancel: { needed: ["reassignment-json-file"], taken: ["bootstrap-controller", "preserve-throttles", "timeout"] },
  list: { needed: [], taken: ["bootstrap-controller"] },
};
const TO_ALL = ["bootstrap-server", "command-config"];
const DEFAULT_TIMEOUT_MS = 10_000;

export const kafkaReassignPartitions: Tool = {
  purpose: "Move replicas of partitions to other brokers.",
  flags: [
    BOOTSTRAP_SERVER,
    BOOTSTRAP_CONTROLLER,
    COMMAND_CONFIG,
    { name: "list", help: "print what is going on" },
    { name: "execute", help: "begin a reassignment" },
    { name: "verify", help: "print how far it is, and clear throttles" },
    { name: "cancel", help: "give it up" },
    { name: "generate", help: "print where the partitions of topics could go, as a file for --execute" },
    {
      name: "reassignment-json-file",
      value: "file",
      help: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2]}]}',
    },
    { name: "topics-to-move-json-file", value: "file", help: 'with --generate: {"version":1,"topics":[{"topic":"a"}]}' },
    { name: "broker-list", value: "ids", help: "with --generate: the brokers to use, with commas" },
    { name: "throttle", value: "bytes", help: "with --execute: at most so much a second between brokers" },
    { name: "replica-alter-log-dirs-throttle", value: "bytes", help: "with --execute: at most so much a second between folders" },
    { name: "disable-rack-aware", help: "with --generate: without regard to racks" },
    { name: "additional", help: "with --execute: in addition to one that goes on" },
    { name: "preserve-throttles", help: "with --verify, --cancel: leave throttles alone" },
    { name: "disallow-replication-factor-change", help: "with --execute: refuse what changes the number of replicas" },
    { name: "timeout", value: "ms", isWhole: true, help: "with --execute: how long to wait for replicas that change folders" },
  ],
  run: (flags, io) => {
    const action = checkedAction(flags);
    return withBrokers(flags, async (brokers) => {
      const work = { flags, io };
      if (action === "list") await list(brokers, io);
      else if (action === "generate") await generate(brokers, work);
      else {
        const wanted = parseReassignment(readJsonFile(flags.get("reassignment-json-file") ?? ""));
        await { execute, verify, cancel }[action](brokers, wanted, work);
      }
      return 0;
    });
  },
  failed: (error, io) => {
    io.out(`Error: ${javaLine(error)}`);
    return 1;
  },
};

function checkedAction(flags: Flags): Action {
  const [action, ...others] = ACTIONS.filter((name) => flags.has(name));
  if (action === undefined || others.length > 0)
    throw new FlagError(`Command must include exactly one action: ${ACTIONS.map((name) => `--${name}`).join(", ")}`);
  const { needed, taken } = ARGUMENTS[action];
  const given = flags.countOf(["bootstrap-server", "bootstrap-controller"]);
  if (given === 0) throw new FlagError("Please specify either --bootstrap-server or --bootstrap-controller");
  if (given > 1) throw new FlagError("Please don't specify both --bootstrap-server and --bootstrap-controller");
  flags.need(...needed);
  const all = [action, ...needed, ...taken, ...TO_ALL];
  const refused = kafkaReassignPartitions.flags.find(({ name }) => flags.has(name) && !all.includes(name));
  if (refused !== undefined) throw new FlagError(`Option "[${refused.name}]" can't be used with action "[${action}]"`);
  return action;
}

async function list(brokers: Brokers, io: Io): Promise<void> {
  const ongoing = await ongoingReassignments(brokers);
  if (ongoing.length === 0) io.out("No partition reassignments found.");
  else {
    const parts = (title: string, ids: readonly number[]) => (ids.length === 0 ? "" : ` ${title}: ${ids.join(",")}.`);
    const lines = ongoing
      .sort(comparePartitions)
      .map((one) => `${nameOf(one)}: replicas: ${one.replicas.join(",")}.${parts("adding", one.adding)}${parts("removing", one.removing)}`);
    io.out(["Current partition reassignments:", ...lines].join("\n"));
  }
}

interface Work {
  readonly flags: Flags;
  readonly io: Io;
}

async function generate(brokers: Brokers, { flags, io }: Work): Promise<void> {
  const topics = parseTopics(readJsonFile(flags.get("topics-to-move-json-file") ?? ""));
  const ids = parseBrokerList(flags.get("broker-list") ?? "");
  const current = await placedPartitions(brokers, topics);
  const chosen = (await brokers.all()).filter(({ id }) => ids.includes(id));
  const first = Math.floor(Math.random() * Math.max(1, chosen.length));
  const proposed = proposePlacement(current, chosen, { isRackAware: !flags.has("disable-rack-aware"), first });
  const directories = await directoriesOf(brokers);
  io.out(`Current partition replica assignment\n${reassignmentText(current.map((one) => withDirectories(one, directories)))}\n`);
  const texts = proposed.map((one) => {
    const stays = current.find((other) => nameOf(other) === nameOf(one))?.replicas ?? [];
    const { directories: paths } = withDirectories(one, directories);
    return { ...one, directories: paths.map((path, index) => (stays.includes(one.replicas[index] ?? -1) ? path : ANY_DIRECTORY)) };
  });
  io.out(`Proposed partition reassignment configuration\n${reassignmentText(texts)}`);
}

async function execute(brokers: Brokers, wanted: readonly WantedReplicas[], { flags, io }: Work): Promise<void> {
  const [betweenBrokers, betweenDirectories] = [rate(flags, "throttle"), rate(flags, "replica-alter-log-dirs-throttle")];
  const ongoing = await ongoingReassignments(brokers);
  if (ongoing.length > 0 && !flags.has("additional"))
    throw new CommandError(
      "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.",
    );
  const known = new Set((await brokers.all()).map(({ id }) => id));
  const unknown = wanted.flatMap(({ replicas }) => replicas).find((id) => !known.has(id));
  if (unknown !== undefined) throw new CommandError(`Unknown broker id ${unknown}`);
  const current = await currentReplicas(brokers, wanted);
  const directories = await directoriesOf(brokers);
  const before = wanted.map(({ topic, partition }) =>
    withDirectories({ topic, partition, replicas: current.get(nameOf({ topic, partition }))?.replicas ?? [] }, directories),
  );
  io.out(
    `Current partition replica assignment\n\n${reassignmentText(before)}\n\nSave this to use as the --reassignment-json-file option during rollback`,
  );
  if (betweenBrokers !== undefined || betweenDirectories !== undefined)
    io.out("Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.");
  if (betweenBrokers !== undefined) {
    await throttleBrokers(brokers, betweenBrokers, { wanted, current, ongoing });
    io.out(`The inter-broker throttle limit was set to ${betweenBrokers} B/s`);
  }
  if (betweenDirectories !== undefined) {
    await throttleDirectories(brokers, betweenDirectories, wanted);
    io.out(`The replica-alter-dir throttle limit was set to ${betweenDirectories} B/s`);
  }
  const results = await reassign(brokers, wanted, { isFactorFixed: flags.has("disallow-replication-factor-change") });
  raiseFailed("Error reassigning partition(s)", results);
  io.out(`Successfully started partition reassignment${wanted.length > 1 ? "s" : ""} for ${wanted.map(nameOf).join(",")}`);
  await beginMoves(brokers, directoryMoves(wanted), { timeoutMs: flags.whole("timeout") ?? DEFAULT_TIMEOUT_MS, io });
}

/** Negative ones stand for none. */
function rate(flags: Flags, name: string): number | undefined {
  const text = flags.get(name);
  if (text !== undefined && !/^[+-]?\d+$/.test(text)) throw new CommandError(`Cannot parse argument '${text}' of option ${name}`);
  return text === undefined || Number(text) < 0 ? undefined : Number(text);
}

async function verify(brokers: Brokers, wanted: readonly WantedReplicas[], { flags, io }: Work): Promise<void> {
  const current = await currentReplicas(brokers, wanted, { isComplete: false });
  const ongoing = new Map((await ongoingReassignments(brokers)).map((one) => [nameOf(one), one]));
  const lines = wanted.map((one) => {
    const name = nameOf(one);
    if (ongoing.has(name)) return `Reassignment of partition ${name} is still in progress.`;
    const replicas = current.get(name)?.replicas ?? [];
    if (replicas.join() === one.replicas.join()) return `Reassignment of partition ${name} is completed.`;
    return `There is no active reassignment of partition ${name}, but replica set is ${replicas.join(",")} rather than ${one.replicas.join(",")}.`;
  });
  io.out(["Status of partition reassignment:", ...lines].join("\n"));
  const hasMoved = await reportMoves(brokers, directoryMoves(wanted), io);
  io.out("");
  if (!hasMoved || wanted.some((one) => ongoing.has(nameOf(one))) || flags.has("preserve-throttles")) return;
  await clearThrottles(brokers, wanted, io);
}

async function cancel(brokers: Brokers, wanted: readonly WantedReplicas[], { flags, io }: Work): Promise<void> {
  const ongoing = new Set((await ongoingReassignments(brokers)).map(nameOf));
  const toCancel = wanted.filter((one) => ongoing.has(nameOf(one)));
  const plural = toCancel.length > 1 ? "s" : "";
  if (toCancel.length === 0) io.out("None of the specified partition reassignments are active.");
  else {
    const results = await reassign(
      brokers,
      toCancel.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
    );
    raiseFailed(`Error cancelling partition reassignment${plural} for`, results);
    io.out(`Successfully cancelled partition reassignment${plural} for: ${toCancel.map(nameOf).join(",")}`);
  }
  // Kafka's tool has no end of line here.
  io.terminal.out("None of the specified partition moves are active.");
  if (!flags.has("preserve-throttles")) await clearThrottles(brokers, wanted, io);
}

function raiseFailed(title: string, results: ReadonlyMap<string, Refusal | null>): void {
  const failed = [...results].filter(([, result]) => result !== null);
  if (failed.length > 0)
    throw new CommandError(`${title}:\n${failed.map(([name, result]) => `${name}: ${sentenceOf(result)}`).join("\n")}`);
}

/** By broker and partition: the folder that has the replica. */
async function directoriesOf(brokers: Brokers): Promise<ReadonlyMap<string, string>> {
  const directories = new Map<string, string>();
  for (const { id } of await brokers.all())
    for (const { path, logs } of await logDirectoriesOf(brokers, id)) for (const log of logs) directories.set(`${id} ${nameOf(log)}`, path);
  return directories;
}

function withDirectories({ topic, partition, replicas }: PlacedPartition, directories: ReadonlyMap<string, string>): WantedReplicas {
  const paths = replicas.map((id) => directories.get(`${id} ${nameOf({ topic, partition })}`) ?? ANY_DIRECTORY);
  return { topic, partition, replicas, directories: paths };
}

async function placedPartitions(brokers: Brokers, topics: readonly string[]): Promise<PlacedPartition[]> {
  const found: PlacedPartition[] = [];
  for (const topic of topics)
    for (const { index, replicas } of await partitionsOf(brokers, topic)) found.push({ topic, partition: index, replicas });
  return found.sort(comparePartitions);
}

/** By partition. Raises Refusal for what there is not, unless it may be incomplete. */
async function currentReplicas(
  brokers: Brokers,
  wanted: readonly TopicPartition[],
  { isComplete = true } = {},
): Promise<Map<string, DescribedPartition>> {
  const found = new Map<string, DescribedPartition>();
  for (const topic of new Set(wanted.map((one) => one.topic))) {
    const partitions = await partitionsOf(brokers, topic).catch((error: unknown) => {
      if (isComplete || !isUnknownTopic(error)) throw error;
      return [];
    });
    for (const partition of partitions) found.set(nameOf({ topic, partition: partition.index }), partition);
  }
  const missing = wanted.map(nameOf).find((name) => !found.has(name));
  if (isComplete && missing !== undefined)
    throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, missing, `Unable to find partition: ${missing}`);
  return found;
}

async function partitionsOf(brokers: Brokers, topic: string): Promise<readonly DescribedPartition[]> {
  try {
    return (await describeTopics(brokers, [topic])).flatMap(({ partitions }) => partitions);
  } catch (error) {
    if (isUnknownTopic(error)) throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, topic, `Topic ${topic} not found.`);
    throw error;
  }
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof Refusal && error.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION;
}
