// Reads of a log: the newest batches from memory, as views; older ones from the segment's file. What this process wrote lately is
// probably in the page cache and is read at once unless it is much; the rest off the event loop, so that neither a slow disk nor a large
// copy holds everyone up.

import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader, MAGIC_OFFSET, MAGIC_V2 } from "../../protocol/records/batch-header.ts";
import { readInt32, readInt64 } from "../../protocol/wire/layout.ts";
import type { BufferPool } from "../base/buffer-pool.ts";
import type { OpenFile } from "../base/filesystem.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { type SelectedBatches, selectBatches } from "../storage/batch-selection.ts";
import type { AbortedTransaction, LogRead, ReadOptions, StoredPlace } from "../storage/partition-log.ts";
import { StorageError } from "../storage/storage-error.ts";
import { OFFSET_INDEX_SUFFIX } from "./file-names.ts";
import type { Segment } from "./segment.ts";
import type { Slab, Tail } from "./tail-cache.ts";
import { type Damage, wholeBatchesIn } from "./whole-batches.ts";

/** That close to the end of a log, what this process wrote is taken to be in the page cache. */
const RECENT_BYTES = 64 * 1024 * 1024;
/** The most that is read at once on the event loop, which copies a megabyte in a third of a millisecond. */
const READ_NOW_BYTES = 2 * 1024 * 1024;
/** Room for the batches between an index entry and the one asked for. */
const INDEX_GAP_BYTES = 8 * 1024;

export function nothingRead(offset: number): LogRead {
  return { records: [], sizeBytes: 0, nextOffset: offset };
}

/** The position in `segments` of the one that an offset is in or would be; -1 when it is before the first. */
export function segmentIndexOf(segments: readonly Segment[], offset: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.baseOffset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** From the newest batches in memory where they have it, else from a file. Throws or rejects with StorageError. */
export function readLog(row: SegmentRow, tail: Tail | undefined, options: ReadOptions): LogRead | Promise<LogRead> {
  return failingToRead(row, () => {
    const fromTail = tail === undefined ? undefined : readFromTail(tail, row.segments, options);
    return fromTail ?? readFromFile(row, options);
  });
}

/** Of the batch with an offset, as far as headers tell. */
export function placeIn({ segments }: SegmentRow, offset: number): StoredPlace {
  const segment = segments[Math.max(0, segmentIndexOf(segments, offset))];
  if (segment === undefined) return { path: "", positionBytes: 0 };
  return { path: segment.file.path, positionBytes: walkTo(segment, offset).position };
}

/** Those that overlap [fromOffset, untilOffset). Throws StorageError. */
export function abortedTransactionsIn(row: SegmentRow, fromOffset: number, untilOffset: number): readonly AbortedTransaction[] {
  return failingToRead(row, () => {
    const found: AbortedTransaction[] = [];
    for (const segment of row.segments.slice(Math.max(0, segmentIndexOf(row.segments, fromOffset)))) {
      if (segment.transactions?.collect(fromOffset, untilOffset, found) === true) break;
    }
    return found;
  });
}

function failingToRead<Result>(row: SegmentRow, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw readFailure(row.directory, error);
  }
}

/** From the slabs, the first of which holds `options.offset`; `undefined` when none does. */
function readFromTail(tail: Tail, segments: readonly Segment[], options: ReadOptions): LogRead | undefined {
  let index = tail.indexOf(options.offset);
  if (index === -1) return undefined;
  const records: Buffer[] = [];
  const held: Slab[] = [];
  let sizeBytes = 0;
  let nextOffset = options.offset;
  let from = startInSlab(tail, index, segments, options.offset);
  for (let slab = tail.slabs[index]; slab !== undefined; slab = tail.slabs[++index]) {
    const selected = selectBatches(slab.buffer, from, slab.usedBytes, {
      offset: nextOffset,
      untilOffset: options.untilOffset,
      maxBytes: options.maxBytes - sizeBytes,
      firstBatchWhole: options.firstBatchWhole && sizeBytes === 0,
    });
    if (selected.end > selected.start) {
      slab.hold();
      held.push(slab);
      records.push(slab.buffer.subarray(selected.start, selected.end));
      sizeBytes += selected.end - selected.start;
      nextOffset = selected.nextOffset;
    }
    if (selected.end < slab.usedBytes) break;
    from = 0;
  }
  const release = () => {
    for (const slab of held) slab.release();
  };
  return { records, sizeBytes, nextOffset, ...(held.length > 0 && { release }) };
}

/** The index saves walking a large slab from its start. */
function startInSlab(tail: Tail, index: number, segments: readonly Segment[], offset: number): number {
  const slab = tail.slabs[index];
  const segment = segments[segmentIndexOf(segments, offset)];
  if (slab === undefined || segment === undefined || segment.baseOffset !== slab.segmentBaseOffset) return 0;
  if (slab.usedBytes <= INDEX_GAP_BYTES) return 0;
  return Math.max(0, segment.offsets.floorPosition(offset) - slab.startPosition);
}

/** The segments of a log, oldest first: another array as soon as some were taken away or replaced. */
export interface SegmentRow {
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly segments: readonly Segment[];
  readonly logEndOffset: number;
  readonly readBuffers: BufferPool;
}

/** From the file of the segment that holds `options.offset`. */
function readFromFile(row: SegmentRow, options: ReadOptions): LogRead | Promise<LogRead> {
  const { segments } = row;
  const index = segmentIndexOf(segments, options.offset);
  const segment = segments[index];
  if (segment === undefined) return nothingRead(options.offset);
  const position = segment.offsets.floorPosition(options.offset);
  const isLittle = Math.min(options.maxBytes, segment.sizeBytes - position) <= READ_NOW_BYTES;
  if (isLittle && isRecent(segments, index, position)) return orNextSegment(row, index, options, readNow(row, segment, options));
  return readLater(row, segment, options).then((read) => {
    const isSteady = row.segments === segments || read.sizeBytes > 0;
    return failingToRead(row, () => (isSteady ? orNextSegment(row, index, options, read) : readFromFile(row, options)));
  });
}

/** Where compaction removed the last batches of a segment, the next one has the answer. */
function orNextSegment(row: SegmentRow, index: number, options: ReadOptions, read: LogRead): LogRead | Promise<LogRead> {
  const segment = row.segments[index];
  const next = row.segments[index + 1];
  if (read.sizeBytes > 0 || segment === undefined || next === undefined || next.baseOffset >= options.untilOffset) return read;
  const { position, nextOffset } = walkTo(segment, options.offset);
  if (nextOffset === undefined) return read;
  const mayHaveGaps = row.settings["cleanup.policy"].includes("compact");
  if (position < segment.sizeBytes || (nextOffset < next.baseOffset && !mayHaveGaps)) segment.sayCutOff(position, next.baseOffset);
  return readFromFile(row, { ...options, offset: next.baseOffset });
}

interface Walked {
  readonly position: number;
  /** After the last batch, when all end before the offset. */
  readonly nextOffset: number | undefined;
}

/** From header to header up to the batch that ends at or after an offset, to one that no batch can have, or to the end. */
function walkTo(segment: Segment, offset: number): Walked {
  const header = Buffer.allocUnsafe(BATCH_HEADER_BYTES);
  let position = segment.offsets.floorPosition(offset);
  let nextOffset = segment.baseOffset;
  while (position + header.length <= segment.sizeBytes) {
    segment.file.use().read(header, position);
    const batch = describedBy(header, segment, position);
    if (batch === DAMAGED || batch.lastOffset >= offset) return { position, nextOffset: undefined };
    position += batch.sizeBytes;
    nextOffset = batch.lastOffset + 1;
  }
  return { position, nextOffset };
}

interface DescribedBatch {
  readonly sizeBytes: number;
  readonly lastOffset: number;
}

/** No batch can have such a header: whoever went on from it would read anything, or for ever. */
const DAMAGED = "damaged";

function describedBy(header: Buffer, segment: Segment, position: number): DescribedBatch | typeof DAMAGED {
  const sizeBytes = BATCH_LENGTH_PREFIX_BYTES + readInt32(header, batchHeader.offsetOf.batchLength);
  if (sizeBytes < BATCH_HEADER_BYTES || position + sizeBytes > segment.sizeBytes || header[MAGIC_OFFSET] !== MAGIC_V2) return DAMAGED;
  return { sizeBytes, lastOffset: lastOffsetIn(header) };
}

function isRecent(segments: readonly Segment[], index: number, position: number): boolean {
  const segment = segments[index];
  if (segment === undefined || position < segment.writtenFrom) return false;
  let behindBytes = segment.sizeBytes - position;
  for (let later = index + 1; later < segments.length && behindBytes <= RECENT_BYTES; later++)
    behindBytes += segments[later]?.sizeBytes ?? 0;
  return behindBytes <= RECENT_BYTES;
}

interface FileRead {
  readonly buffer: Buffer;
  readonly position: number;
}

/** The reads that an answer needs, one after another; each is answered with the number of bytes read. */
function* readSteps(row: SegmentRow, segment: Segment, wanted: ReadOptions): Generator<FileRead, LogRead, number> {
  const indexed = yield* indexedStart(segment, wanted.offset);
  let { position, header } = indexed;
  let options = { ...wanted, endOffset: Number.MAX_SAFE_INTEGER, fromOffset: indexed.fromOffset };
  for (;;) {
    const start = position;
    position = yield* skipLargeBatches(segment, { position, header }, options.offset);
    header = undefined;
    if (position > start) options = { ...options, fromOffset: ANY_OFFSET };
    const sizeBytes = options.maxBytes + INDEX_GAP_BYTES;
    const part = yield* readPart(row, segment, { position, sizeBytes }, options);
    options = { ...options, endOffset: endOf(row, segment) };
    const selected = selectBatches(part.buffer, 0, part.buffer.length, options);
    if (selected.cutOffAt === undefined && selected.damagedAt === undefined) return taken(part, selected);
    part.lender?.give(part.buffer);
    if (selected.damagedAt !== undefined) {
      position = wholeBatchFor(segment, indexed.position, options);
      options = { ...options, fromOffset: ANY_OFFSET };
      continue;
    }
    // What was read ends in the first batch asked for, or in one before it.
    position += selected.cutOffAt ?? 0;
    options = { ...options, fromOffset: ANY_OFFSET };
    const batch = yield* batchAt(segment, position);
    if (batch === undefined) return nothingRead(options.offset);
    if (batch === DAMAGED) {
      position = wholeBatchFor(segment, indexed.position, options);
      continue;
    }
    if (batch.lastOffset < options.offset) {
      position += batch.sizeBytes;
      continue;
    }
    if (batch.sizeBytes > options.maxBytes && !options.firstBatchWhole) return nothingRead(options.offset);
    const whole = yield* readPart(row, segment, { position, sizeBytes: Math.max(batch.sizeBytes, options.maxBytes) }, options);
    return taken(whole, selectBatches(whole.buffer, 0, whole.buffer.length, options));
  }
}

const ANY_OFFSET = -1;

/** No batch of the segment reaches it, of those that are there by now. */
function endOf({ segments, logEndOffset }: SegmentRow, { baseOffset }: Segment): number {
  return segments[segmentIndexOf(segments, baseOffset) + 1]?.baseOffset ?? logEndOffset;
}

interface Start {
  readonly position: number;
  /** Of the batch there, if it was read. */
  readonly header: Buffer | undefined;
}

/** Where the index leads, if the batch there is the one that it names; else that is said, and the index made anew. */
function* indexedStart(segment: Segment, offset: number): Generator<FileRead, Start & { readonly fromOffset: number }, number> {
  for (let tries = 0; tries < 2; tries++) {
    const entry = segment.offsets.floor(offset);
    if (entry === undefined) break;
    const header = Buffer.alloc(BATCH_HEADER_BYTES);
    if (entry.position + header.length <= segment.sizeBytes)
      checkRead(segment, { buffer: header, position: entry.position }, yield { buffer: header, position: entry.position });
    if (header[MAGIC_OFFSET] === MAGIC_V2 && lastOffsetIn(header) === entry.lastOffset)
      return { position: entry.position, header, fromOffset: ANY_OFFSET };
    segment.distrustIndex(OFFSET_INDEX_SUFFIX, segment.offsets.floorEntryBytes(offset));
  }
  return { position: 0, header: undefined, fromOffset: segment.baseOffset };
}

function lastOffsetIn(header: Buffer): number {
  return readInt64(header, 0) + readInt32(header, batchHeader.offsetOf.lastOffsetDelta);
}

/** Past what is damaged. Throws StorageError SEGMENT_CORRUPT where what was asked for is damaged itself. */
function wholeBatchFor(
  segment: Segment,
  from: number,
  { offset, endOffset }: { readonly offset: number; readonly endOffset: number },
): number {
  const { path } = segment.file;
  const next = segment.offsets.after(offset);
  // The next entry's batch may begin before the offset.
  const to = (next === undefined ? undefined : segment.offsets.after(next.lastOffset)?.position) ?? segment.sizeBytes;
  let damage: Damage | undefined;
  for (const item of wholeBatchesIn(segment.file.use(), { from, to, nextOffset: segment.baseOffset, endOffset })) {
    if (!("batch" in item)) damage = item;
    else if (item.batch.lastOffset >= offset) {
      if (damage === undefined || item.batch.baseOffset <= offset) return item.position;
      break;
    } else damage = undefined;
  }
  const facts = {
    positionBytes: damage?.position ?? from,
    problem: damage?.problem,
    resumesAt: damage?.resumesAt ?? next?.lastOffset ?? endOffset,
  };
  throw new StorageError("SEGMENT_CORRUPT", "A stored batch is damaged", { path, offset, ...facts });
}

interface Part {
  readonly buffer: Buffer;
  /** Whom the memory goes back to, if it is lent. */
  readonly lender: BufferPool | undefined;
}

/** Of the segment, as far as it goes. Nothing is lent after a failure. */
function* readPart(
  row: SegmentRow,
  segment: Segment,
  { position, sizeBytes: askedBytes }: { readonly position: number; readonly sizeBytes: number },
  { willRelease = false }: ReadOptions,
): Generator<FileRead, Part, number> {
  const sizeBytes = Math.max(0, Math.min(askedBytes, segment.sizeBytes - position));
  const lender = willRelease ? row.readBuffers : undefined;
  const buffer = lender?.take(sizeBytes) ?? Buffer.allocUnsafeSlow(sizeBytes);
  let isRead = false;
  try {
    checkRead(segment, { buffer, position }, yield { buffer, position });
    isRead = true;
    return { buffer, lender };
  } finally {
    if (!isRead) lender?.give(buffer);
  }
}

/** `undefined` when the segment ends before its header does. */
function* batchAt(segment: Segment, position: number): Generator<FileRead, DescribedBatch | typeof DAMAGED | undefined, number> {
  if (position + BATCH_HEADER_BYTES > segment.sizeBytes) return undefined;
  const header = Buffer.allocUnsafe(BATCH_HEADER_BYTES);
  checkRead(segment, { buffer: header, position }, yield { buffer: header, position });
  return describedBy(header, segment, position);
}

/** The index leads to the batch before the one asked for. Small ones are read along; of a large one only its header is looked at. */
function* skipLargeBatches(segment: Segment, { position, header }: Start, offset: number): Generator<FileRead, number, number> {
  let batch = header === undefined ? yield* batchAt(segment, position) : describedBy(header, segment, position);
  let at = position;
  while (batch !== undefined && batch !== DAMAGED && batch.sizeBytes > INDEX_GAP_BYTES && batch.lastOffset < offset) {
    at += batch.sizeBytes;
    batch = yield* batchAt(segment, at);
  }
  return at;
}

function readNow(row: SegmentRow, segment: Segment, options: ReadOptions): LogRead {
  const steps = readSteps(row, segment, options);
  try {
    let step = steps.next();
    while (step.done !== true) step = steps.next(segment.file.use().read(step.value.buffer, step.value.position));
    return step.value;
  } catch (error) {
    throw abandoned(steps, segment, error);
  }
}

async function readLater(row: SegmentRow, segment: Segment, options: ReadOptions): Promise<LogRead> {
  const steps = readSteps(row, segment, options);
  try {
    return await segment.file.useWhile((file) => takeSteps(steps, file));
  } catch (error) {
    throw abandoned(steps, segment, error);
  }
}

async function takeSteps<Result>(steps: Generator<FileRead, Result, number>, file: OpenFile): Promise<Result> {
  let step = steps.next();
  while (step.done !== true) step = steps.next(await file.readLater(step.value.buffer, step.value.position));
  return step.value;
}

/** Where in a segment to look for an offset: `segment.offsets` alone may lead anywhere. */
export async function indexedPosition(segment: Segment, offset: number): Promise<number> {
  const { position } = await segment.file.useWhile((file) => takeSteps(indexedStart(segment, offset), file));
  return position;
}

/** The steps give back what they have. */
function abandoned(steps: ReturnType<typeof readSteps>, segment: Segment, cause: unknown): StorageError {
  steps.return(nothingRead(0));
  return readFailure(segment.file.path, cause);
}

function checkRead(segment: Segment, { buffer, position }: FileRead, readBytes: number): void {
  if (readBytes === buffer.length) return;
  throw new StorageError("READ_FAILED", "A segment is shorter than it was", { path: segment.file.path, position, readBytes });
}

/** @param path of a segment, or of the folder of its log */
export function readFailure(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  return new StorageError("READ_FAILED", "Could not read a segment", { path, cause });
}

/** Without what was read behind the batches: it is as long as they are where one more was too large. */
function taken({ buffer, lender }: Part, { start, end, nextOffset }: SelectedBatches): LogRead {
  if (end <= start) {
    lender?.give(buffer);
    return nothingRead(nextOffset);
  }
  if (lender === undefined) return { records: [buffer.subarray(start, end)], sizeBytes: end - start, nextOffset };
  const kept = lender.shrink(buffer, end);
  return { records: [kept.subarray(start)], sizeBytes: end - start, nextOffset, release: () => lender.give(kept) };
}
