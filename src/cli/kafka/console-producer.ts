// `kafka-console-producer`: each line of stdin is a record, with headers and a key before the value where the reader is told so. What could not
// be sent is logged and ends nothing, unless each record is waited for (`--sync`).

import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { Brokers } from "../../client/brokers.ts";
import { ClientError, Disconnected, NotLetIn } from "../../client/client-error.ts";
import { Producer } from "../../client/producer.ts";
import { CommandError } from "../command-error.ts";
import { accessOf } from "./client-access.ts";
import { addProperty, refuseBoth, settingsOf } from "./client-settings.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaTrace } from "./java-error.ts";
import { LineReader } from "./line-reader.ts";
import { consoleProducerOptions, maxBlockMs } from "./producer-settings.ts";
import { type Io, parseProperties, readTextFile, type Tool } from "./tool.ts";

const LINE_READER = "org.apache.kafka.tools.LineMessageReader";
const RENAMED = [
  { current: "command-property", old: "producer-property" },
  { current: "reader-property", old: "property" },
  { current: "command-config", old: "producer.config" },
] as const;

export const kafkaConsoleProducer: Tool = {
  purpose: "Send each line of stdin as a record.",
  flags: [
    BOOTSTRAP_SERVER,
    { name: "broker-list", value: "host:port", help: "the same" },
    COMMAND_CONFIG,
    { name: "topic", value: "name", help: "the topic" },
    { name: "reader-property", value: "name=value", help: "parse.key, key.separator, parse.headers, headers.*, null.marker, ignore.error" },
    { name: "property", value: "name=value", help: "the older name of --reader-property" },
    { name: "reader-config", value: "file", help: "a file of reader properties" },
    {
      name: "compression-codec",
      value: "codec",
      isValueOptional: true,
      help: "none, gzip (default with the flag alone), snappy, lz4 or zstd",
    },
    { name: "command-property", value: "name=value", help: "a producer setting: acks, enable.idempotence, linger.ms, batch.size, …" },
    { name: "producer-property", value: "name=value", help: "the older name of --command-property" },
    { name: "producer.config", value: "file", help: "the older name of --command-config" },
    { name: "sync", help: "wait for each record; one that cannot be sent ends the command" },
    { name: "request-required-acks", value: "acks", help: "all (default), -1, 0 or 1: whose acknowledgement is waited for" },
    { name: "line-reader", value: "class", help: `${LINE_READER}, the only one there is here` },
    { name: "batch-size", value: "bytes", isWhole: true, help: "of a batch of one partition, 16384 by default" },
    { name: "timeout", value: "ms", isWhole: true, help: "how long records are gathered, 1000 by default" },
    { name: "message-send-max-retries", value: "count", isWhole: true, help: "how often a batch is sent again, 3 by default" },
    { name: "retry-backoff-ms", value: "ms", isWhole: true, help: "how long to wait before that, 100 by default" },
    { name: "request-timeout-ms", value: "ms", isWhole: true, help: "how long an answer is waited for, 1500 by default" },
    { name: "max-memory-bytes", value: "bytes", isWhole: true, help: "what may wait to be sent, 33554432 by default" },
    { name: "max-partition-memory-bytes", value: "bytes", isWhole: true, help: "the older name of --batch-size" },
    ...["max-block-ms", "metadata-expiry-ms", "socket-buffer-size"].map((name) => ({
      name,
      value: "number",
      isWhole: true,
      help: "accepted without effect: there is nothing here that it would change",
    })),
  ],
  run: async (flags, io) => {
    flags.need("topic");
    const servers = flags.get("bootstrap-server") ?? flags.get("broker-list");
    if (servers === undefined) throw new FlagError("Error while validating the bootstrap address");
    refuseBoth(flags, RENAMED, { io, what: "Warning:" });
    const lineReader = flags.get("line-reader");
    if (lineReader !== undefined && lineReader !== LINE_READER)
      throw new FlagError(`java.lang.ClassNotFoundException: ${lineReader}`, { isTerse: true });
    const reader = new LineReader(readerProperties(flags));
    const settings = settingsOf(flags, {
      files: ["command-config", "producer.config"],
      properties: ["command-property", "producer-property"],
    });
    const topic = flags.get("topic") ?? "";
    const isSync = flags.has("sync");
    const failures: unknown[] = [];
    const failed = (records: readonly NewRecord[], error: unknown) => {
      if (isSync) failures.push(error);
      else for (const record of records) logFailure(io, { topic, record, error });
    };
    const options = { ...consoleProducerOptions(flags, settings), failed };
    maxBlockMs(settings);
    if (!servers.split(",").every((server) => /:\d+$/.test(server.trim())))
      throw new FlagError("Please provide valid host:port like host1:9091,host2:9092");
    const brokers = new Brokers(servers, {
      clientId: settings.get("client.id") ?? "console-producer",
      access: accessOf(settings, "console-producer"),
    });
    try {
      // Who is not let in hears it of each record.
      await brokers.any().catch((error: unknown) => {
        if (!(error instanceof NotLetIn)) throw error;
      });
      const producer = new Producer(brokers, topic, options);
      try {
        await sendLines(reader, io, (record) => (isSync ? sendSynchronously(producer, record, failures) : send(producer, record, failed)));
      } finally {
        await producer.flush();
      }
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

function readerProperties(flags: Flags): Map<string, string> {
  const file = flags.get("reader-config");
  const properties = new Map(file === undefined ? [] : parseProperties(readTextFile(file)));
  for (const text of [...flags.all("property"), ...flags.all("reader-property")]) addProperty(properties, text);
  return properties;
}

async function send(producer: Producer, record: NewRecord, failed: (records: readonly NewRecord[], error: unknown) => void): Promise<void> {
  try {
    await producer.add(record);
  } catch (error) {
    if (!(error instanceof ClientError) || error instanceof Disconnected) throw error;
    failed([record], error);
  }
}

async function sendSynchronously(producer: Producer, record: NewRecord, failures: readonly unknown[]): Promise<void> {
  await producer.add(record);
  await producer.flush();
  if (failures.length > 0) throw failures[0];
}

function logFailure(
  io: Io,
  { topic, record: { key, value }, error }: { readonly topic: string; readonly record: NewRecord; readonly error: unknown },
): void {
  const size = (bytes: Buffer | null) => (bytes === null ? "null" : `${bytes.length} bytes`);
  io.logError(
    new CommandError(
      `Error when sending message to topic ${topic} with key: ${size(key)}, value: ${size(value)} with error: ${javaTrace(error)}`,
    ),
  );
}

async function sendLines(reader: LineReader, { terminal }: Io, sendRecord: (record: NewRecord) => Promise<void>): Promise<void> {
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input: terminal.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const prompt = () => (terminal.isTyped ? terminal.out(">") : undefined);
  prompt();
  for await (const line of lines) {
    await sendRecord(reader.read(line));
    prompt();
  }
}
