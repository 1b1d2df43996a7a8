// Batches that are written anew, gathered into chunks. The memory in which they came is kept, not copied: what lies together there stays one
// buffer.

import type { RecordBatch } from "../../../protocol/records/record-batch.ts";
import type { NewChunk } from "../object-layout.ts";

/** From this size on a chunk takes no further batch: what is read and cached at once. */
const CHUNK_BYTES = 1024 * 1024;

interface OpenChunk {
  readonly baseOffset: number;
  maxTimestampMs: number;
  readonly bytes: Buffer[];
}

export class RewrittenBatches {
  readonly chunks: NewChunk[] = [];
  readonly baseOffset: number;
  /** Of the last batch; -1 without one. */
  leaderEpoch = -1;
  #sizeBytes = 0;
  #chunk: OpenChunk | undefined;
  #chunkBytes = 0;
  /** What was added last, and is not in the chunk yet: batches that lie together. */
  #source: Buffer | undefined;
  #from = 0;
  #to = 0;
  #nextOffset: number;

  /** @param baseOffset at which the first batch is looked for */
  constructor(baseOffset: number) {
    this.baseOffset = baseOffset;
    this.#nextOffset = baseOffset;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get maxTimestampMs(): number {
    return this.chunks.reduce((largest, { maxTimestampMs }) => Math.max(largest, maxTimestampMs), -1);
  }

  /** Its memory must stay as it is. Chunks touch, also where compaction left nothing between them. */
  add(batch: RecordBatch): void {
    this.#chunk ??= { baseOffset: this.#nextOffset, maxTimestampMs: -1, bytes: [] };
    if (batch.buffer !== this.#source || batch.start !== this.#to) {
      this.#flush();
      this.#source = batch.buffer;
      this.#from = batch.start;
    }
    this.#to = batch.end;
    this.#chunk.maxTimestampMs = Math.max(this.#chunk.maxTimestampMs, batch.maxTimestamp);
    this.#nextOffset = batch.nextOffset;
    this.#chunkBytes += batch.sizeBytes;
    this.#sizeBytes += batch.sizeBytes;
    this.leaderEpoch = batch.partitionLeaderEpoch;
    if (this.#chunkBytes >= CHUNK_BYTES) this.end();
  }

  /** All that was added is in chunks. */
  end(): void {
    this.#flush();
    if (this.#chunk !== undefined) this.chunks.push(this.#chunk);
    this.#chunk = undefined;
    this.#chunkBytes = 0;
  }

  #flush(): void {
    if (this.#source !== undefined) this.#chunk?.bytes.push(this.#source.subarray(this.#from, this.#to));
    this.#source = undefined;
  }
}
