// What is left of a log over time: the same batches go to both brokers, and what retention and compaction leave of them must be equal,
// batch by batch and record by record, as must be the segments, where there are any. Kafka's dump-log reads every file that Odradek leaves.
//
// The cleaner runs when a scenario lets it, by min.cleanable.dirty.ratio, so that both brokers do the same number of passes.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import type { NewRecord } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { type BrokerName, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { askDatabase } from "./diskless-storage.ts";
import { runTool } from "./java-tools.ts";
import { LogClient, type Producer } from "./log-client.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(19792), odradek: port(19892) };
const SETTINGS = {
  "log.cleaner.backoff.ms": "100",
  "log.retention.check.interval.ms": "300",
  "log.initial.task.delay.ms": "300",
  "log.segment.delete.delay.ms": "100",
  // Rows that are put together, at some time or other, would be other segments in the eyes of the cleaner.
  "diskless.upkeep.interval.ms": `${24 * 3_600_000}`,
};
const EPOCH_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const NEVER = "1";
const ALWAYS = "0";

interface Bench {
  readonly broker: RunningBroker;
  readonly client: LogClient;
}

async function onFreshBroker(name: BrokerName, use: (bench: Bench) => Promise<Observation>): Promise<Observation> {
  const dataFolder = folderOf(name);
  rmSync(dataFolder, { recursive: true, force: true });
  const broker = await startBroker(name, { port: PORTS[name], dataFolder, settings: SETTINGS });
  const client = await LogClient.connect(broker.bootstrap);
  try {
    return await use({ broker, client });
  } finally {
    client.close();
    await broker.stop();
  }
}

function folderOf(name: BrokerName): string {
  return join(CACHE, "data", `retention-${name}`);
}

function partitionFolder({ broker }: Bench, topic: string): string {
  return join(broker.dataFolder, `${topic}-0`);
}

/** Base offsets of the segments; `null` where a log has none. */
function segmentsOf(bench: Bench, topic: string): number[] | null {
  if (bench.broker.isDiskless) return null;
  const names = readdirSync(partitionFolder(bench, topic)).filter((name) => name.endsWith(".log"));
  return names.map((name) => Number.parseInt(name, 10)).sort((one, other) => one - other);
}

async function compactedUntil({ broker, client }: Bench, topic: string): Promise<number> {
  if (broker.isDiskless) {
    const ofTopic = `topic_id = '${await client.topicId(topic)}' AND partition = 0`;
    const query = `SELECT coalesce(max(compacted_until), -1) FROM odradek.segment JOIN odradek.log USING (log_id) WHERE ${ofTopic}`;
    return Number(await askDatabase(broker.dataFolder, query));
  }
  const path = join(broker.dataFolder, "cleaner-offset-checkpoint");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return Number(new RegExp(`^${topic} 0 (\\d+)$`, "m").exec(text)?.[1] ?? -1);
}

/** Lets the cleaner pass once over everything but the active segment. */
async function compactOnce(bench: Bench, topic: string): Promise<void> {
  const before = await compactedUntil(bench, topic);
  await bench.client.configure(topic, { "min.cleanable.dirty.ratio": ALWAYS });
  await waitFor(
    "compaction",
    () => compactedUntil(bench, topic),
    (offset) => (bench.broker.isDiskless ? offset > before : offset === segmentsOf(bench, topic)?.at(-1)),
  );
  await bench.client.configure(topic, { "min.cleanable.dirty.ratio": NEVER });
}

/** Until nothing has changed for some checks of retention. */
async function atRest(bench: Bench, topics: readonly string[]): Promise<void> {
  const stateOf = async (topic: string) => [await bench.client.range(topic), segmentsOf(bench, topic), await compactedUntil(bench, topic)];
  let since = performance.now();
  let last = "";
  await waitFor(
    "rest",
    async () => {
      const states: unknown[] = [];
      for (const topic of topics) states.push(await stateOf(topic));
      return JSON.stringify(states);
    },
    (state) => {
      if (state !== last) since = performance.now();
      last = state;
      return performance.now() - since > 3000;
    },
  );
}

async function observed(bench: Bench, topic: string, epochMs = EPOCH_MS): Promise<Observation> {
  return { log: await bench.client.stored(topic, epochMs), segments: segmentsOf(bench, topic) };
}

function record(key: string, value: string | null, timestamp: number): NewRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp,
    headers: value === null ? [{ key: "reason", value: null }] : [],
  };
}

const FILLER = "0123456789abcdef".repeat(128);
const CODECS = [Compression.NONE, Compression.GZIP, Compression.SNAPPY, Compression.LZ4, Compression.ZSTD];

/** Over two segments of one MiB: plain and idempotent batches of every codec, deletions, transactions that end either way. */
async function writeRound(bench: Bench, topic: string, producers: readonly Producer[], round: number): Promise<void> {
  const { client } = bench;
  const [idempotent, committing, aborting] = producers;
  if (idempotent === undefined || committing === undefined || aborting === undefined) throw new Error("three producers are needed");
  const startMs = EPOCH_MS + round * 10 * HOUR_MS;
  for (let index = 0; index < 24; index++) {
    const timestamp = startMs + index * 1000;
    const big = Array.from({ length: 30 }, (_, each) =>
      record(`big ${(index * 30 + each) % 100}`, `${round} ${index} ${FILLER}`, timestamp + each),
    );
    await client.send(topic, big);
    const small = [
      record(`small ${index % 7}`, `${round} ${index}`, timestamp),
      record(`gone ${index % 5}`, index % 2 === round % 2 ? null : `${round} ${index}`, timestamp - 5000),
      record(`once ${round} ${index}`, "", timestamp + 7),
    ];
    await client.send(
      topic,
      small,
      { compression: CODECS[index % CODECS.length] ?? Compression.NONE },
      index % 3 === 0 ? idempotent : undefined,
    );
    if (index % 4 !== 1) continue;
    for (const producer of [committing, aborting]) await client.addToTransaction(topic, producer);
    await client.send(topic, [record("both", `committing ${round} ${index}`, timestamp)], {}, committing);
    await client.send(
      topic,
      [record("both", `aborting ${round} ${index}`, timestamp), record(`gone ${index % 5}`, null, timestamp)],
      {},
      aborting,
    );
    await client.endTransaction(topic, aborting, index % 8 === 1);
    await client.send(topic, [record(`small ${index % 7}`, "between", timestamp)]);
    await client.endTransaction(topic, committing, index % 16 !== 1);
  }
  // The first record of the next segment.
  await client.send(topic, [record("next", `${round}`, startMs + 5 * HOUR_MS)]);
}

const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.bytes": "1048576",
  "segment.ms": `${2 * HOUR_MS}`,
  "min.cleanable.dirty.ratio": NEVER,
  "delete.retention.ms": "1",
  "file.delete.delay.ms": "100",
};

const withoutSegments = (observed: Observation): Observation =>
  JSON.parse(JSON.stringify(observed, (name, value) => (name === "segments" ? null : value)));

function compareLeft(title: string, use: (bench: Bench) => Promise<Observation>): void {
  compare(title, ({ name }) => onFreshBroker(name, use), { diskless: withoutSegments });
}

describe("what is left of a log", () => {
  compareLeft("compaction, pass after pass", async (bench) => {
    const topic = "compacted";
    await bench.client.createTopic(topic, COMPACTED);
    const producers = [
      await bench.client.producer(null),
      await bench.client.producer("committing"),
      await bench.client.producer("aborting"),
    ];
    const passes: Observation[] = [];
    for (let round = 0; round < 4; round++) {
      await writeRound(bench, topic, producers, round);
      await compactOnce(bench, topic);
      passes.push(await observed(bench, topic));
    }
    return passes;
  });

  compareLeft("compaction with deletions that are still to be seen, and with the start of the log moved", async (bench) => {
    const topic = "kept";
    await bench.client.createTopic(topic, {
      ...COMPACTED,
      "delete.retention.ms": `${HOUR_MS}`,
      // DeleteRecords is refused where the policy does not delete.
      "cleanup.policy": "compact,delete",
      "retention.ms": "-1",
    });
    const producers = [
      await bench.client.producer(null),
      await bench.client.producer("committing"),
      await bench.client.producer("aborting"),
    ];
    const passes: Observation[] = [];
    for (let round = 0; round < 2; round++) {
      await writeRound(bench, topic, producers, round);
      await compactOnce(bench, topic);
      passes.push(await observed(bench, topic));
      await bench.client.deleteRecords(topic, 400 + 500 * round);
    }
    // Its records are of the past.
    await bench.client.configure(topic, { "retention.ms": "1" });
    await atRest(bench, [topic]);
    passes.push(await observed(bench, topic));
    return passes;
  });

  compareLeft("retention", retention);
});

/** Records of one segment each, since they are further apart than segment.ms; the last is in the active one. */
async function writeAges(bench: Bench, topic: string, nowMs: number, agesHours: readonly number[]): Promise<void> {
  for (const [index, hours] of agesHours.entries())
    await bench.client.send(topic, [record(`key ${index % 2}`, `${index} ${FILLER}`, nowMs - hours * HOUR_MS)]);
}

const RETAINED: readonly {
  readonly topic: string;
  readonly ages: readonly number[];
  readonly configs: Readonly<Record<string, string>>;
}[] = [
  { topic: "by-time", ages: [9, 8, 7, 3, 2, 0], configs: { "retention.ms": `${5 * HOUR_MS}` } },
  { topic: "by-time-all", ages: [9, 8, 7], configs: { "retention.ms": `${5 * HOUR_MS}` } },
  {
    topic: "by-time-future",
    ages: [9, -2, 8, 7, 0],
    configs: { "retention.ms": `${5 * HOUR_MS}`, "message.timestamp.after.max.ms": `${9 * HOUR_MS}` },
  },
  { topic: "by-time-blocked", ages: [9, 2, 9, 0], configs: { "retention.ms": `${5 * HOUR_MS}` } },
  { topic: "by-size", ages: [9, 8, 7, 6, 5, 4], configs: { "retention.ms": "-1", "retention.bytes": "5000" } },
  { topic: "by-size-none", ages: [9, 8, 7, 6, 5, 4], configs: { "retention.ms": "-1", "retention.bytes": "0" } },
  { topic: "by-both", ages: [9, 8, 3, 2, 1, 0], configs: { "retention.ms": `${5 * HOUR_MS}`, "retention.bytes": "9000" } },
  {
    topic: "both-policies",
    ages: [9, 8, 7, 3, 2, 1, 0],
    // Compaction first would merge what is old with what is not: which of the two comes first is a matter of luck.
    configs: { "retention.ms": `${5 * HOUR_MS}`, "cleanup.policy": "compact,delete", "min.cleanable.dirty.ratio": NEVER },
  },
  { topic: "compact-only", ages: [9, 8, 7, 3], configs: { "retention.ms": "1", "cleanup.policy": "compact" } },
  { topic: "kept-for-ever", ages: [9, 8, 7, 3], configs: { "retention.ms": "-1" } },
  { topic: "start-moved", ages: [9, 8, 7, 3, 0], configs: { "retention.ms": "-1" } },
];

async function retention(bench: Bench): Promise<Observation> {
  const nowMs = Date.now();
  const found: Record<string, Observation> = {};
  for (const { topic, ages, configs } of RETAINED) {
    const common = { "segment.ms": `${HOUR_MS / 2}`, "min.cleanable.dirty.ratio": ALWAYS, "file.delete.delay.ms": "100" };
    // Nothing goes before all is there, so that every broker judges the same.
    await bench.client.createTopic(topic, {
      ...common,
      ...configs,
      "retention.ms": "-1",
      "retention.bytes": "-1",
      "cleanup.policy": "delete",
    });
    await writeAges(bench, topic, nowMs, ages);
    const { "retention.ms": ms = "-1", "retention.bytes": bytes = "-1", "cleanup.policy": policy = "delete" } = configs;
    await bench.client.configure(topic, { "retention.ms": ms, "retention.bytes": bytes, "cleanup.policy": policy });
  }
  await bench.client.deleteRecords("start-moved", 2);
  await atRest(
    bench,
    RETAINED.map(({ topic }) => topic),
  );
  for (const { topic } of RETAINED) {
    found[topic] = await observed(bench, topic, nowMs);
  }
  return found;
}

describe.skipIf(!inject("brokers").some(({ name, isDiskless }) => name === "odradek" && !isDiskless))("a compacted data folder", () => {
  for (const [kind, args] of [
    ["log", ["--deep-iteration"]],
    ["index", ["--index-sanity-check"]],
    ["index", ["--verify-index-only"]],
    ["timeindex", ["--index-sanity-check"]],
    ["timeindex", ["--verify-index-only"]],
    ["txnindex", []],
    ["snapshot", []],
  ] as const) {
    it(`has .${kind} files that dump-log reads without complaint ${args.join(" ")}`.trimEnd(), async () => {
      await compactedFolder();
      const folder = join(folderOf("odradek"), "compacted-0");
      const files = readdirSync(folder).filter((name) => name.endsWith(`.${kind}`));
      if (files.length === 0) return;
      const paths = files.map((name) => join(folder, name));
      const { exitCode, stdout, stderr } = await runTool(["dump-log", "--files", paths.join(","), ...args], { deadlineMs: 120_000 });
      const complaints = `${stdout}\n${stderr}`.split("\n").filter((line) => COMPLAINTS.test(line) && !NO_COMPLAINTS.test(line));
      expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: [] });
    });
  }
});

/** The tool calls gaps in the offsets a warning, although compaction is there to make them. */
const COMPLAINTS = /mismatch|out of order|corrupt|invalid|exception|could not|isvalid: false|error/i;
const NO_COMPLAINTS = /^\| offset|^baseOffset:.*isvalid: true/;

let made: Promise<Observation> | undefined;

function compactedFolder(): Promise<Observation> {
  made ??= onFreshBroker("odradek", async (bench) => {
    await bench.client.createTopic("compacted", COMPACTED);
    const producers = [
      await bench.client.producer(null),
      await bench.client.producer("committing"),
      await bench.client.producer("aborting"),
    ];
    for (let round = 0; round < 2; round++) {
      await writeRound(bench, "compacted", producers, round);
      await compactOnce(bench, "compacted");
    }
    return null;
  });
  return made;
}
