// Appends of one read turn: written together when it ends, and taken back together when that fails.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { AppendResult, PartitionLog } from "../../src/storage/partition-log.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { append, batchOf, readAll, spec, testFolder } from "./support.ts";

/** A log on a disk that counts and can refuse operations. */
function failingLog(overrides: Readonly<Record<string, string>> = {}) {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "fail", Number.POSITIVE_INFINITY);
  const engine = testFolder(disk, "/data", () => undefined).open();
  const log = engine.open(spec(overrides));
  append(log, batchOf(["first"]));
  return { disk, engine, log };
}

/** Appends values, a batch each, in one turn. */
function appendInOneTurn(engine: SegmentedEngine, log: PartitionLog, batches: readonly Buffer[]): AppendResult[] {
  const results: AppendResult[] = [];
  engine.gather(() => {
    for (const batch of batches) results.push(log.append(batch, { leaderEpoch: 0, origin: "client" }));
  });
  return results;
}

const values = async (log: PartitionLog) => (await readAll(log)).map(({ value }) => value);
const failed = (results: readonly AppendResult[]) => results.map((result) => !result.ok || result.written?.hasFailed === true);
const idempotent = (value: string, baseSequence: number) => batchOf([value], { producerId: 7, producerEpoch: 0, baseSequence });

describe("what is appended in one turn", () => {
  test("is written with one operation, and readable afterwards", async () => {
    const { disk, engine, log } = failingLog();
    const before = disk.operationCount;
    const results = appendInOneTurn(engine, log, [batchOf(["a"]), batchOf(["b", "c"]), batchOf(["d"])]);
    expect(disk.operationCount - before).toBe(1);
    expect(results.map((result) => result.ok && result.baseOffset)).toEqual([1, 2, 4]);
    expect(failed(results)).toEqual([false, false, false]);
    expect(await values(log)).toEqual(["first", "a", "b", "c", "d"]);
  });

  test("counts as durable when it is written, and whoever waits for it is told once", () => {
    const { engine, log } = failingLog();
    let toldCount = 0;
    log.onDurable(() => toldCount++);
    engine.gather(() => {
      append(log, batchOf(["a"]));
      append(log, batchOf(["b"]));
      expect(log).toMatchObject({ logEndOffset: 3, durableOffset: 1 });
    });
    expect(log.durableOffset).toBe(3);
    expect(toldCount).toBe(1);
  });

  test("is written before it is read in the same turn", () => {
    const { engine, log } = failingLog();
    engine.gather(() => {
      append(log, batchOf(["a"]));
      expect(log.read({ offset: 1, untilOffset: 2, maxBytes: 1000, firstBatchWhole: true })).toMatchObject({ nextOffset: 2 });
      expect(log.durableOffset).toBe(2);
    });
  });

  test("keeps its order across segments, large batches and batches of coordinators", async () => {
    const { engine, log } = failingLog({ "internal.segment.bytes": "300000" });
    const large = "x".repeat(60_000);
    engine.gather(() => {
      append(log, batchOf(["a"]));
      append(log, batchOf([large]));
      append(log, batchOf(["b"]));
      append(log, batchOf([large]));
      append(log, batchOf(["c"]));
      expect(log.append(batchOf(["d"]), { leaderEpoch: 0, origin: "coordinator" }).ok).toBe(true);
      append(log, batchOf(["e"]));
    });
    expect(await values(log)).toEqual(["first", "a", large, "b", large, "c", "d", "e"]);
  });

  test("is there after the next start", async () => {
    const disk = new MemoryFilesystem();
    const folder = testFolder(disk, "/data", () => undefined);
    const engine = folder.open();
    appendInOneTurn(engine, engine.open(spec()), [idempotent("a", 0), idempotent("b", 1)]);
    await engine.close();
    const log = folder.open().open(spec());
    expect(await values(log)).toEqual(["a", "b"]);
    expect(log.append(idempotent("b", 1), { leaderEpoch: 0, origin: "client" })).toMatchObject({ isDuplicate: true, baseOffset: 1 });
  });
});

describe("when the disk refuses what a turn appended", () => {
  test("all of it is taken back, and the log goes on as before", async () => {
    const { disk, engine, log } = failingLog({ "index.interval.bytes": "1" });
    disk.failAt(disk.operationCount + 1);
    expect(failed(appendInOneTurn(engine, log, [batchOf(["a"]), batchOf(["b"])]))).toEqual([true, true]);
    expect(log).toMatchObject({ logEndOffset: 1, durableOffset: 1, sizeBytes: batchOf(["first"]).length });
    expect(failed(appendInOneTurn(engine, log, [batchOf(["c"]), batchOf(["d"])]))).toEqual([false, false]);
    expect(await values(log)).toEqual(["first", "c", "d"]);
    expect(await log.offsetOfMaxTimestamp()).toMatchObject({ offset: 0 });
  });

  test("a producer's sequences are what they were", async () => {
    const { disk, engine, log } = failingLog();
    appendInOneTurn(engine, log, [idempotent("a", 0)]);
    disk.failAt(disk.operationCount + 1);
    expect(failed(appendInOneTurn(engine, log, [idempotent("b", 1), idempotent("c", 2)]))).toEqual([true, true]);
    expect(log.append(idempotent("c", 2), { leaderEpoch: 0, origin: "client" })).toMatchObject({
      ok: false,
      error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
    });
    append(log, idempotent("b", 1));
    append(log, idempotent("c", 2));
    expect(await values(log)).toEqual(["first", "a", "b", "c"]);
  });

  test("what follows in the same turn is refused as well", async () => {
    const { disk, engine, log } = failingLog({ "internal.segment.bytes": "200" });
    disk.failAt(disk.operationCount + 1);
    // The third batch needs a new segment, for which the first two are written.
    const results = appendInOneTurn(engine, log, [idempotent("a", 0), idempotent("b", 1), idempotent("c", 2)]);
    expect(failed(results)).toEqual([true, true, true]);
    expect(await values(log)).toEqual(["first"]);
    append(log, idempotent("a", 0));
    expect(await values(log)).toEqual(["first", "a"]);
  });

  test("a repetition of it is not taken for written", () => {
    const { disk, engine, log } = failingLog();
    disk.failAt(disk.operationCount + 1);
    expect(failed(appendInOneTurn(engine, log, [idempotent("a", 0), idempotent("a", 0)]))).toEqual([true, true]);
  });

  test("the next start finds nothing of it", async () => {
    const { disk, engine, log } = failingLog();
    disk.failAt(disk.operationCount + 1);
    appendInOneTurn(engine, log, [batchOf(["a"]), batchOf(["b"])]);
    const later = testFolder(disk.afterwards(), "/data", () => undefined).open();
    expect(await values(later.open(spec()))).toEqual(["first"]);
  });
});
