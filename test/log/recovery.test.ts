// What a crash leaves: for every operation on the disk, half of it done and then nothing more, the next start must find every
// acknowledged record once, in order, and nothing torn.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ControlType, controlBatch } from "../../protocol/records/control-batch.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { SegmentedLog } from "../../src/log/segmented-log.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { messageSet } from "../old-clients/message-sets.ts";
import { Crashed, FailingFilesystem, type FailureKind } from "../support/failing-filesystem.ts";
import { append, batchOf, type ReadRecord, readAll, spec, testFolder } from "./support.ts";

const SETTINGS = { "internal.segment.bytes": "600", "index.interval.bytes": "100" };
const PRODUCER = { producerId: 9, producerEpoch: 0 };

interface Outcome {
  /** Values by offset, of batches that were answered with success (with flush.messages=1: and were durable). */
  readonly acknowledged: Map<number, string>;
  /** What was appended, answered or not. */
  readonly attempted: Set<string>;
  deletedBelow: number;
}

/** A life of a log: appends of all kinds, deletion, checkpoints, a clean stop and a second life, until it crashes. */
async function live(filesystem: FailingFilesystem, overrides: Readonly<Record<string, string>>, outcome: Outcome): Promise<void> {
  let sequence = 0;
  const write = (log: PartitionLog, epoch: number, ...values: string[]) => {
    for (const value of values) outcome.attempted.add(value);
    const batch = batchOf(values, { ...PRODUCER, baseSequence: sequence, isTransactional: true });
    const result = log.append(batch, { leaderEpoch: epoch, origin: "client" });
    if (!result.ok) return;
    sequence += values.length;
    return () => {
      for (const [index, value] of values.entries()) outcome.acknowledged.set(result.baseOffset + index, value);
    };
  };
  for (const [life, epoch] of [0, 3].entries()) {
    const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
    const log = engine.open(spec({ ...SETTINGS, ...overrides }));
    const acknowledge = async (done: (() => void) | undefined) => {
      if (overrides["flush.messages"] === "1") await log.flush();
      done?.();
    };
    for (let round = 0; round < 3; round++) {
      await acknowledge(write(log, epoch, `${life}-${round}-a`, `${life}-${round}-b`));
      await acknowledge(write(log, epoch, `${life}-${round}-c`.padEnd(150, "+")));
      const marker = controlBatch({ ...PRODUCER, coordinatorEpoch: 0, type: ControlType.ABORT, timestamp: 1_700_000_000_000 });
      log.append(marker.bytes, { leaderEpoch: epoch, origin: "coordinator" });
      if (round === 1) await engine.checkpoint();
      if (round === 1 && life === 1) {
        outcome.deletedBelow = log.logStartOffset + 5;
        log.deleteRecordsBefore(outcome.deletedBelow);
      }
    }
    await engine.close();
  }
}

async function checkAfterwards(filesystem: MemoryFilesystem, outcome: Outcome): Promise<void> {
  const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
  const log = engine.open(spec(SETTINGS));
  const found = await readAll(log);
  const byOffset = new Map(found.map(({ offset, value }) => [offset, value]));
  for (const [offset, value] of outcome.acknowledged) {
    if (offset < outcome.deletedBelow) continue;
    expect(byOffset.get(offset), `offset ${offset}`).toBe(value);
  }
  for (const { value } of found) expect(outcome.attempted).toContain(value);
  expect(new Set(found.map(({ value }) => value)).size, "no record twice").toBe(found.length);
  expectConsistent(
    log,
    found.filter(({ offset }) => offset >= outcome.deletedBelow),
  );
  // It goes on where it ended, and what was read is still there after another, clean start.
  const next = append(log, batchOf(["afterwards"]), 5).baseOffset;
  expect(next).toBe(log.logEndOffset - 1);
  await engine.close();
  const again = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
  expect(await readAll(again.open(spec(SETTINGS)))).toEqual([...found, { offset: next, value: "afterwards" }]);
  await again.close();
}

/** Indexes, epochs and producers agree with the records. */
function expectConsistent(log: SegmentedLog, found: readonly ReadRecord[]): void {
  for (const { offset } of found) expect([0, 3]).toContain(log.leaderEpochAt(offset));
  const [producer] = log.activeProducers();
  if (producer === undefined) return;
  expect(producer.currentTransactionStartOffset).toBeLessThan(log.logEndOffset);
  for (const { firstOffset } of log.abortedTransactions(0, log.logEndOffset)) expect(firstOffset).toBeLessThan(log.logEndOffset);
}

async function countOperations(overrides: Readonly<Record<string, string>>): Promise<number> {
  const filesystem = new FailingFilesystem(new MemoryFilesystem(), "crash", Number.POSITIVE_INFINITY);
  const outcome: Outcome = { acknowledged: new Map(), attempted: new Set(), deletedBelow: 0 };
  await live(filesystem, overrides, outcome);
  expect(outcome.acknowledged.size).toBe(18);
  return filesystem.operationCount;
}

describe.each([
  { name: "the process is killed", kind: "crash", overrides: {} },
  { name: "the process is killed, with flush.messages=1", kind: "crash", overrides: { "flush.messages": "1" } },
  { name: "the power fails, with flush.messages=1", kind: "power", overrides: { "flush.messages": "1" } },
  { name: "the disk refuses once", kind: "fail", overrides: {} },
  { name: "the disk refuses once, with flush.messages=1", kind: "fail", overrides: { "flush.messages": "1" } },
] satisfies { name: string; kind: FailureKind; overrides: Record<string, string> }[])("when $name", ({ kind, overrides }) => {
  test("at any operation, the next start finds what was acknowledged", async () => {
    const count = await countOperations(overrides);
    expect(count).toBeGreaterThan(50);
    for (let failAt = 1; failAt <= count; failAt++) {
      const filesystem = new FailingFilesystem(new MemoryFilesystem(), kind, failAt);
      const outcome: Outcome = { acknowledged: new Map(), attempted: new Set(), deletedBelow: 0 };
      try {
        await live(filesystem, overrides, outcome);
      } catch (error) {
        // A failure may end the broker, but only of its own kind.
        const isOurs = error instanceof Crashed || (error instanceof Error && (kind === "fail" || error.cause instanceof Crashed));
        if (!isOurs) throw error;
      }
      await checkAfterwards(filesystem.afterwards(), outcome).catch((error: unknown) => {
        throw new Error(`failing at operation ${failAt} of ${count}`, { cause: error });
      });
    }
  }, 60_000);
});

/** A log of many batches, as a kill leaves it: no mark of a clean stop, no checkpoint. */
async function killedLog(): Promise<{ filesystem: MemoryFilesystem; records: ReadRecord[] }> {
  const disk = new MemoryFilesystem();
  const filesystem = new FailingFilesystem(disk, "crash", Number.POSITIVE_INFINITY);
  const log = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 }).open(spec(SETTINGS));
  for (let count = 0; count < 30; count++) append(log, batchOf([`value ${count}`]));
  return { filesystem: filesystem.afterwards(), records: await readAll(log) };
}

describe("after a kill", () => {
  test("a flipped bit anywhere cuts the log before the batch that has it, or changes nothing", async () => {
    const { filesystem, records } = await killedLog();
    const files = filesystem.list("/data/orders-0").filter((name) => name.endsWith(".log"));
    const originals = new Map(files.map((name) => [name, filesystem.readFile(`/data/orders-0/${name}`)]));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(7), async (name, place, bit) => {
        const copy = new MemoryFilesystem();
        copy.makeDirectory("/data/orders-0");
        for (const [each, content] of originals) copy.replaceFile(`/data/orders-0/${each}`, content);
        const damaged = Buffer.from(originals.get(name) ?? Buffer.alloc(0));
        const at = place % damaged.length;
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        copy.replaceFile(`/data/orders-0/${name}`, damaged);
        const engine = openSegmentedEngine({ filesystem: copy, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
        const log = engine.open(spec(SETTINGS));
        const found = await readAll(log);
        // The offset, the epoch and the first bytes of a batch are not under its checksum; a changed offset shows as a gap or a step back.
        const intact = found.filter(({ offset, value }) => records[offset]?.value === value);
        expect(intact.length).toBeGreaterThanOrEqual(found.length - 1);
        expect(found.map(({ offset }) => offset)).toEqual([...found.map(({ offset }) => offset)].sort((one, other) => one - other));
        expect(log.logEndOffset).toBeGreaterThanOrEqual(found.length);
        await engine.close();
      }),
      { numRuns: 300 },
    );
  });

  test.each([0, 1] as const)("messages of magic %i, which a Kafka before 0.11 has written, are not taken for damage", (magic) => {
    const filesystem = new MemoryFilesystem();
    filesystem.makeDirectory("/data/orders-0");
    const path = "/data/orders-0/00000000000000000000.log";
    const written = Buffer.concat([batchOf(["of today"]), messageSet([["k", "v"]], { magic, offset: 1 })]);
    filesystem.replaceFile(path, written);
    const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
    expect(() => engine.open(spec(SETTINGS))).toThrow(expect.objectContaining({ code: "SEGMENT_TOO_OLD" }));
    expect(filesystem.readFile(path)).toEqual(written);
  });

  test.each([".index", ".timeindex"])("damaged %s files are made anew", async (suffix) => {
    const { filesystem, records } = await killedLog();
    for (const name of filesystem.list("/data/orders-0").filter((each) => each.endsWith(suffix))) {
      filesystem.replaceFile(`/data/orders-0/${name}`, Buffer.alloc(96, 0x11));
    }
    const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
    const log = engine.open(spec(SETTINGS));
    expect(await readAll(log)).toEqual(records);
    for (const { offset } of records)
      expect((await log.read({ offset, untilOffset: 30, maxBytes: 1, firstBatchWhole: true })).nextOffset).toBe(offset + 1);
    await engine.close();
  });

  test("after a clean stop, index files that are missing or wrong do not harm", async () => {
    for (const spoil of [
      (filesystem: MemoryFilesystem, path: string) => filesystem.remove(path),
      (filesystem: MemoryFilesystem, path: string) => filesystem.replaceFile(path, Buffer.alloc(24)),
      (filesystem: MemoryFilesystem, path: string) => filesystem.replaceFile(path, Buffer.alloc(7)),
    ]) {
      const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
      const engine = folder.open();
      const log = engine.open(spec(SETTINGS));
      for (let count = 0; count < 30; count++) append(log, batchOf([`value ${count}`], { timestamp: 1_700_000_000_000 + count }));
      const records = await readAll(log);
      await engine.close();
      const filesystem = folder.filesystem as MemoryFilesystem;
      for (const name of filesystem.list("/data/orders-0")) if (/index$/.test(name)) spoil(filesystem, `/data/orders-0/${name}`);
      const reopened = folder.open().open(spec(SETTINGS));
      expect(reopened.logEndOffset).toBe(30);
      expect(await readAll(reopened)).toEqual(records);
      expect(await reopened.offsetForTimestamp(1_700_000_000_017, 30)).toMatchObject({ offset: 17 });
    }
  });
});

test("a compaction that a crash cut short is completed", async () => {
  const { filesystem, records } = await killedLog();
  const logs = filesystem.list("/data/orders-0").filter((name) => name.endsWith(".log"));
  const [first = "", second = "", third = ""] = logs;
  // Compacted into one segment: all of the first two, of which the second has been taken away already.
  const merged = Buffer.concat([first, second].map((name) => filesystem.readFile(`/data/orders-0/${name}`)));
  filesystem.replaceFile(`/data/orders-0/${first}.swap`, merged);
  filesystem.remove(`/data/orders-0/${second}`);
  filesystem.replaceFile(`/data/orders-0/${third}.cleaned`, "half done");
  const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
  expect(await readAll(engine.open(spec(SETTINGS)))).toEqual(records);
  expect(filesystem.list("/data/orders-0").filter((name) => /swap|cleaned/.test(name) || name === second)).toEqual([]);
});

test("a compacted segment that is damaged does not take the place of those that are still there", async () => {
  for (const damage of [(bytes: Buffer) => bytes.subarray(0, bytes.length - 5), spoiledEnd]) {
    const { filesystem, records } = await killedLog();
    const [first = ""] = filesystem.list("/data/orders-0").filter((name) => name.endsWith(".log"));
    filesystem.replaceFile(`/data/orders-0/${first}.swap`, damage(filesystem.readFile(`/data/orders-0/${first}`)));
    const engine = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
    expect(await readAll(engine.open(spec(SETTINGS)))).toEqual(records);
    expect(filesystem.list("/data/orders-0").filter((name) => name.endsWith(".swap"))).toEqual([]);
  }
});

function spoiledEnd(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}
