// `kafka-producer-perf-test`: sends records as fast as asked for, and says how many were acknowledged a second, and how long after they were
// sent. Latencies are in whole milliseconds, between two readings of the clock, as in Kafka's own tool.

import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { Brokers } from "../../client/brokers.ts";
import { type Delivery, Producer } from "../../client/producer.ts";
import { accessOf } from "./client-access.ts";
import { configError, type Settings } from "./client-settings.ts";
import { argparseError, FlagError, type Flags } from "./flags.ts";
import { javaLine, javaTrace } from "./java-error.ts";
import { LatencyStatistics } from "./latency-statistics.ts";
import { sendPaced } from "./paced-sending.ts";
import { countingUp, oneOf, type Payloads, piecesOf, randomLetters } from "./payloads.ts";
import { maxBlockMs, producerOptions } from "./producer-settings.ts";
import { clientSettings, type Io, type Tool } from "./tool.ts";

const NAME = "kafka-producer-perf-test";
const PAYLOADS = ["record-size", "payload-file", "payload-monotonic"] as const;
const PROPERTIES = ["command-property", "producer-props"] as const;
const FILES = ["command-config", "producer.config"] as const;
const DEFAULT_TRANSACTION_MS = 3000;
const DEFAULT_INTERVAL_MS = 5000;

export const kafkaProducerPerfTest: Tool = {
  purpose: "Measure how many records a second a topic takes, and how soon.",
  argparse: NAME,
  flags: [
    { name: "bootstrap-server", value: "host:port", help: "the broker to talk to; several with commas" },
    { name: "topic", value: "name", help: "the topic" },
    { name: "num-records", value: "count", isWhole: true, type: "Long", help: "how many to send" },
    { name: "throughput", value: "count", isWhole: true, type: "Double", help: "at most so many a second; -1: as many as can be" },
    { name: "record-size", value: "bytes", isWhole: true, help: "send random letters of this size" },
    { name: "payload-file", value: "file", help: "send what this file holds, in random order" },
    { name: "payload-delimiter", value: "regex", help: "what stands between the records of the file; a line break by default" },
    { name: "payload-monotonic", help: "send numbers that count up" },
    { name: "command-property", value: "name=value …", isList: true, help: "producer settings: acks, linger.ms, batch.size, …" },
    { name: "producer-props", value: "name=value …", isList: true, help: "the older name of --command-property" },
    { name: "command-config", value: "file", help: "a properties file of producer settings" },
    { name: "producer.config", value: "file", help: "the older name of --command-config" },
    { name: "transactional-id", value: "id", help: "send in transactions, by this id" },
    { name: "transaction-duration-ms", value: "ms", isWhole: true, type: "Long", help: "send in transactions that last so long" },
    { name: "warmup-records", value: "count", isWhole: true, type: "Long", help: "count the first records apart from the others" },
    { name: "reporting-interval", value: "ms", isWhole: true, type: "Long", help: "how often progress is printed, 5000 by default" },
    { name: "print-metrics", isRefused: true, help: "the metrics of Kafka's producer" },
  ],
  run: async (flags, io) => {
    checkFlags(flags);
    for (const [current, old] of [PROPERTIES, FILES])
      if (flags.has(old)) io.out(`Option --${old} has been deprecated and will be removed in a future version. Use --${current} instead.`);
    const settings = producerSettings(flags);
    const options = producerOptions(settings);
    const payloads = payloadsOf(flags, io);
    const servers = settings.get("bootstrap.servers");
    if (servers === undefined) throw configError('Missing required configuration "bootstrap.servers" which has no default value.');
    const brokers = new Brokers(servers, {
      clientId: settings.get("client.id") ?? "perf-producer-client",
      access: accessOf(settings, "producer-perf-test"),
    });
    try {
      await measure(brokers, { flags, settings, options, payloads, io });
    } finally {
      await brokers.close();
    }
    return 0;
  },
  failed: (error, io) => {
    io.error(javaTrace(error));
    return 1;
  },
};

function checkFlags(flags: Flags): void {
  const refuse = (sentence: string) => argparseError(NAME, sentence);
  flags.need("topic", "num-records", "throughput");
  const [first, second] = PAYLOADS.filter((name) => flags.has(name));
  if (first === undefined) throw refuse(`one of the arguments ${PAYLOADS.map((name) => `--${name}`).join(" ")} is required`);
  if (second !== undefined) throw refuse(`argument --${second}: not allowed with argument --${first}`);
  const count = flags.whole("num-records") ?? 0;
  if (count <= 0) throw refuse("--num-records should be greater than zero.");
  if ((flags.whole("warmup-records") ?? 0) >= count)
    throw refuse("The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.");
  for (const name of ["record-size", "transaction-duration-ms", "reporting-interval"])
    if ((flags.whole(name) ?? 1) <= 0) throw refuse(`--${name} should be greater than zero.`);
  if (flags.countOf(["bootstrap-server", ...PROPERTIES, ...FILES]) === 0)
    throw refuse(
      "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config must be specified.",
    );
  for (const names of [PROPERTIES, FILES])
    if (names.every((name) => flags.has(name)))
      throw refuse(`${names.map((name) => `--${name}`).join(" and ")} cannot be specified together.`);
}

/** With what the flags say in their place. */
function producerSettings(flags: Flags): Map<string, string> {
  const settings = new Map(FILES.flatMap((name) => [...clientSettings(flags.get(name))]));
  for (const text of PROPERTIES.flatMap((name) => flags.all(name))) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new FlagError(`java.lang.IllegalArgumentException: Invalid property: ${text}`, { isTerse: true });
    settings.set(name, value);
  }
  const servers = flags.get("bootstrap-server");
  if (servers !== undefined) settings.set("bootstrap.servers", servers);
  const id = flags.get("transactional-id");
  if (id !== undefined) settings.set("transactional.id", id);
  else if (flags.has("transaction-duration-ms") && !settings.has("transactional.id"))
    settings.set("transactional.id", `performance-producer-${randomUUID()}`);
  return settings;
}

function payloadsOf(flags: Flags, io: Io): Payloads {
  const sizeBytes = flags.whole("record-size");
  if (sizeBytes !== undefined) return randomLetters(sizeBytes);
  const path = flags.get("payload-file");
  if (path === undefined) return countingUp;
  io.out(`Reading payloads from: ${resolve(path)}`);
  const pieces = piecesOf(path, flags.get("payload-delimiter") ?? "\\n");
  io.out(`Number of records read: ${pieces.length}`);
  return oneOf(pieces);
}

interface PerfRecord extends NewRecord {
  readonly timestamp: number;
  readonly value: Buffer;
  readonly isWarmup: boolean;
}

interface Measurement {
  readonly flags: Flags;
  readonly settings: Settings;
  readonly options: ReturnType<typeof producerOptions>;
  readonly payloads: Payloads;
  readonly io: Io;
}

async function measure(brokers: Brokers, { flags, settings, options, payloads, io }: Measurement): Promise<void> {
  const topic = flags.get("topic") ?? "";
  const count = flags.whole("num-records") ?? 0;
  const warmupCount = Math.max(0, flags.whole("warmup-records") ?? 0);
  const statisticsOf = (expected: number, report: (line: string) => void) => {
    const reportingIntervalMs = flags.whole("reporting-interval") ?? DEFAULT_INTERVAL_MS;
    return new LatencyStatistics({ expected, beganMs: Date.now(), reportingIntervalMs, report });
  };
  let isSteadySaid = false;
  const reportSteady = (line: string) => {
    if (!isSteadySaid) io.out("In steady state.");
    isSteadySaid = true;
    io.out(line);
  };
  const failed = (records: readonly PerfRecord[], error: unknown) => {
    for (let count = records.length; count > 0; count--) io.error(javaTrace(error));
  };
  const delivered = ({ records }: Delivery<PerfRecord>) => {
    const nowMs = Date.now();
    for (const { timestamp, value, isWarmup } of records) {
      all.record(nowMs - timestamp, value.length, nowMs);
      if (!isWarmup) steady?.record(nowMs - timestamp, value.length, nowMs);
    }
  };
  const producer = new Producer<PerfRecord>(brokers, topic, { ...options, delivered, failed });
  const isTransactional = options.transaction !== undefined;
  if (isTransactional) await producer.identify();
  if (warmupCount > 0) io.out(`Warmup first ${warmupCount} records. Steady state results will print after the complete test summary.`);
  const all = statisticsOf(count, io.out);
  let steady: LatencyStatistics | undefined;
  const record = (index: number): PerfRecord => {
    if (index === warmupCount && warmupCount > 0) {
      all.stopReporting();
      steady = statisticsOf(count - warmupCount, reportSteady);
    }
    return { key: null, value: payloads(index), timestamp: Date.now(), isWarmup: index < warmupCount };
  };
  await sendPaced(producer, {
    count,
    topic,
    perSecond: Number(flags.get("throughput")),
    maxBlockMs: maxBlockMs(settings),
    isStopping: () => false,
    record,
    refused: (_, error) => io.error(javaLine(error)),
    ...(isTransactional ? { pause: committing(producer, flags.whole("transaction-duration-ms") ?? DEFAULT_TRANSACTION_MS) } : {}),
  });
  await (isTransactional ? producer.commit() : producer.flush());
  const endMs = Date.now();
  io.out(all.summary(endMs));
  if (steady !== undefined) io.out(steady.summary(endMs, " steady state"));
}

/** Ends the transaction when it has lasted long enough. */
function committing(producer: Producer<PerfRecord>, durationMs: number): () => Promise<void> | undefined {
  let beganMs = Date.now();
  return () => {
    if (Date.now() - beganMs < durationMs) return undefined;
    return producer.commit().then(() => {
      beganMs = Date.now();
    });
  };
}
