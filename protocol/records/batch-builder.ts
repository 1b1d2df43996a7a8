// Builds record batches, for what the broker itself writes (coordinators, transaction markers), for tools and for tests.

import { MAX_INT64 } from "../wire/int64.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_PREFIX_BYTES,
  batchHeader,
  Compression,
  encodeAttributes,
  MAGIC_V2,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  TimestampType,
} from "./batch-header.ts";
import { compress } from "./compression.ts";
import { encodeRecords, type RecordBody, type RecordHeader } from "./record.ts";
import { RecordBatch } from "./record-batch.ts";

export type NewRecord = {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  /** Milliseconds; without it that of the batch. */
  readonly timestamp?: number;
  /** Without it the record's place in the batch. */
  readonly offsetDelta?: number;
};

export type BatchOptions = {
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
  /** Of records without one; -1, none, unless given. With LOG_APPEND_TIME the time of the append. */
  readonly timestamp?: number;
  readonly timestampType?: TimestampType;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly compression?: Compression;
  /** The codec's own default unless given. */
  readonly compressionLevel?: number;
};

/** One batch of the records given, in a buffer of its own. */
export function buildBatch(records: readonly NewRecord[], options: BatchOptions = {}): RecordBatch {
  const defaultTimestamp = options.timestamp ?? NO_TIMESTAMP;
  const timestamps = records.map((record) => record.timestamp ?? defaultTimestamp);
  const baseTimestamp = timestamps[0] ?? defaultTimestamp;
  const bodies = records.map(
    (record, index): RecordBody => ({
      timestampDelta: timestampDelta(timestamps[index] ?? NO_TIMESTAMP, baseTimestamp),
      offsetDelta: record.offsetDelta ?? index,
      key: record.key,
      value: record.value,
      headers: record.headers,
    }),
  );
  const isAppendTime = options.timestampType === TimestampType.LOG_APPEND_TIME;
  const header: HeaderOptions = {
    ...options,
    baseTimestamp,
    maxTimestamp: isAppendTime ? defaultTimestamp : timestamps.reduce((most, each) => Math.max(most, each), baseTimestamp),
    lastOffsetDelta: bodies.at(-1)?.offsetDelta ?? 0,
    recordCount: records.length,
  };
  return assembleBatch(encodeRecords(bodies, BATCH_HEADER_BYTES), header);
}

function timestampDelta(timestamp: number, baseTimestamp: number): number {
  // Long.MAX_VALUE has no exact number to subtract from.
  if (timestamp === MAX_INT64 && baseTimestamp !== MAX_INT64)
    throw new RangeError("a record without limit needs a batch that starts with one");
  return timestamp - baseTimestamp;
}

export type HeaderOptions = BatchOptions & {
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly lastOffsetDelta: number;
  readonly recordCount: number;
};

/** `buffer` holds the encoded records after room for the header. */
function assembleBatch(buffer: Buffer, options: HeaderOptions): RecordBatch {
  const compression = options.compression ?? Compression.NONE;
  if (compression === Compression.NONE) return withHeader(buffer, options);
  return batchOfBody(compress(compression, buffer.subarray(BATCH_HEADER_BYTES), options.compressionLevel), options);
}

/** A batch of records that are encoded, and compressed, already. */
export function batchOfBody(body: Buffer, options: HeaderOptions): RecordBatch {
  return withHeader(withBody(body), options);
}

function withHeader(bytes: Buffer, options: HeaderOptions): RecordBatch {
  batchHeader.encode(
    {
      baseOffset: options.baseOffset ?? 0,
      batchLength: bytes.length - BATCH_LENGTH_PREFIX_BYTES,
      partitionLeaderEpoch: options.partitionLeaderEpoch ?? NO_LEADER_EPOCH,
      magic: MAGIC_V2,
      crc: 0,
      attributes: encodeAttributes(options),
      lastOffsetDelta: options.lastOffsetDelta,
      baseTimestamp: options.baseTimestamp,
      maxTimestamp: options.maxTimestamp,
      producerId: options.producerId ?? NO_PRODUCER_ID,
      producerEpoch: options.producerEpoch ?? NO_PRODUCER_EPOCH,
      baseSequence: options.baseSequence ?? NO_SEQUENCE,
      recordCount: options.recordCount,
    },
    bytes,
    0,
  );
  const batch = new RecordBatch(bytes);
  batch.updateCrc();
  return batch;
}

function withBody(body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + body.length);
  body.copy(bytes, BATCH_HEADER_BYTES);
  return bytes;
}
