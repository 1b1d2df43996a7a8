// `kafka-console-consumer`: prints records as they come. It is a member of a group, as Kafka's own is: of the one that it is given, or of one
// that is its own. Only with `--partition` it is outside of any group.

import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { Brokers } from "../../client/brokers.ts";
import { type Consumer, FROM_EARLIEST, FROM_LATEST, GroupConsumer, LoneConsumer, startOf } from "../../client/consumer.ts";
import type { Position } from "../../client/partition-fetch.ts";
import { present } from "../../client/refusal.ts";
import { topicLeaders } from "../../client/topic-leaders.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { accessOf } from "./client-access.ts";
import { refuseBoth, type Settings, settingsOf } from "./client-settings.ts";
import { consume, formatterProperties } from "./consume.ts";
import { consumerOptions, groupOptions } from "./consumer-settings.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { formatterOf } from "./record-formatter.ts";
import type { Io, Tool } from "./tool.ts";
import { subscription } from "./topic-filter.ts";

const RENAMED = [
  { current: "formatter-property", old: "property", isOldFirst: true },
  { current: "command-property", old: "consumer-property", isOldFirst: true },
  { current: "command-config", old: "consumer.config", isOldFirst: true },
] as const;

export const kafkaConsoleConsumer: Tool = {
  purpose: "Print the records of topics as they come.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "topic", value: "name", help: "the topic" },
    { name: "include", value: "regex", help: "the topics whose names match" },
    { name: "partition", value: "number", isWhole: true, help: "this partition only" },
    { name: "offset", value: "offset", help: "with --partition: where to begin; earliest, latest or a number" },
    { name: "from-beginning", help: "begin with the oldest record where nothing is known of the group" },
    { name: "group", value: "id", help: "go on where this group stopped" },
    { name: "max-messages", value: "count", isWhole: true, help: "end after so many records" },
    { name: "timeout-ms", value: "ms", isWhole: true, help: "end when no record comes for so long" },
    { name: "isolation-level", value: "level", help: "read_committed or read_uncommitted" },
    { name: "formatter", value: "class", help: "Kafka's default, logging or no-op formatter" },
    { name: "formatter-property", value: "name=value", help: "print.timestamp, print.key, print.offset, key.separator, line.separator, …" },
    { name: "property", value: "name=value", help: "the older name of --formatter-property" },
    { name: "formatter-config", value: "file", help: "a file of formatter properties" },
    { name: "key-deserializer", value: "class", help: "of keys; Kafka's own for numbers and texts" },
    { name: "value-deserializer", value: "class", help: "of values" },
    { name: "command-property", value: "name=value", help: "a consumer setting; group.id, auto.offset.reset, isolation.level count" },
    { name: "consumer-property", value: "name=value", help: "the older name of --command-property" },
    { name: "consumer.config", value: "file", help: "the older name of --command-config" },
    { name: "skip-message-on-error", help: "go on after a record that cannot be printed" },
    { name: "enable-systest-events", help: "print shutdown_complete at the end" },
  ],
  run: async (flags, io) => {
    checkFlags(flags, io);
    const settings = consumerSettings(flags);
    const format = formatterOf(flags.get("formatter"), formatterProperties(flags));
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? "console-consumer",
      access: accessOf(settings, "console-consumer"),
    });
    try {
      const open = opening(brokers, { flags, settings });
      return await consume(open, { flags, io, format, passesOver: () => flags.has("skip-message-on-error") });
    } finally {
      await brokers.close();
    }
  },
};

function checkFlags(flags: Flags, io: Io): void {
  flags.need("bootstrap-server");
  refuseBoth(flags, RENAMED, { io, what: "Option" });
  if (flags.countOf(["topic", "include"]) !== 1)
    throw new FlagError("Exactly one of the following arguments is required: [topic], [include]");
  if (flags.has("offset") && !flags.has("partition")) throw new FlagError("The partition is required when offset is specified.");
  const offset = flags.get("offset");
  if (offset !== undefined && !/^(earliest|latest|\d+)$/i.test(offset))
    throw new FlagError(
      `The provided offset value '${offset}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
    );
  if (flags.has("offset") && flags.has("from-beginning"))
    throw new FlagError("Options from-beginning and offset cannot be specified together.");
  if (flags.has("partition") && !flags.has("topic")) throw new FlagError("The topic is required when partition is specified.");
  if (flags.get("topic") === "")
    throw new FlagError("java.lang.IllegalArgumentException: Topic collection to subscribe to cannot contain null or empty topic", {
      isTerse: true,
    });
}

/** With what the flags say in their place. */
function consumerSettings(flags: Flags): Settings {
  const settings = settingsOf(flags, {
    files: ["command-config", "consumer.config"],
    properties: ["command-property", "consumer-property"],
  });
  const groups = new Set([...flags.all("group"), ...(settings.has("group.id") ? [settings.get("group.id") ?? ""] : [])]);
  const [group] = groups;
  if (groups.size > 1) {
    const texts = inMapOrder([...groups], stringHash).map((id) => `'${id}'`);
    throw new FlagError(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${texts.join(", ")}`,
    );
  }
  if (group !== undefined && flags.has("partition")) throw new FlagError("Options group and partition cannot be specified together.");
  const reset = settings.get("auto.offset.reset");
  if (flags.has("from-beginning") && reset !== undefined && reset !== "earliest")
    throw new FlagError(`Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`, {
      isTerse: true,
    });
  if (flags.has("from-beginning")) settings.set("auto.offset.reset", "earliest");
  if (group !== undefined) settings.set("group.id", group);
  const isolation = flags.get("isolation-level");
  if (isolation !== undefined) settings.set("isolation.level", isolation);
  return settings;
}

/** Checks the settings now; what is opened is reading. */
function opening(brokers: Brokers, { flags, settings }: { readonly flags: Flags; readonly settings: Settings }): () => Promise<Consumer> {
  const isCreationAllowed = settings.get("allow.auto.create.topics") !== "false";
  const topic = flags.get("topic");
  const partition = flags.whole("partition");
  if (topic !== undefined && partition !== undefined) {
    const options = consumerOptions(settings);
    return async () => {
      const all = await topicLeaders(brokers, topic, { isCreationAllowed });
      const isThere = all?.some(({ index }) => index === partition) === true;
      const position = isThere ? [await firstPosition(brokers, { topic, partition }, flags)] : [];
      return new LoneConsumer(brokers, position, options);
    };
  }
  const options = groupOptions(settings);
  const wantedTopics = subscription(brokers, { topic, include: flags.get("include"), isCreationAllowed });
  return async () => {
    await wantedTopics();
    return new GroupConsumer(brokers, { ...options, wantedTopics });
  };
}

/** Where `--offset` says, or `--from-beginning`; else at the end. */
async function firstPosition(brokers: Brokers, partition: TopicPartition, flags: Flags): Promise<Position> {
  const offset = flags.get("offset")?.toLowerCase();
  if (offset !== undefined && /^\d+$/.test(offset)) return { ...partition, offset: Number(offset) };
  const isEarliest = offset === "earliest" || (offset === undefined && flags.has("from-beginning"));
  const offsetReset = isEarliest ? FROM_EARLIEST : FROM_LATEST;
  return present((await startOf(brokers, [partition], { offsetReset, isCommittedOnly: false }))[0], nameOf(partition));
}
