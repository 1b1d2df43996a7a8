// `kafka-e2e-latency`: how long it takes from sending a record to reading it, one record after another. Each is acknowledged before it is
// asked for, and what comes back is compared with what was sent.

import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import type { DecodedRecord, RecordHeader } from "../../../protocol/records/record.ts";
import { createTopic, listTopics } from "../../client/admin/topics.ts";
import { Brokers } from "../../client/brokers.ts";
import { ClientError } from "../../client/client-error.ts";
import { type Consumer, FROM_LATEST, LoneConsumer, startOf } from "../../client/consumer.ts";
import { Producer } from "../../client/producer.ts";
import { present } from "../../client/refusal.ts";
import { topicLeaders } from "../../client/topic-leaders.ts";
import { accessOf } from "./client-access.ts";
import type { Settings } from "./client-settings.ts";
import { consumerOptions } from "./consumer-settings.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, Flags } from "./flags.ts";
import { javaLine, javaTrace } from "./java-error.ts";
import { producerOptions } from "./producer-settings.ts";
import { clientSettings, type Io, type Tool } from "./tool.ts";

const POSITIONAL = ["bootstrap-server", "topic", "num-records", "producer-acks", "record-size", "command-config"] as const;
const POLL_TIMEOUT_MS = 60_000;
const MAX_WAIT_MS = 500;
const REPORTED = 1000;
const LETTERS = 26;
const FIRST_LETTER = 65;

export const kafkaE2eLatency: Tool = {
  purpose: "Measure how long records take from being sent to being read.",
  flags: [
    BOOTSTRAP_SERVER,
    { name: "topic", value: "name", help: "the topic; made where it is missing" },
    { name: "num-records", value: "count", isWhole: true, help: "how many to send" },
    { name: "producer-acks", value: "acks", help: "1 or all: whose acknowledgement is waited for" },
    { name: "record-size", value: "bytes", isWhole: true, help: "of each value" },
    { name: "record-key-size", value: "bytes", isWhole: true, isValueOptional: true, help: "of each key; none by default" },
    { name: "num-headers", value: "count", isWhole: true, isValueOptional: true, help: "of each record; 0 by default" },
    { name: "record-header-key-size", value: "bytes", isWhole: true, isValueOptional: true, help: "of each header's key; 0 by default" },
    {
      name: "record-header-size",
      value: "bytes",
      isWhole: true,
      isValueOptional: true,
      help: "of each header's value; 0 by default, -1: null",
    },
    { ...COMMAND_CONFIG, isValueOptional: true },
  ],
  run: async (given, io, argv) => {
    if (argv.length === 0) throw new FlagError(kafkaE2eLatency.purpose);
    const flags = given.has("bootstrap-server") ? given : named(argv, io);
    checkFlags(flags);
    const settings = clientSettings(flags.get("command-config"));
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? "e2e-latency",
      access: accessOf(settings, "e2e-latency"),
    });
    try {
      await measure(brokers, { flags, settings, io });
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

/** Arguments in the order of older releases. */
function named(words: readonly string[], io: Io): Flags {
  if (words.length !== POSITIONAL.length && words.length !== POSITIONAL.length - 1)
    throw new FlagError(
      `Invalid number of arguments. Expected 5 or 6 positional arguments, but got ${words.length}. Usage: bootstrap-server topic num-records producer-acks record-size [optional] command-config`,
      { isTerse: true },
    );
  io.out(
    `WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: ${POSITIONAL.map((name) => `--${name}`).join(", ")}`,
  );
  return new Flags(
    kafkaE2eLatency.flags,
    words.map((word, index) => `--${POSITIONAL[index]}=${word}`),
  );
}

function checkFlags(flags: Flags): void {
  flags.need("bootstrap-server", "topic", "num-records", "producer-acks", "record-size");
  if (!["1", "all"].includes(flags.get("producer-acks") ?? ""))
    throw new FlagError(
      "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'.",
    );
  if ((flags.whole("num-records") ?? 0) <= 0) throw new FlagError("Value for --num-records must be a positive integer.");
  for (const name of ["record-size", "record-key-size", "record-header-key-size", "num-headers"])
    if ((flags.whole(name) ?? 0) < 0) throw new FlagError(`Value for --${name} must be a non-negative integer.`);
  if ((flags.whole("record-header-size") ?? 0) < -1)
    throw new FlagError("Value for --record-header-size must be a non-negative integer or -1 for null header value.");
}

interface Measurement {
  readonly flags: Flags;
  readonly settings: Settings;
  readonly io: Io;
}

async function measure(brokers: Brokers, { flags, settings, io }: Measurement): Promise<void> {
  const topic = flags.get("topic") ?? "";
  const count = flags.whole("num-records") ?? 0;
  const options = producerOptions(new Map([...settings, ["linger.ms", "0"], ["acks", flags.get("producer-acks") ?? "all"]]));
  await makeTopic(brokers, topic, io);
  const consumer = await consumerAtEnd(brokers, topic, settings);
  const failures: unknown[] = [];
  const producer = new Producer(brokers, topic, { ...options, failed: (_, error) => failures.push(error) });
  const latenciesMs = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const record = randomRecord(flags);
    const beganMs = performance.now();
    await producer.add(record);
    await producer.flush();
    if (failures.length > 0) throw failures[0];
    const read = await nextRecords(consumer);
    const tookMs = performance.now() - beganMs;
    compare(record, read);
    if (index % REPORTED === 0) io.out(`${index}\t${tookMs}`);
    latenciesMs[index] = tookMs;
  }
  const total = latenciesMs.reduce((sum, each) => sum + each, 0);
  io.out(`Avg latency: ${(total / count).toFixed(4)} ms`);
  latenciesMs.sort();
  const percentile = (share: number) => Math.floor(latenciesMs[Math.floor(count * share)] ?? 0);
  io.out(`Percentiles: 50th = ${percentile(0.5)}, 99th = ${percentile(0.99)}, 99.9th = ${percentile(0.999)}`);
}

async function makeTopic(brokers: Brokers, topic: string, io: Io): Promise<void> {
  if ((await listTopics(brokers)).some(({ name }) => name === topic)) return;
  io.out(`Topic "${topic}" does not exist. Will create topic with 1 partition(s) and replication factor = 1`);
  try {
    await createTopic(brokers, { name: topic, partitions: 1, replicationFactor: 1, configs: new Map() });
  } catch (error) {
    io.out(`Creation of topic ${topic} failed`);
    throw new ClientError(`java.util.concurrent.ExecutionException: ${javaLine(error)}`);
  }
}

async function consumerAtEnd(brokers: Brokers, topic: string, settings: Settings): Promise<Consumer> {
  const options = { ...consumerOptions(settings), offsetReset: FROM_LATEST };
  const leaders = present(await topicLeaders(brokers, topic, { isCreationAllowed: false }), topic);
  const positions = await startOf(
    brokers,
    leaders.map(({ index }) => ({ topic, partition: index })),
    options,
  );
  return new LoneConsumer(brokers, positions, options);
}

async function nextRecords(consumer: Consumer): Promise<readonly DecodedRecord[]> {
  const deadlineMs = performance.now() + POLL_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const fetched = await consumer.poll(MAX_WAIT_MS);
    for (const partition of fetched) consumer.passed(partition, partition.nextOffset);
    const records = fetched.flatMap((partition) => partition.records);
    if (records.length > 0) return records;
  }
  throw new ClientError(`poll() timed out before finding a result (timeout:[${POLL_TIMEOUT_MS}ms])`);
}

function compare(sent: NewRecord, read: readonly DecodedRecord[]): void {
  const [first] = read;
  if (first === undefined || read.length !== 1)
    throw new ClientError(`Only one result was expected during this test. We found [${read.length}]`);
  const difference = (what: string, one: Buffer | string | null | undefined, other: Buffer | string | null | undefined) => {
    const [readText, sentText] = [one, other].map((bytes) => bytes?.toString() ?? "null");
    if (readText !== sentText)
      throw new ClientError(`The message ${what} read [${readText}] did not match the message ${what} sent [${sentText}]`);
  };
  difference("value", first.value, sent.value);
  difference("key", first.key, sent.key);
  const text = (headers: readonly RecordHeader[]) => headers.map(({ key, value }) => `${key}=${value?.toString() ?? "null"}`).join(", ");
  difference("header", text(first.headers), text(sent.headers ?? []));
}

function randomRecord(flags: Flags): NewRecord {
  const sizeOf = (name: string) => flags.whole(name) ?? 0;
  const keyBytes = sizeOf("record-key-size");
  const headerBytes = sizeOf("record-header-size");
  return {
    key: keyBytes === 0 ? null : letters(keyBytes),
    value: letters(sizeOf("record-size")),
    headers: Array.from({ length: sizeOf("num-headers") }, () => ({
      key: letters(sizeOf("record-header-key-size")).toString(),
      value: headerBytes < 0 ? null : letters(headerBytes),
    })),
  };
}

/** One letter, as often as it takes. */
function letters(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, FIRST_LETTER + Math.floor(Math.random() * LETTERS));
}
