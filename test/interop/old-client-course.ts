// What a client from before Kafka 0.11 does on a broker, and what it finds there.

import { createTopics, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { RawClient } from "../support/raw-client.ts";
import { ClientProcess } from "./client-process.ts";
import type { Observation } from "./compare.ts";
import type { OldClient } from "./old-client-programs.ts";
import { waitFor } from "./processes.ts";

const TIME = 1_700_000_000_000;

export async function observed(client: OldClient, bootstrap: string): Promise<Observation> {
  const [command, ...args] = await client.command();
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
  const group = await courseOfGroup(client, process, { topic, count });
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

async function courseOfGroup(
  { groups }: OldClient,
  process: ClientProcess,
  { topic, count }: { readonly topic: string; readonly count: number },
): Promise<Observation> {
  switch (groups) {
    case "members":
      return courseOfMember(process, topic, count);
    case "commits":
      return commitOf(process, topic);
    case "none":
      return null;
  }
}

/** A member that comes, leaves, and comes again when there is more. */
async function courseOfMember(process: ClientProcess, topic: string, count: number): Promise<Observation> {
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
