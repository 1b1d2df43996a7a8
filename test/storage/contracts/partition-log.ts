// What any partition log promises, whatever it is stored in. What is appended may become durable some time later: a test waits for that
// (`settled`) before it reads, closes or deletes. Leader epochs are those of the bench, which rise with each process that opens the log.

import { afterEach, beforeEach, expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { Compression, TimestampType } from "../../../protocol/records/batch-header.ts";
import { ControlType, controlBatch } from "../../../protocol/records/control-batch.ts";
import { RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { AbortedTransaction, AppendResult, LogRead, PartitionLog } from "../../../src/storage/partition-log.ts";
import { type Appended, append as appendAt, batchOf, type ReadRecord, readAll as readAllOf, settingsWith } from "../../log/support.ts";

type Overrides = Readonly<Record<string, string>>;

/** Where the log of one partition is kept, and the process that has it. */
export interface LogBench {
  /** That the log was opened with last. */
  readonly leaderEpoch: number;
  /** By the clock of the engine. */
  now(): number;
  advance(ms: number): Promise<void>;
  /** Gives what the work gives; lets time pass meanwhile, where it does not pass by itself. */
  during<Result>(work: Promise<Result>): Promise<Result>;
  open(overrides?: Overrides, leaderEpoch?: number): Promise<PartitionLog>;
  /** The process stops in order, and the next one opens the log as the leader of a newer epoch. */
  reopen(overrides?: Overrides, leaderEpoch?: number): Promise<PartitionLog>;
  /** Everything that was appended is durable. */
  settled(log: PartitionLog): Promise<void>;
  remove(): Promise<void>;
}

/** Segments and indexes of engines that have such are small. */
const SMALL_SEGMENTS = { "internal.segment.bytes": "1000", "index.interval.bytes": "100" };

/** Registers the tests. */
export function partitionLogContract(makeBench: () => LogBench | Promise<LogBench>): void {
  let bench: LogBench;

  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.remove());

  const open = (overrides: Overrides = {}, leaderEpoch?: number) => bench.during(bench.open(overrides, leaderEpoch));
  const reopen = (overrides: Overrides = {}, leaderEpoch?: number) => bench.during(bench.reopen(overrides, leaderEpoch));
  const append = (log: PartitionLog, records: Buffer): Appended => appendAt(log, records, bench.leaderEpoch);
  const tryAppend = (log: PartitionLog, records: Buffer): AppendResult =>
    log.append(records, { leaderEpoch: bench.leaderEpoch, origin: "client" });
  const settled = async (log: PartitionLog): Promise<PartitionLog> => {
    await bench.settled(log);
    expect(log.durableOffset).toBe(log.logEndOffset);
    return log;
  };
  const read = (
    log: PartitionLog,
    offset: number,
    options: { maxBytes?: number; until?: number; whole?: boolean } = {},
  ): Promise<LogRead> =>
    bench.during(
      Promise.resolve(
        log.read({
          offset,
          untilOffset: options.until ?? log.logEndOffset,
          maxBytes: options.maxBytes ?? 100_000,
          firstBatchWhole: options.whole ?? true,
        }),
      ),
    );
  const readAll = (log: PartitionLog): Promise<ReadRecord[]> => bench.during(readAllOf(log));
  const firstBatch = async (log: PartitionLog, offset = 0) => new RecordBatch((await read(log, offset)).records[0] ?? Buffer.alloc(0));
  const aborted = (log: PartitionLog, from: number, until: number): Promise<readonly AbortedTransaction[]> =>
    bench.during(Promise.resolve(log.abortedTransactions(from, until)));
  const deleteBefore = (log: PartitionLog, offset: number) => bench.during(Promise.resolve(log.deleteRecordsBefore(offset)));
  const enforceRetention = (log: PartitionLog): Promise<number> => bench.during(Promise.resolve(log.enforceRetention()));

  test("a new log is empty", async () => {
    const log = await open();
    expect(log).toMatchObject({
      logStartOffset: 0,
      logEndOffset: 0,
      durableOffset: 0,
      firstUnstableOffset: 0,
      sizeBytes: 0,
      isIntact: true,
      topicId: expect.any(String),
    });
    expect(await read(log, 0, { until: 10 })).toMatchObject({ records: [], sizeBytes: 0, nextOffset: 0 });
    expect(await bench.during(log.offsetForTimestamp(0, 0))).toBeUndefined();
    expect(await bench.during(log.offsetOfMaxTimestamp())).toBeUndefined();
    expect(log.endOffsetForEpoch(bench.leaderEpoch + 1)).toEqual({ leaderEpoch: -1, endOffset: -1 });
  });

  test("appends get consecutive offsets and can be read, with offset and epoch stamped and the checksum whole", async () => {
    const log = await open({}, 4);
    expect(append(log, batchOf(["a", "b"]))).toEqual({ ok: true, baseOffset: 0, lastOffset: 1, logAppendTimeMs: -1, isDuplicate: false });
    expect(append(log, batchOf(["c"]))).toMatchObject({ baseOffset: 2, lastOffset: 2 });
    expect(log.logEndOffset).toBe(3);
    await settled(log);
    const batch = await firstBatch(log, 2);
    expect(batch).toMatchObject({ baseOffset: 2, partitionLeaderEpoch: 4 });
    expect(batch.isCrcValid()).toBe(true);
    expect(await readAll(log)).toEqual([
      { offset: 0, value: "a" },
      { offset: 1, value: "b" },
      { offset: 2, value: "c" },
    ]);
  });

  test("the listener hears of what became durable after its append", async () => {
    const log = await open();
    const heard: number[] = [];
    log.onDurable(() => heard.push(log.durableOffset));
    append(log, batchOf(["a", "b"]));
    const wasDurable = log.durableOffset === 2;
    await settled(log);
    expect(wasDurable ? 2 : heard.at(-1)).toBe(2);
  });

  test("the caller may reuse the memory of what it appended, and what it appended is not written to", async () => {
    const log = await open({ "message.timestamp.type": "LogAppendTime" });
    const records = batchOf(["kept"]);
    const before = Buffer.from(records);
    append(log, records);
    expect(records.equals(before)).toBe(true);
    records.fill(0);
    await settled(log);
    expect(await readAll(log)).toEqual([{ offset: 0, value: "kept" }]);
  });

  test("a read starts with the batch that holds the offset and stops before the limits", async () => {
    const log = await open();
    const size = batchOf(["0", "1"]).length;
    for (let count = 0; count < 5; count++) append(log, batchOf([String(count), "x"]));
    await settled(log);
    expect(await read(log, 3)).toMatchObject({ sizeBytes: 4 * size, nextOffset: 10 });
    expect(await read(log, 2, { maxBytes: 2 * size })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { maxBytes: 3 * size - 1 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { until: 6 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 2, { until: 7 })).toMatchObject({ sizeBytes: 2 * size, nextOffset: 6 });
    expect(await read(log, 10)).toMatchObject({ sizeBytes: 0, nextOffset: 10 });
  });

  test("the first batch is given whole when it is larger than the limit, if that is asked for", async () => {
    const log = await open();
    append(log, batchOf(["x".repeat(5000)]));
    append(log, batchOf(["y"]));
    await settled(log);
    expect(await read(log, 0, { maxBytes: 100, whole: false })).toMatchObject({ sizeBytes: 0, nextOffset: 0 });
    expect(await read(log, 0, { maxBytes: 100 })).toMatchObject({ nextOffset: 1 });
    const reopened = await reopen();
    expect(await read(reopened, 0, { maxBytes: 100, whole: false })).toMatchObject({ sizeBytes: 0, nextOffset: 0 });
    expect(await read(reopened, 0, { maxBytes: 100 })).toMatchObject({ nextOffset: 1 });
    expect(await read(reopened, 1, { maxBytes: 100 })).toMatchObject({ nextOffset: 2 });
  });

  test("what was read stays as it was, whatever is appended later", async () => {
    const log = await open();
    append(log, batchOf(["first"]));
    await settled(log);
    const { records } = await read(log, 0);
    const before = Buffer.concat(records);
    for (let count = 0; count < 3000; count++) append(log, batchOf([`${count}`.repeat(30)]));
    await settled(log);
    expect(Buffer.concat(records).equals(before)).toBe(true);
  });

  test("a restart finds everything as it was, also in many segments", async () => {
    const log = await open(SMALL_SEGMENTS, 2);
    log.startLeaderEpoch(2);
    const values = Array.from({ length: 200 }, (_, index) => `value ${index}`);
    for (const [index, value] of values.entries()) {
      append(log, batchOf([value]));
      if (index % 20 === 19) await settled(log);
    }
    const { sizeBytes } = log;
    const reopened = await reopen(SMALL_SEGMENTS, 5);
    expect(reopened).toMatchObject({ logStartOffset: 0, logEndOffset: 200, durableOffset: 200, sizeBytes });
    expect((await readAll(reopened)).map(({ value }) => value)).toEqual(values);
    expect(reopened.endOffsetForEpoch(2)).toEqual({ leaderEpoch: 2, endOffset: 200 });
    expect(append(reopened, batchOf(["next"]))).toMatchObject({ baseOffset: 200 });
    await settled(reopened);
    for (const offset of [0, 57, 99, 199]) expect((await read(reopened, offset, { maxBytes: 1 })).nextOffset).toBe(offset + 1);
  });

  test("a log that was closed can be opened again in the same process", async () => {
    const log = await open();
    append(log, batchOf(["a"]));
    await settled(log);
    log.close();
    const again = await open();
    expect(again.logEndOffset).toBe(1);
    expect(await readAll(again)).toEqual([{ offset: 0, value: "a" }]);
  });

  test("LogAppendTime stamps the broker's time on the batch and answers it", async () => {
    const log = await open({ "message.timestamp.type": "LogAppendTime" });
    const beforeMs = bench.now();
    const { logAppendTimeMs } = append(log, batchOf(["a"], { timestamp: 5 }));
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(beforeMs);
    expect(logAppendTimeMs).toBeLessThanOrEqual(bench.now());
    await settled(log);
    const batch = await firstBatch(log);
    expect(batch).toMatchObject({ timestampType: TimestampType.LOG_APPEND_TIME, maxTimestamp: logAppendTimeMs });
    expect(batch.isCrcValid()).toBe(true);
  });

  test("a wrong maximum timestamp is corrected", async () => {
    const log = await open();
    const batch = new RecordBatch(batchOf(["a"], { records: [1, 9, 3].map((timestamp) => ({ key: null, value: null, timestamp })) }));
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, 4);
    append(log, batch.bytes);
    await settled(log);
    const stored = await firstBatch(log);
    expect(stored.maxTimestamp).toBe(9);
    expect(stored.isCrcValid()).toBe(true);
  });

  test("a refused batch changes nothing", async () => {
    const log = await open();
    append(log, batchOf(["a"]));
    const broken = batchOf(["b"]);
    broken[broken.length - 1] = 99;
    expect(tryAppend(log, broken)).toMatchObject({ ok: false, error: Errors.CORRUPT_MESSAGE, recordErrors: [] });
    expect(log.logEndOffset).toBe(1);
  });

  test("settings changed while the log is open hold from the next append on", async () => {
    const log = await open();
    append(log, batchOf(["x".repeat(1000)]));
    log.configure(settingsWith({ "max.message.bytes": "500" }));
    expect(tryAppend(log, batchOf(["x".repeat(1000)]))).toMatchObject({ error: Errors.MESSAGE_TOO_LARGE });
  });

  test("an idempotent batch that comes again is answered with its first offsets, also after a restart", async () => {
    const log = await open();
    const producer = { producerId: 7, producerEpoch: 0 };
    append(log, batchOf(["other"]));
    const repeated = batchOf(["a", "b"], { ...producer, baseSequence: 0 });
    append(log, repeated);
    append(log, batchOf(["c"], { ...producer, baseSequence: 2 }));
    expect(append(log, repeated)).toMatchObject({ baseOffset: 1, lastOffset: 2, isDuplicate: true });
    expect(log.logEndOffset).toBe(4);
    await settled(log);
    expect(append(log, repeated)).toMatchObject({ baseOffset: 1, lastOffset: 2, isDuplicate: true });
    const reopened = await reopen();
    expect(append(reopened, batchOf(["c"], { ...producer, baseSequence: 2 }))).toMatchObject({ baseOffset: 3, isDuplicate: true });
    const gap = tryAppend(reopened, batchOf(["e"], { ...producer, baseSequence: 4 }));
    expect(gap).toMatchObject({ ok: false, error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(append(reopened, batchOf(["d"], { ...producer, baseSequence: 3 }))).toMatchObject({ baseOffset: 4, isDuplicate: false });
  });

  test("a repeated batch of a LogAppendTime topic is answered with its first time", async () => {
    const log = await open({ "message.timestamp.type": "LogAppendTime" });
    const batch = batchOf(["a"], { producerId: 7, producerEpoch: 0, baseSequence: 0 });
    const { logAppendTimeMs } = append(log, batch);
    await settled(log);
    await bench.advance(20);
    expect(append(log, batch)).toMatchObject({ isDuplicate: true, logAppendTimeMs });
  });

  const marker = (producerId: number, type: ControlType, producerEpoch = 0) =>
    controlBatch({ producerId, producerEpoch, coordinatorEpoch: 0, type, timestamp: 1_700_000_000_000 }).bytes;
  const endTransaction = (log: PartitionLog, producerId: number, type: ControlType) =>
    expect(log.append(marker(producerId, type), { leaderEpoch: bench.leaderEpoch, origin: "coordinator" })).toMatchObject({ ok: true });
  const transactional = (producerId: number, baseSequence: number) => ({
    producerId,
    producerEpoch: 0,
    baseSequence,
    isTransactional: true,
  });

  test("an open transaction holds the stable offset back until its marker comes", async () => {
    const log = await open();
    append(log, batchOf(["free"]));
    append(log, batchOf(["a"], transactional(1, 0)));
    append(log, batchOf(["b"], transactional(2, 0)));
    expect(log.firstUnstableOffset).toBe(1);
    endTransaction(log, 1, ControlType.COMMIT);
    await settled(log);
    expect(log.firstUnstableOffset).toBe(2);
    endTransaction(log, 2, ControlType.COMMIT);
    await settled(log);
    expect(log.firstUnstableOffset).toBe(5);
  });

  test("a marker that is not durable yet leaves its transaction unstable", async () => {
    const log = await open();
    append(log, batchOf(["a"], transactional(1, 0)));
    await settled(log);
    endTransaction(log, 1, ControlType.ABORT);
    expect(log.firstUnstableOffset).toBe(log.durableOffset === 2 ? 2 : 0);
    await settled(log);
    expect(log.firstUnstableOffset).toBe(2);
    expect(await aborted(log, 0, 2)).toEqual([{ producerId: 1, firstOffset: 0 }]);
  });

  test("aborted transactions are listed for the ranges that they overlap, also after a restart", async () => {
    const log = await open(SMALL_SEGMENTS);
    append(log, batchOf(["a"], transactional(1, 0))); // 0
    append(log, batchOf(["b"], transactional(2, 0))); // 1
    endTransaction(log, 1, ControlType.ABORT); // 2
    await settled(log);
    for (let count = 0; count < 30; count++) append(log, batchOf([`free ${count}`.padEnd(100)])); // 3 to 32
    await settled(log);
    endTransaction(log, 2, ControlType.ABORT); // 33
    append(log, batchOf(["c"], transactional(1, 1))); // 34
    endTransaction(log, 1, ControlType.COMMIT); // 35
    await settled(log);
    for (const next of [async () => log, () => reopen(SMALL_SEGMENTS)]) {
      const each = await next();
      expect(await aborted(each, 0, 36)).toEqual([
        { producerId: 1, firstOffset: 0 },
        { producerId: 2, firstOffset: 1 },
      ]);
      expect(await aborted(each, 3, 30)).toEqual([{ producerId: 2, firstOffset: 1 }]);
      expect(await aborted(each, 0, 1)).toEqual([{ producerId: 1, firstOffset: 0 }]);
      expect(await aborted(each, 34, 36)).toEqual([]);
    }
  });

  test("an open transaction is still open after a restart", async () => {
    const log = await open();
    append(log, batchOf(["a"], transactional(1, 0)));
    append(log, batchOf(["b"]));
    await settled(log);
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
    expect(reopened.producer(1)).toMatchObject({ producerEpoch: 0, transactionFirstOffset: 0 });
    endTransaction(reopened, 1, ControlType.ABORT);
    await settled(reopened);
    expect(reopened.firstUnstableOffset).toBe(3);
    expect(await aborted(reopened, 0, 3)).toEqual([{ producerId: 1, firstOffset: 0 }]);
    expect(reopened.producer(9)).toBeUndefined();
  });

  test("producers that were silent for long are forgotten, but not within a transaction", async () => {
    const log = await open();
    const timestamp = bench.now();
    append(log, batchOf(["a"], { producerId: 1, producerEpoch: 0, baseSequence: 0, timestamp }));
    append(log, batchOf(["b"], { ...transactional(2, 0), timestamp }));
    await settled(log);
    await bench.advance(86_400_000);
    await enforceRetention(log);
    expect(log.activeProducers().map(({ producerId }) => producerId)).toEqual([2]);
    expect(append(log, batchOf(["c"], { producerId: 1, producerEpoch: 0, baseSequence: 17 }))).toMatchObject({ isDuplicate: false });
  });

  test("deleted records stay deleted and whole segments below go", async () => {
    const log = await open(SMALL_SEGMENTS);
    for (let count = 0; count < 100; count++) {
      append(log, batchOf([`value ${count}`]));
      if (count % 10 === 9) await settled(log);
    }
    const { sizeBytes } = log;
    await deleteBefore(log, 55);
    await deleteBefore(log, 20);
    expect(log.logStartOffset).toBe(55);
    expect(log.sizeBytes).toBeLessThan(sizeBytes / 1.5);
    expect((await readAll(log))[0]).toEqual({ offset: 55, value: "value 55" });
    const reopened = await reopen(SMALL_SEGMENTS);
    expect(reopened.logStartOffset).toBe(55);
    expect((await readAll(reopened)).length).toBe(45);
    await deleteBefore(reopened, 100);
    expect(reopened.logStartOffset).toBe(100);
    const empty = await reopen(SMALL_SEGMENTS);
    expect(empty).toMatchObject({ logStartOffset: 100, logEndOffset: 100 });
    expect(append(empty, batchOf(["next"]))).toMatchObject({ baseOffset: 100 });
  });

  test("retention by time deletes what is too old, also the newest, and offsets go on", async () => {
    const settings = { ...SMALL_SEGMENTS, "retention.ms": "10000" };
    const log = await open(settings);
    for (let count = 0; count < 50; count++) append(log, batchOf([`old ${count}`], { timestamp: bench.now() }));
    await settled(log);
    await bench.advance(6000);
    append(log, batchOf(["young"], { timestamp: bench.now() }));
    await settled(log);
    await bench.advance(6000);
    expect(await enforceRetention(log)).toBeGreaterThan(0);
    expect(log.logStartOffset).toBeGreaterThan(40);
    expect((await readAll(log)).at(-1)?.value).toBe("young");
    await bench.advance(10_000);
    expect(await enforceRetention(log)).toBe(1);
    expect(log).toMatchObject({ logStartOffset: 51, logEndOffset: 51, sizeBytes: 0 });
    expect(await enforceRetention(log)).toBe(0);
    const reopened = await reopen(settings);
    expect(reopened).toMatchObject({ logStartOffset: 51, logEndOffset: 51 });
    expect(append(reopened, batchOf(["next"]))).toMatchObject({ baseOffset: 51 });
  });

  test("retention by size keeps at least the size that is asked for", async () => {
    const log = await open({ ...SMALL_SEGMENTS, "retention.bytes": "3000" });
    for (let count = 0; count < 100; count++) {
      append(log, batchOf([`value ${count}`]));
      if (count % 10 === 9) await settled(log);
    }
    await enforceRetention(log);
    expect(log.sizeBytes).toBeGreaterThanOrEqual(3000);
    expect(log.sizeBytes).toBeLessThan(4000);
  });

  test("offsets are found by timestamp, record by record, also in compressed batches", async () => {
    const log = await open(SMALL_SEGMENTS);
    const records = (timestamps: readonly number[]) => timestamps.map((timestamp) => ({ key: null, value: Buffer.alloc(50), timestamp }));
    append(log, batchOf([], { records: records([100, 300, 200]) }));
    await settled(log);
    append(log, batchOf([], { records: records([250, 400]), compression: Compression.GZIP }));
    append(log, batchOf([], { records: records([50, 400]) }));
    await settled(log);
    const { leaderEpoch } = bench;
    for (const next of [async () => log, () => reopen(SMALL_SEGMENTS)]) {
      const each = await next();
      const find = async (timestampMs: number, until = each.logEndOffset) => {
        return (await bench.during(each.offsetForTimestamp(timestampMs, until)))?.offset;
      };
      const found: (number | undefined)[] = [];
      for (const timestampMs of [0, 100, 101, 300, 301, 400, 401]) found.push(await find(timestampMs));
      expect(found).toEqual([0, 0, 1, 1, 4, 4, undefined]);
      expect(await find(301, 4)).toBeUndefined();
      expect(await bench.during(each.offsetForTimestamp(101, 7))).toEqual({ offset: 1, timestampMs: 300, leaderEpoch });
      expect(await bench.during(each.offsetOfMaxTimestamp())).toEqual({ offset: 4, timestampMs: 400, leaderEpoch });
      await deleteBefore(each, each.logStartOffset);
    }
  });

  test("deleted records are not found by timestamp", async () => {
    const log = await open();
    for (const timestamp of [100, 900, 300]) append(log, batchOf(["x"], { timestamp }));
    await settled(log);
    await deleteBefore(log, 2);
    const { leaderEpoch } = bench;
    expect(await bench.during(log.offsetForTimestamp(0, 3))).toEqual({ offset: 2, timestampMs: 300, leaderEpoch });
    expect(await bench.during(log.offsetOfMaxTimestamp())).toEqual({ offset: 2, timestampMs: 300, leaderEpoch });
  });

  test("epochs are known by where they start, also after a restart", async () => {
    const log = await open({}, 1);
    log.startLeaderEpoch(1);
    append(log, batchOf(["a", "b"]));
    log.startLeaderEpoch(3);
    log.startLeaderEpoch(4);
    log.startLeaderEpoch(2);
    appendAt(log, batchOf(["c"]), 4);
    await settled(log);
    for (const next of [async () => log, () => reopen({}, 7)]) {
      const each = await next();
      expect([0, 1, 2, 3, 4, -1].map((epoch) => each.endOffsetForEpoch(epoch))).toEqual([
        { leaderEpoch: 0, endOffset: 0 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 1, endOffset: 2 },
        { leaderEpoch: 4, endOffset: 3 },
        { leaderEpoch: -1, endOffset: -1 },
      ]);
      expect(each.endOffsetForEpoch(8)).toEqual({ leaderEpoch: -1, endOffset: -1 });
      expect([0, 1, 2].map((offset) => each.leaderEpochAt(offset))).toEqual([1, 1, 4]);
    }
  });

  test("a batch of some megabytes is stored and read", async () => {
    const log = await open({ "max.message.bytes": "7000000" });
    append(log, batchOf(["x".repeat(3_000_000)]));
    append(log, batchOf(["y"]));
    await settled(log);
    expect((await readAll(log)).map(({ value }) => value.length)).toEqual([3_000_000, 1]);
    expect((await readAll(await reopen())).map(({ value }) => value.length)).toEqual([3_000_000, 1]);
  });
}
