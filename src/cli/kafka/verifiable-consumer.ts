// `kafka-verifiable-consumer`: a member of a group that prints what becomes of it: the partitions that it is given and gives up, what it
// reads of them, how far it has told the group that it came.

import { Brokers } from "../../client/brokers.ts";
import { ClientError } from "../../client/client-error.ts";
import { type Consumer, GroupConsumer } from "../../client/consumer.ts";
import type { FetchedPartition, Position } from "../../client/partition-fetch.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { accessOf } from "./client-access.ts";
import { groupOptions, maxPollRecords } from "./consumer-settings.ts";
import { argparseError, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, javaTrace } from "./java-error.ts";
import { pollsOf } from "./polls.ts";
import type { Io, Tool } from "./tool.ts";
import { subscription } from "./topic-filter.ts";
import { eventPrinter, fileSettings, type Print, stopWatch } from "./verifiable-events.ts";

const NAME = "verifiable-consumer";
const MAX_WAIT_MS = 500;
const RANGE_ASSIGNOR = "org.apache.kafka.clients.consumer.RangeAssignor";

export const kafkaVerifiableConsumer: Tool = {
  purpose: "Read a topic as a member of a group, and print all that happens.",
  argparse: NAME,
  flags: [
    BOOTSTRAP_SERVER,
    { name: "topic", value: "name", help: "the topic" },
    { name: "group-id", value: "id", help: "the group" },
    { name: "group-instance-id", value: "id", help: "the name of this member where it is a static one" },
    { name: "group-protocol", value: "protocol", help: "classic (default) or consumer" },
    { name: "group-remote-assignor", value: "name", help: "the coordinator's assignor, where the protocol is consumer" },
    { name: "max-messages", value: "count", isWhole: true, help: "how many to read; -1, the default: until it is stopped" },
    { name: "session-timeout", value: "ms", isWhole: true, help: "after it a member that is silent is out" },
    { name: "verbose", help: "print each record" },
    { name: "enable-autocommit", help: "store how far it came from time to time, instead of after each poll" },
    {
      name: "reset-policy",
      value: "policy",
      help: "earliest (default), latest or none: where to begin where nothing is known of the group",
    },
    {
      name: "assignment-strategy",
      value: "class",
      help: "where the protocol is classic: Kafka's RangeAssignor (default), RoundRobinAssignor or CooperativeStickyAssignor",
    },
    COMMAND_CONFIG,
    { name: "consumer.config", value: "file", help: "the older name of --command-config" },
  ],
  run: async (flags, io) => {
    flags.need("topic", "group-id");
    if (!flags.has("bootstrap-server")) throw argparseError(NAME, "one of the arguments --bootstrap-server is required");
    const settings = consumerSettings(flags);
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? "verifiable-consumer",
      access: accessOf(settings, "verifiable-consumer"),
    });
    const print = eventPrinter(io);
    const topic = flags.get("topic");
    const consumer = new GroupConsumer(brokers, {
      ...groupOptions(settings),
      wantedTopics: subscription(brokers, { topic, include: undefined, isCreationAllowed: true }),
      assigned: (partitions) => print("partitions_assigned", { partitions: partitions.map(named) }),
      revoked: (partitions) => print("partitions_revoked", { partitions: partitions.map(named) }),
    });
    print("startup_complete");
    try {
      await consume(consumer, { flags, io, print, pollRecords: maxPollRecords(settings) });
      return 0;
    } finally {
      await brokers.close();
    }
  },
  failed: (error, io) => {
    io.error(javaTrace(error));
    return 1;
  },
};

/** With what the flags say in their place. Raises FlagError. */
function consumerSettings(flags: Flags): ReadonlyMap<string, string> {
  const settings = fileSettings(flags, NAME);
  const protocol = flags.get("group-protocol") ?? "classic";
  if (!/^(classic|consumer)$/i.test(protocol))
    throw new FlagError(
      `java.lang.IllegalArgumentException: No enum constant org.apache.kafka.clients.consumer.GroupProtocol.${protocol.toUpperCase()}`,
      { isTerse: true },
    );
  settings.set("group.protocol", protocol.toLowerCase());
  settings.set("group.id", flags.get("group-id") ?? "");
  settings.set("enable.auto.commit", `${flags.has("enable-autocommit")}`);
  settings.set("auto.offset.reset", flags.get("reset-policy") ?? "earliest");
  if (protocol.toLowerCase() === "classic")
    settings.set("partition.assignment.strategy", flags.get("assignment-strategy") ?? RANGE_ASSIGNOR);
  else settings.delete("partition.assignment.strategy");
  const remoteAssignor = flags.get("group-remote-assignor");
  if (remoteAssignor !== undefined && protocol.toLowerCase() === "consumer") settings.set("group.remote.assignor", remoteAssignor);
  const instanceId = flags.get("group-instance-id");
  if (instanceId !== undefined) settings.set("group.instance.id", instanceId);
  const sessionTimeout = flags.get("session-timeout");
  if (sessionTimeout !== undefined) settings.set("session.timeout.ms", sessionTimeout);
  return settings;
}

interface Consumption {
  readonly flags: Flags;
  readonly io: Io;
  readonly print: Print;
  readonly pollRecords: number;
}

/** What cannot be read ends Kafka's tool well, with an entry in its log. */
async function consume(consumer: GroupConsumer, { flags, io, print, pollRecords }: Consumption): Promise<void> {
  const limit = flags.whole("max-messages") ?? -1;
  const stopped = Promise.withResolvers<FetchedPartition[]>();
  const isStopping = stopWatch(io.stopping, () => {
    print("shutdown_requested");
    stopped.resolve([]);
  });
  let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  try {
    while (left > 0 && !isStopping()) {
      for (const poll of pollsOf(await Promise.race([consumer.poll(MAX_WAIT_MS), stopped.promise]), pollRecords)) {
        if (left <= 0 || isStopping()) break;
        const taken = take(poll, left, { consumer, print, isVerbose: flags.has("verbose") });
        left -= taken.reduce((sum, { records }) => sum + records.length, 0);
        if (!flags.has("enable-autocommit")) await commit(consumer, taken, print);
        await io.terminal.drained();
      }
    }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    io.logError(error);
  } finally {
    await consumer.close();
    print("shutdown_complete");
    // Kafka's tool hears of its own end.
    if (!isStopping()) print("shutdown_requested");
  }
}

interface Taking {
  readonly consumer: Consumer;
  readonly print: Print;
  readonly isVerbose: boolean;
}

/** Gives what was read of each partition, up to the limit. */
function take(poll: readonly FetchedPartition[], limit: number, { consumer, print, isVerbose }: Taking): FetchedPartition[] {
  let left = limit;
  const taken = poll.flatMap((fetched) => {
    const records = fetched.records.slice(0, left);
    left -= records.length;
    const last = records.at(-1);
    const nextOffset = records.length < fetched.records.length && last !== undefined ? last.offset + 1 : fetched.nextOffset;
    if (left > 0 || last !== undefined) consumer.passed(fetched, nextOffset);
    return last === undefined ? [] : [{ ...fetched, records, nextOffset }];
  });
  if (isVerbose) for (const partition of taken) printRecords(partition, print);
  const partitions = taken.map(({ topic, partition, records }) => ({
    topic,
    partition,
    count: records.length,
    minOffset: records[0]?.offset,
    maxOffset: records.at(-1)?.offset,
  }));
  const count = poll.reduce((sum, { records }) => sum + records.length, 0);
  if (count > 0) print("records_consumed", { count, partitions });
  return taken;
}

function printRecords({ topic, partition, records }: FetchedPartition, print: Print): void {
  for (const { key, value, offset } of records)
    print("record_data", { key: key?.toString() ?? null, value: value?.toString() ?? null, topic, partition, offset });
}

async function commit(consumer: GroupConsumer, taken: readonly FetchedPartition[], print: Print): Promise<void> {
  const positions = taken.map(({ topic, partition, nextOffset }): Position => ({ topic, partition, offset: nextOffset }));
  if (positions.length === 0) return;
  const offsets = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  try {
    const isTaken = await consumer.commit(positions);
    print("offsets_committed", isTaken ? { offsets, success: true } : { offsets, error: "the group rebalances", success: false });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    print("offsets_committed", { offsets, error: javaLine(error), success: false });
  }
}

function named({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
