// A compaction that is cut short at some operation on the disk: the next start finds every key as it was, whether from the segments as they
// were or from the compacted ones, and compaction can be done again.

import { describe, expect, test } from "vitest";
import { ControlType } from "../../protocol/records/control-batch.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { Dice } from "../simulation/scheduler.ts";
import { Crashed, FailingFilesystem, type FailureKind } from "../support/failing-filesystem.ts";
import { committedRecords, compactAll, latestValues, marker, storedBatches } from "./compaction-support.ts";
import { append, batchOf, spec, testFolder } from "./support.ts";

const SETTINGS = {
  "cleanup.policy": "compact",
  "internal.segment.bytes": "500",
  "index.interval.bytes": "100",
  "min.cleanable.dirty.ratio": "0",
  "delete.retention.ms": "1000",
  "file.delete.delay.ms": "10",
};
const PRODUCER = { producerId: 7, producerEpoch: 0, isTransactional: true };
const TIMESTAMP = 1_700_000_000_000;
const BATCHES = 6;
/** Of the operations on the disk one in so many fails; each of them in `npm run faults`. */
const STEP = 3;

function record(key: string, value: string | null) {
  return { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) };
}

/** Values, deletions, and transactions that are committed and aborted, over several segments. */
function write(log: PartitionLog, round: number): void {
  for (let index = 0; index < BATCHES; index++) {
    const records = [record(`key ${index % 3}`, `value ${round} ${index}`), record(`gone ${index}`, index % 2 === 0 ? null : "here")];
    append(log, batchOf([], { timestamp: TIMESTAMP, records }));
    const ofTransaction = [record(`key ${index % 4}`, `transaction ${round} ${index}`)];
    append(log, batchOf([], { ...PRODUCER, baseSequence: round * BATCHES + index, timestamp: TIMESTAMP, records: ofTransaction }));
    const end = marker(PRODUCER.producerId, index % 2 === 0 ? ControlType.ABORT : ControlType.COMMIT, TIMESTAMP);
    expect(log.append(end, { leaderEpoch: 0, origin: "coordinator" }).ok).toBe(true);
  }
}

interface Expected {
  readonly values: Map<string, string>;
  readonly logEndOffset: number;
}

/** Writes without a failure, then compacts twice with one, so that also the second pass over compacted segments is cut short. */
async function live(filesystem: FailingFilesystem, failAt: number): Promise<Expected> {
  const folder = testFolder(filesystem, "/data", () => undefined);
  const engine = folder.open();
  const log = engine.open(spec(SETTINGS));
  write(log, 0);
  await log.flush();
  await compactAll(engine);
  await folder.clock.advance(5000);
  write(log, 1);
  await engine.checkpoint();
  const expected = { values: latestValues(await committedRecords(log)), logEndOffset: log.logEndOffset };
  filesystem.failAt(filesystem.operationCount + failAt);
  const before = filesystem.operationCount;
  try {
    await compactAll(engine);
    await folder.clock.advance(5000);
    await compactAll(engine);
    if (!filesystem.hasCrashed) await checkLog(log, expected);
  } catch (error) {
    if (!(error instanceof Crashed)) throw error;
  }
  operations = filesystem.operationCount - before;
  return expected;
}

let operations = 0;

async function checkLog(log: PartitionLog, expected: Expected): Promise<void> {
  expect(log.logEndOffset).toBe(expected.logEndOffset);
  expect(Object.fromEntries(latestValues(await committedRecords(log)))).toEqual(Object.fromEntries(expected.values));
  let previous = -1;
  for (const { batch } of await storedBatches(log)) {
    expect(batch.baseOffset).toBeGreaterThan(previous);
    previous = batch.lastOffset;
    // By the index, too.
    const read = await log.read({ offset: batch.lastOffset, untilOffset: log.logEndOffset, maxBytes: 1, firstBatchWhole: true });
    expect(read).toMatchObject({ nextOffset: batch.nextOffset, sizeBytes: batch.sizeBytes });
  }
}

async function checkAfterwards(disk: MemoryFilesystem, expected: Expected): Promise<void> {
  const folder = testFolder(disk, "/data", () => undefined);
  let engine: SegmentedEngine = folder.open();
  let log = engine.open(spec(SETTINGS));
  await checkLog(log, expected);
  const names = disk.list("/data/orders-0");
  expect(names.filter((name) => /\.(cleaned|swap|deleted)$/.test(name))).toEqual([]);
  expect(log.activeProducers()).toMatchObject([{ producerId: 7, lastSequence: 2 * BATCHES - 1, currentTransactionStartOffset: -1 }]);
  append(log, batchOf([], { timestamp: TIMESTAMP, records: [record("key 0", "afterwards"), record("key 1", null)] }));
  const values = new Map([...expected.values, ["key 0", "afterwards"]]);
  values.delete("key 1");
  await compactAll(engine);
  await checkLog(log, { values, logEndOffset: expected.logEndOffset + 2 });
  await engine.close();
  engine = folder.open();
  log = engine.open(spec(SETTINGS));
  await checkLog(log, { values, logEndOffset: expected.logEndOffset + 2 });
  await engine.close();
}

describe.each([
  { name: "the process is killed", kind: "crash" },
  { name: "the power fails", kind: "power" },
  { name: "the disk refuses once", kind: "fail" },
] satisfies { name: string; kind: FailureKind }[])("when $name while a log is compacted", ({ kind }) => {
  test("at one of its operations, the next start finds every key as it was", async () => {
    await live(new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
    const count = operations;
    expect(count).toBeGreaterThan(50);
    for (let failAt = 1; failAt <= count; failAt += STEP) {
      const filesystem = new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY);
      const expected = await live(filesystem, failAt);
      for (const left of [filesystem.afterwards(), ...(kind === "power" ? [filesystem.afterwards(new Dice(failAt))] : [])]) {
        await checkAfterwards(left, expected).catch((error: unknown) => {
          throw new Error(`failing at operation ${failAt} of ${count}`, { cause: error });
        });
      }
    }
  }, 60_000);
});
