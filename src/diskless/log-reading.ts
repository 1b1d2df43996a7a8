// Reads of a log: rows say where batches lie, chunks hold them. What is in memory is given at once, as views; one chunk is read from the store
// where the first batch is not, and then what follows it is fetched ahead.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { assert } from "../base/assert.ts";
import { ObjectStoreError } from "../base/object-store.ts";
import { selectBatches } from "../storage/batch-selection.ts";
import type { LogRead, ReadOptions } from "../storage/partition-log.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { Chunk, Segment } from "./catalog.ts";
import type { CachedChunk, ChunkCache } from "./chunk-cache.ts";
import type { SegmentRows } from "./segment-rows.ts";

/** What is fetched ahead of a reader that comes from behind. */
const CHUNKS_AHEAD = 4;

export interface ReadableLog {
  readonly name: string;
  readonly rows: SegmentRows;
  readonly cache: ChunkCache;
}

interface Progress {
  readonly records: Buffer[];
  sizeBytes: number;
  nextOffset: number;
  /** Of the next look. */
  offset: number;
}

/** Throws or rejects with StorageError. */
export function readLog(log: ReadableLog, options: ReadOptions): LogRead | Promise<LogRead> {
  const progress: Progress = { records: [], sizeBytes: 0, nextOffset: options.offset, offset: options.offset };
  return takeFromMemory(log, options, progress) ? readOf(progress) : readFromStore(log, options, progress);
}

function readOf({ records, sizeBytes, nextOffset }: Progress): LogRead {
  return { records, sizeBytes, nextOffset };
}

/** As far as memory has it; `false` when nothing was taken, and there is something to be read. */
function takeFromMemory(log: ReadableLog, options: ReadOptions, progress: Progress): boolean {
  while (progress.offset < options.untilOffset) {
    const segment = log.rows.at(progress.offset);
    if (segment === undefined) return true;
    if (segment instanceof Promise) {
      // Whoever waits for the rows, or nobody: they are kept either way.
      segment.catch(() => undefined);
      return progress.sizeBytes > 0;
    }
    const chunk = chunkAt(segment, progress.offset);
    const cached = chunk === undefined ? inlineOf(segment) : cachedOf(log, segment, chunk);
    if (cached === undefined) return progress.sizeBytes > 0;
    if (!take(cached, options, progress)) return true;
    progress.offset = Math.max(progress.offset, endOf(segment, chunk));
  }
  return true;
}

/** Whether there may be more behind it: the chunk was taken to its end. */
function take(cached: CachedChunk, options: ReadOptions, progress: Progress): boolean {
  const { bytes, stop } = cached;
  const from = stop !== undefined && stop.offset <= progress.offset ? stop.at : 0;
  const selected = selectBatches(bytes, from, bytes.length, {
    offset: progress.offset,
    untilOffset: options.untilOffset,
    maxBytes: options.maxBytes - progress.sizeBytes,
    firstBatchWhole: options.firstBatchWhole && progress.sizeBytes === 0,
  });
  if (selected.end > selected.start) {
    progress.records.push(bytes.subarray(selected.start, selected.end));
    progress.sizeBytes += selected.end - selected.start;
    progress.nextOffset = selected.nextOffset;
    progress.offset = selected.nextOffset;
    cached.stop = { offset: selected.nextOffset, at: selected.end };
  }
  return selected.end === bytes.length;
}

async function readFromStore(log: ReadableLog, options: ReadOptions, progress: Progress): Promise<LogRead> {
  const { generation } = log.rows;
  let isAnew = false;
  while (progress.offset < options.untilOffset) {
    const segment = await log.rows.at(progress.offset);
    if (segment === undefined) break;
    const chunk = chunkAt(segment, progress.offset);
    let cached: CachedChunk | undefined;
    try {
      cached = await loaded(log, segment, chunk);
    } catch (error) {
      // Rows may be others by now, and the object gone: they are looked at again, once.
      const isGone = error instanceof ObjectStoreError && error.code === "NOT_FOUND";
      if (!isGone || isAnew) throw readFailure(log, error);
      isAnew = true;
      log.rows.forget();
      continue;
    }
    if (chunk !== undefined) void fetchAhead(log, segment, chunk);
    if (!take(cached, options, progress)) break;
    progress.offset = Math.max(progress.offset, endOf(segment, chunk));
    if (takeFromMemory(log, options, progress)) break;
  }
  // What compaction has taken away meanwhile, markers of aborted transactions among it, readers must not see beside what it left.
  return log.rows.generation === generation || isAnew ? readOf(progress) : readLog(log, options);
}

/** Rejects as ChunkCache.get does. */
export function loaded({ cache }: ReadableLog, segment: Segment, chunk: Chunk | undefined): CachedChunk | Promise<CachedChunk> {
  const { place, compactedUntil } = segment;
  if (place.kind === "inline") return { bytes: place.bytes, stop: undefined };
  assert(chunk !== undefined, "a segment in an object has chunks");
  return cache.get(place.object, chunk, { baseOffset: chunk.baseOffset, endOffset: endOf(segment, chunk), compactedUntil });
}

/** Failures are met again by who needs it. */
async function fetchAhead(log: ReadableLog, from: Segment, after: Chunk): Promise<void> {
  try {
    let segment: Segment | undefined = from;
    let offset = endOf(from, after);
    for (let count = 0; count < CHUNKS_AHEAD; count++) {
      if (offset >= segment.endOffset) {
        segment = await log.rows.at(offset);
        if (segment === undefined) return;
      }
      const chunk = chunkAt(segment, offset);
      if (chunk !== undefined) await loaded(log, segment, chunk);
      offset = endOf(segment, chunk);
    }
  } catch (error) {
    if (!(error instanceof ObjectStoreError || error instanceof StorageError || error instanceof MalformedMessage)) throw error;
  }
}

/** The one that holds the offset; `undefined` where the row itself has the batches. */
export function chunkAt({ place }: Segment, offset: number): Chunk | undefined {
  if (place.kind === "inline") return undefined;
  return place.chunks.findLast(({ baseOffset }) => baseOffset <= offset) ?? place.chunks[0];
}

function endOf({ place, endOffset }: Segment, chunk: Chunk | undefined): number {
  if (place.kind === "inline" || chunk === undefined) return endOffset;
  return place.chunks[place.chunks.indexOf(chunk) + 1]?.baseOffset ?? endOffset;
}

function inlineOf({ place }: Segment): CachedChunk | undefined {
  return place.kind === "inline" ? { bytes: place.bytes, stop: undefined } : undefined;
}

function cachedOf({ cache }: ReadableLog, { place }: Segment, chunk: Chunk): CachedChunk | undefined {
  return place.kind === "object" ? cache.peek(place.object, chunk) : undefined;
}

export function readFailure({ name }: ReadableLog, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  return new StorageError("READ_FAILED", "Could not read from the object store", { partition: name, cause });
}
