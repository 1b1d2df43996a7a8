// A log on virtual time for tests of compaction, with small segments.

import { afterEach } from "vitest";
import { type BatchOptions, buildBatch } from "../../protocol/records/batch-builder.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { type StoredRecord, storedBatches } from "./compaction-support.ts";
import { append, spec, type TestFolder, testFolder } from "./support.ts";

export const SETTINGS = {
  "cleanup.policy": "compact",
  "internal.segment.bytes": "300",
  "index.interval.bytes": "100",
  "min.cleanable.dirty.ratio": "0",
  "delete.retention.ms": "1000",
};

export interface Bench {
  readonly folder: TestFolder;
  readonly engine: SegmentedEngine;
  readonly log: PartitionLog;
}

let opened: SegmentedEngine[] = [];

afterEach(async () => {
  for (const engine of opened) await engine.close();
  opened = [];
});

export function bench(
  overrides: Readonly<Record<string, string>> = {},
  folder = testFolder(new MemoryFilesystem(), "/data", () => undefined),
): Bench {
  const engine = folder.open();
  opened.push(engine);
  return { folder, engine, log: engine.open(spec({ ...SETTINGS, ...overrides })) };
}

type Pair = readonly [key: string | null, value: string | null];

export function write({ folder, log }: Bench, pairs: readonly Pair[], options: BatchOptions = {}): number {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  const records = pairs.map(([key, value]) => ({ key: bytes(key), value: bytes(value) }));
  return append(log, buildBatch(records, { timestamp: folder.clock.now(), ...options }).bytes).baseOffset;
}

/** Fills the segment up, so that everything before is no longer in the active one. */
export function roll(each: Bench): void {
  write(each, [["filler", "+".repeat(200)]]);
  write(each, [["filler", "."]]);
}

export async function stored({ log }: Bench): Promise<StoredRecord[]> {
  return (await storedBatches(log)).flatMap(({ batch, records }) => (batch.isControl ? [] : records)).filter(({ key }) => key !== "filler");
}

export async function contents(each: Bench): Promise<string[]> {
  return (await stored(each)).map(({ offset, key, value }) => `${offset} ${key}=${value}`);
}
