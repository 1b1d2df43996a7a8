// THE SEAM, part one: the log of one partition, as its leader uses it. Engines: src/log (segmented files, also in memory),
// src/diskless (objects in a store). One caller at a time: a log is used from one event loop only.
//
// Appending is synchronous in every engine: offsets are given and producer state is advanced when `append` returns. Durability
// may follow later; `durableOffset` says how far it has come, and answers to producers wait for it.

import type { ErrorCode } from "../../protocol/errors.ts";
import type { TimestampType } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { JudgingBudget } from "./judging-budget.ts";
import type { TopicPartition } from "./topic-partition.ts";

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** Who appends: "client" batches pass every check of Kafka's LogValidator; a "coordinator" writes internal topics and markers. */
  readonly origin: "client" | "coordinator";
  /**
   * Of the protocol that a transaction follows (KIP-890); 1 unless given. From 2 on a marker's epoch must be newer than that of the
   * transaction, and a producer that is not known begins with sequence 0.
   */
  readonly transactionVersion?: number | undefined;
  readonly judging?: Judging | undefined;
}

/** How a client's batch is judged. */
export interface Judging {
  /** What it may take now; without it all that it needs. */
  readonly budget?: JudgingBudget | undefined;
  /** The batch, where it has been judged already: it is appended, and not the records. */
  readonly judged?: JudgedBatch | undefined;
}

/** A client's batch that may be appended. */
export interface JudgedBatch {
  readonly ok: true;
  /** A view of what came, or a batch built anew. Offsets and timestamps are still to be set on the copy in the log. */
  readonly batch: RecordBatch;
  readonly timestampType: TimestampType;
  /** Of the records; for LOG_APPEND_TIME the time of the append counts. */
  readonly maxTimestampMs: number;
}

export interface RecordError {
  /** Position of the record in its batch, from 0. */
  readonly batchIndex: number;
  readonly message: string;
}

export type AppendResult =
  | {
      readonly ok: true;
      readonly baseOffset: number;
      readonly lastOffset: number;
      /** -1 unless the topic uses LogAppendTime. */
      readonly logAppendTimeMs: number;
      /** An idempotent producer's batch that is in the log already; offsets are those of the first append. */
      readonly isDuplicate: boolean;
      /** Present while the batch has yet to be written, at the end of the engine's `gather`. */
      readonly written?: WriteOutcome;
    }
  | AppendRefusal;

export interface AppendRefusal {
  readonly ok: false;
  readonly error: ErrorCode;
  readonly message: string | null;
  readonly recordErrors: readonly RecordError[];
  /** Only because judging the batch takes more than the budget: `judgeLongBatch` does it, and what it gives may be appended. */
  readonly isLong?: true;
}

export function refusal(error: ErrorCode, message: string | null, recordErrors: readonly RecordError[] = []): AppendRefusal {
  return { ok: false, error, message, recordErrors };
}

/** Says, once the engine's `gather` has ended, whether what was appended in it had to be taken back. */
export interface WriteOutcome {
  readonly hasFailed: boolean;
}

export interface ReadOptions {
  /** Between logStartOffset and logEndOffset; the caller has checked. */
  readonly offset: number;
  /** Exclusive: nothing at or after it is given (high watermark, last stable offset). */
  readonly untilOffset: number;
  readonly maxBytes: number;
  /** Give the first batch whole even when it is larger than maxBytes (KIP-74). */
  readonly firstBatchWhole: boolean;
  /** The caller calls `LogRead.release`, so that memory may be lent. Default: what is read from a file is the caller's. */
  readonly willRelease?: boolean;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface LogRead {
  /** Whole batches, in order, from the one that contains `offset`; views that stay valid and unchanged for as long as they are held. */
  readonly records: readonly Buffer[];
  readonly sizeBytes: number;
  /** The offset after the last record given; `offset` when nothing was. */
  readonly nextOffset: number;
  /** For once, when nobody will look at the views again: their memory is then used for other reads, or free. */
  readonly release?: () => void;
}

export interface TimestampedOffset {
  readonly offset: number;
  readonly timestampMs: number;
  readonly leaderEpoch: number;
}

/** What DescribeProducers shows of one producer of the partition. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  readonly coordinatorEpoch: number;
  /** -1 without an open transaction. */
  readonly currentTransactionStartOffset: number;
}

export interface KnownProducer {
  readonly producerEpoch: number;
  /** -1 without an open transaction. */
  readonly transactionFirstOffset: number;
}

export interface StoredPlace {
  readonly path: string;
  readonly positionBytes: number;
}

export interface PartitionLog {
  readonly topicPartition: TopicPartition;
  readonly topicId: string;
  readonly logStartOffset: number;
  /** The offset that the next record gets. */
  readonly logEndOffset: number;
  /** Everything below it is as durable as the topic's settings ask (flush.messages); at most logEndOffset. */
  readonly durableOffset: number;
  /** First offset of the earliest open transaction, else logEndOffset. */
  readonly firstUnstableOffset: number;
  /** Bytes of all segments. */
  readonly sizeBytes: number;
  /** Absent where a log has none. */
  readonly segmentCount?: number;
  /**
   * False once the storage failed in the middle of something that could not be undone. The log then takes no more; to be closed and opened
   * again, which puts it in order.
   */
  readonly isIntact: boolean;

  /**
   * `records` is what one partition of a Produce request carries. It is copied or written, and the batch's header may be changed where it
   * lies; afterwards the caller may reuse its memory. Throws StorageError.
   */
  append(records: Buffer, options: AppendOptions): AppendResult;

  /** Called each time durableOffset has moved, or its batches were written, after an append returned; at most one listener. */
  onDurable(listener: () => void): void;

  /** A promise only where the disk must be asked off the event loop. Throws or rejects with StorageError. */
  read(options: ReadOptions): LogRead | Promise<LogRead>;

  /** Where the batch with an offset is stored, for who found it damaged. */
  placeOf?(offset: number): StoredPlace;

  /** Aborted transactions that overlap [fromOffset, untilOffset). A promise only where storage must be asked; may reject with StorageError. */
  abortedTransactions(fromOffset: number, untilOffset: number): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]>;

  /** The first record at or after a timestamp, by offset, below `untilOffset`. */
  offsetForTimestamp(timestampMs: number, untilOffset: number): Promise<TimestampedOffset | undefined>;

  /** The record with the largest timestamp (the first such), if there is any. */
  offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined>;

  /** KIP-101: the largest known epoch <= `leaderEpoch` and where it ends; {-1, -1} when undefined. */
  endOffsetForEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number };

  /** The leader epoch of the batch at an offset; -1 when unknown. */
  leaderEpochAt(offset: number): number;

  /** A new leader epoch starts at the end of the log; smaller or equal ones are ignored. */
  startLeaderEpoch(leaderEpoch: number): void;

  /**
   * DeleteRecords: records below `offset` (at most logEndOffset) are gone, for good when it returns or resolves; whole segments below it are
   * removed. Throws or rejects with StorageError.
   */
  deleteRecordsBefore(offset: number): void | Promise<void>;

  /** Deletes what retention.ms and retention.bytes no longer keep; gives the number of segments removed. Throws or rejects with StorageError. */
  enforceRetention(): number | Promise<number>;

  activeProducers(): readonly ActiveProducer[];

  /** `undefined` for a producer that this partition does not know, or no longer. */
  producer(producerId: number): KnownProducer | undefined;

  /** New topic settings, in force from the next append on. */
  configure(settings: TopicSettings): void;

  /** Everything written so far on stable storage. */
  flush(): Promise<void>;

  close(): void;
}
