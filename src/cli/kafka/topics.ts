// `kafka-topics`: create, list, describe, alter and delete topics.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { ConfigSource, describeResource, ResourceType } from "../../client/admin/configs.ts";
import {
  addPartitions,
  createTopic,
  type DescribedPartition,
  type DescribedTopic,
  deleteTopic,
  describeTopics,
  type ListedTopic,
  listTopics,
} from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { CommandError } from "../command-error.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { sentenceOf } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";
import { topicFilter } from "./topic-filter.ts";

const ACTIONS = ["list", "describe", "create", "alter", "delete"] as const;
const REPORTS = ["under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions"] as const;
const COLLISION_WARNING =
  "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.";
const MOST_REPLICAS = 32767;
const ID = /^[A-Za-z0-9_-]{22}$/;
const ZERO_ID = "A".repeat(22);

export const kafkaTopics: Tool = {
  purpose: "Create, list, describe, change and delete topics.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "create", help: "make a topic" },
    { name: "list", help: "print the names of topics" },
    { name: "describe", help: "print partitions, replicas and settings of topics" },
    { name: "alter", help: "raise the number of partitions" },
    { name: "delete", help: "delete topics" },
    { name: "topic", value: "name", help: "the topic; a regular expression except with --create" },
    { name: "topic-id", value: "id", help: "describe the topic of this id" },
    { name: "partitions", value: "count", isWhole: true, help: "number of partitions" },
    { name: "replication-factor", value: "count", isWhole: true, help: "replicas of each partition" },
    { name: "replica-assignment", value: "ids", help: "brokers of each partition: 1:2,2:3" },
    { name: "config", value: "name=value", help: "a setting of the new topic; repeatable" },
    { name: "delete-config", value: "name", help: "has no effect; kafka-configs does it" },
    { name: "if-exists", help: "with --alter, --delete, --describe: a topic that is missing is no error" },
    { name: "if-not-exists", help: "with --create: a topic that exists is no error" },
    { name: "exclude-internal", help: "with --list, --describe: without internal topics" },
    { name: "topics-with-overrides", help: "with --describe: topics with settings of their own" },
    { name: "under-replicated-partitions", help: "with --describe: partitions with replicas that lag" },
    { name: "under-min-isr-partitions", help: "with --describe: partitions below min.insync.replicas" },
    { name: "at-min-isr-partitions", help: "with --describe: partitions at min.insync.replicas" },
    { name: "unavailable-partitions", help: "with --describe: partitions without a leader" },
    { name: "partition-size-limit-per-response", value: "count", isWhole: true, help: "partitions asked for at once" },
  ],
  run: (flags, io) => {
    checkFlags(flags);
    if (flags.has("delete-config"))
      io.error(
        "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.",
      );
    return withBrokers(flags, async (brokers) => {
      if (flags.has("create")) await create(brokers, flags, io);
      else if (flags.has("list")) await list(brokers, flags, io);
      else if (flags.has("describe")) await describe(brokers, flags, io);
      else if (flags.has("alter")) await alter(brokers, flags);
      else await remove(brokers, flags);
      return 0;
    });
  },
  failed: (error, io) => {
    io.out(`Error while executing topic command : ${sentenceOf(error)}`);
    io.logError(error);
    return 1;
  },
};

function checkFlags(flags: Flags): void {
  if (!flags.has("bootstrap-server")) throw new FlagError("--bootstrap-server must be specified", { isTerse: true });
  if (flags.countOf(ACTIONS) !== 1)
    throw new FlagError("Command must include exactly one action: --list, --describe, --create, --alter or --delete");
  if (flags.has("create") || flags.has("alter") || flags.has("delete")) if (!flags.has("topic-id")) flags.need("topic");
  if (flags.has("alter") && flags.has("config"))
    throw new FlagError(
      'Option combination "[[config], [bootstrap-server]]" can\'t be used with option "[alter]" (To alter topic configurations, the kafka-configs tool can be used.)',
    );
  if (flags.has("alter")) flags.need("partitions");
  const reports = [...REPORTS, "topics-with-overrides"];
  flags.refuseWith("replica-assignment", flags.has("create") ? ["partitions", "replication-factor"] : ["replication-factor"]);
  flags.refuseWith("create", ["if-exists", "exclude-internal", ...reports]);
  flags.refuseWith("list", ["partitions", "replication-factor", "replica-assignment", "config", "if-exists", "if-not-exists", ...reports]);
  flags.refuseWith("describe", ["partitions", "replication-factor", "replica-assignment", "config", "if-not-exists"]);
  flags.refuseWith("alter", ["replication-factor", "if-not-exists", "exclude-internal", ...reports]);
  flags.refuseWith("delete", [
    "partitions",
    "replication-factor",
    "replica-assignment",
    "config",
    "if-not-exists",
    "exclude-internal",
    ...reports,
  ]);
}

async function create(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const name = flags.get("topic") ?? "";
  const configs = parseConfigs(flags.all("config"));
  if (/[._]/.test(name)) io.out(COLLISION_WARNING);
  const partitions = flags.whole("partitions") ?? -1;
  const replicationFactor = flags.whole("replication-factor") ?? -1;
  if (flags.has("partitions") && partitions <= 0) throw new CommandError("The partitions must be greater than 0");
  if (flags.has("replication-factor") && (replicationFactor <= 0 || replicationFactor > MOST_REPLICAS))
    throw new CommandError(`The replication factor must be between 1 and ${MOST_REPLICAS} inclusive`);
  const assignment = flags.get("replica-assignment");
  try {
    await createTopic(brokers, {
      name,
      partitions,
      replicationFactor,
      configs,
      ...(assignment === undefined ? {} : { assignments: parseAssignment(assignment) }),
    });
  } catch (error) {
    const isThere = error instanceof Refusal && error.errorCode === Errors.TOPIC_ALREADY_EXISTS;
    if (isThere && flags.has("if-not-exists")) return;
    throw error;
  }
  io.out(`Created topic ${name}.`);
}

function parseConfigs(given: readonly string[]): Map<string, string> {
  const configs = new Map<string, string>();
  for (const text of given) {
    const at = text.indexOf("=");
    if (at < 0)
      throw new CommandError('requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".');
    configs.set(text.slice(0, at).trim(), text.slice(at + 1).trim());
  }
  return configs;
}

function parseAssignment(text: string): number[][] {
  return text.split(",").map((list) => {
    const ids = list.split(":").map((id) => {
      if (!/^\s*\d+\s*$/.test(id)) throw new CommandError(`For input string: "${id.trim()}"`);
      return Number(id);
    });
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
    if (twice.length > 0) throw new CommandError(`Partition replica lists may not contain duplicate entries: ${twice.join(",")}`);
    return ids;
  });
}

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const isWanted = topicFilter(flags.get("topic"));
  const topics = (await listTopics(brokers)).filter(
    ({ name, isInternal }) => isWanted(name) && !(flags.has("exclude-internal") && isInternal),
  );
  io.out(topics.map(({ name }) => name).join("\n"));
}

async function alter(brokers: Brokers, flags: Flags): Promise<void> {
  const topics = await wantedTopics(brokers, flags);
  const count = flags.whole("partitions") ?? 0;
  const assignment = flags.get("replica-assignment");
  for (const { name, partitions } of topics) {
    const assignments = assignment === undefined ? undefined : parseAssignment(assignment).slice(partitions.length);
    await addPartitions(brokers, name, { count, ...(assignments === undefined ? {} : { assignments }) });
  }
}

async function remove(brokers: Brokers, flags: Flags): Promise<void> {
  for (const { name } of await wantedTopics(brokers, flags)) await deleteTopic(brokers, name);
}

/** Raises where the one that was asked for is missing, unless `--if-exists`. */
async function wantedTopics(brokers: Brokers, flags: Flags): Promise<ListedTopic[]> {
  const pattern = flags.get("topic");
  const id = flags.get("topic-id");
  if (id !== undefined && !ID.test(id))
    throw new CommandError(
      `Input string \`${id}\` decoded as ${Buffer.from(id, "base64url").length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`,
    );
  const isWanted = id !== undefined && id !== ZERO_ID ? undefined : topicFilter(pattern);
  const topics = await listTopics(brokers);
  const wanted = topics.filter(
    (topic) => (isWanted === undefined ? topic.id === id : isWanted(topic.name)) && !(flags.has("exclude-internal") && topic.isInternal),
  );
  if (wanted.length === 0 && !flags.has("if-exists")) {
    if (id !== undefined) throw new CommandError(`TopicId '${id}' does not exist as expected`);
    if (pattern !== undefined) throw new CommandError(`Topic '${pattern}' does not exist as expected`);
  }
  return wanted;
}

async function describe(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const names = (await wantedTopics(brokers, flags)).map(({ name }) => name);
  const described = await describeTopics(brokers, names, flags.whole("partition-size-limit-per-response"));
  const topics = inMapOrder(described, ({ name }) => stringHash(name), { isPresized: true });
  const alive = new Set((await brokers.all()).map(({ id }) => id));
  const isReport = REPORTS.some((report) => flags.has(report));
  for (const topic of topics) {
    const configs = await describeResource(brokers, { type: ResourceType.TOPIC, name: topic.name });
    const own = inMapOrder(configs, ({ name }) => stringHash(name)).filter(({ source }) => source !== ConfigSource.DEFAULT);
    const leastInSync = Number(configs.find(({ name }) => name === "min.insync.replicas")?.value ?? 1);
    if (!isReport && !(flags.has("topics-with-overrides") && own.length === 0)) {
      const settings = own.map(({ name, value }) => `${name}=${value}`).join(",");
      io.out(
        `Topic: ${topic.name}\tTopicId: ${topic.id}\tPartitionCount: ${topic.partitions.length}\tReplicationFactor: ${topic.partitions[0]?.replicas.length ?? 0}\tConfigs: ${settings}`,
      );
    }
    if (flags.has("topics-with-overrides")) continue;
    for (const partition of topic.partitions)
      if (!isReport || isReported(partition, { flags, leastInSync, alive })) io.out(partitionLine(topic, partition));
  }
}

function isReported(
  { leaderId, replicas, inSync }: DescribedPartition,
  { flags, leastInSync, alive }: { flags: Flags; leastInSync: number; alive: ReadonlySet<number> },
): boolean {
  return (
    (flags.has("under-replicated-partitions") && inSync.length < replicas.length) ||
    (flags.has("unavailable-partitions") && !alive.has(leaderId)) ||
    (flags.has("under-min-isr-partitions") && inSync.length < leastInSync) ||
    (flags.has("at-min-isr-partitions") && inSync.length === leastInSync)
  );
}

function partitionLine({ name }: DescribedTopic, partition: DescribedPartition): string {
  const { index, leaderId, replicas, inSync, eligible, lastKnownEligible } = partition;
  const fields = [
    `Topic: ${name}`,
    `Partition: ${index}`,
    `Leader: ${leaderId < 0 ? "none" : leaderId}`,
    `Replicas: ${replicas.join(",")}`,
    `Isr: ${inSync.join(",")}`,
    `Elr: ${eligible?.join(",") ?? "N/A"}`,
    `LastKnownElr: ${lastKnownEligible?.join(",") ?? "N/A"}`,
  ];
  return `\t${fields.join("\t")}`;
}
