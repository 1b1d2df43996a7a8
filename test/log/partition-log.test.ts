// What any partition log promises, on every filesystem that the engine runs on.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { ControlType, controlBatch } from "../../protocol/records/control-batch.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { LogRead, PartitionLog } from "../../src/storage/partition-log.ts";
import { append, batchOf, folders, readAll, settingsWith, spec, type TestFolder } from "./support.ts";

const SMALL_SEGMENTS = { "internal.segment.bytes": "1000", "index.interval.bytes": "100" };

describe.each(folders)("a partition log on the $name filesystem", ({ make }) => {
  let folder: TestFolder;
  let engine: SegmentedEngine;

  beforeEach(() => {
    folder = make();
    engine = folder.open();
  });
  afterEach(async () => {
    await engine.close();
    folder.remove();
  });

  const open = (overrides: Readonly<Record<string, string>> = {}) => engine.open(spec(overrides));
  const read = async (
    log: PartitionLog,
    offset: number,
    options: { maxBytes?: number; until?: number; whole?: boolean } = {},
  ): Promise<LogRead> =>
    log.read({
      offset,
      untilOffset: options.until ?? log.logEndOffset,
      maxBytes: options.maxBytes ?? 100_000,
      firstBatchWhole: options.whole ?? true,
    });
  const reopen = async (overrides: Readonly<Record<string, string>> = {}): Promise<PartitionLog> => {
    await engine.close();
    engine = folder.open();
    return open(overrides);
  };

  test("a new log is empty", async () => {
    const log = open();
    expect(log).toMatchObject({
      logStartOffset: 0,
      logEndOffset: 0,
      durableOffset: 0,
      firstUnstableOffset: 0,
      sizeBytes: 0,
      topicId: expect.any(String),
    });
    expect(await read(log, 0, { until: 10 })).toEqual({ records: [], sizeBytes: 0, nextOffset: 0 });
    expect(await log.offsetForTimestamp(0, 0)).toBeUndefined();
    expect(await log.offsetOfMaxTimestamp()).toBeUndefined();
    expect(log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: -1, endOffset: -1 });
  });

  test("appends get consecutive offsets and can be read at once, with offset and epoch stamped and the checksum whole", async () => {
    const log = open();
    expect(append(log, batchOf(["a", "b"]), 4)).toEqual({
      ok: true,
      baseOffset: 0,
      lastOffset: 1,
      logAppendTimeMs: -1,
      isDuplicate: false,
    });
    expect(append(log, batchOf(["c"]), 4)).toMatchObject({ baseOffset: 2, lastOffset: 2 });
    expect(log.logEndOffset).toBe(3);
    expect(log.durableOffset).toBe(3);
    const batch = new RecordBatch((await read(log, 2)).records[0] ?? Buffer.alloc(0));
    expect(batch).toMatchObject({ baseOffset: 2, partitionLeaderEpoch: 4 });
    expect(batch.isCrcValid()).toBe(true);
    expect(await readAll(log)).toEqual([
      { offset: 0, value: "a" },
      { offset: 1, value: "b" },
      { offset: 2, value: "c" },
    ]);
  });

  test("the caller may reuse the memory of what it appended, and what it appended is not written to", async () => {
    const log = open({ "message.timestamp.type": "LogAppendTime" });
    const records = batchOf(["kept"]);
    const before = Buffer.from(records);
    append(log, records, 3);
    expect(records.equals(before)).toBe(true);
    records.fill(0);
    expect(await readAll(log)).toEqual([{ offset: 0, value: "kept" }]);
  });

  test("a read starts with the batch that holds the offset and stops before the limits", async () => {
    const log = open();
    const size = batchOf(["0", "1"]).length;
    for (let count = 0; count < 5; count++) append(log, batchOf([String(count), "x"]));
    expect(await read(log, 3)).toMatchObject({ sizeBytes: 4 * size, nextOffset: 10 });
    expect(await read(log, 2, { maxBytes: 2 * size })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { maxBytes: 3 * size - 1 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { until: 6 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { until: 7 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 10)).toMatchObject({ sizeBytes: 0, nextOffset: 10 });
  });

  test("the first batch is given whole when it is larger than the limit, if that is asked for", async () => {
    const log = open();
    append(log, batchOf(["x".repeat(5000)]));
    append(log, batchOf(["y"]));
    expect(await read(log, 0, { maxBytes: 100, whole: false })).toMatchObject({ sizeBytes: 0, nextOffset: 0 });
    expect(await read(log, 0, { maxBytes: 100 })).toMatchObject({ nextOffset: 1 });
    const reopened = await reopen();
    expect(await read(reopened, 0, { maxBytes: 100, whole: false })).toMatchObject({ sizeBytes: 0, nextOffset: 0 });
    expect(await read(reopened, 0, { maxBytes: 100 })).toMatchObject({ nextOffset: 1 });
    expect(await read(reopened, 1, { maxBytes: 100 })).toMatchObject({ nextOffset: 2 });
  });

  test("what was read stays as it was, whatever is appended later", async () => {
    const log = open();
    append(log, batchOf(["first"]));
    const { records } = await read(log, 0);
    const before = Buffer.concat(records);
    for (let count = 0; count < 3000; count++) append(log, batchOf([`${count}`.repeat(30)]));
    expect(Buffer.concat(records).equals(before)).toBe(true);
  });

  test("a restart finds everything as it was, also in many segments", async () => {
    const log = open(SMALL_SEGMENTS);
    log.startLeaderEpoch(2);
    const values = Array.from({ length: 200 }, (_, index) => `value ${index}`);
    for (const value of values) append(log, batchOf([value]), 2);
    const { sizeBytes } = log;
    const reopened = await reopen(SMALL_SEGMENTS);
    expect(reopened).toMatchObject({ logStartOffset: 0, logEndOffset: 200, sizeBytes });
    expect((await readAll(reopened)).map(({ value }) => value)).toEqual(values);
    expect(reopened.endOffsetForEpoch(2)).toEqual({ leaderEpoch: 2, endOffset: 200 });
    expect(append(reopened, batchOf(["next"]), 2)).toMatchObject({ baseOffset: 200 });
    for (const offset of [0, 57, 99, 199]) expect((await read(reopened, offset, { maxBytes: 1 })).nextOffset).toBe(offset + 1);
  });

  test("a log that was closed can be opened again in the same process", async () => {
    const log = open();
    append(log, batchOf(["a"]));
    log.close();
    const again = open();
    expect(again.logEndOffset).toBe(1);
    expect(await readAll(again)).toEqual([{ offset: 0, value: "a" }]);
  });

  test("LogAppendTime stamps the broker's time on the batch and answers it", async () => {
    const log = open({ "message.timestamp.type": "LogAppendTime" });
    const nowMs = folder.clock.now();
    expect(append(log, batchOf(["a"], { timestamp: 5 }))).toMatchObject({ logAppendTimeMs: nowMs });
    const batch = new RecordBatch((await read(log, 0)).records[0] ?? Buffer.alloc(0));
    expect(batch).toMatchObject({ timestampType: TimestampType.LOG_APPEND_TIME, maxTimestamp: nowMs });
    expect(batch.isCrcValid()).toBe(true);
  });

  test("a wrong maximum timestamp is corrected", async () => {
    const log = open();
    const batch = new RecordBatch(batchOf(["a"], { records: [1, 9, 3].map((timestamp) => ({ key: null, value: null, timestamp })) }));
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, 4);
    append(log, batch.bytes);
    const stored = new RecordBatch((await read(log, 0)).records[0] ?? Buffer.alloc(0));
    expect(stored.maxTimestamp).toBe(9);
    expect(stored.isCrcValid()).toBe(true);
  });

  test("a refused batch changes nothing", () => {
    const log = open();
    append(log, batchOf(["a"]));
    const broken = batchOf(["b"]);
    broken[broken.length - 1] = 99;
    expect(log.append(broken, { leaderEpoch: 0, origin: "client" })).toMatchObject({
      ok: false,
      error: Errors.CORRUPT_MESSAGE,
      recordErrors: [],
    });
    expect(log.logEndOffset).toBe(1);
  });

  test("settings changed while the log is open hold from the next append on", () => {
    const log = open();
    append(log, batchOf(["x".repeat(1000)]));
    log.configure(settingsWith({ "max.message.bytes": "500" }));
    expect(log.append(batchOf(["x".repeat(1000)]), { leaderEpoch: 0, origin: "client" })).toMatchObject({
      error: Errors.MESSAGE_TOO_LARGE,
    });
  });

  test("an idempotent batch that comes again is answered with its first offsets, also after a restart", async () => {
    const log = open();
    const producer = { producerId: 7, producerEpoch: 0 };
    append(log, batchOf(["other"]));
    const repeated = batchOf(["a", "b"], { ...producer, baseSequence: 0 });
    append(log, repeated);
    append(log, batchOf(["c"], { ...producer, baseSequence: 2 }));
    expect(append(log, repeated)).toMatchObject({ baseOffset: 1, lastOffset: 2, isDuplicate: true });
    expect(log.logEndOffset).toBe(4);
    const reopened = await reopen();
    expect(append(reopened, batchOf(["c"], { ...producer, baseSequence: 2 }))).toMatchObject({ baseOffset: 3, isDuplicate: true });
    const gap = reopened.append(batchOf(["e"], { ...producer, baseSequence: 4 }), { leaderEpoch: 0, origin: "client" });
    expect(gap).toMatchObject({ ok: false, error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(append(reopened, batchOf(["d"], { ...producer, baseSequence: 3 }))).toMatchObject({ baseOffset: 4, isDuplicate: false });
  });

  test("a repeated batch of a LogAppendTime topic is answered with its first time", async () => {
    const log = open({ "message.timestamp.type": "LogAppendTime" });
    const batch = batchOf(["a"], { producerId: 7, producerEpoch: 0, baseSequence: 0 });
    const { logAppendTimeMs } = append(log, batch);
    await folder.clock.advance(5000);
    expect(append(log, batch)).toMatchObject({ isDuplicate: true, logAppendTimeMs });
  });

  const marker = (producerId: number, type: ControlType, producerEpoch = 0) =>
    controlBatch({ producerId, producerEpoch, coordinatorEpoch: 0, type, timestamp: 1_700_000_000_000 }).bytes;
  const endTransaction = (log: PartitionLog, producerId: number, type: ControlType) =>
    expect(log.append(marker(producerId, type), { leaderEpoch: 0, origin: "coordinator" })).toMatchObject({ ok: true });
  const transactional = (producerId: number, baseSequence: number) => ({
    producerId,
    producerEpoch: 0,
    baseSequence,
    isTransactional: true,
  });

  test("an open transaction holds the stable offset back until its marker comes", () => {
    const log = open();
    append(log, batchOf(["free"]));
    append(log, batchOf(["a"], transactional(1, 0)));
    append(log, batchOf(["b"], transactional(2, 0)));
    expect(log.firstUnstableOffset).toBe(1);
    endTransaction(log, 1, ControlType.COMMIT);
    expect(log.firstUnstableOffset).toBe(2);
    endTransaction(log, 2, ControlType.COMMIT);
    expect(log.firstUnstableOffset).toBe(5);
  });

  test("aborted transactions are listed for the ranges that they overlap, also after a restart", async () => {
    const log = open(SMALL_SEGMENTS);
    append(log, batchOf(["a"], transactional(1, 0))); // 0
    append(log, batchOf(["b"], transactional(2, 0))); // 1
    endTransaction(log, 1, ControlType.ABORT); // 2
    for (let count = 0; count < 30; count++) append(log, batchOf([`free ${count}`.padEnd(100)])); // 3 to 32
    endTransaction(log, 2, ControlType.ABORT); // 33
    append(log, batchOf(["c"], transactional(1, 1))); // 34
    endTransaction(log, 1, ControlType.COMMIT); // 35
    for (const next of [async () => log, () => reopen(SMALL_SEGMENTS)]) {
      const each = await next();
      expect(each.abortedTransactions(0, 36)).toEqual([
        { producerId: 1, firstOffset: 0 },
        { producerId: 2, firstOffset: 1 },
      ]);
      expect(each.abortedTransactions(3, 30)).toEqual([{ producerId: 2, firstOffset: 1 }]);
      expect(each.abortedTransactions(0, 1)).toEqual([{ producerId: 1, firstOffset: 0 }]);
      expect(each.abortedTransactions(34, 36)).toEqual([]);
    }
  });

  test("an open transaction is still open after a restart", async () => {
    const log = open();
    append(log, batchOf(["a"], transactional(1, 0)));
    append(log, batchOf(["b"]));
    const reopened = await reopen();
    expect(reopened.firstUnstableOffset).toBe(0);
    expect(reopened.activeProducers()).toEqual([
      {
        producerId: 1,
        producerEpoch: 0,
        lastSequence: 0,
        lastTimestampMs: 1_700_000_000_000,
        coordinatorEpoch: -1,
        currentTransactionStartOffset: 0,
      },
    ]);
    endTransaction(reopened, 1, ControlType.ABORT);
    expect(reopened.firstUnstableOffset).toBe(3);
    expect(reopened.abortedTransactions(0, 3)).toEqual([{ producerId: 1, firstOffset: 0 }]);
  });

  test("producers that were silent for long are forgotten, but not within a transaction", async () => {
    const log = open();
    const timestamp = folder.clock.now();
    append(log, batchOf(["a"], { producerId: 1, producerEpoch: 0, baseSequence: 0, timestamp }));
    append(log, batchOf(["b"], { ...transactional(2, 0), timestamp }));
    await folder.clock.advance(86_400_000);
    log.enforceRetention();
    expect(log.activeProducers().map(({ producerId }) => producerId)).toEqual([2]);
    expect(append(log, batchOf(["c"], { producerId: 1, producerEpoch: 0, baseSequence: 17 }))).toMatchObject({ isDuplicate: false });
  });

  test("deleted records stay deleted and whole segments below go", async () => {
    const log = open(SMALL_SEGMENTS);
    for (let count = 0; count < 100; count++) append(log, batchOf([`value ${count}`]));
    const { sizeBytes } = log;
    log.deleteRecordsBefore(55);
    log.deleteRecordsBefore(20);
    expect(log.logStartOffset).toBe(55);
    expect(log.sizeBytes).toBeLessThan(sizeBytes / 1.5);
    expect((await readAll(log))[0]).toEqual({ offset: 55, value: "value 55" });
    const reopened = await reopen(SMALL_SEGMENTS);
    expect(reopened.logStartOffset).toBe(55);
    expect((await readAll(reopened)).length).toBe(45);
    reopened.deleteRecordsBefore(100);
    expect(reopened.logStartOffset).toBe(100);
    const empty = await reopen(SMALL_SEGMENTS);
    expect(empty).toMatchObject({ logStartOffset: 100, logEndOffset: 100 });
    expect(append(empty, batchOf(["next"]))).toMatchObject({ baseOffset: 100 });
  });

  test("retention by time deletes what is too old, also the segment that is written to, and offsets go on", async () => {
    const settings = { ...SMALL_SEGMENTS, "retention.ms": "10000", "file.delete.delay.ms": "5000" };
    const log = open(settings);
    for (let count = 0; count < 50; count++) append(log, batchOf([`old ${count}`], { timestamp: folder.clock.now() }));
    await folder.clock.advance(6000);
    append(log, batchOf(["young"], { timestamp: folder.clock.now() }));
    await folder.clock.advance(6000);
    expect(log.enforceRetention()).toBeGreaterThan(3);
    expect(log.logStartOffset).toBeGreaterThan(40);
    expect((await readAll(log)).at(-1)?.value).toBe("young");
    await folder.clock.advance(10_000);
    expect(log.enforceRetention()).toBe(1);
    expect(log).toMatchObject({ logStartOffset: 51, logEndOffset: 51, sizeBytes: 0 });
    expect(log.enforceRetention()).toBe(0);
    const names = () => folder.filesystem.list(`${folder.directory}/orders-0`);
    await folder.clock.advance(6000);
    expect(names().filter((name) => name.endsWith(".deleted"))).toEqual([]);
    const reopened = await reopen(settings);
    expect(reopened).toMatchObject({ logStartOffset: 51, logEndOffset: 51 });
    expect(append(reopened, batchOf(["next"]))).toMatchObject({ baseOffset: 51 });
  });

  test("retention by size keeps at least the size that is asked for", () => {
    const log = open({ ...SMALL_SEGMENTS, "retention.bytes": "3000" });
    for (let count = 0; count < 100; count++) append(log, batchOf([`value ${count}`]));
    log.enforceRetention();
    expect(log.sizeBytes).toBeGreaterThanOrEqual(3000);
    expect(log.sizeBytes).toBeLessThan(4000);
  });

  test("a segment ends when its records span segment.ms", async () => {
    const log = open({ "segment.ms": "1000" });
    append(log, batchOf(["a"], { timestamp: 5000 }));
    append(log, batchOf(["b"], { timestamp: 6000 }));
    append(log, batchOf(["c"], { timestamp: 6001 }));
    const logFiles = folder.filesystem.list(`${folder.directory}/orders-0`).filter((name) => name.endsWith(".log"));
    expect(logFiles).toEqual(["00000000000000000000.log", "00000000000000000002.log"]);
  });

  test("offsets are found by timestamp, record by record, also in compressed batches", async () => {
    const log = open(SMALL_SEGMENTS);
    const records = (timestamps: readonly number[]) => timestamps.map((timestamp) => ({ key: null, value: Buffer.alloc(50), timestamp }));
    append(log, batchOf([], { records: records([100, 300, 200]) }));
    append(log, batchOf([], { records: records([250, 400]), compression: Compression.GZIP }));
    append(log, batchOf([], { records: records([50, 400]) }), 3);
    for (const next of [async () => log, () => reopen(SMALL_SEGMENTS)]) {
      const each = await next();
      const find = async (timestampMs: number, until = each.logEndOffset) => (await each.offsetForTimestamp(timestampMs, until))?.offset;
      expect(await Promise.all([0, 100, 101, 300, 301, 400, 401].map((timestampMs) => find(timestampMs)))).toEqual([
        0,
        0,
        1,
        1,
        4,
        4,
        undefined,
      ]);
      expect(await find(301, 4)).toBeUndefined();
      expect(await each.offsetForTimestamp(101, 7)).toEqual({ offset: 1, timestampMs: 300, leaderEpoch: 0 });
      expect(await each.offsetOfMaxTimestamp()).toEqual({ offset: 4, timestampMs: 400, leaderEpoch: 0 });
      each.deleteRecordsBefore(each.logStartOffset);
    }
  });

  test("deleted records are not found by timestamp", async () => {
    const log = open();
    for (const timestamp of [100, 900, 300]) append(log, batchOf(["x"], { timestamp }));
    log.deleteRecordsBefore(2);
    expect(await log.offsetForTimestamp(0, 3)).toEqual({ offset: 2, timestampMs: 300, leaderEpoch: 0 });
    expect(await log.offsetOfMaxTimestamp()).toEqual({ offset: 2, timestampMs: 300, leaderEpoch: 0 });
  });

  test("epochs are known by where they start, also after a restart", async () => {
    const log = open();
    log.startLeaderEpoch(1);
    append(log, batchOf(["a", "b"]), 1);
    log.startLeaderEpoch(3);
    log.startLeaderEpoch(4);
    log.startLeaderEpoch(2);
    append(log, batchOf(["c"]), 4);
    for (const next of [async () => log, () => reopen()]) {
      const each = await next();
      expect([0, 1, 2, 3, 4, 5, -1].map((epoch) => each.endOffsetForEpoch(epoch))).toEqual([
        { leaderEpoch: 0, endOffset: 0 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 4, endOffset: 3 },
        { leaderEpoch: -1, endOffset: -1 },
        { leaderEpoch: -1, endOffset: -1 },
      ]);
      expect([0, 1, 2, 3].map((offset) => each.leaderEpochAt(offset))).toEqual([1, 1, 4, 4]);
    }
  });

  test("a batch larger than any slab of memory is stored and read", async () => {
    const log = open({ "max.message.bytes": "7000000" });
    append(log, batchOf(["x".repeat(3_000_000)]));
    append(log, batchOf(["y"]));
    expect((await readAll(log)).map(({ value }) => value.length)).toEqual([3_000_000, 1]);
    expect((await readAll(await reopen())).map(({ value }) => value.length)).toEqual([3_000_000, 1]);
  });

  test("with flush.messages=1 a record counts as durable when the disk has it, and the listener hears of it", async () => {
    const log = open({ "flush.messages": "1" });
    let heard = 0;
    log.onDurable(() => heard++);
    append(log, batchOf(["a"]));
    append(log, batchOf(["b"]));
    expect(log.durableOffset).toBe(0);
    await log.flush();
    expect(log.durableOffset).toBe(2);
    expect(heard).toBeGreaterThan(0);
  });

  test("with flush.messages=3 every third record waits for the disk", async () => {
    const log = open({ "flush.messages": "3" });
    append(log, batchOf(["a"]));
    append(log, batchOf(["b"]));
    expect(log.durableOffset).toBe(2);
    append(log, batchOf(["c"]));
    expect(log.durableOffset).toBe(2);
    append(log, batchOf(["d"]));
    expect(log.durableOffset).toBe(2);
    await new Promise<void>((resolve) => log.onDurable(resolve));
    expect(log.durableOffset).toBe(4);
  });

  test("a marker that is not durable yet leaves its transaction unstable", async () => {
    const log = open({ "flush.messages": "2" });
    append(log, batchOf(["a"], transactional(1, 0)));
    expect(log.durableOffset).toBe(1);
    endTransaction(log, 1, ControlType.COMMIT);
    expect(log.firstUnstableOffset).toBe(0);
    await log.flush();
    expect(log.firstUnstableOffset).toBe(2);
  });
});
