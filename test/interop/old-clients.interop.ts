// Clients from before Kafka 0.11 find the same on Odradek as on Apache Kafka 3.9, the last line that served them: what they have produced with
// each of their codecs, what clients of today have produced, groups and what these have committed. And 3.9 still answers bare requests as it
// was recorded (test/facts/old-clients.json), to which `npm test` holds ours.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createTopics, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { OLD_KAFKA, readFacts } from "../old-clients/facts.ts";
import { play } from "../old-clients/play.ts";
import { SCENARIOS } from "../old-clients/scenarios.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BrokerName, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { ClientProcess } from "./client-process.ts";
import type { Observation } from "./compare.ts";
import { OLD_CLIENTS, type OldClient } from "./old-client-programs.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(20070), odradek: port(20072) };
const TIME = 1_700_000_000_000;
const hasBoth = ["kafka", "odradek"].every((name) => inject("brokers").some((broker) => broker.name === name));
const brokers: RunningBroker[] = [];

beforeAll(async () => {
  if (!hasBoth) return;
  const started = (["kafka", "odradek"] as const).map((name) => {
    const dataFolder = join(CACHE, "data", `old-clients-${name}`);
    rmSync(dataFolder, { recursive: true, force: true });
    const settings = { "auto.create.topics.enable": "false" };
    return startBroker(name, { port: PORTS[name], dataFolder, settings, version: OLD_KAFKA, isDiskless: false });
  });
  brokers.push(...(await Promise.all(started)));
});

afterAll(() => Promise.all(brokers.map((broker) => broker.stop())));

test.skipIf(!hasBoth)("Apache Kafka 3.9 still answers old clients as it was recorded", async () => {
  expect(await play(PORTS.kafka, SCENARIOS)).toEqual(readFacts());
});

test.skipIf(!hasBoth).concurrent.each(OLD_CLIENTS)("$name finds the same on both", async (client) => {
  const [command, ...args] = await client.command();
  const [kafka, odradek] = await Promise.all(brokers.map(({ bootstrap }) => observed(client, [command, ...args], bootstrap)));
  expect(odradek).toEqual(kafka);
  expect(JSON.stringify(odradek)).not.toContain('"refused"');
});

async function observed(client: OldClient, [command, ...args]: readonly [string, ...string[]], bootstrap: string): Promise<Observation> {
  const process = new ClientProcess(command, [...args, bootstrap]);
  try {
    return await course(client, process, bootstrap);
  } finally {
    await process.stop();
  }
}

/** What it produces, with each codec and kind of acknowledgement; what others have; and how far a group has come. */
async function course(client: OldClient, process: ClientProcess, bootstrap: string): Promise<Observation> {
  const topic = client.name.replaceAll(/[^a-z0-9]+/g, "-");
  const partitions = [0];
  const raw = await RawClient.connect(Number(bootstrap.split(":")[1]));
  await makeTopic(raw, topic);
  const sent: Observation[] = [];
  for (const codec of client.codecs) sent.push(await process.attempt("produce", { topic, codec, records: records(3, codec) }));
  sent.push(await process.attempt("produce", { topic, acks: 1, records: records(2, "acks 1") }));
  const ownCount = 3 * client.codecs.length + 2;
  await process.attempt("produce", { topic, acks: 0, records: records(2, "acks 0") });
  const untilThere = await process.attempt("read", { topic, partitions, from: "beginning", count: ownCount + 2 });
  const othersCount = await produceAsToday(raw, topic, client.codecs);
  const count = ownCount + 2 + othersCount;
  const read = await process.attempt("read", { topic, partitions, from: "beginning", count });
  const fromTheMiddle = await process.attempt("read", { topic, partitions, from: { offset: ownCount + 3 }, count: othersCount - 1 });
  const watermarks = await process.attempt("watermarks", { topic, partitions });
  const times = client.hasTimes === true ? await timesOf(process, topic) : null;
  const group = client.hasGroups ? await courseOfGroup(process, topic, count) : await commitOf(process, topic);
  raw.close();
  return { sent, untilThere, read, fromTheMiddle, watermarks, times, group };
}

function records(count: number, value: string) {
  return Array.from({ length: count }, (_, index) => ({
    partition: 0,
    key: `key ${index}`,
    value: `${value} ${index} ${"long ".repeat(index * 200)}`,
    timestampMs: TIME + index,
  }));
}

async function makeTopic(raw: RawClient, name: string): Promise<void> {
  const configs = [{ name: "retention.ms", value: "-1" }];
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
  await raw.call(createTopics, 4, { topics, timeoutMs: 10_000, validateOnly: false });
}

/** Batches with headers, in each codec that the client can read; gives the number of records. */
async function produceAsToday(raw: RawClient, name: string, codecs: readonly string[]): Promise<number> {
  const ids: Readonly<Record<string, Compression>> = { none: 0, gzip: 1, snappy: 2, lz4: 3 };
  for (const codec of codecs) {
    const own = records(3, `today ${codec}`).map(({ key, value, timestampMs }) => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
      timestamp: timestampMs,
      headers: [{ key: "h", value: Buffer.from("x") }],
    }));
    const batch = buildBatch(own, { compression: ids[codec] ?? Compression.NONE }).bytes;
    const topicData = [{ name, partitionData: [{ index: 0, records: batch }] }];
    await raw.call(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData });
  }
  return 3 * codecs.length;
}

async function timesOf(process: ClientProcess, topic: string): Promise<Observation> {
  const asked = [TIME - 1, TIME + 1, TIME + 1000];
  return Promise.all(asked.map((timestampMs) => process.attempt("offsetsForTime", { topic, partitions: [0], timestampMs })));
}

/** A member that comes, leaves, and comes again when there is more. */
async function courseOfGroup(process: ClientProcess, topic: string, count: number): Promise<Observation> {
  const group = `${topic}-group`;
  const partitions = [0];
  const stay = async (wanted: number): Promise<Observation> => {
    await process.call("join", { topic, group });
    const received = await waitFor(
      "its records",
      () => process.call("received", {}),
      ({ length }) => length >= wanted,
      90_000,
    );
    const ask = () => process.call("committed", { topic, group, partitions });
    const end = (received.at(-1)?.offset ?? 0) + 1;
    const committed = await waitFor("its commit", ask, ([offset]) => offset === end, 30_000);
    await process.call("leave", {});
    return { received: received as Observation, committed };
  };
  const first = await stay(count);
  await process.call("produce", { topic, records: records(2, "more") });
  return { first, second: await stay(2) };
}

async function commitOf(process: ClientProcess, topic: string): Promise<Observation> {
  const group = `${topic}-group`;
  const commit = () => process.attempt("commit", { topic, group, offsets: [{ partition: 0, offset: 3 }] });
  // Kafka makes its internal topic when it is needed first.
  await waitFor("a commit", commit, (answer) => JSON.stringify(answer).includes("answered"), 60_000);
  return process.attempt("committed", { topic, group, partitions: [0] });
}
