// Chunks of objects in memory, the most recently used of them up to a bound. What this broker appended is put here as it is committed; the rest
// is read from the store, once for all who want it at the same time, and checked before anybody sees it. Of a small object all is read
// at once: its other chunks are wanted soon, or cost nothing.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { ByteRange, ObjectStore } from "../base/object-store.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { Chunk, StoredObject } from "./catalog.ts";
import { type BatchRange, checkedBatches } from "./checked-batches.ts";

/** An object up to this size is read whole. */
const SMALL_OBJECT_BYTES = 1024 * 1024;
/** In place of a chunk's position. */
const WHOLE = -1;
/** A kept entry takes more than its bytes. */
const ENTRY_BYTES = 200;

/** Bytes of whole batches, and where a reader stopped in them: the next one probably goes on there. */
export interface CachedChunk {
  readonly bytes: Buffer;
  stop: { readonly offset: number; readonly at: number } | undefined;
}

export class ChunkCache {
  readonly #store: ObjectStore;
  readonly #maxBytes: () => number;
  /** By object and position; in the order of their use. */
  readonly #chunks = new Map<string, CachedChunk>();
  readonly #reading = new Map<string, Promise<CachedChunk>>();
  readonly #readingObjects = new Map<number, Promise<Buffer>>();
  #sizeBytes = 0;

  constructor(store: ObjectStore, maxBytes: () => number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** Only where it is in memory. */
  peek(object: StoredObject, chunk: Chunk): CachedChunk | undefined {
    const key = keyOf(object, chunk);
    const cached = this.#chunks.get(key);
    if (cached === undefined) return undefined;
    this.#chunks.delete(key);
    this.#chunks.set(key, cached);
    return cached;
  }

  /** Rejects with ObjectStoreError, and with StorageError SEGMENT_CORRUPT where the store gave something else than was put. */
  get(object: StoredObject, chunk: Chunk, range: BatchRange): CachedChunk | Promise<CachedChunk> {
    const cached = this.peek(object, chunk);
    if (cached !== undefined) return cached;
    const key = keyOf(object, chunk);
    const reading = this.#reading.get(key);
    if (reading !== undefined) return reading;
    const begun = this.#read(object, chunk, range).finally(() => this.#reading.delete(key));
    this.#reading.set(key, begun);
    return begun;
  }

  /** What this broker has put itself. */
  add(object: StoredObject, chunk: Chunk, bytes: Buffer): void {
    this.#add(object, chunk, bytes);
  }

  #add(object: StoredObject, chunk: Chunk, bytes: Buffer): CachedChunk {
    const cached: CachedChunk = { bytes, stop: undefined };
    this.#chunks.set(keyOf(object, chunk), cached);
    this.#sizeBytes += sizeOf(cached);
    for (const [key, oldest] of this.#chunks) {
      if (this.#sizeBytes <= this.#maxBytes()) break;
      this.#chunks.delete(key);
      this.#sizeBytes -= sizeOf(oldest);
    }
    return cached;
  }

  async #read(object: StoredObject, chunk: Chunk, range: BatchRange): Promise<CachedChunk> {
    let bytes = await this.#bytesOf(object, chunk);
    // A second look, in case that it was spoilt on its way.
    if (!isSound(bytes, chunk, range)) bytes = await this.#store.get(object.key, rangeOf(chunk));
    if (!isSound(bytes, chunk, range))
      throw new StorageError("SEGMENT_CORRUPT", "An object does not hold what was put", { key: object.key, ...rangeOf(chunk) });
    return this.#add(object, chunk, bytes);
  }

  async #bytesOf(object: StoredObject, chunk: Chunk): Promise<Buffer> {
    if (object.sizeBytes > SMALL_OBJECT_BYTES) return this.#store.get(object.key, rangeOf(chunk));
    const { from, length } = chunk;
    return (await this.#whole(object)).subarray(from, from + length);
  }

  #whole(object: StoredObject): Buffer | Promise<Buffer> {
    const all: Chunk = { baseOffset: 0, from: WHOLE, length: object.sizeBytes, maxTimestampMs: 0 };
    const cached = this.peek(object, all);
    if (cached !== undefined) return cached.bytes;
    let reading = this.#readingObjects.get(object.id);
    if (reading === undefined) {
      reading = this.#store
        .get(object.key)
        .then((bytes) => this.#add(object, all, bytes).bytes)
        .finally(() => this.#readingObjects.delete(object.id));
      this.#readingObjects.set(object.id, reading);
    }
    return reading;
  }
}

function keyOf({ id }: StoredObject, { from }: Chunk): string {
  return `${id}:${from}`;
}

function rangeOf({ from, length }: Chunk): ByteRange {
  return { from, length };
}

function sizeOf({ bytes }: CachedChunk): number {
  return bytes.buffer.byteLength === bytes.length
    ? bytes.length + ENTRY_BYTES
    : Math.min(bytes.buffer.byteLength, 2 * bytes.length) + ENTRY_BYTES;
}

function isSound(bytes: Buffer, chunk: Chunk, range: BatchRange): boolean {
  if (bytes.length !== chunk.length) return false;
  try {
    for (const _ of checkedBatches(bytes, range));
    return true;
  } catch (error) {
    if (error instanceof MalformedMessage) return false;
    throw error;
  }
}
