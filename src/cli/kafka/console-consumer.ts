// `kafka-console-consumer`: prints records as they come. With a group it goes on where the group stopped and remembers how far it came, as
// a lone consumer without membership: while the group has members of its own, its commits are refused.

import { Errors } from "../../../protocol/errors.ts";
import { listTopics } from "../admin/topics.ts";
import { Client, EARLIEST, LATEST, type Partition } from "../client.ts";
import { hostAndPort } from "../connection.ts";
import { Refusal } from "../refusal.ts";
import { addProperty } from "./console-producer.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { type ConsumedRecord, formatterOf } from "./record-formatter.ts";
import { clientSettings, type Io, parseProperties, readTextFile, type Tool } from "./tool.ts";
import { topicFilter } from "./topic-filter.ts";

const MAX_WAIT_MS = 500;

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
    { name: "enable-systest-events", help: "", isRefused: true },
  ],
  run: async (flags, io) => {
    const settings = checkedSettings(flags, io);
    const format = formatterOf(flags.get("formatter"), formatterProperties(flags));
    const client = new Client(flags.get("bootstrap-server") ?? "");
    const printed = { count: 0 };
    try {
      await consume(client, { flags, settings, io, format, printed });
      return 0;
    } catch (error) {
      io.error(javaLine(error));
      return 1;
    } finally {
      await client.close();
      io.error(`Processed a total of ${printed.count} messages`);
    }
  },
};

function checkedSettings(flags: Flags, io: Io): Map<string, string> {
  flags.need("bootstrap-server");
  const settings = new Map([...clientSettings(flags.get("command-config")), ...clientSettings(flags.get("consumer.config"))]);
  for (const text of [...flags.all("command-property"), ...flags.all("consumer-property")]) addProperty(settings, text);
  const old = [
    ["property", "--formatter-property"],
    ["consumer-property", "--command-property"],
    ["consumer.config", "--command-config"],
  ] as const;
  for (const [name, instead] of old)
    if (flags.has(name)) io.out(`Option --${name} is deprecated and will be removed in a future version. Use ${instead} instead.`);
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
  const groups = new Set([...flags.all("group"), ...(settings.has("group.id") ? [settings.get("group.id") ?? ""] : [])]);
  if (groups.size > 1)
    throw new FlagError(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${[
        ...groups,
      ]
        .sort()
        .map((group) => `'${group}'`)
        .join(", ")}`,
    );
  if (groups.size > 0 && flags.has("partition")) throw new FlagError("Options group and partition cannot be specified together.");
  const reset = settings.get("auto.offset.reset");
  if (flags.has("from-beginning") && reset !== undefined && reset !== "earliest")
    throw new FlagError(`Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`, {
      isTerse: true,
    });
  const [group] = groups;
  if (group !== undefined) settings.set("group.id", group);
  const isolation = flags.get("isolation-level");
  if (isolation !== undefined) settings.set("isolation.level", isolation);
  return settings;
}

function formatterProperties(flags: Flags): Map<string, string> {
  const file = flags.get("formatter-config");
  const properties = new Map(file === undefined ? [] : parseProperties(readTextFile(file)));
  for (const text of [...flags.all("property"), ...flags.all("formatter-property")]) addProperty(properties, text);
  for (const name of ["key", "value"]) {
    const className = flags.get(`${name}-deserializer`);
    if (className !== undefined) properties.set(`${name}.deserializer`, className);
  }
  return properties;
}

interface Consumption {
  readonly flags: Flags;
  readonly settings: ReadonlyMap<string, string>;
  readonly io: Io;
  readonly format: (record: ConsumedRecord) => string;
  readonly printed: { count: number };
}

/** Where the partitions of a topic that one broker leads are read next. */
interface Reading {
  readonly topic: string;
  readonly leader: Partition["leader"];
  readonly offsets: Map<number, number>;
}

async function consume(client: Client, consumption: Consumption): Promise<void> {
  const { flags, settings, io, printed } = consumption;
  const limit = flags.whole("max-messages") ?? Number.POSITIVE_INFINITY;
  const timeoutMs = flags.whole("timeout-ms") ?? Number.POSITIVE_INFINITY;
  const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  const group = settings.get("group.id");
  let isStopping = false;
  void io.stopping.then(() => {
    isStopping = true;
  });
  const readings = await openReadings(client, consumption);
  let lastMs = Date.now();
  while (printed.count < most && !isStopping && Date.now() - lastMs < timeoutMs) {
    const maxWaitMs = Math.max(1, Math.min(MAX_WAIT_MS, timeoutMs - (Date.now() - lastMs)));
    const before = printed.count;
    if (readings.length === 0) await Promise.race([new Promise((resolve) => setTimeout(resolve, maxWaitMs)), io.stopping]);
    await Promise.all(readings.map((reading) => readOnce(client, reading, { consumption, maxWaitMs, most })));
    if (printed.count === before) continue;
    lastMs = Date.now();
    if (group === undefined) continue;
    for (const { topic, offsets } of readings) await client.commit(group, topic, offsets);
  }
}

async function openReadings(client: Client, { flags, settings }: Consumption): Promise<Reading[]> {
  const include = flags.get("include");
  const topic = flags.get("topic");
  const isWanted = topicFilter(include);
  const topics = topic !== undefined ? [topic] : (await listTopics(client.brokers)).map(({ name }) => name).filter(isWanted);
  const readings: Reading[] = [];
  for (const name of topics) {
    const partitions = await client.partitionsOf(name, true);
    const only = flags.whole("partition");
    const wanted = (partitions ?? []).filter(({ index }) => only === undefined || index === only);
    const group = settings.get("group.id");
    const committed = group === undefined ? new Map<number, number>() : await client.committed(group, name, wanted);
    for (const [leader, ofLeader] of Map.groupBy(wanted, (partition) => hostAndPort(partition.leader))) {
      const reading: Reading = { topic: name, leader: ofLeader[0]?.leader ?? { host: leader, port: 0 }, offsets: new Map() };
      for (const partition of ofLeader)
        reading.offsets.set(
          partition.index,
          committed.get(partition.index) ?? (await startOf(client, name, partition, { flags, settings })),
        );
      readings.push(reading);
    }
  }
  return readings;
}

async function startOf(
  client: Client,
  topic: string,
  partition: Partition,
  { flags, settings }: Pick<Consumption, "flags" | "settings">,
): Promise<number> {
  const offset = flags.get("offset")?.toLowerCase();
  if (offset !== undefined && /^\d+$/.test(offset)) return Number(offset);
  const isEarliest =
    offset === undefined ? flags.has("from-beginning") || settings.get("auto.offset.reset") === "earliest" : offset === "earliest";
  return client.offsetAt(topic, partition, isEarliest ? EARLIEST : LATEST);
}

async function readOnce(
  client: Client,
  reading: Reading,
  { consumption, maxWaitMs, most }: { consumption: Consumption; maxWaitMs: number; most: number },
): Promise<void> {
  const { settings, io, format, printed, flags } = consumption;
  const order = { ...reading, maxWaitMs, isCommittedOnly: settings.get("isolation.level") === "read_committed" };
  const fetched = await Promise.race([
    client.fetch(order).catch((error: unknown) => outOfRange(client, reading, error)),
    io.stopping.then(() => []),
  ]);
  for (const { partition, records, nextOffset, isLogAppendTime } of fetched) {
    for (const record of records) {
      if (printed.count >= most) return;
      try {
        io.terminal.out(format({ ...record, partition, isLogAppendTime }));
      } catch (error) {
        if (!flags.has("skip-message-on-error")) throw error;
      }
      printed.count++;
      reading.offsets.set(partition, record.offset + 1);
    }
    reading.offsets.set(partition, nextOffset);
  }
}

/** What was asked for is gone or not yet there: as a consumer whose reset policy is that of a new group. */
async function outOfRange(client: Client, { topic, leader, offsets }: Reading, error: unknown): Promise<[]> {
  if (!(error instanceof Refusal) || error.errorCode !== Errors.OFFSET_OUT_OF_RANGE) throw error;
  for (const [index, offset] of offsets) {
    const partition = { index, leader };
    const start = await client.offsetAt(topic, partition, EARLIEST);
    const end = await client.offsetAt(topic, partition, LATEST);
    if (offset < start || offset > end) offsets.set(index, end);
  }
  return [];
}
