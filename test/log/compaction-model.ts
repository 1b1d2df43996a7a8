// Random lives of one compacted log: whatever is written, ended, deleted and compacted, and in whatever order, the log says the same as if
// nothing had been compacted. For every engine.

import fc from "fast-check";
import { expect } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { ControlType } from "../../protocol/records/control-batch.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import type { CompactionLimits } from "../../src/storage/storage-engine.ts";
import { committedRecords, latestValues, marker, type StoredRecord, storedBatches } from "./compaction-support.ts";
import { append, batchOf } from "./support.ts";

const RETENTION_MS = 1000;
export const MODEL_SETTINGS = {
  "cleanup.policy": "compact",
  "internal.segment.bytes": "400",
  "index.interval.bytes": "100",
  "min.cleanable.dirty.ratio": "0",
  "delete.retention.ms": `${RETENTION_MS}`,
  "file.delete.delay.ms": "0",
};

export type Step =
  | {
      readonly kind: "write";
      readonly producer: number;
      readonly records: readonly [key: number, isDeletion: boolean][];
      readonly codec: number;
    }
  | { readonly kind: "end"; readonly producer: number; readonly isCommit: boolean }
  | { readonly kind: "compact"; readonly keys: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" }
  | { readonly kind: "deleteRecords"; readonly share: number };

const PLAIN = 0;
const IDEMPOTENT = 1;
const TRANSACTIONAL = [2, 3];

export const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        producer: fc.integer({ min: 0, max: 3 }),
        records: fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 1, maxLength: 4 }),
        codec: fc.constantFrom(Compression.NONE, Compression.NONE, Compression.GZIP, Compression.LZ4, Compression.ZSTD, Compression.SNAPPY),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("end" as const), producer: fc.constantFrom(...TRANSACTIONAL), isCommit: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("compact" as const), keys: fc.constantFrom(2, 5, 100_000) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 300, RETENTION_MS, 5 * RETENTION_MS) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("deleteRecords" as const), share: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
    },
  ),
  { minLength: 10, maxLength: 80 },
);

/** A log with these settings, and what happens to it. */
export interface CompactedStorage {
  readonly log: PartitionLog;
  readonly leaderEpoch: number;
  /** Everything below it is compacted. */
  readonly compactedUntil: number;
  nowMs(): number;
  pass(ms: number): Promise<void>;
  /** Until nothing is due. */
  compact(limits: Partial<CompactionLimits>): Promise<void>;
  /** Opened anew by who knows nothing of before. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export class CompactedLife {
  readonly #storage: CompactedStorage;
  /** Everything written, by offset; whether it is aborted is known at the end of its transaction. */
  readonly #written = new Map<number, StoredRecord>();
  readonly #aborted = new Set<number>();
  readonly #open = new Map<number, number[]>();
  readonly #sequences = new Map<number, number>();
  #serial = 0;

  constructor(storage: CompactedStorage) {
    this.#storage = storage;
  }

  get #log(): PartitionLog {
    return this.#storage.log;
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case "write":
        return this.#write(step);
      case "end":
        return this.#end(step.producer, step.isCommit);
      case "wait":
        return this.#storage.pass(step.ms);
      case "compact":
        await this.#storage.compact({ dedupeBufferBytes: step.keys * 24, dedupeBufferLoadFactor: 1 });
        return this.#check();
      case "restart":
        await this.#storage.restart();
        return this.#check();
      case "deleteRecords": {
        const { logStartOffset, logEndOffset } = this.#log;
        const firstOpen = Math.min(logEndOffset, ...[...this.#open.values()].flat());
        return this.#log.deleteRecordsBefore(
          Math.min(firstOpen, logStartOffset + Math.floor((logEndOffset - logStartOffset) * step.share)),
        );
      }
    }
  }

  #write({ producer, records, codec }: Extract<Step, { kind: "write" }>): void {
    const timestamp = this.#storage.nowMs();
    const values = records.map(([key, isDeletion]) => ({ key: `key ${key}`, value: isDeletion ? null : `value ${this.#serial++}` }));
    const baseSequence = this.#sequences.get(producer) ?? 0;
    const isTransactional = TRANSACTIONAL.includes(producer);
    const identity = producer === PLAIN ? {} : { producerId: producer, producerEpoch: 0, baseSequence, isTransactional };
    const batch = batchOf([], {
      ...identity,
      timestamp,
      compression: codec as Compression,
      records: values.map(({ key, value }) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })),
    });
    const { baseOffset } = append(this.#log, batch, this.#storage.leaderEpoch);
    if (producer >= IDEMPOTENT) this.#sequences.set(producer, baseSequence + values.length);
    values.forEach((record, index) => {
      this.#written.set(baseOffset + index, { ...record, offset: baseOffset + index, timestamp });
      if (isTransactional) this.#open.set(producer, [...(this.#open.get(producer) ?? []), baseOffset + index]);
    });
  }

  #end(producer: number, isCommit: boolean): void {
    const type = isCommit ? ControlType.COMMIT : ControlType.ABORT;
    const result = this.#log.append(marker(producer, type, this.#storage.nowMs()), {
      leaderEpoch: this.#storage.leaderEpoch,
      origin: "coordinator",
    });
    expect(result.ok).toBe(true);
    if (!isCommit) for (const offset of this.#open.get(producer) ?? []) this.#aborted.add(offset);
    this.#open.delete(producer);
  }

  async #check(): Promise<void> {
    const log = this.#log;
    const name = "orders-0";
    const { compactedUntil } = this.#storage;
    const batches = await storedBatches(log);
    let previous = -1;
    for (const { batch, records } of batches) {
      expect(batch.baseOffset, `${name} in order`).toBeGreaterThan(previous);
      for (const record of records) {
        expect(record.offset).toBeGreaterThan(previous);
        previous = record.offset;
        if (!batch.isControl) expect(record, "as it was written").toEqual(this.#written.get(record.offset));
      }
      previous = batch.lastOffset;
    }
    const stored = new Map(
      batches.flatMap(({ batch, records }) => (batch.isControl ? [] : records.map((record) => [record.offset, record] as const))),
    );
    const isOpen = (offset: number) => [...this.#open.values()].some((offsets) => offsets.includes(offset));
    const valid = [...this.#written.values()].filter(({ offset }) => offset >= log.logStartOffset && !this.#aborted.has(offset));
    for (const { offset } of this.#written.values()) {
      // What was aborted may go with what lies beside it.
      if (offset < Math.max(compactedUntil, log.logStartOffset) || this.#aborted.has(offset)) continue;
      expect(stored.has(offset), `offset ${offset} is not compacted yet`).toBe(true);
    }
    const latest = new Map(valid.filter(({ offset }) => !isOpen(offset)).map((record) => [record.key, record]));
    for (const [key, { offset, value }] of latest)
      if (value !== null) expect(stored.has(offset), `the latest of ${key}, at ${offset}`).toBe(true);
    const compacted = new Map(valid.filter(({ offset }) => offset < compactedUntil).map((record) => [record.key, record.offset]));
    for (const { offset, key } of stored.values()) {
      if (offset < compactedUntil && offset >= log.logStartOffset)
        expect(compacted.get(key), `only the latest of ${key} stays`).toBe(offset);
    }
    const found = (await committedRecords(log)).filter(({ offset }) => !isOpen(offset));
    const expected = valid.filter(({ offset }) => !isOpen(offset));
    expect(Object.fromEntries(latestValues(found))).toEqual(Object.fromEntries(latestValues(expected)));
  }

  async end(): Promise<void> {
    const { logEndOffset } = this.#log;
    await this.#storage.compact({});
    await this.#check();
    expect(this.#log.logEndOffset).toBe(logEndOffset);
    // Producers are as they were: the next sequence is taken, and only that.
    for (const [producer, baseSequence] of this.#sequences) {
      const identity = { producerId: producer, producerEpoch: 0, isTransactional: TRANSACTIONAL.includes(producer) };
      const gap = this.#log.append(batchOf(["gap"], { ...identity, baseSequence: baseSequence + 1 }), {
        leaderEpoch: this.#storage.leaderEpoch,
        origin: "client",
      });
      expect(gap.ok).toBe(false);
      append(this.#log, batchOf(["next"], { ...identity, baseSequence }), this.#storage.leaderEpoch);
    }
    await this.#storage.close();
  }
}
