// The records inside a batch of magic 2 (protocol guide, "Record"; KIP-98), each with its own length in front:
//
//   length varint | attributes int8 | timestampDelta varlong | offsetDelta varint | keyLength varint, key
//   | valueLength varint, value | headerCount varint | headers: keyLength varint, key, valueLength varint, value
//
// All varints are zigzag; length -1 is null. A record that does not fill its length exactly raises MalformedMessage.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { sizeOfVarint, sizeOfVarlong, VarintCursor, writeVarint, writeVarlong } from "../wire/varint.ts";
import { TimestampType } from "./batch-header.ts";
import type { RecordBatch } from "./record-batch.ts";
import {
  checkFieldSize,
  checkFilled,
  checkHeaderCount,
  checkNothingLeft,
  checkRecordCount,
  recordSize,
  recordTooLong,
} from "./record-checks.ts";

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
  const { recordCount } = batch;
  checkRecordCount(recordCount);
  const cursor = new VarintCursor(body);
  const place = placer(batch);
  for (let index = 0; index < recordCount; index++) yield place(decodeRecord(cursor, index));
  checkNothingLeft(cursor.remaining, recordCount);
}

/**
 * As `recordsOf`, of a part of the body that holds whole records only.
 * @param from the index of the first one in the batch
 */
export function* recordsOfRun(batch: RecordBatch, run: Buffer, from: number): Generator<DecodedRecord, void, undefined> {
  const cursor = new VarintCursor(run);
  const place = placer(batch);
  for (let index = from; cursor.remaining > 0; index++) yield place(decodeRecord(cursor, index));
}

/** Gives records their offset and time. */
function placer(batch: RecordBatch): (record: RecordBody) => DecodedRecord {
  const { baseOffset, baseTimestamp, maxTimestamp } = batch;
  const isAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  return ({ offsetDelta, timestampDelta, key, value, headers = [] }) => ({
    offset: baseOffset + offsetDelta,
    timestamp: isAppendTime ? maxTimestamp : baseTimestamp + timestampDelta,
    key,
    value,
    headers,
  });
}

function decodeRecord(cursor: VarintCursor, index: number): RecordBody {
  const batchEnd = cursor.end;
  const sizeBytes = recordSize(cursor, index);
  if (sizeBytes > cursor.remaining) throw recordTooLong(sizeBytes, cursor.remaining, index);
  const end = cursor.position + sizeBytes;
  cursor.end = end;
  cursor.byte(); // attributes, none of which is in use
  const timestampDelta = cursor.varlong();
  const offsetDelta = cursor.varint();
  const key = nullableBytes(cursor, index, "key");
  const value = nullableBytes(cursor, index, "value");
  const headers = decodeHeaders(cursor, index);
  checkFilled(end - cursor.position, index);
  cursor.end = batchEnd;
  return { timestampDelta, offsetDelta, key, value, headers };
}

function decodeHeaders(cursor: VarintCursor, index: number): RecordHeader[] {
  const headers: RecordHeader[] = [];
  const headerCount = cursor.varint();
  checkHeaderCount(headerCount, cursor.remaining, index);
  for (let count = headerCount; count > 0; count--) {
    const keySize = cursor.varint();
    if (keySize < 0) throw new MalformedMessage(`record ${index} has a header key of length ${keySize}`);
    const key = cursor.view(keySize).toString("utf8");
    headers.push({ key, value: nullableBytes(cursor, index, "header value") });
  }
  return headers;
}

function nullableBytes(cursor: VarintCursor, index: number, what: string): Buffer | null {
  const sizeBytes = cursor.varint();
  if (sizeBytes === -1) return null;
  checkFieldSize(sizeBytes, cursor.remaining, index, what);
  return cursor.view(sizeBytes);
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

/** With its length in front. */
export function sizeOfBytes(bytes: Buffer | null): number {
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
