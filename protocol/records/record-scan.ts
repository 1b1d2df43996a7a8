// Looks at every record of a batch as decoding would, without building any: keys, values and headers are passed over. The body may come
// whole or in pieces, of which none is kept, so that a batch is judged in little memory whatever it claims to hold.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { MAX_VARINT_BYTES, MAX_VARLONG_BYTES, VarintCursor } from "../wire/varint.ts";
import { BATCH_HEADER_BYTES, Compression, NO_TIMESTAMP, TimestampType } from "./batch-header.ts";
import type { Pieces } from "./pieces.ts";
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

export type SeenRecord = {
  /** Position in the batch. */
  readonly index: number;
  readonly offset: number;
  /** Milliseconds; that of the append when the batch says so. */
  readonly timestamp: number;
  readonly hasKey: boolean;
};

/** Is told of each record; `false` ends the scan. */
export type RecordVisitor = (record: SeenRecord) => boolean;

/**
 * Raises MalformedMessage. Header keys are not checked for being UTF-8.
 * @param body the batch's records, for a caller that has decompressed them already
 */
export function scanRecords(batch: RecordBatch, body?: Buffer, visit?: RecordVisitor): RecordScan {
  const scanner = new RecordScanner(batch, visit);
  scanner.last(recordsCursor(batch, body));
  return scanner.result;
}

/** As `scanRecords`, of a body in pieces. Asks for no more of them when the visitor has seen enough. */
export async function scanPieces(batch: RecordBatch, pieces: Pieces, visit?: RecordVisitor): Promise<RecordScan> {
  const scanner = new RecordScanner(batch, visit);
  for await (const piece of pieces) {
    scanner.more(piece);
    if (scanner.isEnough) return scanner.result;
  }
  scanner.end();
  return scanner.result;
}

/** Reads records that are not compressed where they lie. */
function recordsCursor(batch: RecordBatch, body: Buffer | undefined): VarintCursor {
  if (body === undefined && batch.compression === Compression.NONE)
    return new VarintCursor(batch.buffer, batch.start + BATCH_HEADER_BYTES, batch.end);
  return new VarintCursor(body ?? batch.uncompressedBody());
}

const NOTHING_SEEN: RecordScan = {
  maxTimestamp: NO_TIMESTAMP,
  offsetDeltaOfMaxTimestamp: 0,
  minTimestamp: NO_TIMESTAMP,
  firstNullKeyIndex: -1,
  hasConsecutiveOffsets: true,
};
const NOTHING = new VarintCursor(Buffer.alloc(0));

class RecordScanner {
  /** The visitor wants no more. */
  isEnough = false;
  readonly #batch: RecordBatch;
  readonly #visit: RecordVisitor | undefined;
  #index = 0;
  #result = NOTHING_SEEN;
  /** What is left of the piece in hand. */
  #cursor = NOTHING;
  /** A record of which some is still to come. */
  #unfinished: Generator<void, ScannedFields, void> | undefined;
  /** A record that came in parts and is not counted yet. */
  #finished: ScannedFields | undefined;

  constructor(batch: RecordBatch, visit: RecordVisitor | undefined) {
    this.#batch = batch;
    this.#visit = visit;
    checkRecordCount(batch.recordCount);
  }

  get result(): RecordScan {
    const { timestampType, maxTimestamp } = this.#batch;
    return timestampType === TimestampType.LOG_APPEND_TIME ? { ...this.#result, maxTimestamp, minTimestamp: maxTimestamp } : this.#result;
  }

  /** The whole body, or its end. */
  last(cursor: VarintCursor): void {
    this.#scan(cursor, true);
  }

  /** A piece of the body, which may change afterwards. */
  more(piece: Buffer): void {
    const { rest } = this.#cursor;
    const cursor = new VarintCursor(rest.length === 0 ? piece : Buffer.concat([rest, piece]));
    this.#cursor = cursor;
    if (this.#unfinished === undefined || this.#goesOn(this.#unfinished)) this.#scan(cursor, false);
    this.#cursor = new VarintCursor(Buffer.from(cursor.rest));
  }

  end(): void {
    if (this.#unfinished !== undefined) throw new MalformedMessage(`record ${this.#index} is cut off`);
    this.#scan(this.#cursor, true);
  }

  /** Whether the unfinished record is complete. */
  #goesOn(unfinished: Generator<void, ScannedFields, void>): boolean {
    const step = unfinished.next();
    this.#unfinished = step.done === true ? undefined : unfinished;
    if (step.done === true) this.#finished = step.value;
    return step.done === true;
  }

  /** The records that are whole; where more is to come, the next one is begun. */
  #scan(cursor: VarintCursor, isLast: boolean): void {
    const { recordCount, baseTimestamp } = this.#batch;
    const visit = this.#visit;
    const dataEnd = cursor.end;
    let { maxTimestamp, offsetDeltaOfMaxTimestamp, minTimestamp, firstNullKeyIndex, hasConsecutiveOffsets } = this.#result;
    let index = this.#index;
    let inParts = this.#finished;
    this.#finished = undefined;
    while (index < recordCount) {
      let timestamp: number;
      let offsetDelta: number;
      let keySize: number;
      if (inParts === undefined) {
        if (!isLast && cursor.remaining < MAX_VARINT_BYTES) break;
        const sizeBytes = recordSize(cursor, index);
        if (sizeBytes > cursor.remaining) {
          if (isLast) throw recordTooLong(sizeBytes, cursor.remaining, index);
          this.#goesOn(scanInParts(() => this.#cursor, sizeBytes, index));
          break;
        }
        const end = cursor.position + sizeBytes;
        cursor.end = end;
        cursor.byte(); // attributes, none of which is in use
        timestamp = baseTimestamp + cursor.varlong();
        offsetDelta = cursor.varint();
        keySize = cursor.varint();
        if (keySize !== -1) skipBytes(cursor, index, "key", keySize);
        skipNullable(cursor, index, "value");
        skipHeaders(cursor, index);
        checkFilled(end - cursor.position, index);
        cursor.end = dataEnd;
      } else {
        timestamp = baseTimestamp + inParts.timestampDelta;
        ({ offsetDelta, keySize } = inParts);
        inParts = undefined;
      }
      if (index === 0 || timestamp > maxTimestamp) {
        maxTimestamp = timestamp;
        offsetDeltaOfMaxTimestamp = offsetDelta;
      }
      if (timestamp !== NO_TIMESTAMP && (timestamp < minTimestamp || minTimestamp === NO_TIMESTAMP)) minTimestamp = timestamp;
      if (offsetDelta !== index) hasConsecutiveOffsets = false;
      if (keySize === -1 && firstNullKeyIndex === -1) firstNullKeyIndex = index;
      if (visit !== undefined && !visit(this.#seen(index, offsetDelta, timestamp, keySize))) {
        this.isEnough = true;
        break;
      }
      index++;
    }
    this.#index = index;
    this.#result = { maxTimestamp, offsetDeltaOfMaxTimestamp, minTimestamp, firstNullKeyIndex, hasConsecutiveOffsets };
    if (index === recordCount) checkNothingLeft(cursor.remaining, recordCount);
  }

  #seen(index: number, offsetDelta: number, timestamp: number, keySize: number): SeenRecord {
    const { baseOffset, timestampType, maxTimestamp } = this.#batch;
    const isAppendTime = timestampType === TimestampType.LOG_APPEND_TIME;
    return { index, offset: baseOffset + offsetDelta, timestamp: isAppendTime ? maxTimestamp : timestamp, hasKey: keySize !== -1 };
  }
}

type ScannedFields = { readonly timestampDelta: number; readonly offsetDelta: number; readonly keySize: number };

/** Scans a record that goes on in later pieces: waits for them where it needs more. */
function* scanInParts(cursor: () => VarintCursor, sizeBytes: number, index: number): Generator<void, ScannedFields, void> {
  const record = new RecordInParts(cursor, sizeBytes, index);
  yield* record.skip(1, "attributes field");
  const timestampDelta = yield* record.varlong();
  const offsetDelta = yield* record.varint();
  const keySize = yield* record.varint();
  if (keySize !== -1) yield* record.skip(keySize, "key");
  yield* record.skipNullable("value");
  const headerCount = yield* record.varint();
  checkHeaderCount(headerCount, record.unreadBytes, index);
  for (let count = headerCount; count > 0; count--) {
    yield* record.skip(yield* record.varint(), "header key");
    yield* record.skipNullable("header value");
  }
  checkFilled(record.unreadBytes, index);
  return { timestampDelta, offsetDelta, keySize };
}

/** The fields of a record whose bytes come in parts, read at a cursor that is another after each wait. */
class RecordInParts {
  readonly #cursor: () => VarintCursor;
  readonly #index: number;
  unreadBytes: number;

  constructor(cursor: () => VarintCursor, sizeBytes: number, index: number) {
    this.#cursor = cursor;
    this.unreadBytes = sizeBytes;
    this.#index = index;
  }

  *varint(): Generator<void, number, void> {
    return this.#read(yield* this.#has(MAX_VARINT_BYTES), (cursor) => cursor.varint());
  }

  *varlong(): Generator<void, number, void> {
    return this.#read(yield* this.#has(MAX_VARLONG_BYTES), (cursor) => cursor.varlong());
  }

  *skipNullable(what: string): Generator<void, void, void> {
    const sizeBytes = yield* this.varint();
    if (sizeBytes !== -1) yield* this.skip(sizeBytes, what);
  }

  *skip(sizeBytes: number, what: string): Generator<void, void, void> {
    checkFieldSize(sizeBytes, this.unreadBytes, this.#index, what);
    this.unreadBytes -= sizeBytes;
    let left = sizeBytes;
    for (;;) {
      const cursor = this.#cursor();
      const skipped = Math.min(left, cursor.remaining);
      cursor.position += skipped;
      left -= skipped;
      if (left === 0) return;
      yield;
    }
  }

  /** A cursor with so many bytes, or as many as the record still has. */
  *#has(sizeBytes: number): Generator<void, VarintCursor, void> {
    while (this.#cursor().remaining < Math.min(sizeBytes, this.unreadBytes)) yield;
    return this.#cursor();
  }

  #read(cursor: VarintCursor, read: (cursor: VarintCursor) => number): number {
    const { position, end } = cursor;
    cursor.end = Math.min(end, position + this.unreadBytes);
    const value = read(cursor);
    cursor.end = end;
    this.unreadBytes -= cursor.position - position;
    return value;
  }
}

function skipHeaders(cursor: VarintCursor, index: number): void {
  const headerCount = cursor.varint();
  checkHeaderCount(headerCount, cursor.remaining, index);
  for (let count = headerCount; count > 0; count--) {
    skipBytes(cursor, index, "header key", cursor.varint());
    skipNullable(cursor, index, "header value");
  }
}

function skipNullable(cursor: VarintCursor, index: number, what: string): void {
  const sizeBytes = cursor.varint();
  if (sizeBytes !== -1) skipBytes(cursor, index, what, sizeBytes);
}

function skipBytes(cursor: VarintCursor, index: number, what: string, sizeBytes: number): void {
  checkFieldSize(sizeBytes, cursor.remaining, index, what);
  cursor.position += sizeBytes;
}
