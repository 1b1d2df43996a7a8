// `kafka-verifiable-producer`: sends numbers that count up, and prints for each whether, and at which offset, the topic has it.

import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { Brokers } from "../../client/brokers.ts";
import { type Delivery, Producer } from "../../client/producer.ts";
import { accessOf } from "./client-access.ts";
import { argparseError, BOOTSTRAP_SERVER, COMMAND_CONFIG, type Flags } from "./flags.ts";
import { javaClassOf, javaTrace, sentenceOf } from "./java-error.ts";
import { sendPaced } from "./paced-sending.ts";
import { maxBlockMs, producerOptions } from "./producer-settings.ts";
import type { Io, Tool } from "./tool.ts";
import { eventPrinter, fileSettings, type Print, stopWatch } from "./verifiable-events.ts";

const NAME = "verifiable-producer";
const ACKS = ["0", "1", "-1"];

export const kafkaVerifiableProducer: Tool = {
  purpose: "Send numbers that count up, and print what became of each.",
  argparse: NAME,
  flags: [
    BOOTSTRAP_SERVER,
    { name: "topic", value: "name", help: "the topic" },
    { name: "max-messages", value: "count", isWhole: true, help: "how many to send; -1, the default: until it is stopped" },
    { name: "throughput", value: "count", isWhole: true, help: "at most so many a second; -1, the default: as many as can be" },
    { name: "acks", value: "acks", isWhole: true, help: "-1 (default), 0 or 1: whose acknowledgement is waited for" },
    {
      name: "message-create-time",
      value: "ms",
      isWhole: true,
      type: "Long",
      help: "the timestamp of the first record, from which they go on",
    },
    { name: "value-prefix", value: "number", isWhole: true, help: "stands before each value, with a dot" },
    { name: "repeating-keys", value: "count", isWhole: true, help: "give records keys that count from 0 up to this, again and again" },
    COMMAND_CONFIG,
    { name: "producer.config", value: "file", help: "the older name of --command-config" },
  ],
  run: async (flags, io) => {
    checkFlags(flags);
    const settings = fileSettings(flags, NAME);
    settings.set("acks", flags.get("acks") ?? "-1");
    // What is not acknowledged is to be seen.
    settings.set("retries", "0");
    const options = producerOptions(settings);
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? "producer-1",
      access: accessOf(settings, "verifiable-producer"),
    });
    try {
      await send(brokers, { flags, io, options, maxBlockMs: maxBlockMs(settings) });
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

function checkFlags(flags: Flags): void {
  flags.need("topic");
  if (!flags.has("bootstrap-server")) throw argparseError(NAME, "one of the arguments --bootstrap-server is required");
  const acks = flags.get("acks");
  if (acks !== undefined && !ACKS.includes(acks))
    throw argparseError(NAME, `argument --acks: invalid choice: '${acks}' (choose from {${ACKS.join(",")}})`);
}

interface Task {
  readonly flags: Flags;
  readonly io: Io;
  readonly options: ReturnType<typeof producerOptions>;
  readonly maxBlockMs: number;
}

async function send(brokers: Brokers, { flags, io, options, maxBlockMs }: Task): Promise<void> {
  const print = eventPrinter(io);
  const topic = flags.get("topic") ?? "";
  const perSecond = flags.whole("throughput") ?? -1;
  const limit = flags.whole("max-messages") ?? -1;
  const beganMs = Date.now();
  let acked = 0;
  const delivered = ({ partition, baseOffset, records }: Delivery<NewRecord>) => {
    acked += records.length;
    for (const [index, record] of records.entries()) {
      const offset = baseOffset < 0 ? baseOffset : baseOffset + index;
      print("producer_send_success", { ...textOf(record), offset, topic, partition });
    }
  };
  const failed = (records: readonly NewRecord[], error: unknown) => {
    for (const record of records) printFailure(print, { topic, record, error });
  };
  print("startup_complete");
  const producer = new Producer(brokers, topic, { ...options, delivered, failed });
  const sent = await sendPaced(producer, {
    count: limit < 0 ? Number.POSITIVE_INFINITY : limit,
    topic,
    perSecond,
    maxBlockMs,
    isStopping: stopWatch(io.stopping),
    record: recordMaker(flags, beganMs),
    refused: (record, error) => failed([record], error),
    pause: () => io.terminal.drained(),
  });
  await producer.flush();
  print("shutdown_complete");
  const perSecondReached = (1000 * acked) / (Date.now() - beganMs);
  print("tool_data", { sent, acked, target_throughput: perSecond, avg_throughput: perSecondReached });
}

function recordMaker(flags: Flags, beganMs: number): (index: number) => NewRecord {
  const prefix = flags.get("value-prefix");
  const keyCount = flags.whole("repeating-keys");
  const createMs = flags.whole("message-create-time") ?? -1;
  return (index) => {
    const nowMs = Date.now();
    const number = keyCount === undefined ? undefined : keyCount > 0 ? index % keyCount : index;
    return {
      key: number === undefined ? null : Buffer.from(`${number}`),
      value: Buffer.from(prefix === undefined ? `${index}` : `${prefix}.${index}`),
      timestamp: createMs < 0 ? nowMs : createMs + nowMs - beganMs,
    };
  };
}

function printFailure(
  print: Print,
  { topic, record, error }: { readonly topic: string; readonly record: NewRecord; readonly error: unknown },
): void {
  const exception = `class ${javaClassOf(error) ?? "org.apache.kafka.common.KafkaException"}`;
  print("producer_send_error", { topic, ...textOf(record), exception, message: sentenceOf(error) });
}

function textOf({ key, value }: NewRecord): { readonly key: string | null; readonly value: string | null } {
  return { key: key?.toString() ?? null, value: value?.toString() ?? null };
}
