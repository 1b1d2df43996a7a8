// `kafka-console-share-consumer`: prints records as a member of a share group (KIP-932). What it prints it accepts, unless it is to release or
// reject it; what it got and did not print goes to others when it ends.

import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { Brokers } from "../../client/brokers.ts";
import { ShareConsumer } from "../../client/share-consumer.ts";
import { Acknowledgement } from "../../client/share-session.ts";
import { accessOf } from "./client-access.ts";
import { refuseBoth, type Settings, settingsOf } from "./client-settings.ts";
import { consume, formatterProperties } from "./consume.ts";
import { maxPollRecords } from "./consumer-settings.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { formatterOf } from "./record-formatter.ts";
import type { Io, Tool } from "./tool.ts";

const RENAMED = [
  { current: "formatter-property", old: "property", isOldFirst: true },
  { current: "command-property", old: "consumer-property", isOldFirst: true },
  { current: "command-config", old: "consumer-config", isOldFirst: true },
] as const;
const DEFAULT_NAME = "console-share-consumer";

export const kafkaConsoleShareConsumer: Tool = {
  purpose: "Print the records of a topic as a member of a share group.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "topic", value: "name", help: "the topic" },
    { name: "group", value: "id", help: `the share group; ${DEFAULT_NAME} unless given` },
    { name: "max-messages", value: "count", isWhole: true, help: "end after so many records" },
    { name: "timeout-ms", value: "ms", isWhole: true, help: "end when no record comes for so long" },
    { name: "release", help: "release records, instead of accepting them" },
    { name: "reject", help: "reject records, instead of accepting them" },
    { name: "reject-message-on-error", help: "reject a record that cannot be printed, and go on" },
    { name: "formatter", value: "class", help: "Kafka's default, logging or no-op formatter" },
    {
      name: "formatter-property",
      value: "name=value",
      help: "print.timestamp, print.key, print.delivery, key.separator, line.separator, …",
    },
    { name: "property", value: "name=value", help: "the older name of --formatter-property" },
    { name: "formatter-config", value: "file", help: "a file of formatter properties" },
    { name: "key-deserializer", value: "class", help: "of keys; Kafka's own for numbers and texts" },
    { name: "value-deserializer", value: "class", help: "of values" },
    { name: "command-property", value: "name=value", help: "a consumer setting; group.id, max.poll.records count" },
    { name: "consumer-property", value: "name=value", help: "the older name of --command-property" },
    { name: "consumer-config", value: "file", help: "the older name of --command-config" },
    { name: "enable-systest-events", help: "print shutdown_complete at the end" },
  ],
  run: async (flags, io) => {
    checkFlags(flags, io);
    const settings = settingsOf(flags, {
      files: ["command-config", "consumer-config"],
      properties: ["command-property", "consumer-property"],
    });
    const groupId = groupOf(flags, settings);
    const format = formatterOf(flags.get("formatter"), formatterProperties(flags));
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? DEFAULT_NAME,
      access: accessOf(settings, DEFAULT_NAME),
    });
    const acknowledgement = flags.has("reject")
      ? Acknowledgement.REJECT
      : flags.has("release")
        ? Acknowledgement.RELEASE
        : Acknowledgement.ACCEPT;
    const topics = [flags.get("topic") ?? ""];
    const maxRecords = maxPollRecords(settings);
    try {
      const open = async () => new ShareConsumer(brokers, { groupId, topics, acknowledgement, maxRecords });
      return await consume(open, {
        ...{ flags, io, format },
        passesOver: (record, consumer) => {
          if (!flags.has("reject-message-on-error")) return false;
          consumer.reject(record);
          return true;
        },
      });
    } finally {
      await brokers.close();
    }
  },
};

function checkFlags(flags: Flags, io: Io): void {
  flags.need("bootstrap-server");
  refuseBoth(flags, RENAMED, { io, what: "Option" });
  if (!flags.has("topic")) throw new FlagError("--topic is a required argument");
  if (flags.has("reject") && flags.has("release")) throw new FlagError("At most one of --reject and --release may be specified.");
}

function groupOf(flags: Flags, settings: Settings): string {
  const groups = new Set([...flags.all("group"), ...(settings.has("group.id") ? [settings.get("group.id") ?? ""] : [])]);
  const [group = DEFAULT_NAME] = groups;
  if (groups.size > 1) {
    const texts = inMapOrder([...groups], stringHash).map((id) => `'${id}'`);
    throw new FlagError(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer-config') do not match. Detected group ids: ${texts.join(", ")}`,
    );
  }
  return group;
}
