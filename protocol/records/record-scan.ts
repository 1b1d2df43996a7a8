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

/** What was found so far, and in the end of the whole batch. */
type Findings = {
  /** The largest timestamp, -1 without records; the append time when the batch says so. */
  maxTimestamp: number;
  /** The first record that has it, 0 without records. */
  offsetDeltaOfMaxTimestamp: number;
  /** Of those records that have a timestamp; -1 when none has. */
  minTimestamp: number;
  /** -1 when all keys are there. */
  firstNullKeyIndex: number;
  /** Offset deltas are 0, 1, 2 and so on. */
  hasConsecutiveOffsets: boolean;
};

export type RecordScan = Readonly<Findings>;

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
  checkRecordCount(batch.recordCount);
  const findings = nothingFound();
  scanRun({ batch, findings, visit, from: 0, isLast: true }, recordsCursor(batch, body));
  return resultOf(batch, findings);
}

/** As `scanRecords`, of a body in pieces. Asks for no more of them when the visitor has seen enough. */
export async function scanPieces(batch: RecordBatch, pieces: Pieces, visit?: RecordVisitor): Promise<RecordScan> {
  const scanner = new PieceScanner(batch, visit);
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

function nothingFound(): Findings {
  return {
    maxTimestamp: NO_TIMESTAMP,
    offsetDeltaOfMaxTimestamp: 0,
    minTimestamp: NO_TIMESTAMP,
    firstNullKeyIndex: -1,
    hasConsecutiveOffsets: true,
  };
}

function resultOf({ timestampType, maxTimestamp }: RecordBatch, findings: Findings): RecordScan {
  return timestampType === TimestampType.LOG_APPEND_TIME ? { ...findings, maxTimestamp, minTimestamp: maxTimestamp } : findings;
}

/** Scans the records that lie whole behind the cursor, adds to the findings, and gives the index of the next record. */
function scanRun(run: Run, cursor: VarintCursor): number {
  const { batch, findings, visit, isLast } = run;
  const { recordCount, baseTimestamp } = batch;
  const dataEnd = cursor.end;
  let index = run.from;
  while (index < recordCount) {
    const start = cursor.position;
    if (!isLast && cursor.remaining < MAX_VARINT_BYTES) break;
    const sizeBytes = recordSize(cursor, index);
    if (sizeBytes > cursor.remaining) {
      if (isLast) throw recordTooLong(sizeBytes, cursor.remaining, index);
      cursor.position = start;
      break;
    }
    const end = cursor.position + sizeBytes;
    cursor.end = end;
    cursor.byte(); // attributes, none of which is in use
    const timestamp = baseTimestamp + cursor.varlong();
    const offsetDelta = cursor.varint();
    const keySize = cursor.varint();
    if (keySize !== -1) skipBytes(cursor, index, "key", keySize);
    skipNullable(cursor, index, "value");
    skipHeaders(cursor, index);
    checkFilled(end - cursor.position, index);
    cursor.end = dataEnd;
    note(findings, index, timestamp, offsetDelta, keySize);
    if (visit !== undefined && !visit(seen(batch, index, timestamp, offsetDelta, keySize))) return index;
    index++;
  }
  if (index === recordCount) checkNothingLeft(cursor.remaining, recordCount);
  return index;
}

interface Run {
  readonly batch: RecordBatch;
  readonly findings: Findings;
  readonly visit: RecordVisitor | undefined;
  /** The index of the first record. */
  readonly from: number;
  /** Nothing comes behind it. */
  readonly isLast: boolean;
}

function note(findings: Findings, index: number, timestamp: number, offsetDelta: number, keySize: number): void {
  if (index === 0 || timestamp > findings.maxTimestamp) {
    findings.maxTimestamp = timestamp;
    findings.offsetDeltaOfMaxTimestamp = offsetDelta;
  }
  const { minTimestamp } = findings;
  if (timestamp !== NO_TIMESTAMP && (timestamp < minTimestamp || minTimestamp === NO_TIMESTAMP)) findings.minTimestamp = timestamp;
  if (offsetDelta !== index) findings.hasConsecutiveOffsets = false;
  if (keySize === -1 && findings.firstNullKeyIndex === -1) findings.firstNullKeyIndex = index;
}

function seen(batch: RecordBatch, index: number, timestamp: number, offsetDelta: number, keySize: number): SeenRecord {
  const { baseOffset, timestampType, maxTimestamp } = batch;
  const isAppendTime = timestampType === TimestampType.LOG_APPEND_TIME;
  return { index, offset: baseOffset + offsetDelta, timestamp: isAppendTime ? maxTimestamp : timestamp, hasKey: keySize !== -1 };
}

const NOTHING = new VarintCursor(Buffer.alloc(0));

/** Scans a body that comes in pieces. */
class PieceScanner {
  /** The visitor wants no more. */
  isEnough = false;
  readonly #batch: RecordBatch;
  readonly #visit: RecordVisitor | undefined;
  readonly #findings = nothingFound();
  #index = 0;
  /** What is left of the piece in hand. */
  #cursor = NOTHING;
  /** A record of which some is still to come. */
  #unfinished: Generator<void, ScannedFields, void> | undefined;

  constructor(batch: RecordBatch, visit: RecordVisitor | undefined) {
    this.#batch = batch;
    this.#visit =
      visit &&
      ((record) => {
        this.isEnough = !visit(record);
        return !this.isEnough;
      });
    checkRecordCount(batch.recordCount);
  }

  get result(): RecordScan {
    return resultOf(this.#batch, this.#findings);
  }

  /** A piece of the body, which may change afterwards. */
  more(piece: Buffer): void {
    const { rest } = this.#cursor;
    this.#cursor = new VarintCursor(rest.length === 0 ? piece : Buffer.concat([rest, piece]));
    if (this.#unfinished !== undefined) this.#goOn(this.#unfinished);
    if (this.#unfinished === undefined && !this.isEnough) this.#scan(false);
    this.#cursor = new VarintCursor(Buffer.from(this.#cursor.rest));
  }

  end(): void {
    if (this.#unfinished !== undefined) throw new MalformedMessage(`record ${this.#index} is cut off`);
    this.#scan(true);
  }

  #scan(isLast: boolean): void {
    const cursor = this.#cursor;
    this.#index = scanRun({ batch: this.#batch, findings: this.#findings, visit: this.#visit, from: this.#index, isLast }, cursor);
    // A record has begun that goes on in the next piece.
    if (this.isEnough || this.#index === this.#batch.recordCount || cursor.remaining < MAX_VARINT_BYTES) return;
    this.#goOn(scanInParts(() => this.#cursor, recordSize(cursor, this.#index), this.#index));
  }

  /** With a record that comes in parts, as far as it is there. */
  #goOn(unfinished: Generator<void, ScannedFields, void>): void {
    const step = unfinished.next();
    this.#unfinished = step.done === true ? undefined : unfinished;
    if (step.done !== true) return;
    const { timestampDelta, offsetDelta, keySize } = step.value;
    const timestamp = this.#batch.baseTimestamp + timestampDelta;
    note(this.#findings, this.#index, timestamp, offsetDelta, keySize);
    this.#visit?.(seen(this.#batch, this.#index, timestamp, offsetDelta, keySize));
    if (!this.isEnough) this.#index++;
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
