// Compaction against a simple model: whatever is written, aborted, deleted, compacted and restarted, a reader from the start finds the
// latest value of every key, nothing that is not compacted yet is missing, and every record is where it was.

import fc from "fast-check";
import { test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import type { CompactionLimits } from "../../src/storage/storage-engine.ts";
import { CompactedLife, type CompactedStorage, MODEL_SETTINGS, steps } from "./compaction-model.ts";
import { compactAll } from "./compaction-support.ts";
import { spec, testFolder } from "./support.ts";

class CompactedFiles implements CompactedStorage {
  readonly leaderEpoch = 0;
  readonly #folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
  #engine: SegmentedEngine;
  #log: PartitionLog;

  constructor() {
    this.#engine = this.#folder.open();
    this.#log = this.#engine.open(spec(MODEL_SETTINGS));
  }

  get log(): PartitionLog {
    return this.#log;
  }

  get compactedUntil(): number {
    const path = `${this.#folder.directory}/cleaner-offset-checkpoint`;
    const checkpoints = this.#folder.filesystem.stat(path) === undefined ? "" : this.#folder.filesystem.readFile(path).toString();
    return Number(/^orders 0 (\d+)$/m.exec(checkpoints)?.[1] ?? 0);
  }

  nowMs(): number {
    return this.#folder.clock.now();
  }

  pass(ms: number): Promise<void> {
    return this.#folder.clock.advance(ms);
  }

  async compact(limits: Partial<CompactionLimits>): Promise<void> {
    await compactAll(this.#engine, limits);
  }

  async restart(): Promise<void> {
    await this.#engine.close();
    this.#engine = this.#folder.open();
    this.#log = this.#engine.open(spec(MODEL_SETTINGS));
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

test("a compacted log says the same as the whole one", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const life = new CompactedLife(new CompactedFiles());
      for (const step of all) await life.do(step);
      await life.end();
    }),
    { numRuns: Number(process.env["COMPACTION_RUNS"] ?? 300) },
  );
}, 120_000);
