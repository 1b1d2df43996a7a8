// What compaction leaves of a batch: the batch as it is, one with some of its records, its header alone, or nothing. Base offset, last
// offset, producer and sequence always stay, so that offsets never change and producers are still known.
//
// The first compaction that meets a deletion (a record without a value) writes into the batch until when it stays, the delete horizon
// (KIP-534). It takes the place of the base timestamp, so the timestamps of the records are counted from it then.

import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_PREFIX_BYTES,
  batchHeader,
  COMPRESSION_MASK,
  Compression,
  DELETE_HORIZON_BIT,
  NO_TIMESTAMP,
  TimestampType,
} from "../../../protocol/records/batch-header.ts";
import { compress } from "../../../protocol/records/compression.ts";
import { compressPieces, piecesOf } from "../../../protocol/records/pieces.ts";
import { RecordBatch } from "../../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import { sizeOfVarlong, VarintCursor, writeVarint, writeVarlong } from "../../../protocol/wire/varint.ts";
import { assert } from "../../base/assert.ts";
import { bodyAtOnce, bodyLater } from "../long-batch.ts";
import type { WorkStep } from "./pace.ts";

/** Batches with more take so long that they are worked on in steps of their own. */
const LARGE_BYTES = 64 * 1024;
const RECORDS_A_STEP = 128;

export interface ScannedRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly hasValue: boolean;
}

/** The records that stay, as positions in the uncompressed body. */
export interface KeptRecords {
  readonly body: Buffer;
  /** Start and end of each, one after another. */
  readonly positions: readonly number[];
  readonly totalCount: number;
  readonly maxTimestamp: number;
  readonly minTimestamp: number;
  readonly hasDeletion: boolean;
}

/** Done in steps, so that the largest batch does not keep others waiting. Raises MalformedMessage. */
export function* keepRecords(batch: RecordBatch, keeps: (record: ScannedRecord) => boolean): Generator<WorkStep, KeptRecords, void> {
  const body = yield* uncompressed(batch);
  const positions: number[] = [];
  let maxTimestamp = NO_TIMESTAMP;
  let minTimestamp = 0;
  let hasDeletion = false;
  let totalCount = 0;
  for (const record of recordsIn(batch, body)) {
    if (++totalCount % RECORDS_A_STEP === 0) yield "if due";
    if (!keeps(record)) continue;
    maxTimestamp = positions.length === 0 ? record.timestamp : Math.max(maxTimestamp, record.timestamp);
    minTimestamp = Math.min(minTimestamp, record.timestamp);
    hasDeletion ||= !record.hasValue;
    positions.push(record.start, record.end);
  }
  return { body, positions, totalCount, maxTimestamp, minTimestamp, hasDeletion };
}

function* uncompressed(batch: RecordBatch): Generator<WorkStep, Buffer, void> {
  if (batch.compression === Compression.NONE) return batch.body;
  if (batch.sizeBytes > LARGE_BYTES) yield "first";
  const body = bodyAtOnce(batch) ?? (yield* resultOf(bodyLater(batch)));
  yield "if due";
  return body;
}

/** Waits for what is done off the event loop. */
function* resultOf<T>(work: Promise<T>): Generator<WorkStep, T, void> {
  const done: { result?: T } = {};
  yield work.then((result) => {
    done.result = result;
  });
  assert(done.result !== undefined, "a step is waited for before the next");
  return done.result;
}

interface FoundRecord extends ScannedRecord {
  readonly start: number;
  readonly end: number;
  readonly timestamp: number;
}

function* recordsIn(batch: RecordBatch, body: Buffer): Generator<FoundRecord, void, undefined> {
  const { baseOffset, baseTimestamp, recordCount } = batch;
  const cursor = new VarintCursor(body);
  for (let index = 0; index < recordCount; index++) {
    const start = cursor.position;
    const sizeBytes = cursor.varint();
    const end = cursor.position + sizeBytes;
    if (sizeBytes < 0 || end > body.length) throw new MalformedMessage(`record ${index} has length ${sizeBytes}`);
    cursor.skip(1);
    const timestamp = baseTimestamp + cursor.varlong();
    const offset = baseOffset + cursor.varint();
    const keyBytes = cursor.varint();
    const key = keyBytes < 0 ? null : cursor.view(keyBytes);
    const hasValue = cursor.varint() >= 0;
    cursor.position = end;
    yield { start, end, timestamp, offset, key, hasValue };
  }
}

/** Offset and key of every record that has one, until `visit` says `false`; whether it never did. Raises MalformedMessage. */
export function* visitKeys(batch: RecordBatch, visit: (offset: number, key: Buffer) => boolean): Generator<WorkStep, boolean, void> {
  let count = 0;
  for (const { offset, key } of recordsIn(batch, yield* uncompressed(batch))) {
    if (++count % RECORDS_A_STEP === 0) yield "if due";
    if (key !== null && !visit(offset, key)) return false;
  }
  return true;
}

/** The batch with these records, of which there is at least one; with a delete horizon when one is given, unless it has one. */
export function* batchOfKept(
  batch: RecordBatch,
  kept: KeptRecords,
  deleteHorizonMs: number | undefined,
): Generator<WorkStep, RecordBatch, void> {
  const horizonMs = deleteHorizonMs !== undefined && canSetHorizon(batch, kept) ? deleteHorizonMs : undefined;
  if (horizonMs === undefined && kept.positions.length === 2 * kept.totalCount) return batch;
  if (!batch.isCrcValid()) throw new MalformedMessage(`the checksum of the batch at offset ${batch.baseOffset} is wrong`);
  const body = yield* compressed(batch.compression, horizonMs === undefined ? copyKept(kept) : copyFromHorizon(batch, kept, horizonMs));
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + body.length);
  batch.buffer.copy(bytes, 0, batch.start, batch.start + BATCH_HEADER_BYTES);
  body.copy(bytes, BATCH_HEADER_BYTES);
  const { batchLength, attributes, baseTimestamp, recordCount } = batchHeader.fields;
  batchLength.write(bytes, 0, bytes.length - BATCH_LENGTH_PREFIX_BYTES);
  recordCount.write(bytes, 0, kept.positions.length / 2);
  if (horizonMs !== undefined) {
    attributes.write(bytes, 0, batch.attributes | DELETE_HORIZON_BIT);
    baseTimestamp.write(bytes, 0, horizonMs);
  }
  const result = new RecordBatch(bytes);
  const isAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  if (!isAppendTime) result.setMaxTimestamp(TimestampType.CREATE_TIME, kept.maxTimestamp);
  result.updateCrc();
  return result;
}

/** Off the event loop where it takes long. */
function* compressed(compression: Compression, records: Buffer): Generator<WorkStep, Buffer, void> {
  if (compression === Compression.NONE || records.length <= LARGE_BYTES) return compress(compression, records);
  const pieces = piecesOf(Compression.NONE, records, records.length);
  const body = yield* resultOf(compressPieces(compression, pieces, { maxBytes: Number.POSITIVE_INFINITY }));
  assert(body !== undefined, "without a limit nothing is too long");
  return body;
}

/** Timestamps that no number holds exactly cannot be counted from elsewhere: such deletions stay. */
function canSetHorizon(batch: RecordBatch, { minTimestamp, maxTimestamp }: KeptRecords): boolean {
  return !batch.hasDeleteHorizon && Math.max(maxTimestamp, -minTimestamp) <= LARGEST_HORIZON_MS;
}

/** What a difference to any timestamp that counts still lies within the safe integers of. */
const LARGEST_HORIZON_MS = 2 ** 51;

/** Until when deletions stay that are met now; `undefined` where the batch says so already. */
export function newDeleteHorizon(nowMs: number, deleteRetentionMs: number): number {
  return Math.min(nowMs + deleteRetentionMs, LARGEST_HORIZON_MS);
}

function copyKept({ body, positions }: KeptRecords): Buffer {
  let sizeBytes = 0;
  for (let index = 0; index < positions.length; index += 2) sizeBytes += (positions[index + 1] ?? 0) - (positions[index] ?? 0);
  const copy = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (let index = 0; index < positions.length; index += 2) at += body.copy(copy, at, positions[index], positions[index + 1]);
  return copy;
}

/** Each record may take up to nine more bytes for its timestamp, and four for its length. */
const LARGEST_GROWTH_BYTES = 13;

function copyFromHorizon(batch: RecordBatch, { body, positions }: KeptRecords, horizonMs: number): Buffer {
  const { baseTimestamp } = batch;
  const copy = Buffer.allocUnsafe(body.length + (positions.length / 2) * LARGEST_GROWTH_BYTES);
  const cursor = new VarintCursor(body);
  let at = 0;
  for (let index = 0; index < positions.length; index += 2) {
    cursor.position = positions[index] ?? 0;
    const sizeBytes = cursor.varint();
    const attributesAt = cursor.position;
    cursor.skip(1);
    const delta = baseTimestamp + cursor.varlong() - horizonMs;
    const deltaBytes = cursor.position - attributesAt - 1;
    at = writeVarint(copy, at, sizeBytes - deltaBytes + sizeOfVarlong(delta));
    copy[at++] = body[attributesAt] ?? 0;
    at = writeVarlong(copy, at, delta);
    at += body.copy(copy, at, cursor.position, positions[index + 1]);
  }
  return copy.subarray(0, at);
}

/** The header alone, as Apache Kafka leaves it: without compression and base timestamp. */
export function emptiedBatch(batch: RecordBatch): RecordBatch {
  const bytes = Buffer.from(batch.buffer.subarray(batch.start, batch.start + BATCH_HEADER_BYTES));
  const { batchLength, attributes, baseTimestamp, recordCount } = batchHeader.fields;
  batchLength.write(bytes, 0, BATCH_HEADER_BYTES - BATCH_LENGTH_PREFIX_BYTES);
  attributes.write(bytes, 0, batch.attributes & ~(COMPRESSION_MASK | DELETE_HORIZON_BIT));
  baseTimestamp.write(bytes, 0, NO_TIMESTAMP);
  recordCount.write(bytes, 0, 0);
  const result = new RecordBatch(bytes);
  result.updateCrc();
  return result;
}
