// What the disk has of an index when the power fails, and what a start makes of it.

import { expect, test } from "vitest";
import { ControlType } from "../../protocol/records/control-batch.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { marker } from "./compaction-support.ts";
import { append, batchOf, readAll, spec } from "./support.ts";

const SETTINGS = { "internal.segment.bytes": "600", "index.interval.bytes": "100", "flush.messages": "1" };
const FIRST_MS = 1_700_000_000_000;
const PRODUCER = { producerId: 9, producerEpoch: 0, isTransactional: true };

function open(filesystem: FailingFilesystem | MemoryFilesystem) {
  return openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
}

test("a power failure after a checkpoint leaves indexes of which nothing is missing", async () => {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "power", Number.POSITIVE_INFINITY);
  const engine = open(disk);
  const log = engine.open(spec(SETTINGS));
  for (let count = 0; count < 20; count++) append(log, batchOf([`${count}`.padEnd(60)], { timestamp: FIRST_MS + count }));
  await engine.checkpoint();
  const log2 = open(disk.afterwards()).open(spec(SETTINGS));
  expect(log2.segments.length).toBeGreaterThan(3);
  for (const segment of log2.segments.slice(0, -1))
    expect(segment.largestTimestampMs).toBe(FIRST_MS + Number(segment.largestTimestamp.offset));
  expect(await log2.offsetForTimestamp(FIRST_MS + 7, 20)).toMatchObject({ offset: 7 });
});

test("a segment that ends right after a start in order keeps what the disk has of its indexes", async () => {
  const first = new MemoryFilesystem();
  const before = open(first);
  const log = before.open(spec(SETTINGS));
  for (let count = 0; count < 4; count++) append(log, batchOf([`${count}`.padEnd(20)], { timestamp: FIRST_MS + count }));
  await before.close();
  const disk = new FailingFilesystem(first, "power", Number.POSITIVE_INFINITY);
  const written: string[] = [];
  const again = open(disk).open(spec(SETTINGS));
  disk.onOperation = (path) => written.push(path);
  append(again, batchOf(["x".repeat(200)], { timestamp: FIRST_MS + 9 }));
  expect(again.segments.length).toBe(2);
  expect(written.filter((path) => /0{20}\.(time)?index$/.test(path))).toEqual([]);
});

test("the disk has what a recovery made of the files when the stop after it counts as one in order", async () => {
  const files = new MemoryFilesystem();
  const before = open(files);
  const log = before.open(spec(SETTINGS));
  for (let count = 0; count < 3; count++) append(log, batchOf([`${count}`.padEnd(60)], { timestamp: FIRST_MS + count }));
  append(log, batchOf(["a"], { ...PRODUCER, baseSequence: 0 }));
  log.append(marker(PRODUCER.producerId, ControlType.ABORT, FIRST_MS), { leaderEpoch: 0, origin: "coordinator" });
  await before.close();
  files.remove("/data/.kafka_cleanshutdown");
  const path = log.segments.at(-1)?.file.path ?? "";
  files.replaceFile(path, files.readFile(path).subarray(0, -1));
  const disk = new FailingFilesystem(files, "power", Number.POSITIVE_INFINITY);
  const engine = open(disk);
  engine.open(spec(SETTINGS));
  await engine.close();
  const left = disk.afterwards();
  expect(left.list("/data")).toContain(".kafka_cleanshutdown");
  for (const name of left.list("/data/orders-0").filter((each) => /(log|index)$/.test(each)))
    expect(left.readFile(`/data/orders-0/${name}`), name).toEqual(disk.readFile(`/data/orders-0/${name}`));
});

test("an open transaction is known after a stop in order although the power took the snapshot of producers", async () => {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "power", Number.POSITIVE_INFINITY);
  const engine = open(disk);
  const log = engine.open(spec(SETTINGS));
  append(log, batchOf(["a"], { ...PRODUCER, baseSequence: 0 }));
  await engine.close();
  const left = disk.afterwards();
  expect(left.list("/data")).toContain(".kafka_cleanshutdown");
  const next = open(left).open(spec(SETTINGS));
  expect(next.firstUnstableOffset).toBe(0);
  expect(await readAll(next)).toHaveLength(1);
});

test("a damaged index of aborted transactions is made anew, and said", async () => {
  for (const [position, value] of [
    [1, 9],
    [2, 0x40],
    [17, 0x7f],
  ] as const) {
    const files = new MemoryFilesystem();
    const engine = open(files);
    const log = engine.open(spec(SETTINGS));
    for (let count = 0; count < 6; count++) {
      append(log, batchOf([`${count}`], { ...PRODUCER, baseSequence: count }));
      log.append(marker(PRODUCER.producerId, ControlType.ABORT, FIRST_MS), { leaderEpoch: 0, origin: "coordinator" });
    }
    const aborted = log.abortedTransactions(0, log.logEndOffset);
    expect(aborted).toHaveLength(6);
    await engine.close();
    const path = `/data/orders-0/${files.list("/data/orders-0").findLast((name) => name.endsWith(".txnindex"))}`;
    const bytes = files.readFile(path);
    bytes[position] = value;
    files.replaceFile(path, bytes);
    const lines: RecordedLine[] = [];
    const again = openSegmentedEngine({
      filesystem: files,
      directory: "/data",
      clock: new VirtualClock(),
      brokerId: 1,
      logger: recordingLogger(lines),
    });
    const damaged = again.open(spec(SETTINGS));
    expect(damaged.abortedTransactions(0, damaged.logEndOffset)).toEqual(aborted);
    expect(lines.filter(({ level }) => level === "warn").map(({ facts }) => facts)).toMatchObject([{ path, positionBytes: 0 }]);
  }
});

test("a damaged batch header ends a read instead of leading it astray", async () => {
  const files = new MemoryFilesystem();
  const engine = open(files);
  const log = engine.open(spec(SETTINGS));
  for (let count = 0; count < 3; count++) append(log, batchOf([`${count}`]));
  await engine.close();
  const path = "/data/orders-0/00000000000000000000.log";
  const bytes = files.readFile(path);
  bytes.writeInt32BE(-12, 8);
  files.replaceFile(path, bytes);
  const damaged = open(files).open(spec({ ...SETTINGS, "index.interval.bytes": "4096" }));
  const reading = async (offset: number) => damaged.read({ offset, untilOffset: 3, maxBytes: 1000, firstBatchWhole: true });
  await expect(reading(0)).rejects.toMatchObject({ code: "SEGMENT_CORRUPT", facts: { path, positionBytes: 0, resumesAt: 1 } });
  // What follows it is there.
  expect(await reading(1)).toMatchObject({ nextOffset: 3, sizeBytes: (2 * bytes.length) / 3 });
});
