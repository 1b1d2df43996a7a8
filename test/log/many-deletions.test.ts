// Many logs that are deleted one after another: they go in slices, and nothing notices.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { SegmentedLog } from "../../src/log/segmented-log.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { SlowClock } from "../support/slow-clock.ts";
import { append, batchOf, spec } from "./support.ts";

const PARTITIONS = [0, 1, 2, 3, 4];
const OLD = "AAAAAAAAAAAAAAAAAAAAAA";
const NEW = "BBBBBBBBBBBBBBBBBBBBBB";
const { settings } = spec();

function deletedLogs() {
  const filesystem = new MemoryFilesystem();
  const lines: RecordedLine[] = [];
  const engine = openSegmentedEngine({
    filesystem,
    directory: "/data",
    brokerId: 1,
    clock: new SlowClock(),
    logger: recordingLogger(lines),
  });
  const logs = PARTITIONS.map((partition) => engine.open({ topic: "orders", partition, topicId: OLD, settings }));
  for (const partition of PARTITIONS) engine.delete({ topic: "orders", partition });
  const names = () => filesystem.list("/data").filter((name) => name.startsWith("orders"));
  const kept = () => names().filter((name) => !name.endsWith("-delete"));
  const open = () => logs.filter((log) => log instanceof SegmentedLog && !log.isClosed);
  return { engine, names, kept, open, lines };
}

test("some wait for their turn, and all are closed and get another name", async () => {
  const { engine, names, kept, open } = deletedLogs();
  expect(kept().length).toBeGreaterThan(1);
  expect(open()).toHaveLength(kept().length);
  await expect.poll(kept).toEqual([]);
  expect(names()).toHaveLength(PARTITIONS.length);
  expect(open()).toEqual([]);
  await engine.close();
});

test("a new topic of the name gets logs of its own at once", async () => {
  const { engine, names, kept, lines } = deletedLogs();
  for (const partition of PARTITIONS) engine.open({ topic: "orders", partition, topicId: NEW, settings });
  await expect.poll(() => names().length).toBe(2 * PARTITIONS.length);
  expect(kept()).toEqual(PARTITIONS.map((partition) => `orders-${partition}`));
  expect(engine.list().map(({ topicId }) => topicId)).toEqual(PARTITIONS.map(() => NEW));
  expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
  await engine.close();
});

test("nothing is left of them when the engine closes, nor when it is asked what it has", async () => {
  const listed = deletedLogs();
  expect(listed.engine.list()).toEqual([]);
  await listed.engine.close();
  const closed = deletedLogs();
  await closed.engine.close();
  expect(closed.kept()).toEqual([]);
});

test("a log that is deleted while it is brought to the disk is no failure", async () => {
  const filesystem = new MemoryFilesystem();
  const lines: RecordedLine[] = [];
  const engine = openSegmentedEngine({ filesystem, directory: "/data", brokerId: 1, logger: recordingLogger(lines) });
  const log = engine.open({ topic: "orders", partition: 0, topicId: OLD, settings });
  append(log, batchOf(["a"]));
  const flushed = engine.checkpoint();
  engine.delete({ topic: "orders", partition: 0 });
  await flushed;
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  await engine.close();
});

test.each(["crash", "power"] as const)(
  "after the end by %s nothing of a deleted log is taken for that of a new one of its name",
  async (kind) => {
    const filesystem = new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY);
    const engine = openSegmentedEngine({ filesystem, directory: "/data", brokerId: 1 });
    const first = engine.open({ topic: "orders", partition: 0, topicId: OLD, settings });
    append(first, batchOf(["a", "b", "c"]));
    const other = engine.open({ topic: "others", partition: 0, topicId: OLD, settings });
    append(other, batchOf(["a", "b"]));
    await first.deleteRecordsBefore(3);
    await engine.checkpoint();
    engine.delete({ topic: "orders", partition: 0 });
    // Which writes what was noted of others, too.
    await other.deleteRecordsBefore(1);
    const second = engine.open({ topic: "orders", partition: 0, topicId: NEW, settings });
    append(second, batchOf(["d"]));
    await second.flush();

    const lines: RecordedLine[] = [];
    const restarted = openSegmentedEngine({
      filesystem: filesystem.afterwards(),
      directory: "/data",
      brokerId: 1,
      logger: recordingLogger(lines),
    });
    const found = restarted.open({ topic: "orders", partition: 0, topicId: NEW, settings });
    expect([found.logStartOffset, found.logEndOffset]).toEqual([0, 1]);
    // A power failure may take what says of which topic a partition is.
    const said = lines.filter(({ level, facts }) => level !== "info" && facts["path"] !== "/data/orders-0/partition.metadata");
    expect(said).toEqual([]);
    await restarted.close();
  },
);
