// One record batch, magic 2, where it lies in a buffer. Fields are read from the bytes each time and written in place; nothing
// is copied. Int64 fields read as the nearest number, and what the broker does not set stays in the bytes untouched.

import { crc32c } from "../wire/crc32c.ts";
import { MAX_INT64 } from "../wire/int64.ts";
import { readInt32, writeInt64 } from "../wire/layout.ts";
import { MalformedMessage } from "../wire/malformed-message.ts";
import {
  advanceSequence,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_PREFIX_BYTES,
  batchHeader,
  CONTROL_BIT,
  Compression,
  CRC_START,
  compressionOf,
  DELETE_HORIZON_BIT,
  MAGIC_OFFSET,
  MAGIC_V2,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  TIMESTAMP_TYPE_BIT,
  TimestampType,
  TRANSACTIONAL_BIT,
  timestampTypeOf,
} from "./batch-header.ts";
import { decompress, MAX_UNCOMPRESSED_BYTES } from "./compression.ts";

const { fields } = batchHeader;

export class RecordBatch {
  readonly buffer: Buffer;
  /** Where the batch starts in the buffer. */
  readonly start: number;
  /** The header included. */
  readonly sizeBytes: number;

  /** The batch at `start`. Raises MalformedMessage when it is not of magic 2, shorter than its header or not all there. */
  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    const sizeBytes = batchSizeAt(buffer, start, end);
    if (sizeBytes === undefined || sizeBytes > end - start) throw new MalformedMessage(`record batch at ${start} is cut off at ${end}`);
    const magic = buffer[start + MAGIC_OFFSET];
    if (magic !== MAGIC_V2) throw new MalformedMessage(`record batch at ${start} has magic ${magic}`);
    if (sizeBytes < BATCH_HEADER_BYTES)
      throw new MalformedMessage(`record batch at ${start} has ${sizeBytes} bytes, fewer than its header`);
    this.buffer = buffer;
    this.start = start;
    this.sizeBytes = sizeBytes;
  }

  /** Where the batch ends in the buffer. */
  get end(): number {
    return this.start + this.sizeBytes;
  }

  /** The whole batch, a view. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  get baseOffset(): number {
    return fields.baseOffset.read(this.buffer, this.start);
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  /** The offset after the batch; compaction may have taken the records before it. */
  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  get lastOffsetDelta(): number {
    return fields.lastOffsetDelta.read(this.buffer, this.start);
  }

  get partitionLeaderEpoch(): number {
    return fields.partitionLeaderEpoch.read(this.buffer, this.start);
  }

  get crc(): number {
    return fields.crc.read(this.buffer, this.start);
  }

  get attributes(): number {
    return fields.attributes.read(this.buffer, this.start);
  }

  /** Raises MalformedMessage for the ids that name no codec. */
  get compression(): Compression {
    const compression = compressionOf(this.attributes);
    if (compression === undefined) throw new MalformedMessage(`record batch at ${this.start} has an unknown compression codec`);
    return compression;
  }

  get timestampType(): TimestampType {
    return timestampTypeOf(this.attributes);
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL_BIT) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & CONTROL_BIT) !== 0;
  }

  get hasDeleteHorizon(): boolean {
    return (this.attributes & DELETE_HORIZON_BIT) !== 0;
  }

  /** What the records' timestamps are relative to; the delete horizon when there is one. */
  get baseTimestamp(): number {
    return fields.baseTimestamp.read(this.buffer, this.start);
  }

  get maxTimestamp(): number {
    return fields.maxTimestamp.read(this.buffer, this.start);
  }

  get producerId(): number {
    return fields.producerId.read(this.buffer, this.start);
  }

  get hasProducerId(): boolean {
    return this.producerId > NO_PRODUCER_ID;
  }

  get producerEpoch(): number {
    return fields.producerEpoch.read(this.buffer, this.start);
  }

  get baseSequence(): number {
    return fields.baseSequence.read(this.buffer, this.start);
  }

  /** Of the last offset; -1 when there are no sequences. */
  get lastSequence(): number {
    const baseSequence = this.baseSequence;
    return baseSequence === NO_SEQUENCE ? NO_SEQUENCE : advanceSequence(baseSequence, this.lastOffsetDelta);
  }

  get recordCount(): number {
    return fields.recordCount.read(this.buffer, this.start);
  }

  set baseOffset(offset: number) {
    fields.baseOffset.write(this.buffer, this.start, offset);
  }

  set partitionLeaderEpoch(epoch: number) {
    fields.partitionLeaderEpoch.write(this.buffer, this.start, epoch);
  }

  /** Sets what the CRC covers, so computes it anew; leaves a batch alone that already says so. */
  setMaxTimestamp(timestampType: TimestampType, maxTimestamp: number): void {
    if (this.timestampType === timestampType && this.maxTimestamp === maxTimestamp) return;
    const bit = timestampType === TimestampType.LOG_APPEND_TIME ? TIMESTAMP_TYPE_BIT : 0;
    fields.attributes.write(this.buffer, this.start, (this.attributes & ~TIMESTAMP_TYPE_BIT) | bit);
    writeNearestInt64(this.buffer, this.start + fields.maxTimestamp.offset, maxTimestamp);
    this.updateCrc();
  }

  computeCrc(): number {
    return crc32c(this.buffer, this.start + CRC_START, this.end);
  }

  updateCrc(): void {
    fields.crc.write(this.buffer, this.start, this.computeCrc());
  }

  isCrcValid(): boolean {
    return this.crc === this.computeCrc();
  }

  /** The records as they lie in the batch, a view; compressed when the batch is. */
  get body(): Buffer {
    return this.buffer.subarray(this.start + BATCH_HEADER_BYTES, this.end);
  }

  /** The records, decompressed if need be. Raises MalformedMessage for broken data and for more than `maxBytes` of it. */
  uncompressedBody(maxBytes = MAX_UNCOMPRESSED_BYTES): Buffer {
    const compression = this.compression;
    return compression === Compression.NONE ? this.body : decompress(compression, this.body, maxBytes);
  }
}

/** For a maximum taken over timestamps that a producer chose: no int64 that a number is near to is refused. */
function writeNearestInt64(buffer: Buffer, at: number, value: number): void {
  if (Number.isSafeInteger(value)) writeInt64(buffer, at, value);
  else buffer.writeBigInt64BE(value >= MAX_INT64 ? 2n ** 63n - 1n : BigInt(Math.max(value, -MAX_INT64)), at);
}

/**
 * The declared size of what starts at `start`, header included, whatever its magic; it may reach beyond `end`. `undefined` when not
 * even the length is there. Raises MalformedMessage for a length below zero.
 */
export function batchSizeAt(buffer: Buffer, start: number, end = buffer.length): number | undefined {
  if (end - start < BATCH_LENGTH_PREFIX_BYTES) return undefined;
  const batchLength = readInt32(buffer, start + batchHeader.offsetOf.batchLength);
  if (batchLength < 0) throw new MalformedMessage(`record batch at ${start} has length ${batchLength}`);
  return BATCH_LENGTH_PREFIX_BYTES + batchLength;
}

/** The magic of what starts at `start`: 0 or 1 for message sets. `undefined` when the buffer ends before it. */
export function magicAt(buffer: Buffer, start = 0, end = buffer.length): number | undefined {
  return start + MAGIC_OFFSET < end ? buffer.readInt8(start + MAGIC_OFFSET) : undefined;
}

export type BatchRange = {
  start?: number;
  end?: number;
  /** Stop silently before a last batch that is cut off, as Fetch answers may hold. Otherwise that is malformed. */
  toleratePartial?: boolean;
};

/** The batches of a buffer one by one. Raises MalformedMessage as the constructor of RecordBatch does. */
export function* batchesOf(buffer: Buffer, range: BatchRange = {}): Generator<RecordBatch, void, undefined> {
  const end = range.end ?? buffer.length;
  let start = range.start ?? 0;
  while (start < end) {
    if (range.toleratePartial === true && (batchSizeAt(buffer, start, end) ?? Number.POSITIVE_INFINITY) > end - start) return;
    const batch = new RecordBatch(buffer, start, end);
    yield batch;
    start = batch.end;
  }
}
