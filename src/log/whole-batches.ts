// Walks the batches of a segment's file past what is damaged: bytes that are no whole batch, a checksum that is wrong, or an offset where it
// cannot be. The checksum covers neither offset nor size of a batch: an offset counts when it fits between those around it, and behind a size that is wrong
// the next batch is searched for.
//
//   | batch | batch | damaged ...... | batch |     given as: batch, batch, Damage, batch

import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader, MAGIC_OFFSET, MAGIC_V2 } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { readInt32, readInt64 } from "../../protocol/wire/layout.ts";
import type { OpenFile } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { FileRange } from "./batch-scan.ts";

const CHUNK_BYTES = 1024 * 1024;

export interface ScanRange extends FileRange {
  /** That the first batch has, or a larger one. */
  readonly nextOffset: number;
  /** Exclusive; no batch reaches it. */
  readonly endOffset: number;
}

export interface PlacedBatch {
  /** Valid until the next one is asked for. */
  readonly batch: RecordBatch;
  readonly position: number;
}

export interface Damage {
  readonly position: number;
  readonly sizeBytes: number;
  readonly problem: string;
  /** Of the first whole batch behind it; `undefined`: there is none up to the end of the range. */
  readonly resumesAt: number | undefined;
}

export function* wholeBatchesIn(file: OpenFile, range: ScanRange): Generator<PlacedBatch | Damage, void, undefined> {
  const chunk = new Chunk(file, range.to);
  let { from: position, nextOffset } = range;
  while (position < range.to) {
    const batch = chunk.batchAt(position);
    const problem = typeof batch === "string" ? batch : problemOf(batch, position, { chunk, nextOffset, endOffset: range.endOffset });
    if (typeof batch !== "string" && problem === undefined) {
      const { sizeBytes, nextOffset: following } = batch;
      yield { batch, position };
      position += sizeBytes;
      nextOffset = following;
      continue;
    }
    const behind = { ...range, nextOffset };
    const sizeBytes = typeof batch === "string" ? 1 : batch.sizeBytes;
    const next = isWholeAt(chunk, position + sizeBytes, behind) ? position + sizeBytes : nextWholeBatch(chunk, position + 1, behind);
    const resumesAt = next === undefined ? undefined : chunk.baseOffsetAt(next);
    yield { position, sizeBytes: (next ?? range.to) - position, problem: problem ?? "no batch", resumesAt };
    position = next ?? range.to;
  }
}

/** It stays where it is: who reads it is told. */
export function sayDamage(logger: Logger, path: string, { position: positionBytes, sizeBytes, problem }: Damage): void {
  logger.error({ path, positionBytes, sizeBytes, problem }, "a stored batch is damaged");
}

/** Of the batches that begin in `buffer`, up to one that no batch can have. */
export function* headersIn(
  buffer: Buffer,
  end: number,
): Generator<{ readonly lastOffset: number; readonly maxTimestamp: number }, void, undefined> {
  const { fields, offsetOf } = batchHeader;
  for (let at = 0; at + BATCH_HEADER_BYTES <= end; ) {
    const sizeBytes = BATCH_LENGTH_PREFIX_BYTES + readInt32(buffer, at + offsetOf.batchLength);
    if (sizeBytes < BATCH_HEADER_BYTES || buffer[at + MAGIC_OFFSET] !== MAGIC_V2) return;
    const lastOffset = readInt64(buffer, at) + readInt32(buffer, at + offsetOf.lastOffsetDelta);
    yield { lastOffset, maxTimestamp: fields.maxTimestamp.read(buffer, at) };
    at += sizeBytes;
  }
}

interface Bounds {
  readonly chunk: Chunk;
  readonly nextOffset: number;
  readonly endOffset: number;
}

function problemOf(batch: RecordBatch, position: number, { chunk, nextOffset, endOffset }: Bounds): string | undefined {
  const { baseOffset, lastOffset, lastOffsetDelta } = batch;
  if (lastOffsetDelta < 0) return `a batch ends before it starts, at offset ${baseOffset}`;
  if (baseOffset < nextOffset) return `offset ${baseOffset} follows ${nextOffset - 1}`;
  if (lastOffset >= endOffset) return `offset ${lastOffset} is beyond what can be here`;
  if (!batch.isCrcValid()) return `the checksum of the batch at offset ${baseOffset} is wrong`;
  if (baseOffset === nextOffset) return undefined;
  // Compaction leaves gaps; but if what follows fits before this one, it is this one that is out of place.
  const following = chunk.baseOffsetAt(position + batch.sizeBytes);
  const isOutOfPlace = following !== undefined && following >= nextOffset && following <= lastOffset;
  return isOutOfPlace ? `offset ${baseOffset} is followed by ${following}` : undefined;
}

function isWholeAt(chunk: Chunk, position: number, { nextOffset, endOffset, to }: ScanRange): boolean {
  if (!chunk.mayBeBatchAt(position, { nextOffset, endOffset, to })) return false;
  const batch = chunk.batchAt(position);
  return typeof batch !== "string" && batch.isCrcValid();
}

function nextWholeBatch(chunk: Chunk, from: number, range: ScanRange): number | undefined {
  for (let position = from; position + BATCH_HEADER_BYTES <= range.to; position++) if (isWholeAt(chunk, position, range)) return position;
  return undefined;
}

/** The part of a file that is looked at. */
class Chunk {
  readonly #file: OpenFile;
  readonly #end: number;
  #buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: OpenFile, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Where in the buffer; -1 when the range has not so many bytes there. */
  #at(position: number, sizeBytes: number): number {
    if (position + sizeBytes > this.#end) return -1;
    if (position < this.#start || position + sizeBytes > this.#start + this.#buffer.length) this.#read(position, sizeBytes);
    return sizeBytes <= this.#buffer.length ? position - this.#start : -1;
  }

  #read(position: number, sizeBytes: number): void {
    const buffer = Buffer.allocUnsafe(Math.min(Math.max(CHUNK_BYTES, sizeBytes), this.#end - position));
    this.#buffer = buffer.subarray(0, this.#file.read(buffer, position));
    this.#start = position;
  }

  /** What is wrong with it, if it is no whole one. */
  batchAt(position: number): RecordBatch | string {
    const head = this.#at(position, BATCH_HEADER_BYTES);
    if (head === -1) return "the last batch is cut off";
    const magic = this.#buffer[head + MAGIC_OFFSET];
    if (magic !== MAGIC_V2) return `what is at ${position} has magic ${magic}`;
    const sizeBytes = this.#sizeAt(head);
    if (sizeBytes < BATCH_HEADER_BYTES) return `what is at ${position} has ${sizeBytes} bytes, fewer than a batch's header`;
    const at = this.#at(position, sizeBytes);
    return at === -1 ? "the last batch is cut off" : new RecordBatch(this.#buffer, at, at + sizeBytes);
  }

  #sizeAt(at: number): number {
    return BATCH_LENGTH_PREFIX_BYTES + readInt32(this.#buffer, at + batchHeader.offsetOf.batchLength);
  }

  baseOffsetAt(position: number): number | undefined {
    const at = this.#at(position, BATCH_HEADER_BYTES);
    return at === -1 ? undefined : readInt64(this.#buffer, at);
  }

  /** By its header, quickly. */
  mayBeBatchAt(position: number, { nextOffset, endOffset, to }: Pick<ScanRange, "nextOffset" | "endOffset" | "to">): boolean {
    const at = this.#at(position, BATCH_HEADER_BYTES);
    if (at === -1 || this.#buffer[at + MAGIC_OFFSET] !== MAGIC_V2) return false;
    const sizeBytes = this.#sizeAt(at);
    if (sizeBytes < BATCH_HEADER_BYTES || position + sizeBytes > to) return false;
    const baseOffset = readInt64(this.#buffer, at);
    const lastOffset = baseOffset + readInt32(this.#buffer, at + batchHeader.offsetOf.lastOffsetDelta);
    return baseOffset >= nextOffset && lastOffset >= baseOffset && lastOffset < endOffset;
  }
}
