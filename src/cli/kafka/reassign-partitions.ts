// `kafka-reassign-partitions`: moves replicas of partitions to other brokers. Without throttles: those it can clear, not set.

import { Errors } from "../../../protocol/errors.ts";
import { alterResource, ConfigOperation, ResourceType } from "../admin/configs.ts";
import { ongoingReassignments, type Reassignment, reassign } from "../admin/leaders.ts";
import { logDirectoriesOf } from "../admin/log-dirs.ts";
import { type DescribedPartition, describeTopics } from "../admin/topics.ts";
import type { Brokers } from "../brokers.ts";
import { CommandError } from "../command-error.ts";
import { Refusal } from "../refusal.ts";
import { comparePartitions, nameOf } from "../topic-partition.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { sentenceOf } from "./java-error.ts";
import { isWholeNumber, parseJsonObject, readJsonFile } from "./json-file.ts";
import { partitionList } from "./partition-list.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ACTIONS = ["generate", "execute", "verify", "cancel", "list"] as const;
const BROKER_THROTTLES = [
  "leader.replication.throttled.rate",
  "follower.replication.throttled.rate",
  "replica.alter.log.dirs.io.max.bytes.per.second",
];
const TOPIC_THROTTLES = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

export const kafkaReassignPartitions: Tool = {
  purpose: "Move replicas of partitions to other brokers.",
  flags: [
    BOOTSTRAP_SERVER,
    { name: "bootstrap-controller", value: "host:port", help: "", isRefused: true },
    COMMAND_CONFIG,
    { name: "list", help: "print what is going on" },
    { name: "execute", help: "begin a reassignment" },
    { name: "verify", help: "print how far it is, and clear throttles" },
    { name: "cancel", help: "give it up" },
    { name: "generate", help: "", isRefused: true },
    {
      name: "reassignment-json-file",
      value: "file",
      help: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2]}]}',
    },
    { name: "topics-to-move-json-file", value: "file", help: "", isRefused: true },
    { name: "broker-list", value: "ids", help: "", isRefused: true },
    { name: "throttle", value: "bytes", help: "", isRefused: true },
    { name: "replica-alter-log-dirs-throttle", value: "bytes", help: "", isRefused: true },
    { name: "disable-rack-aware", help: "has no effect without --generate" },
    { name: "additional", help: "in addition to one that goes on" },
    { name: "preserve-throttles", help: "with --verify, --cancel: leave throttles alone" },
    { name: "disallow-replication-factor-change", help: "refuse what changes the number of replicas" },
    { name: "timeout", value: "ms", isWhole: true, help: "accepted without effect: there is nothing to wait for" },
  ],
  run: (flags, io) => {
    if (flags.countOf(ACTIONS) !== 1)
      throw new FlagError(`Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(", ")}`);
    if (!flags.has("bootstrap-server")) throw new FlagError("Please specify --bootstrap-server");
    if (!flags.has("list")) flags.need("reassignment-json-file");
    return withBrokers(flags, async (brokers) => {
      if (flags.has("list")) return list(brokers, io);
      const wanted = parseReassignment(readJsonFile(flags.get("reassignment-json-file") ?? ""));
      if (flags.has("verify")) await verify(brokers, wanted, { flags, io });
      else if (flags.has("cancel")) await cancel(brokers, wanted, { flags, io });
      else await execute(brokers, wanted, { flags, io });
      return 0;
    });
  },
  failed: (error, io) => {
    io.out(`Error: ${sentenceOf(error)}`);
    return 1;
  },
};

type Wanted = Reassignment & { readonly replicas: readonly number[] };

function parseReassignment(text: string): Wanted[] {
  const { partitions } = parseJsonObject(text, "The input string is not a valid JSON");
  const wanted = partitionList(partitions, "Partition reassignment list cannot be empty").map((entry) => {
    const { topic, partition } = entry;
    const replicas: unknown = entry["replicas"];
    if (!Array.isArray(replicas) || !replicas.every(isWholeNumber))
      throw new CommandError(`The replicas of ${nameOf(entry)} must be a list of broker ids`);
    if (new Set(replicas).size < replicas.length)
      throw new CommandError(
        `Partition replica lists may not contain duplicate entries: ${nameOf(entry)} contains multiple entries for ${replicas.join(",")}`,
      );
    return { topic, partition, replicas };
  });
  if (wanted.length === 0) throw new CommandError("Partition reassignment list cannot be empty");
  return wanted.sort(comparePartitions);
}

async function list(brokers: Brokers, io: Io): Promise<number> {
  const ongoing = await ongoingReassignments(brokers);
  if (ongoing.length === 0) io.out("No partition reassignments found.");
  else {
    const parts = (title: string, ids: readonly number[]) => (ids.length === 0 ? "" : ` ${title}: ${ids.join(",")}.`);
    const lines = ongoing
      .sort(comparePartitions)
      .map((one) => `${nameOf(one)}: replicas: ${one.replicas.join(",")}.${parts("adding", one.adding)}${parts("removing", one.removing)}`);
    io.out(["Current partition reassignments:", ...lines].join("\n"));
  }
  return 0;
}

interface Work {
  readonly flags: Flags;
  readonly io: Io;
}

async function execute(brokers: Brokers, wanted: readonly Wanted[], { flags, io }: Work): Promise<void> {
  const known = new Set((await brokers.all()).map(({ id }) => id));
  const unknown = wanted.flatMap(({ replicas }) => replicas).find((id) => !known.has(id));
  if (unknown !== undefined) throw new CommandError(`Unknown broker id ${unknown}`);
  const ongoing = await ongoingReassignments(brokers);
  if (ongoing.length > 0 && !flags.has("additional"))
    throw new CommandError("There is an existing assignment running: pass --additional to override it, or wait until it has ended.");
  const current = await currentReplicas(brokers, wanted);
  const directories = new Map<string, string>();
  for (const { id } of await brokers.all())
    for (const { path, logs } of await logDirectoriesOf(brokers, id)) for (const log of logs) directories.set(`${id} ${nameOf(log)}`, path);
  const partitions = wanted.map(({ topic, partition }) => {
    const replicas = current.get(nameOf({ topic, partition }))?.replicas ?? [];
    return { topic, partition, replicas, log_dirs: replicas.map((id) => directories.get(`${id} ${topic}-${partition}`) ?? "any") };
  });
  io.out(
    `Current partition replica assignment\n\n${JSON.stringify({ version: 1, partitions })}\n\nSave this to use as the --reassignment-json-file option during rollback`,
  );
  const results = await reassign(brokers, wanted, { isFactorFixed: flags.has("disallow-replication-factor-change") });
  const failed = [...results].filter(([, result]) => result !== null);
  if (failed.length > 0)
    throw new CommandError(
      `Error reassigning partition(s):\n${failed.map(([name, result]) => `${name}: ${sentenceOf(result)}`).join("\n")}`,
    );
  io.out(`Successfully started partition reassignment${wanted.length > 1 ? "s" : ""} for ${wanted.map(nameOf).join(",")}`);
}

async function verify(brokers: Brokers, wanted: readonly Wanted[], { flags, io }: Work): Promise<void> {
  const current = await currentReplicas(brokers, wanted);
  const ongoing = new Map((await ongoingReassignments(brokers)).map((one) => [nameOf(one), one]));
  const lines = wanted.map((one) => {
    const name = nameOf(one);
    if (ongoing.has(name)) return `Reassignment of partition ${name} is still in progress.`;
    const replicas = current.get(name)?.replicas ?? [];
    if (replicas.join() === one.replicas.join()) return `Reassignment of partition ${name} is completed.`;
    return `There is no active reassignment of partition ${name}, but replica set is ${replicas.join(",")} rather than ${one.replicas.join(",")}.`;
  });
  io.out(["Status of partition reassignment:", ...lines, ""].join("\n"));
  if (wanted.some((one) => ongoing.has(nameOf(one))) || flags.has("preserve-throttles")) return;
  await clearThrottles(brokers, wanted, io);
}

async function cancel(brokers: Brokers, wanted: readonly Wanted[], { flags, io }: Work): Promise<void> {
  const ongoing = new Set((await ongoingReassignments(brokers)).map(nameOf));
  const toCancel = wanted.filter((one) => ongoing.has(nameOf(one)));
  if (toCancel.length === 0) io.out("None of the specified partition reassignments are active.");
  else {
    await reassign(
      brokers,
      toCancel.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
    );
    io.out(`Successfully cancelled partition reassignment${toCancel.length > 1 ? "s" : ""} for: ${toCancel.map(nameOf).join(",")}`);
  }
  // Kafka's tool has no end of line here.
  io.terminal.out("None of the specified partition moves are active.");
  if (!flags.has("preserve-throttles")) await clearThrottles(brokers, wanted, io);
}

async function clearThrottles(brokers: Brokers, wanted: readonly Wanted[], io: Io): Promise<void> {
  const ids = (await brokers.all()).map(({ id }) => id);
  const topics = [...new Set(wanted.map(({ topic }) => topic))];
  io.out(`Clearing broker-level throttles on broker${ids.length > 1 ? "s" : ""} ${ids.join(",")}`);
  for (const id of ids) await clear(brokers, { type: ResourceType.BROKER, name: `${id}` }, BROKER_THROTTLES);
  io.out(`Clearing topic-level throttles on topic${topics.length > 1 ? "s" : ""} ${topics.join(",")}`);
  for (const name of topics) await clear(brokers, { type: ResourceType.TOPIC, name }, TOPIC_THROTTLES);
}

async function clear(brokers: Brokers, resource: Parameters<typeof alterResource>[1], names: readonly string[]): Promise<void> {
  await alterResource(
    brokers,
    resource,
    names.map((name) => ({ name, operation: ConfigOperation.DELETE, value: "" })),
  );
}

async function currentReplicas(brokers: Brokers, wanted: readonly Wanted[]): Promise<Map<string, DescribedPartition>> {
  const found = new Map<string, DescribedPartition>();
  for (const name of new Set(wanted.map(({ topic }) => topic))) {
    try {
      for (const topic of await describeTopics(brokers, [name]))
        for (const partition of topic.partitions) found.set(nameOf({ topic: name, partition: partition.index }), partition);
    } catch (error) {
      if (!(error instanceof Refusal) || error.errorCode !== Errors.UNKNOWN_TOPIC_OR_PARTITION) throw error;
      throw new CommandError(`Partition reassignment failed: there is no topic ${name}`);
    }
  }
  return found;
}
