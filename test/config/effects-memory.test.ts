// Memory that clients take: answers that nobody reads, requests that never end. A title begins with the settings that it is about.

import net from "node:net";
import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { encodeRequest } from "../../protocol/headers.ts";
import { apiVersions, deleteTopics, fetch, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { EffectBench } from "./effect-bench.ts";

const MIB = 1024 * 1024;
const BATCH_BYTES = 900_000;
const WAIT_MS = 60_000;

function wholeLog(maxWaitMs = WAIT_MS) {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50 * MIB }];
  const body = { maxWaitMs, minBytes: 1, maxBytes: 50 * MIB, topics: [{ topic: "t", partitions }] };
  return { ...body, replicaId: -1, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: "" };
}

/** Asks for the whole log again and again, and reads nothing. */
async function deafPeer(port: number): Promise<net.Socket> {
  const socket = net.connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.on("error", () => undefined);
  socket.pause();
  for (let correlationId = 1; correlationId <= 20; correlationId++) {
    socket.write(Buffer.concat(encodeRequest(fetch, 11, { correlationId, clientId: "deaf" }, wholeLog())));
  }
  return socket;
}

test("odradek.queued.max.response.bytes: answers that nobody reads stay within it, a reader goes on once they are given up, and nothing is held in the end", async () => {
  const limitBytes = 8 * MIB;
  await using bench = await EffectBench.start({ topic: {}, settings: { "odradek.queued.max.response.bytes": limitBytes } });
  const { answerMemory } = bench.node.broker.services;
  for (let count = 0; count < 16; count++) expect(bench.append([{ value: Buffer.alloc(BATCH_BYTES, count) }])).toBe(0);

  const peers = await Promise.all(Array.from({ length: 8 }, () => deafPeer(bench.node.broker.port)));
  let mostBytes = 0;
  await expect
    .poll(
      () => {
        mostBytes = Math.max(mostBytes, answerMemory.heldBytes);
        return answerMemory.isShort;
      },
      { interval: 1 },
    )
    .toBe(true);

  const reading = bench.asking.ask(fetch, wholeLog(), 11);
  for (let seconds = 0; seconds < 5; seconds++) {
    await bench.clock.advance(1000);
    mostBytes = Math.max(mostBytes, answerMemory.heldBytes);
  }
  const [partition] = (await reading).responses[0]?.partitions ?? [];
  expect(partition?.records?.length).toBeGreaterThan(BATCH_BYTES);
  expect(mostBytes).toBeLessThanOrEqual(limitBytes + BATCH_BYTES);

  for (const peer of peers) peer.destroy();
  await expect.poll(() => answerMemory.heldBytes).toBe(0);
}, 30_000);

test("odradek.queued.max.response.bytes: a client that reads has its records before its deadline, whatever is held for others that do not", async () => {
  await using bench = await EffectBench.start({ topic: {}, settings: { "odradek.queued.max.response.bytes": 8 * MIB } });
  const { answerMemory } = bench.node.broker.services;
  for (let count = 0; count < 16; count++) expect(bench.append([{ value: Buffer.alloc(BATCH_BYTES, count) }])).toBe(0);
  const peers = await Promise.all(Array.from({ length: 12 }, () => deafPeer(bench.node.broker.port)));
  await expect.poll(() => answerMemory.isShort, { interval: 1 }).toBe(true);
  for (let count = 0; count < 10; count++) {
    let isAnswered = false;
    const reading = bench.asking.ask(fetch, wholeLog(1500), 11).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) await bench.clock.advance(50);
    expect((await reading).responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(BATCH_BYTES);
  }
  for (const peer of peers) peer.destroy();
}, 30_000);

test("odradek.queued.max.response.bytes: a fetch that finds no room by its deadline is answered with nothing", async () => {
  await using bench = await EffectBench.start({ topic: {}, settings: { "odradek.queued.max.response.bytes": 2 * MIB } });
  const { answerMemory } = bench.node.broker.services;
  bench.append([{ value: Buffer.alloc(BATCH_BYTES) }]);
  const peer = { untakenBytes: 0, recount: () => undefined, destroy: () => undefined };
  answerMemory.hold(peer, 2 * MIB);
  let isAnswered = false;
  const reading = bench.asking.ask(fetch, wholeLog(1000), 11).finally(() => {
    isAnswered = true;
  });
  while (!isAnswered) await bench.clock.advance(100);
  expect((await reading).responses[0]?.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 1, records: Buffer.alloc(0) });
  answerMemory.hold(peer, 0);
  expect((await bench.asking.ask(fetch, wholeLog(1000), 11)).responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(0);
});

test("queued.max.request.bytes: while requests that never end take all of it, large ones wait, and small ones are answered", async () => {
  await using bench = await EffectBench.start({ topic: {}, settings: { "queued.max.request.bytes": MIB } });
  const { port } = bench.node.broker;
  const unfinished = net.connect(port, "127.0.0.1");
  const announcement = Buffer.alloc(100);
  announcement.writeInt32BE(2 * MIB);
  unfinished.write(announcement);
  const small = await RawClient.connect(port);
  expect(await small.call(apiVersions, 0, {})).toBeDefined();

  const large = await RawClient.connect(port);
  const records = buildBatch([{ key: null, value: Buffer.alloc(BATCH_BYTES) }], { timestamp: bench.clock.now() }).bytes;
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  let isAnswered = false;
  const producing = large.call(produce, 8, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData }).finally(() => {
    isAnswered = true;
  });
  for (let count = 0; count < 20; count++) expect(await small.call(apiVersions, 0, {})).toBeDefined();
  expect(isAnswered).toBe(false);
  unfinished.destroy();
  while (!isAnswered) await bench.clock.advance(1);
  expect((await producing)?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 });
  small.close();
  large.close();
});

test("queued.max.request.bytes: who announced a request and sends no more of it makes room for those that wait, who sends little by little goes on", async () => {
  await using bench = await EffectBench.start({ topic: {}, settings: { "queued.max.request.bytes": MIB } });
  const { port } = bench.node.broker;
  const announcement = Buffer.alloc(100);
  announcement.writeInt32BE(2 * MIB);
  const [stalled, slow, large, small] = [
    await RawClient.connect(port),
    await RawClient.connect(port),
    await RawClient.connect(port),
    await RawClient.connect(port),
  ];
  for (const each of [stalled, slow]) {
    each.write(announcement);
    await small.call(apiVersions, 0, {});
  }
  const records = buildBatch([{ key: null, value: Buffer.alloc(BATCH_BYTES) }], { timestamp: bench.clock.now() }).bytes;
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  let isAnswered = false;
  const producing = large.call(produce, 8, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData }).finally(() => {
    isAnswered = true;
  });
  let isStalledClosed = false;
  void stalled.closed().then(() => {
    isStalledClosed = true;
  });
  const pass = async (seconds: number) => {
    for (let count = 0; count < seconds; count++) {
      slow.write(Buffer.alloc(10));
      await small.call(apiVersions, 0, {});
      await bench.clock.advance(1000);
    }
  };
  await pass(20);
  expect(isStalledClosed).toBe(true);
  await pass(30);
  expect(isAnswered).toBe(false);
  slow.close();
  while (!isAnswered) await bench.clock.advance(1);
  expect((await producing)?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0 });
  large.close();
  small.close();
}, 30_000);

test("odradek.max.memory.bytes: bounds of memory have defaults that fit it, and those of brokers of one process fit together", () => {
  const bounds = [
    "queued.max.request.bytes",
    "odradek.queued.max.response.bytes",
    "log.cleaner.dedupe.buffer.size",
    "diskless.cache.bytes",
  ] as const;
  const limitBytes = 256 * MIB;
  const sumOf = (sharers: number, more: SettingInputs = {}) => {
    const config = brokerConfig({ sharers, argument: { "odradek.max.memory.bytes": limitBytes, ...more } });
    return sharers * bounds.reduce((sum, name) => sum + config[name], 0);
  };
  expect(sumOf(1)).toBeLessThan(limitBytes);
  expect(sumOf(4)).toBeLessThan(limitBytes);
  expect(sumOf(1, { "diskless.cache.bytes": 2 * limitBytes })).toBeGreaterThan(2 * limitBytes);
});

test("odradek.max.memory.bytes: a broker whose data is in memory refuses to store more than fits, its readers go on, and it heals", async () => {
  const broker = await startBroker({ settings: { "odradek.max.memory.bytes": 192 * MIB }, topics: ["t", "u"] });
  const client = await RawClient.connect(broker.port);
  const records = buildBatch([{ key: null, value: Buffer.alloc(BATCH_BYTES) }]).bytes;
  const append = async (name: string) => {
    const topicData = [{ name, partitionData: [{ index: 0, records }] }];
    const answer = await client.call(produce, 8, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
    return answer?.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
  };
  let stored = 0;
  while (stored < 192 && (await append("t")) === Errors.NONE) stored++;
  expect(stored).toBeGreaterThan(30);
  expect(stored).toBeLessThan(100);
  const read = await client.call(fetch, 11, wholeLog());
  expect(read?.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(BATCH_BYTES);
  expect(await append("u")).toBe(Errors.KAFKA_STORAGE_ERROR);
  await client.call(deleteTopics, 5, { topicNames: ["t"], timeoutMs: 1000 });
  await expect.poll(() => append("u"), { timeout: 10_000 }).toBe(Errors.NONE);
  client.close();
  await broker.stop();
}, 30_000);
