// The records inside a batch of magic 2 (protocol guide, "Record"; KIP-98), each with its own length in front:
//
//   length varint | attributes int8 | timestampDelta varlong | offsetDelta varint | keyLength varint, key
//   | valueLength varint, value | headerCount varint | headers: keyLength varint, key, valueLength varint, value
//
// All varints are zigzag; length -1 is null. A record that does not fill its length exactly raises MalformedMessage.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { sizeOfVarint, sizeOfVarlong, VarintCursor, writeVarint, writeVarlong } from "../wire/varint.ts";
import { BATCH_HEADER_BYTES, Compression, NO_TIMESTAMP, TimestampType } from "./batch-header.ts";
import type { RecordBatch } from "./record-batch.ts";

export type RecordHeader = { readonly key: string; readonly value: Buffer | null };

/** Key, value and header values are views of the batch, or of its decompressed records. */
export type DecodedRecord = {
  readonly offset: number;
  /** Milliseconds; that of the append when the batch says so. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In order; keys may repeat. */
  readonly headers: readonly RecordHeader[];
};

/** What `encodeRecords` takes of a record. */
export type RecordBody = {
  readonly timestampDelta: number;
  readonly offsetDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[] | undefined;
};

/**
 * Decodes the records one by one, as they are asked for. Raises MalformedMessage for what does not decode.
 * @param body the batch's records, for a caller that has decompressed them already
 */
export function* recordsOf(batch: RecordBatch, body = batch.uncompressedBody()): Generator<DecodedRecord, void, undefined> {
  const { baseOffset, baseTimestamp, maxTimestamp } = batch;
  const isAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  for (const record of recordBodiesOf(batch, body)) {
    yield {
      offset: baseOffset + record.offsetDelta,
      timestamp: isAppendTime ? maxTimestamp : baseTimestamp + record.timestampDelta,
      key: record.key,
      value: record.value,
      headers: record.headers ?? [],
    };
  }
}

/** As `recordsOf`, with the deltas as they are stored. */
function* recordBodiesOf(batch: RecordBatch, body: Buffer): Generator<RecordBody, void, undefined> {
  const { recordCount } = batch;
  if (recordCount < 0) throw new MalformedMessage(`record batch of ${recordCount} records`);
  const cursor = new VarintCursor(body);
  for (let index = 0; index < recordCount; index++) yield decodeRecord(cursor, index);
  checkNothingLeft(cursor, recordCount);
}

function decodeRecord(cursor: VarintCursor, index: number): RecordBody {
  const batchEnd = cursor.end;
  const end = enterRecord(cursor, index);
  cursor.end = end;
  cursor.byte(); // attributes, none of which is in use
  const timestampDelta = cursor.varlong();
  const offsetDelta = cursor.varint();
  const key = nullableBytes(cursor, index, "key");
  const value = nullableBytes(cursor, index, "value");
  const headers = decodeHeaders(cursor, index);
  checkFilled(cursor, index, end);
  cursor.end = batchEnd;
  return { timestampDelta, offsetDelta, key, value, headers };
}

function decodeHeaders(cursor: VarintCursor, index: number): RecordHeader[] {
  const headers: RecordHeader[] = [];
  for (let count = headerCount(cursor, index); count > 0; count--) {
    const keySize = cursor.varint();
    if (keySize < 0) throw new MalformedMessage(`record ${index} has a header key of length ${keySize}`);
    const key = cursor.view(keySize).toString("utf8");
    headers.push({ key, value: nullableBytes(cursor, index, "header value") });
  }
  return headers;
}

export type RecordScan = {
  /** The largest timestamp, -1 without records; the append time when the batch says so. */
  readonly maxTimestamp: number;
  /** The first record that has it, 0 without records. */
  readonly offsetDeltaOfMaxTimestamp: number;
  /** Of those records that have a timestamp; -1 when none has. */
  readonly minTimestamp: number;
  /** -1 when all keys are there. */
  readonly firstNullKeyIndex: number;
  /** Offset deltas are 0, 1, 2 and so on. */
  readonly hasConsecutiveOffsets: boolean;
};

/**
 * Checks every record of a batch as decoding would, without building any, and gathers what the broker must know at append.
 * Raises MalformedMessage. Header keys are not checked for being UTF-8.
 */
export function scanRecords(batch: RecordBatch, body?: Buffer): RecordScan {
  const { recordCount, baseTimestamp } = batch;
  if (recordCount < 0) throw new MalformedMessage(`record batch of ${recordCount} records`);
  const cursor = recordsCursor(batch, body);
  const batchEnd = cursor.end;
  let maxTimestamp = NO_TIMESTAMP;
  let minTimestamp = NO_TIMESTAMP;
  let offsetDeltaOfMaxTimestamp = 0;
  let firstNullKeyIndex = -1;
  let hasConsecutiveOffsets = true;
  for (let index = 0; index < recordCount; index++) {
    const end = enterRecord(cursor, index);
    cursor.end = end;
    cursor.byte();
    const timestamp = baseTimestamp + cursor.varlong();
    const offsetDelta = cursor.varint();
    if (index === 0 || timestamp > maxTimestamp) {
      maxTimestamp = timestamp;
      offsetDeltaOfMaxTimestamp = offsetDelta;
    }
    if (timestamp !== NO_TIMESTAMP && (timestamp < minTimestamp || minTimestamp === NO_TIMESTAMP)) minTimestamp = timestamp;
    if (offsetDelta !== index) hasConsecutiveOffsets = false;
    const keySize = cursor.varint();
    if (keySize === -1) {
      if (firstNullKeyIndex === -1) firstNullKeyIndex = index;
    } else skipBytes(cursor, index, "key", keySize);
    skipNullable(cursor, index, "value");
    skipHeaders(cursor, index);
    checkFilled(cursor, index, end);
    cursor.end = batchEnd;
  }
  checkNothingLeft(cursor, recordCount);
  if (batch.timestampType === TimestampType.LOG_APPEND_TIME) {
    maxTimestamp = batch.maxTimestamp;
    minTimestamp = maxTimestamp;
  }
  return { maxTimestamp, offsetDeltaOfMaxTimestamp, minTimestamp, firstNullKeyIndex, hasConsecutiveOffsets };
}

/** Reads records that are not compressed where they lie. */
function recordsCursor(batch: RecordBatch, body: Buffer | undefined): VarintCursor {
  if (body === undefined && batch.compression === Compression.NONE)
    return new VarintCursor(batch.buffer, batch.start + BATCH_HEADER_BYTES, batch.end);
  return new VarintCursor(body ?? batch.uncompressedBody());
}

function skipHeaders(cursor: VarintCursor, index: number): void {
  for (let count = headerCount(cursor, index); count > 0; count--) {
    skipBytes(cursor, index, "header key", cursor.varint());
    skipNullable(cursor, index, "header value");
  }
}

/** Reads a record's length and returns where the record ends. */
function enterRecord(cursor: VarintCursor, index: number): number {
  if (cursor.remaining === 0) throw new MalformedMessage(`record ${index} is missing`);
  const sizeBytes = cursor.varint();
  if (sizeBytes < 0 || sizeBytes > cursor.remaining) {
    throw new MalformedMessage(`record ${index} has length ${sizeBytes}, ${cursor.remaining} bytes remain`);
  }
  return cursor.position + sizeBytes;
}

function checkFilled(cursor: VarintCursor, index: number, end: number): void {
  if (cursor.position !== end) throw new MalformedMessage(`record ${index} has ${end - cursor.position} bytes more than its fields`);
}

function checkNothingLeft(cursor: VarintCursor, recordCount: number): void {
  if (cursor.remaining !== 0) throw new MalformedMessage(`${cursor.remaining} bytes follow the last of ${recordCount} records`);
}

function headerCount(cursor: VarintCursor, index: number): number {
  const count = cursor.varint();
  if (count < 0 || count > cursor.remaining)
    throw new MalformedMessage(`record ${index} has ${count} headers in ${cursor.remaining} bytes`);
  return count;
}

function nullableBytes(cursor: VarintCursor, index: number, what: string): Buffer | null {
  const sizeBytes = cursor.varint();
  if (sizeBytes === -1) return null;
  checkSize(cursor, index, what, sizeBytes);
  return cursor.view(sizeBytes);
}

function skipNullable(cursor: VarintCursor, index: number, what: string): void {
  const sizeBytes = cursor.varint();
  if (sizeBytes !== -1) skipBytes(cursor, index, what, sizeBytes);
}

function skipBytes(cursor: VarintCursor, index: number, what: string, sizeBytes: number): void {
  checkSize(cursor, index, what, sizeBytes);
  cursor.position += sizeBytes;
}

function checkSize(cursor: VarintCursor, index: number, what: string, sizeBytes: number): void {
  if (sizeBytes < 0 || sizeBytes > cursor.remaining) {
    throw new MalformedMessage(`record ${index} has a ${what} of length ${sizeBytes}, ${cursor.remaining} bytes remain`);
  }
}

/** The records as a batch holds them, uncompressed, after room for a header. */
export function encodeRecords(records: readonly RecordBody[], headerBytes = 0): Buffer {
  const sizes = records.map(sizeOfRecord);
  let sizeBytes = headerBytes;
  for (const size of sizes) sizeBytes += sizeOfVarint(size) + size;
  const buffer = Buffer.allocUnsafe(sizeBytes);
  let at = headerBytes;
  records.forEach((record, index) => {
    at = encodeRecord(buffer, writeVarint(buffer, at, sizes[index] ?? 0), record);
  });
  return buffer;
}

/** Without the length in front. */
function sizeOfRecord(record: RecordBody): number {
  const headers = record.headers ?? [];
  let sizeBytes = 1 + sizeOfVarlong(record.timestampDelta) + sizeOfVarint(record.offsetDelta);
  sizeBytes += sizeOfBytes(record.key) + sizeOfBytes(record.value) + sizeOfVarint(headers.length);
  for (const header of headers) {
    const keyBytes = Buffer.byteLength(header.key);
    sizeBytes += sizeOfVarint(keyBytes) + keyBytes + sizeOfBytes(header.value);
  }
  return sizeBytes;
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function encodeRecord(buffer: Buffer, start: number, record: RecordBody): number {
  buffer[start] = 0; // attributes
  let at = writeVarlong(buffer, start + 1, record.timestampDelta);
  at = writeVarint(buffer, at, record.offsetDelta);
  at = writeBytes(buffer, at, record.key);
  at = writeBytes(buffer, at, record.value);
  const headers = record.headers ?? [];
  at = writeVarint(buffer, at, headers.length);
  for (const header of headers) {
    at = writeVarint(buffer, at, Buffer.byteLength(header.key));
    at += buffer.write(header.key, at, "utf8");
    at = writeBytes(buffer, at, header.value);
  }
  return at;
}

function writeBytes(buffer: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(buffer, at, -1);
  const start = writeVarint(buffer, at, bytes.length);
  bytes.copy(buffer, start);
  return start + bytes.length;
}
