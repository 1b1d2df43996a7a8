// Storage that takes its time, as one that lies behind a network does: who waits for it, how long, and what each partition of a request is told.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { createPartitions, createTopics, deleteRecords, fetch, produce, writeTxnMarkers } from "../../protocol/messages/index.ts";
import { type BatchOptions, buildBatch } from "../../protocol/records/batch-builder.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { Broker } from "../../src/broker/broker.ts";
import { type Change, compactChanges } from "../../src/cluster/image.ts";
import { SharedLogs } from "../../src/cluster/shared-logs.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openJournalMetadataStore } from "../../src/log/journal-metadata-store.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import type { SlowLog } from "../storage/fakes/slow-log.ts";
import { settled, WaitingEngine } from "../storage/fakes/waiting-engine.ts";
import { RawClient } from "../support/raw-client.ts";

const TOPIC = "orders";
const ALL = -1;

let clock: VirtualClock;
let engine: WaitingEngine;
let broker: Broker;
let clients: RawClient[];

beforeEach(async () => {
  clock = new VirtualClock();
  engine = new WaitingEngine();
  engine.opensLogs = true;
  clients = [];
  broker = await Broker.start({
    config: brokerConfig({ argument: { "offsets.topic.num.partitions": 1, "num.partitions": 3 } }),
    clusterId: "c",
    logs: new SharedLogs(engine),
    metadata: openJournalMetadataStore<Change>({ filesystem: new MemoryFilesystem(), path: "/journal", compact: compactChanges }),
    host: "127.0.0.1",
    port: 0,
    budget: new ConnectionBudget(() => 100),
    clock,
    logger: silentLogger,
  });
  await broker.ensureTopics([{ name: TOPIC, partitions: 3 }]);
  await settled();
});

afterEach(async () => {
  for (const client of clients) client.close();
  await broker.stop();
  await engine.close();
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(broker.port);
  clients.push(client);
  return client;
}

function logOf(index: number): SlowLog {
  const log = engine.logs.get(`${TOPIC}-${index}`);
  if (log === undefined) throw new Error(`partition ${index} is not open`);
  return log;
}

function batch(value: string, options: BatchOptions = {}): Buffer {
  return buildBatch([{ key: null, value: Buffer.from(value) }], { timestamp: clock.now(), ...options }).bytes;
}

interface Asked<Answer> {
  readonly answer: Promise<Answer>;
  /** It has come. */
  isAnswered: boolean;
}

function asked<Answer>(answer: Promise<Answer>): Asked<Answer> {
  const one: Asked<Answer> = { answer, isAnswered: false };
  void answer.finally(() => {
    one.isAnswered = true;
  });
  return one;
}

/** Until the broker has taken up what was sent, and answered what it could. */
async function quiet(): Promise<void> {
  const client = await connect();
  for (let count = 0; count < 3; count++) await client.call(createTopics, 5, { topics: [], timeoutMs: 0, validateOnly: false });
  await settled();
}

type Batches = readonly (readonly [index: number, records: Buffer])[];

function send(client: RawClient, batches: Batches, { acks = ALL, timeoutMs = 1000, version = 9 } = {}) {
  const topicData = [{ name: TOPIC, partitionData: batches.map(([index, records]) => ({ index, records })) }];
  return asked(
    client
      .call(produce, version, { transactionalId: null, acks, timeoutMs, topicData })
      .then((answer) => answer?.responses[0]?.partitionResponses ?? []),
  );
}

function outcomes(responses: readonly { readonly index: number; readonly errorCode: number; readonly baseOffset: number }[]) {
  return responses.map(({ index, errorCode, baseOffset }) => [index, errorCode, baseOffset]);
}

describe("a Produce that waits until its batches are durable", () => {
  beforeEach(() => {
    engine.holdsCommits = true;
  });

  test.each([1, ALL])("is answered when they are, with acks=%i, and waits no longer", async (acks) => {
    const sent = send(await connect(), [[0, batch("a")]], { acks });
    await quiet();
    expect(sent.isAnswered).toBe(false);
    logOf(0).commit();
    expect(outcomes(await sent.answer)).toEqual([[0, Errors.NONE, 0]]);
  });

  test("is not waited for with acks=0", async () => {
    const client = await connect();
    await client.send(produce, 9, {
      transactionalId: null,
      acks: 0,
      timeoutMs: 1000,
      topicData: [{ name: TOPIC, partitionData: [{ index: 0, records: batch("a") }] }],
    });
    const next = send(client, [[1, batch("b")]]);
    await quiet();
    logOf(1).commit();
    expect(outcomes(await next.answer)).toEqual([[1, Errors.NONE, 0]]);
    expect(logOf(0).log.logEndOffset).toBe(1);
  });

  test("ends at its timeout: each partition is told for itself, and what was appended stays", async () => {
    const sent = send(await connect(), [
      [0, batch("a")],
      [1, batch("b")],
      [2, Buffer.alloc(70)],
    ]);
    await quiet();
    logOf(1).commit();
    await clock.advance(999);
    await quiet();
    expect(sent.isAnswered).toBe(false);
    await clock.advance(1);
    expect(outcomes(await sent.answer)).toEqual([
      [0, Errors.REQUEST_TIMED_OUT, 0],
      [1, Errors.NONE, 0],
      [2, expect.any(Number), -1],
    ]);
    expect(logOf(0).log.logEndOffset).toBe(1);
    logOf(0).commit();
    expect(broker.services.partitions.get(TOPIC, 0)?.highWatermark).toBe(1);
  });

  test("tells only of the partition that lost its leader that it did, with who leads it, and waits for the others", async () => {
    const sent = send(
      await connect(),
      [
        [0, batch("a")],
        [1, batch("b")],
      ],
      { version: 10 },
    );
    await quiet();
    const id = broker.services.cluster.image.topicsByName.get(TOPIC)?.id ?? "";
    const partition = { leader: 9, leaderEpoch: 7, replicas: [9], inSyncReplicas: [9] };
    await broker.services.cluster.transact(() => ({ changes: [{ type: "partition", id, index: 0, partition }], result: undefined }));
    await quiet();
    expect(sent.isAnswered).toBe(false);
    logOf(1).commit();
    const answered = await sent.answer;
    expect(outcomes(answered)).toEqual([
      [0, Errors.NOT_LEADER_OR_FOLLOWER, 0],
      [1, Errors.NONE, 0],
    ]);
    expect(answered[0]?.currentLeader).toMatchObject({ leaderId: 9, leaderEpoch: 7 });
  });

  test("that repeats a batch which is still on its way waits for the same batch, and for nothing behind it", async () => {
    const idempotent = (baseSequence: number) => batch("a", { producerId: 7, producerEpoch: 0, baseSequence });
    const first = send(await connect(), [[0, idempotent(0)]]);
    await quiet();
    await clock.advance(1000);
    expect(outcomes(await first.answer)).toEqual([[0, Errors.REQUEST_TIMED_OUT, 0]]);
    const repeated = send(await connect(), [[0, idempotent(0)]]);
    const behind = send(await connect(), [[0, idempotent(1)]]);
    await quiet();
    expect([repeated.isAnswered, behind.isAnswered]).toEqual([false, false]);
    logOf(0).commit(1);
    expect(outcomes(await repeated.answer)).toEqual([[0, Errors.NONE, 0]]);
    await quiet();
    expect(behind.isAnswered).toBe(false);
    logOf(0).commit();
    expect(outcomes(await behind.answer)).toEqual([[0, Errors.NONE, 1]]);
    expect(logOf(0).log.logEndOffset).toBe(2);
  });

  test("shows readers nothing before", async () => {
    const sent = send(await connect(), [[0, batch("a")]]);
    await quiet();
    const client = await connect();
    const read = async () => {
      const answer = await client.call(fetch, 11, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 10_000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ topic: TOPIC, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000, currentLeaderEpoch: -1 }] }],
        forgottenTopicsData: [],
        rackId: "",
      });
      const { highWatermark, records } = answer?.responses[0]?.partitions[0] ?? {};
      return { highWatermark, sizeBytes: records?.length };
    };
    expect(await read()).toEqual({ highWatermark: 0, sizeBytes: 0 });
    logOf(0).commit();
    await sent.answer;
    expect(await read()).toEqual({ highWatermark: 1, sizeBytes: batch("a").length });
  });
});

describe("while what is not durable takes as much memory as it may", () => {
  beforeEach(() => engine.fill(true));

  test("a Produce waits, and appends when there is room", async () => {
    const sent = send(await connect(), [[0, batch("a")]]);
    await quiet();
    expect(sent.isAnswered).toBe(false);
    expect(logOf(0).log.logEndOffset).toBe(0);
    engine.fill(false);
    expect(outcomes(await sent.answer)).toEqual([[0, Errors.NONE, 0]]);
  });

  test("a Produce that waits for too long has appended nothing", async () => {
    const sent = send(await connect(), [[0, batch("a")]]);
    await quiet();
    await clock.advance(1000);
    expect(outcomes(await sent.answer)).toEqual([[0, Errors.REQUEST_TIMED_OUT, -1]]);
    engine.fill(false);
    await quiet();
    expect(logOf(0).log.logEndOffset).toBe(0);
  });

  test("what a Produce waited for room is no longer there to wait for durability", async () => {
    engine.holdsCommits = true;
    const sent = send(await connect(), [[0, batch("a")]]);
    await quiet();
    await clock.advance(600);
    engine.fill(false);
    await quiet();
    await clock.advance(399);
    await quiet();
    expect(sent.isAnswered).toBe(false);
    await clock.advance(1);
    expect(outcomes(await sent.answer)).toEqual([[0, Errors.REQUEST_TIMED_OUT, 0]]);
  });

  test("one with acks=0 waits as well, and closes the connection where that is too long", async () => {
    const topicData = (value: string) => [{ name: TOPIC, partitionData: [{ index: 0, records: batch(value) }] }];
    const [patient, hasty] = [await connect(), await connect()];
    await patient.send(produce, 9, { transactionalId: null, acks: 0, timeoutMs: 5000, topicData: topicData("patient") });
    await hasty.send(produce, 9, { transactionalId: null, acks: 0, timeoutMs: 1000, topicData: topicData("hasty") });
    await quiet();
    const next = asked(hasty.call(createTopics, 5, { topics: [], timeoutMs: 0, validateOnly: false }));
    await quiet();
    expect(next.isAnswered).toBe(false);
    await clock.advance(1000);
    expect(await next.answer).toBeUndefined();
    engine.fill(false);
    await quiet();
    expect(logOf(0).log.logEndOffset).toBe(1);
  });

  test("the first in line takes the room; the next waits on", async () => {
    const first = send(await connect(), [[0, batch("a")]]);
    await quiet();
    const second = send(await connect(), [[1, batch("b")]]);
    await quiet();
    engine.fillsAtAppend = true;
    engine.fill(false);
    await quiet();
    expect([first.isAnswered, second.isAnswered]).toEqual([true, false]);
    engine.fill(false);
    expect(outcomes(await second.answer)).toEqual([[1, Errors.NONE, 0]]);
  });
});

describe("DeleteRecords", () => {
  const ask = async (offsets: readonly number[], timeoutMs = 1000) => {
    const client = await connect();
    const partitions = offsets.map((offset, partitionIndex) => ({ partitionIndex, offset }));
    return asked(
      client
        .call(deleteRecords, 2, { topics: [{ name: TOPIC, partitions }], timeoutMs })
        .then((answer) => answer?.topics[0]?.partitions ?? []),
    );
  };
  const low = (partitions: Awaited<Awaited<ReturnType<typeof ask>>["answer"]>) =>
    partitions.map(({ partitionIndex, errorCode, lowWatermark }) => [partitionIndex, errorCode, lowWatermark]);

  beforeEach(async () => {
    const batches = [0, 1, 2].map((index) => [index, batch("a")] as const);
    await send(await connect(), batches).answer;
  });

  test("is answered when it is done for good, each partition for itself, for the request's timeout at most", async () => {
    const sent = await ask([1, 1, 1]);
    await quiet();
    expect(sent.isAnswered).toBe(false);
    expect(logOf(0).deletions.map(({ offset }) => offset)).toEqual([1]);
    logOf(0).deletions[0]?.done();
    logOf(1).deletions[0]?.failed(new StorageError("UNAVAILABLE", "nobody answers"));
    await quiet();
    expect(sent.isAnswered).toBe(false);
    await clock.advance(1000);
    expect(low(await sent.answer)).toEqual([
      [0, Errors.NONE, 1],
      [1, Errors.KAFKA_STORAGE_ERROR, -1],
      [2, Errors.REQUEST_TIMED_OUT, 0],
    ]);
  });

  test("wakes who waits at the partition once it is done", async () => {
    const sent = await ask([1]);
    await quiet();
    const moves: number[] = [];
    const partition = broker.services.partitions.get(TOPIC, 0);
    partition?.watch({ moved: () => moves.push(partition.logStartOffset) });
    expect(moves).toEqual([]);
    logOf(0).deletions[0]?.done();
    await sent.answer;
    expect(moves).toEqual([1]);
  });
});

describe("new partitions, when their maker hears of them,", () => {
  const make = async (timeoutMs: number) => {
    const client = await connect();
    const topics = [{ name: "new", numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }];
    return asked(client.call(createTopics, 5, { topics, timeoutMs, validateOnly: false }).then((answer) => answer?.topics[0]?.errorCode));
  };

  beforeEach(() => {
    engine.opensLogs = false;
  });

  test("are open", async () => {
    const sent = await make(1000);
    await quiet();
    const [first, second] = engine.takeAsked();
    await first?.comes();
    await quiet();
    expect(sent.isAnswered).toBe(false);
    await second?.comes();
    expect(await sent.answer).toBe(Errors.NONE);
    const client = await connect();
    const topics = [{ name: "new", count: 3, assignments: null }];
    const grown = asked(client.call(createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false }));
    await quiet();
    expect(grown.isAnswered).toBe(false);
    await engine.takeAsked()[0]?.comes();
    expect((await grown.answer)?.results[0]?.errorCode).toBe(Errors.NONE);
    expect(broker.services.partitions.get("new", 2)).toBeDefined();
  });

  test("are opened afterwards where the storage could not, or took longer than the request has time", async () => {
    const sent = await make(1000);
    await quiet();
    const [first] = engine.takeAsked();
    await first?.fails();
    await quiet();
    expect(sent.isAnswered).toBe(false);
    await clock.advance(1000);
    expect(await sent.answer).toBe(Errors.NONE);
  });
});

test("markers of a transaction are waited for as long as request.timeout.ms, after which they are sent again", async () => {
  engine.holdsCommits = true;
  const transactional = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  broker.services.partitions.get(TOPIC, 0)?.append(batch("a", transactional), "client");
  logOf(0).commit();
  const markers = [
    {
      producerId: 7,
      producerEpoch: 0,
      transactionResult: true,
      topics: [{ name: TOPIC, partitionIndexes: [0] }],
      coordinatorEpoch: 0,
      transactionVersion: 1,
    },
  ];
  const ask = async () => {
    const client = await connect();
    return asked(client.call(writeTxnMarkers, 1, { markers }).then((answer) => answer?.markers[0]?.topics[0]?.partitions[0]?.errorCode));
  };
  const sent = await ask();
  await quiet();
  await clock.advance(broker.services.config["request.timeout.ms"]);
  expect(await sent.answer).toBe(Errors.REQUEST_TIMED_OUT);
  const again = await ask();
  await quiet();
  expect(again.isAnswered).toBe(false);
  logOf(0).commit();
  expect(await again.answer).toBe(Errors.NONE);
});
