// The data folder itself: Kafka's dump-log reads every file of it without complaint, and a partition folder carried to an Apache Kafka is
// served by it. Odradek writes the folder; with INTEROP_ONLY=kafka another Kafka does, which shows that the scenarios are right.

import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { CACHE, hasKafkaReference, startBroker } from "./broker-under-test.ts";
import { ClientProcess, type RecordSeen, type RecordToSend, withClient } from "./client-process.ts";
import { writerName } from "./compare.ts";
import { runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const TOPIC = "carried";
const PARTITIONS = [0, 1];
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS_PER_BATCH = 200;
const WRITER = { port: port(19592), dataFolder: join(CACHE, "data/writer") };
const READER = { port: port(19692), dataFolder: join(CACHE, "data/reader") };
/** The tool says "-1 is followed by N" of the first offset of every later segment, also of Kafka's own: that is none. */
const COMPLAINTS = /mismatch|\d is followed by|out of order|corrupt|invalid|exception|could not|isvalid: false|error/i;
const NO_COMPLAINTS = /^\s*-1 is followed by|^\| offset|^baseOffset:.*isvalid: true/;

interface Written {
  readonly records: readonly RecordSeen[];
  readonly watermarks: readonly { readonly low: number; readonly high: number }[];
}

/** Writes batches of every codec, over several segments, by plain and idempotent producers, and commits a group's offsets. */
async function write(bootstrap: string): Promise<Written> {
  return withClient("librdkafka", bootstrap, async (client) => {
    const configs = { "retention.ms": "-1", "segment.bytes": "1048576" };
    await client.call("createTopic", { topic: TOPIC, partitions: PARTITIONS.length, configs });
    for (const codec of CODECS) {
      for (const isIdempotent of [false, true]) await client.call("produce", { topic: TOPIC, codec, isIdempotent, records: batch(codec) });
    }
    await commit(bootstrap);
    const count = CODECS.length * 2 * RECORDS_PER_BATCH * PARTITIONS.length;
    const records = await client.call("read", { topic: TOPIC, partitions: PARTITIONS, from: "beginning", count, waitMs: 30_000 });
    return { records, watermarks: await client.call("watermarks", { topic: TOPIC, partitions: PARTITIONS }) };
  });
}

function batch(codec: string): RecordToSend[] {
  return PARTITIONS.flatMap((partition) =>
    Array.from({ length: RECORDS_PER_BATCH }, (_, index) => ({
      partition,
      key: index % 7 === 0 ? null : `key-${index % 50}`,
      value: index % 11 === 0 ? null : `${codec} ${index} ${incompressible(index, 1500)}`,
      timestampMs: 1_700_000_000_000 + index,
      headers: index % 5 === 0 ? ([["codec", codec]] as const) : [],
    })),
  );
}

/** Text that compression does not shrink much, the same for the same seed. */
function incompressible(seed: number, length: number): string {
  let text = "";
  for (let state = seed + 1; text.length < length; state = (state * 48_271) % 2_147_483_647) text += state.toString(36);
  return text.slice(0, length);
}

async function commit(bootstrap: string): Promise<void> {
  const member = await ClientProcess.start("librdkafka", bootstrap);
  await member.call("join", { topic: TOPIC, group: "carrier" });
  await waitFor(
    "some records",
    () => member.call("received", {}),
    (records) => records.length > 10,
  );
  await member.call("leave", {});
  await member.stop();
}

/** The files under a folder, with their path from there. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function partitionFolder(dataFolder: string, partition: number): string {
  const name = `${TOPIC}-${partition}`;
  const found = readdirSync(dataFolder, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isDirectory() && entry.name === name,
  );
  if (found === undefined) throw new Error(`no folder ${name} under ${dataFolder}`);
  return join(found.parentPath, found.name);
}

/** Puts the writer's partition folders in the place of Kafka's own, but for partition.metadata: the topic's id is Kafka's. */
function carry(from: string, to: string): void {
  for (const partition of PARTITIONS) {
    const [source, target] = [partitionFolder(from, partition), partitionFolder(to, partition)];
    for (const name of readdirSync(target)) if (name !== "partition.metadata") rmSync(join(target, name));
    for (const name of readdirSync(source)) if (name !== "partition.metadata") cpSync(join(source, name), join(target, name));
  }
}

async function complaintsAbout(files: readonly string[], args: readonly string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await runTool(["dump-log", "--files", files.join(","), ...args], { deadlineMs: 120_000 });
  const lines = `${stdout}\n${stderr}`.split("\n");
  const complaints = lines.filter((line) => COMPLAINTS.test(line) && !NO_COMPLAINTS.test(line));
  return exitCode === 0 ? complaints : [`exit code ${exitCode}`, ...complaints];
}

describe.skipIf(!hasKafkaReference() || inject("brokers").length === 0)("a data folder", () => {
  let written: Written;
  let dataFolder: string;

  beforeAll(async () => {
    for (const { dataFolder } of [WRITER, READER]) rmSync(dataFolder, { recursive: true, force: true });
    const writer = await startBroker(writerName(), WRITER);
    dataFolder = writer.dataFolder;
    try {
      written = await write(writer.bootstrap);
    } finally {
      await writer.stop();
    }
  });

  afterAll(() => {
    for (const { dataFolder } of [WRITER, READER]) rmSync(dataFolder, { recursive: true, force: true });
  });

  it("has segments, indexes and snapshots", () => {
    const ofTopic = filesUnder(partitionFolder(dataFolder, 0)).map((path) => path.slice(path.lastIndexOf(".") + 1));
    expect(ofTopic.filter((kind) => kind === "log").length).toBeGreaterThan(1);
    expect(new Set(ofTopic)).toEqual(expect.objectContaining(new Set(["log", "index", "timeindex", "snapshot"])));
    expect(written.records).toHaveLength(CODECS.length * 2 * RECORDS_PER_BATCH * PARTITIONS.length);
  });

  for (const [kind, args] of [
    ["log", ["--deep-iteration"]],
    ["index", ["--index-sanity-check"]],
    ["index", ["--verify-index-only"]],
    ["timeindex", ["--index-sanity-check"]],
    ["timeindex", ["--verify-index-only"]],
    ["snapshot", []],
    ["txnindex", []],
  ] as const) {
    it(`has .${kind} files that dump-log reads without complaint ${args.join(" ")}`.trimEnd(), async () => {
      const files = filesUnder(dataFolder).filter((path) => path.endsWith(`.${kind}`) && !path.includes("__cluster_metadata"));
      expect(files.length === 0 ? [] : await complaintsAbout(files, args)).toEqual([]);
    });
  }

  it("has committed offsets that dump-log decodes", async () => {
    const files = filesUnder(dataFolder).filter((path) => path.includes("__consumer_offsets") && path.endsWith(".log"));
    const { exitCode, stdout } = await runTool(["dump-log", "--offsets-decoder", "--files", files.join(",")]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/"group":"carrier"/);
    expect(stdout).toMatch(/"topic":"carried"/);
  });

  for (const [how, isClean] of [
    ["as it is", true],
    ["with a recovery, as after a crash", false],
  ] as const) {
    it(`has partition folders that Apache Kafka serves, ${how}`, async () => {
      rmSync(READER.dataFolder, { recursive: true, force: true });
      const first = await startBroker("kafka", READER);
      await withClient("librdkafka", first.bootstrap, (client) =>
        client.call("createTopic", { topic: TOPIC, partitions: PARTITIONS.length, configs: { "retention.ms": "-1" } }),
      );
      await first.stop();
      carry(dataFolder, first.dataFolder);
      if (!isClean) rmSync(join(first.dataFolder, ".kafka_cleanshutdown"), { force: true });
      const second = await startBroker("kafka", READER);
      try {
        await withClient("librdkafka", second.bootstrap, async (client) => {
          const watermarks = await client.call("watermarks", { topic: TOPIC, partitions: PARTITIONS });
          expect(watermarks).toEqual(written.watermarks);
          const count = written.records.length;
          const records = await client.call("read", { topic: TOPIC, partitions: PARTITIONS, from: "beginning", count, waitMs: 30_000 });
          expect(records).toEqual(written.records);
          const sent = await client.call("produce", {
            topic: TOPIC,
            isIdempotent: true,
            records: [{ partition: 0, key: "k", value: "v", timestampMs: Date.now() }],
          });
          expect(sent).toEqual([{ partition: 0, offset: watermarks[0]?.high }]);
        });
      } finally {
        await second.stop();
      }
    });
  }
});
