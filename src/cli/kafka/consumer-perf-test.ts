// `kafka-consumer-perf-test`: reads topics as a member of a group as fast as it can, and says how much that was a second, apart from the time
// that the group took to share out partitions.

import { Brokers } from "../../client/brokers.ts";
import { Disconnected } from "../../client/client-error.ts";
import { GroupConsumer } from "../../client/consumer.ts";
import type { FetchedPartition } from "../../client/partition-fetch.ts";
import { accessOf } from "./client-access.ts";
import { type Settings, sentenceFirst, settingsOf } from "./client-settings.ts";
import { groupOptions, maxPollRecords } from "./consumer-settings.ts";
import { type DateFormat, dateFormat } from "./date-format.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaTrace } from "./java-error.ts";
import { pollsOf } from "./polls.ts";
import type { Io, Tool } from "./tool.ts";
import { subscription } from "./topic-filter.ts";

const MEGABYTE = 1024 * 1024;
const MAX_WAIT_MS = 100;
const RETRY_MS = 100;
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_INTERVAL_MS = 5000;
const DEFAULT_DATE_FORMAT = "yyyy-MM-dd HH:mm:ss:SSS";
const COLUMNS =
  "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

export const kafkaConsumerPerfTest: Tool = {
  purpose: "Measure how many records a second can be read of topics.",
  flags: [
    BOOTSTRAP_SERVER,
    { name: "topic", value: "name", help: "the topic" },
    { name: "include", value: "regex", help: "the topics whose names match" },
    { name: "num-records", value: "count", isWhole: true, help: "how many to read" },
    { name: "messages", value: "count", isWhole: true, help: "the older name of --num-records" },
    { name: "group", value: "id", help: "the group to read as; one of its own by default" },
    { name: "from-latest", help: "begin with the newest record where nothing is known of the group" },
    { name: "fetch-size", value: "bytes", isWhole: true, help: "read of one partition at a time, 1048576 by default" },
    { name: "timeout", value: "ms", isValueOptional: true, isWhole: true, help: "end when no record comes for so long, 10000 by default" },
    { name: "show-detailed-stats", help: "print how far it has come from time to time" },
    { name: "reporting-interval", value: "ms", isWhole: true, help: "how often, 5000 by default" },
    { name: "hide-header", help: "print no names of columns" },
    { name: "date-format", value: "format", help: `of times, as of Java's SimpleDateFormat; ${DEFAULT_DATE_FORMAT} by default` },
    COMMAND_CONFIG,
    { name: "consumer.config", value: "file", help: "the older name of --command-config" },
    { name: "command-property", value: "name=value", help: "a consumer setting" },
    { name: "socket-buffer-size", value: "bytes", isWhole: true, help: "accepted without effect: the system chooses" },
    { name: "print-metrics", isRefused: true, help: "the metrics of Kafka's consumer" },
  ],
  run: async (flags, io) => {
    checkFlags(flags);
    if (flags.has("messages")) io.out("Warning: --messages is deprecated. Use --num-records instead.");
    const isDetailed = flags.has("show-detailed-stats");
    if (!flags.has("hide-header")) io.out(`${isDetailed ? "time, threadId" : "start.time, end.time"}, ${COLUMNS}`);
    const reportingIntervalMs = flags.whole("reporting-interval") ?? DEFAULT_INTERVAL_MS;
    if (reportingIntervalMs <= 0) throw new FlagError("Reporting interval must be greater than 0.", { isTerse: true });
    const format = dateFormat(flags.get("date-format") ?? DEFAULT_DATE_FORMAT);
    const settings = consumerSettings(flags);
    const brokers = new Brokers(flags.get("bootstrap-server") ?? "", {
      clientId: settings.get("client.id") ?? "perf-consumer-client",
      access: accessOf(settings, "consumer-perf-test"),
    });
    try {
      const report = isDetailed ? { reportingIntervalMs, print: (line: string) => io.out(line) } : undefined;
      const reading = new Reading(format, report);
      await read(brokers, { flags, settings, reading, io });
      if (!isDetailed) io.out(reading.summary(Date.now()));
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
  flags.need("bootstrap-server");
  for (const names of [
    ["topic", "include"],
    ["messages", "num-records"],
  ])
    if (flags.countOf(names) !== 1)
      throw new FlagError(`Exactly one of the following arguments is required: ${names.map((name) => `[${name}]`).join(", ")}`);
  flags.refuseWith("command-config", ["consumer.config"]);
}

/** With what the flags say in their place. */
function consumerSettings(flags: Flags): Settings {
  const settings = settingsOf(flags, { files: ["consumer.config", "command-config"], properties: ["command-property"] });
  settings.set("group.id", flags.get("group") ?? `perf-consumer-${Math.floor(Math.random() * 100_000)}`);
  settings.set("auto.offset.reset", flags.has("from-latest") ? "latest" : "earliest");
  settings.set("max.partition.fetch.bytes", flags.get("fetch-size") ?? "1048576");
  return settings;
}

interface ReadingTask {
  readonly flags: Flags;
  readonly settings: Settings;
  readonly reading: Reading;
  readonly io: Io;
}

/** Until there are enough, or none came for long. A broker that is away is one of which none come. */
async function read(brokers: Brokers, { flags, settings, reading, io }: ReadingTask): Promise<void> {
  const limit = flags.whole("num-records") ?? flags.whole("messages") ?? 0;
  const timeoutMs = flags.whole("timeout") ?? DEFAULT_TIMEOUT_MS;
  const topics = { topic: flags.get("topic"), include: flags.get("include") };
  const isCreationAllowed = settings.get("allow.auto.create.topics") !== "false";
  const consumer = new GroupConsumer(brokers, {
    ...sentenceFirst(() => groupOptions(settings)),
    wantedTopics: subscription(brokers, { ...topics, isCreationAllowed }),
    assigned: () => reading.rebalanced(Date.now()),
    revoked: () => reading.rebalancing(Date.now()),
  });
  try {
    let lastMs = Date.now();
    while (reading.count < limit && Date.now() - lastMs <= timeoutMs) {
      const fetched = await consumer.poll(MAX_WAIT_MS).catch(unlessAway);
      for (const poll of pollsOf(fetched, maxPollRecords(settings))) {
        lastMs = Date.now();
        for (const partition of poll) {
          reading.take(partition, lastMs);
          consumer.passed(partition, partition.nextOffset);
        }
        if (reading.count >= limit) break;
      }
    }
  } finally {
    await consumer.close();
  }
  if (reading.count < limit)
    io.out(
      `WARNING: Exiting before consuming the expected number of records: timeout (${timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
    );
}

async function unlessAway(error: unknown): Promise<readonly FetchedPartition[]> {
  if (!(error instanceof Disconnected)) throw error;
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  return [];
}

interface Report {
  readonly reportingIntervalMs: number;
  readonly print: (line: string) => void;
}

/** What was read, how fast, and how long the group took to give it partitions. */
class Reading {
  readonly #format: DateFormat;
  readonly #report: Report | undefined;
  readonly #beganMs = Date.now();
  #bytes = 0;
  #joiningSinceMs: number | undefined = this.#beganMs;
  #joinedMs = 0;
  /** Since the last report. */
  #last = { ms: this.#beganMs, count: 0, bytes: 0, joinedMs: 0 };
  count = 0;

  constructor(format: DateFormat, report: Report | undefined) {
    this.#format = format;
    this.#report = report;
  }

  rebalancing(nowMs: number): void {
    this.#joiningSinceMs = nowMs;
  }

  rebalanced(nowMs: number): void {
    if (this.#joiningSinceMs !== undefined) this.#joinedMs += nowMs - this.#joiningSinceMs;
    this.#joiningSinceMs = undefined;
  }

  take({ records }: FetchedPartition, nowMs: number): void {
    for (const { key, value } of records) {
      this.count++;
      this.#bytes += (key?.length ?? 0) + (value?.length ?? 0);
      if (this.#report !== undefined && nowMs - this.#last.ms >= this.#report.reportingIntervalMs)
        this.#report.print(this.#progress(nowMs));
    }
  }

  summary(nowMs: number): string {
    const rates = this.#rates({ ms: this.#beganMs, count: 0, bytes: 0, joinedMs: 0 }, nowMs);
    return `${this.#format(new Date(this.#beganMs))}, ${this.#format(new Date(nowMs))}, ${rates}`;
  }

  #progress(nowMs: number): string {
    const rates = this.#rates(this.#last, nowMs);
    this.#last = { ms: nowMs, count: this.count, bytes: this.#bytes, joinedMs: this.#joinedMs };
    return `${this.#format(new Date(nowMs))}, 0, ${rates}`;
  }

  /** All that was read, and what it is a second since then. */
  #rates(since: { readonly ms: number; readonly count: number; readonly bytes: number; readonly joinedMs: number }, nowMs: number): string {
    const count = this.count - since.count;
    const megabytes = (this.#bytes - since.bytes) / MEGABYTE;
    const joinedMs = this.#joinedMs - since.joinedMs;
    const fetchMs = nowMs - since.ms - joinedMs;
    const rate = (amount: number, ms: number) => ((1000 * amount) / ms).toFixed(4);
    return [
      (this.#bytes / MEGABYTE).toFixed(4),
      rate(megabytes, nowMs - since.ms),
      this.count,
      rate(count, nowMs - since.ms),
      joinedMs,
      fetchMs,
      rate(megabytes, fetchMs),
      rate(count, fetchMs),
    ].join(", ");
  }
}
