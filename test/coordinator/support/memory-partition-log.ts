// A log in an array, for tests of coordinators: appends may be refused, and durability comes when the test says so.

import type { ErrorCode } from "../../../protocol/errors.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { AppendOptions, AppendResult, LogRead, PartitionLog, ReadOptions } from "../../../src/storage/partition-log.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";

interface Stored {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly bytes: Buffer;
}

export class MemoryPartitionLog implements PartitionLog {
  readonly topicPartition;
  readonly topicId = "AAAAAAAAAAAAAAAAAAAAAg";
  readonly logStartOffset = 0;
  readonly firstUnstableOffset = 0;
  readonly batches: Stored[];
  sizeBytes = 0;
  readonly isIntact = true;
  /** The next appends fail: refused by the log with a code, or with an error of the disk. */
  failure: ErrorCode | "disk" | undefined;
  /** False: what is appended becomes durable at `makeDurable`. */
  isDurableAtOnce = true;
  /** Reads answer later, as for ranges that are not cached. */
  readsLater = false;
  /** So many reads fail, as those of a storage that cannot be reached. */
  failingReads = 0;
  #durableOffset: number;
  #durable: () => void = () => undefined;

  /** With the batches of another: what a restart finds. */
  constructor(partition: number, batches: readonly Stored[] = []) {
    this.topicPartition = { topic: "__consumer_offsets", partition };
    this.batches = [...batches];
    this.#durableOffset = this.logEndOffset;
  }

  get logEndOffset(): number {
    return this.batches.at(-1)?.nextOffset ?? 0;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  append(records: Buffer, { leaderEpoch }: AppendOptions): AppendResult {
    if (this.failure === "disk") throw new StorageError("WRITE_FAILED", "no space left");
    if (this.failure !== undefined) return { ok: false, error: this.failure, message: null, recordErrors: [] };
    const baseOffset = this.logEndOffset;
    const bytes = Buffer.from(records);
    for (const batch of batchesOf(bytes)) {
      batch.baseOffset = this.logEndOffset;
      batch.partitionLeaderEpoch = leaderEpoch;
      this.batches.push({ baseOffset: batch.baseOffset, nextOffset: batch.nextOffset, bytes: batch.bytes });
    }
    if (this.isDurableAtOnce) this.#durableOffset = this.logEndOffset;
    return { ok: true, baseOffset, lastOffset: this.logEndOffset - 1, logAppendTimeMs: -1, isDuplicate: false };
  }

  makeDurable(): void {
    this.#durableOffset = this.logEndOffset;
    this.#durable();
  }

  onDurable(listener: () => void): void {
    this.#durable = listener;
  }

  read({ offset, untilOffset, maxBytes }: ReadOptions): LogRead | Promise<LogRead> {
    if (this.failingReads > 0) {
      this.failingReads--;
      return Promise.reject(new StorageError("UNAVAILABLE", "nobody answers"));
    }
    const records: Buffer[] = [];
    let sizeBytes = 0;
    let nextOffset = offset;
    for (const batch of this.batches) {
      if (batch.nextOffset <= offset || batch.baseOffset >= untilOffset) continue;
      if (sizeBytes > 0 && sizeBytes + batch.bytes.length > maxBytes) break;
      records.push(batch.bytes);
      sizeBytes += batch.bytes.length;
      nextOffset = batch.nextOffset;
    }
    const result = { records, sizeBytes, nextOffset };
    return this.readsLater ? Promise.resolve(result) : result;
  }

  abortedTransactions = () => [];
  offsetForTimestamp = () => Promise.resolve(undefined);
  offsetOfMaxTimestamp = () => Promise.resolve(undefined);
  endOffsetForEpoch = () => ({ leaderEpoch: -1, endOffset: -1 });
  leaderEpochAt = () => -1;
  startLeaderEpoch = () => undefined;
  deleteRecordsBefore = () => undefined;
  enforceRetention = () => 0;
  activeProducers = () => [];
  producer = () => undefined;
  configure = () => undefined;
  flush = () => Promise.resolve();
  close = () => undefined;
}
