// Kills a broker under load, again and again, and checks that what it acknowledged is there.
//
//   node scripts/kill-under-load.ts [--rounds 100] [--seed N] [--data DIR]
//
// Each round starts the broker on the same data folder, lets idempotent producers append and a group member commit for a random
// time, and ends the process with SIGKILL. A producer repeats what was not acknowledged, with the same sequence numbers. After the
// last round every value must be there once, in order, at offsets without gaps; after each restart the last acknowledged commit and
// the member's generation must be known again.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Errors, errorName } from "../protocol/errors.ts";
import { decodeResponse } from "../protocol/headers.ts";
import * as messages from "../protocol/messages/index.ts";
import { buildBatch } from "../protocol/records/batch-builder.ts";
import { recordsOf } from "../protocol/records/record.ts";
import { batchesOf } from "../protocol/records/record-batch.ts";
import { RawClient } from "../test/support/raw-client.ts";

/** The exit code of `odradek start` when its port is taken. */
const PORT_IN_USE = 3;
const TOPIC = "killed";
const GROUP = "killed-group";
const PARTITIONS = 4;
/** As many as a broker remembers of an idempotent producer (KIP-98, KAFKA-3950). */
const IN_FLIGHT = 5;
const MAX_BATCH_RECORDS = 20;

const { values: options } = parseArgs({ options: { rounds: { type: "string" }, seed: { type: "string" }, data: { type: "string" } } });
const rounds = Number(options.rounds ?? 100);
const seed = Number(options.seed ?? Date.now() % 1_000_000);
const data = options.data ?? mkdtempSync(join(tmpdir(), "odradek-kill-"));
const random = seeded(seed);

/** What one partition's producer has sent; batches are numbered by their first sequence. */
interface Producer {
  readonly partition: number;
  producerId: number;
  nextValue: number;
  acknowledgedValues: number;
  /** Sent and not acknowledged, in order. */
  pending: { readonly baseSequence: number; readonly values: readonly number[] }[];
}

interface Member {
  memberId: string;
  generationId: number;
  committedOffset: number;
}

const producers: Producer[] = Array.from({ length: PARTITIONS }, (_, partition) => ({
  partition,
  producerId: -1,
  nextValue: 0,
  acknowledgedValues: 0,
  pending: [],
}));
const member: Member = { memberId: "", generationId: -1, committedOffset: -1 };

console.log(`kill-under-load: seed ${seed}, ${rounds} rounds`);
/** No broker outlives this process, however it ends. */
let current: ChildProcess | undefined;
process.on("exit", () => current?.kill("SIGKILL"));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(1));

let port = 0;
for (let round = 1; round <= rounds; round++) {
  const broker = await startBroker(port);
  port = broker.port;
  await checkMember(broker.port);
  await loadUntilKilled(broker, 20 + Math.floor(random() * 150));
  if (round % 10 === 0 || round === rounds) {
    const acknowledged = producers.reduce((sum, { acknowledgedValues }) => sum + acknowledgedValues, 0);
    console.log(
      `round ${round}: ${acknowledged} records acknowledged, offset ${member.committedOffset} committed, generation ${member.generationId}`,
    );
  }
}
await checkEverything();
if (options.data === undefined) rmSync(data, { recursive: true, force: true });
console.log(`kill-under-load: ${rounds} rounds passed`);
process.exit(0);

interface RunningBroker {
  readonly process: ChildProcess;
  readonly port: number;
}

async function startBroker(atPort: number): Promise<RunningBroker> {
  const main = join(import.meta.dirname, "../src/cli/main.ts");
  const args = ["start", "--data", data, "--port", atPort === 0 ? "auto" : String(atPort), "--json", "--topic", `${TOPIC}:${PARTITIONS}`];
  const child = spawn(process.execPath, [main, ...args, "--log-level", "warn"], { stdio: ["ignore", "pipe", "inherit"] });
  current = child;
  for await (const line of createInterface({ input: child.stdout })) {
    const facts = JSON.parse(line) as { readonly event?: string; readonly bootstrapServers?: string };
    if (facts.event !== "ready") continue;
    child.stdout.resume();
    return { process: child, port: Number(facts.bootstrapServers?.split(":").at(-1)) };
  }
  const [exitCode] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  // Another process may have been given the port in the meantime.
  if (exitCode === PORT_IN_USE && atPort !== 0) return startBroker(0);
  throw new Error(`the broker ended before it was ready, with exit code ${exitCode}`);
}

async function loadUntilKilled(broker: RunningBroker, loadMs: number): Promise<void> {
  const ended = new Promise((resolve) => broker.process.once("exit", resolve));
  const work = [...producers.map((producer) => produce(producer, broker.port)), commit(broker.port)];
  setTimeout(() => broker.process.kill("SIGKILL"), loadMs);
  await Promise.all([ended, ...work]);
}

async function produce(producer: Producer, atPort: number): Promise<void> {
  const client = await RawClient.connect(atPort).catch(() => undefined);
  if (client === undefined) return;
  if (producer.producerId === -1) {
    const given = await client.call(messages.initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 });
    if (given === undefined) return;
    producer.producerId = given.producerId;
  }
  for (const batch of producer.pending) sendBatch(client, producer, batch);
  for (;;) {
    while (producer.pending.length < IN_FLIGHT) {
      const count = 1 + Math.floor(random() * MAX_BATCH_RECORDS);
      const batch = { baseSequence: producer.nextValue, values: Array.from({ length: count }, (_, index) => producer.nextValue + index) };
      producer.nextValue += count;
      producer.pending.push(batch);
      sendBatch(client, producer, batch);
    }
    const frame = await client.next();
    if (frame === undefined) return;

    const answer = decodeResponse(messages.produce, 9, frame).body.responses[0]?.partitionResponses[0];
    if (answer?.errorCode !== Errors.NONE)
      throw new Error(`produce to partition ${producer.partition} failed: ${errorName(answer?.errorCode ?? -1)}`);
    const batch = producer.pending.shift();
    if (batch === undefined) throw new Error("an answer without a request");
    if (answer.baseOffset !== batch.baseSequence) {
      throw new Error(`partition ${producer.partition}: sequence ${batch.baseSequence} was answered with offset ${answer.baseOffset}`);
    }
    producer.acknowledgedValues = batch.baseSequence + batch.values.length;
  }
}

function sendBatch(client: RawClient, producer: Producer, batch: Producer["pending"][number]): void {
  const records = buildBatch(
    batch.values.map((value) => ({ key: null, value: Buffer.from(String(value)) })),
    { producerId: producer.producerId, producerEpoch: 0, baseSequence: batch.baseSequence },
  ).bytes;
  client.send(messages.produce, 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: TOPIC, partitionData: [{ index: producer.partition, records }] }],
  });
}

/** Joins the group in the first round, then commits rising offsets; between rounds the member lives on in the broker's log. */
async function commit(atPort: number): Promise<void> {
  const client = await RawClient.connect(atPort).catch(() => undefined);
  if (client === undefined) return;
  await client.call(messages.findCoordinator, 2, { key: GROUP });
  if (member.memberId === "" && !(await joinGroup(client))) return;
  for (let offset = member.committedOffset + 1; ; offset++) {
    const answer = await client.call(messages.offsetCommit, 6, {
      groupId: GROUP,
      generationIdOrMemberEpoch: member.generationId,
      memberId: member.memberId,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: "" }] }],
    });
    if (answer === undefined) return;
    const errorCode = answer.topics[0]?.partitions[0]?.errorCode ?? -1;
    if (errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS) {
      offset--;
      continue;
    }
    if (errorCode !== Errors.NONE) throw new Error(`commit failed: ${errorName(errorCode)}`);
    member.committedOffset = offset;
  }
}

async function joinGroup(client: RawClient): Promise<boolean> {
  const protocols = [{ name: "range", metadata: Buffer.from("subscription") }];
  const request = { groupId: GROUP, sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 300_000, protocolType: "consumer", protocols };
  let first = await client.call(messages.joinGroup, 4, { ...request, memberId: "" });
  while (first?.errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS)
    first = await client.call(messages.joinGroup, 4, { ...request, memberId: "" });
  if (first === undefined) return false;
  const joined = await client.call(messages.joinGroup, 4, { ...request, memberId: first.memberId });
  if (joined === undefined) return false;
  if (joined.errorCode !== Errors.NONE) throw new Error(`join failed: ${errorName(joined.errorCode)}`);
  const synced = await client.call(messages.syncGroup, 2, {
    groupId: GROUP,
    generationId: joined.generationId,
    memberId: joined.memberId,
    assignments: [{ memberId: joined.memberId, assignment: Buffer.from("assignment") }],
  });
  if (synced === undefined) return false;
  member.memberId = joined.memberId;
  member.generationId = joined.generationId;
  return true;
}

async function checkMember(atPort: number): Promise<void> {
  if (member.memberId === "") return;
  const client = await RawClient.connect(atPort);
  await client.call(messages.findCoordinator, 2, { key: GROUP });
  const beat = await client.call(messages.heartbeat, 3, { groupId: GROUP, generationId: member.generationId, memberId: member.memberId });
  if (beat?.errorCode !== Errors.NONE) throw new Error(`the member is gone: ${errorName(beat?.errorCode ?? -1)}`);
  const offset = await committedOffset(client);
  if (offset < member.committedOffset) throw new Error(`offset ${member.committedOffset} was committed, ${offset} is there`);
  // One more may have been stored without its answer reaching us.
  member.committedOffset = offset;
  client.close();
}

/** A coordinator that still reads its log says so, and is asked again, as every client does. */
async function committedOffset(client: RawClient): Promise<number> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await new Promise((done) => setTimeout(done, 20))) {
    const fetched = await client.call(messages.offsetFetch, 5, { groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: [0] }] });
    if (fetched?.errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS) continue;
    if (fetched?.errorCode !== Errors.NONE) throw new Error(`fetching offsets failed: ${errorName(fetched?.errorCode ?? -1)}`);
    return fetched.topics[0]?.partitions[0]?.committedOffset ?? -1;
  }
  throw new Error("the coordinator did not load within 30 s");
}

async function checkEverything(): Promise<void> {
  const broker = await startBroker(port);
  await checkMember(broker.port);
  const client = await RawClient.connect(broker.port);
  for (const producer of producers) {
    let offset = 0;
    for (;;) {
      const answer = await client.call(messages.fetch, 11, {
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ topic: TOPIC, partitions: [{ partition: producer.partition, fetchOffset: offset, partitionMaxBytes: 1024 * 1024 }] }],
      });
      const partition = answer?.responses[0]?.partitions[0];
      if (partition?.errorCode !== Errors.NONE) throw new Error(`fetch failed: ${errorName(partition?.errorCode ?? -1)}`);
      if (partition.records === null || partition.records.length === 0) break;
      for (const batch of batchesOf(partition.records)) {
        if (!batch.isCrcValid()) throw new Error(`partition ${producer.partition}: the batch at offset ${batch.baseOffset} is damaged`);
        for (const record of recordsOf(batch)) {
          if (record.offset < offset) continue;
          // The n-th value is n, at offset n: lost, doubled or reordered records all show.
          if (record.offset !== offset || record.value?.toString() !== String(offset)) {
            throw new Error(
              `partition ${producer.partition}: offset ${record.offset} holds ${record.value?.toString()}, expected ${offset}`,
            );
          }
          offset++;
        }
      }
    }
    if (offset < producer.acknowledgedValues)
      throw new Error(`partition ${producer.partition}: ${producer.acknowledgedValues} acknowledged, ${offset} there`);
    console.log(`partition ${producer.partition}: ${producer.acknowledgedValues} acknowledged, ${offset} there, in order, without gaps`);
  }
  client.close();
  const ended = new Promise((resolve) => broker.process.once("exit", resolve));
  broker.process.kill("SIGTERM");
  await ended;
}

/** A small generator of pseudo-random numbers in [0, 1) (mulberry32). */
function seeded(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
