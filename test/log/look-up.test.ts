// Reads and look-ups against a naive model: whatever the sizes of batches, segments, indexes and caches, the answers are those of a list.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SegmentedLog } from "../../src/log/segmented-log.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { append, batchOf, spec, testFolder } from "./support.ts";

const START_MS = 1_700_000_000_000;

const modelBatch = fc.record({
  timestamps: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }),
  valueBytes: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 200, max: 6_500 }) },
  ),
  compression: fc.constantFrom(Compression.NONE, Compression.NONE, Compression.GZIP, Compression.LZ4),
});

const scenario = fc.record({
  batches: fc.array(modelBatch, { minLength: 1, maxLength: 60 }),
  segmentBytes: fc.constantFrom(35_000, 50_000, 10_000_000),
  indexIntervalBytes: fc.constantFrom(0, 100, 4096),
  tailBytes: fc.constantFrom(0, 20_000, 10_000_000),
  indexBytes: fc.constantFrom(0, 10_000_000),
  deletedShare: fc.constantFrom(0, 0, 0.3, 1),
  isReopened: fc.boolean(),
  maxBytes: fc.integer({ min: 1, max: 3000 }),
  probes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 10 }),
});

type Scene = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** More than one read's worth of batches between an index entry and the one asked for. */
const BATCHES_BEYOND_THE_GAP: Scene = {
  batches: [1, 3, 2, 2, 2].map((count) => ({
    timestamps: Array.from({ length: count }, () => 0),
    valueBytes: count === 3 ? 2679 : 0,
    compression: Compression.NONE,
  })),
  segmentBytes: 35_000,
  indexIntervalBytes: 4096,
  tailBytes: 0,
  indexBytes: 0,
  deletedShare: 0,
  isReopened: true,
  maxBytes: 1,
  probes: [0.4],
};

interface ModelRecord {
  readonly offset: number;
  readonly timestampMs: number;
}

interface Subject {
  readonly log: PartitionLog;
  readonly records: readonly ModelRecord[];
  /** First and last offset and size of each batch. */
  readonly batches: readonly { readonly base: number; readonly last: number; readonly sizeBytes: number }[];
}

function build(scene: Scene): Subject {
  const filesystem = new MemoryFilesystem();
  const folder = testFolder(filesystem, "/data", () => undefined);
  const settings = { "internal.segment.bytes": String(scene.segmentBytes), "index.interval.bytes": String(scene.indexIntervalBytes) };
  const caches = { tailBytes: scene.tailBytes, indexBytes: scene.indexBytes };
  let log = folder.open(caches).open(spec(settings));
  const records: ModelRecord[] = [];
  const batches: { base: number; last: number; sizeBytes: number }[] = [];
  for (const { timestamps, valueBytes, compression } of scene.batches) {
    const value = Buffer.alloc(valueBytes, 97);
    const bytes = batchOf([], {
      compression,
      records: timestamps.map((timestamp) => ({ key: null, value, timestamp: START_MS + timestamp })),
    });
    const { baseOffset, lastOffset } = append(log, bytes);
    batches.push({ base: baseOffset, last: lastOffset, sizeBytes: bytes.length });
    for (const [index, timestamp] of timestamps.entries()) records.push({ offset: baseOffset + index, timestampMs: START_MS + timestamp });
  }
  log.deleteRecordsBefore(Math.floor(log.logEndOffset * scene.deletedShare));
  if (scene.isReopened) {
    log.close();
    log = reopened(filesystem, caches, settings);
  }
  return { log, records: records.filter(({ offset }) => offset >= log.logStartOffset), batches };
}

/** From a copy, since the first engine still holds the folder. */
function reopened(from: MemoryFilesystem, caches: object, settings: Readonly<Record<string, string>>): SegmentedLog {
  const copy = new MemoryFilesystem();
  copy.makeDirectory("/data/orders-0");
  for (const name of from.list("/data/orders-0")) copy.replaceFile(`/data/orders-0/${name}`, from.readFile(`/data/orders-0/${name}`));
  for (const name of from.list("/data"))
    if (name.endsWith("-checkpoint")) copy.replaceFile(`/data/${name}`, from.readFile(`/data/${name}`));
  return testFolder(copy, "/data", () => undefined)
    .open(caches)
    .open(spec(settings));
}

describe("in any log", () => {
  test("a read gives the batches from the one with the offset on, as many as fit", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (scene) => {
        const { log, batches } = build(scene);
        for (const probe of scene.probes) {
          const offset = log.logStartOffset + Math.floor(probe * (log.logEndOffset - log.logStartOffset));
          if (offset >= log.logEndOffset) continue;
          const until = offset + 1 + (Math.floor(probe * 7919) % (log.logEndOffset - offset));
          const { maxBytes } = scene;
          const read = await log.read({ offset, untilOffset: until, maxBytes, firstBatchWhole: true });
          const given = read.records
            .flatMap((buffer) => [...batchesOf(buffer)])
            .map(({ baseOffset, sizeBytes }) => ({ base: baseOffset, sizeBytes }));
          const first = batches.findIndex(({ last }) => last >= offset);
          const allowed = batches.slice(first).filter(({ last }) => last < until);
          // A prefix of what is allowed, at least one batch, never more bytes than asked for but for the first.
          expect(given).toEqual(allowed.slice(0, given.length).map(({ base, sizeBytes }) => ({ base, sizeBytes })));
          if (allowed.length > 0) expect(given.length).toBeGreaterThan(0);
          expect(read.sizeBytes).toBe(given.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
          if (given.length > 1) expect(read.sizeBytes).toBeLessThanOrEqual(maxBytes);
          expect(read.nextOffset).toBe(given.length === 0 ? offset : (allowed[given.length - 1]?.last ?? 0) + 1);
        }
      }),
      { numRuns: 300, examples: [[BATCHES_BEYOND_THE_GAP]] },
    );
  });

  test("timestamps are found as a search through all records finds them", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.array(fc.integer({ min: -1, max: 61 }), { minLength: 5, maxLength: 10 }), async (scene, times) => {
        const { log, records } = build(scene);
        for (const [index, time] of times.entries()) {
          const untilOffset =
            log.logStartOffset + Math.ceil((scene.probes[index % scene.probes.length] ?? 1) * (log.logEndOffset - log.logStartOffset));
          const expected = records.find(({ offset, timestampMs }) => offset < untilOffset && timestampMs >= START_MS + time);
          const found = await log.offsetForTimestamp(START_MS + time, untilOffset);
          expect(found).toEqual(expected === undefined ? undefined : { ...expected, leaderEpoch: 0 });
        }
        const largest = Math.max(...records.map(({ timestampMs }) => timestampMs));
        const expected = records.find(({ timestampMs }) => timestampMs === largest);
        expect(await log.offsetOfMaxTimestamp()).toEqual(expected === undefined ? undefined : { ...expected, leaderEpoch: 0 });
      }),
      { numRuns: 300 },
    );
  });
});
