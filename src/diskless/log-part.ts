// What was appended to a log and is not committed yet: its batches as they will lie in an object or in a row, and what else the commit has
// to say of the log. Batches are copied once, to where they are uploaded and read from.

import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { LeaderEpochStart } from "../storage/leader-epochs.ts";
import type { EndedTransaction, ProducerState, ProducerStates } from "../storage/producer-states.ts";
import { type Stamp, stampBatch } from "../storage/stamp.ts";
import type { AbortedRange } from "./catalog.ts";

/** From this size on a chunk takes no further batch. */
const CHUNK_BYTES = 1024 * 1024;
const FIRST_CHUNK_BYTES = 4096;

/** Batches that follow one another in memory. */
export class GrowingChunk {
  readonly baseOffset: number;
  maxTimestampMs = -1;
  #buffer: Buffer;
  #usedBytes = 0;

  constructor(baseOffset: number, expectedBytes: number) {
    this.baseOffset = baseOffset;
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_CHUNK_BYTES, expectedBytes));
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#usedBytes);
  }

  get isFull(): boolean {
    return this.#usedBytes >= CHUNK_BYTES;
  }

  add(batch: RecordBatch, stamp: Stamp, offset: number): RecordBatch {
    const { sizeBytes } = batch;
    const at = this.#usedBytes;
    if (at + sizeBytes > this.#buffer.length) this.#grow(at + sizeBytes);
    batch.buffer.copy(this.#buffer, at, batch.start, batch.end);
    this.#usedBytes += sizeBytes;
    const stored = new RecordBatch(this.#buffer, at, at + sizeBytes);
    stampBatch(stored, stamp, offset);
    this.maxTimestampMs = Math.max(this.maxTimestampMs, stored.maxTimestamp);
    return stored;
  }

  #grow(neededBytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.#usedBytes);
    this.#buffer = grown;
  }
}

export class LogPart {
  readonly baseOffset: number;
  readonly chunks: GrowingChunk[] = [];
  readonly leaderEpochs: LeaderEpochStart[] = [];
  readonly abortedRanges: AbortedRange[] = [];
  readonly #producerIds = new Set<number>();
  #producers: readonly ProducerState[] | undefined;
  #endOffset: number;
  #sizeBytes = 0;

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset;
    this.#endOffset = baseOffset;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** As they are after this part; once it is sealed. */
  get producers(): readonly ProducerState[] {
    return this.#producers ?? [];
  }

  /** Gives the batch as it is stored. */
  add(batch: RecordBatch, stamp: Stamp): RecordBatch {
    let chunk = this.chunks.at(-1);
    if (chunk === undefined || chunk.isFull) {
      chunk = new GrowingChunk(this.#endOffset, batch.sizeBytes);
      this.chunks.push(chunk);
    }
    const stored = chunk.add(batch, stamp, this.#endOffset);
    this.#endOffset = stored.nextOffset;
    this.#sizeBytes += stored.sizeBytes;
    if (stored.hasProducerId) this.#producerIds.add(stored.producerId);
    return stored;
  }

  noteEnded({ isAborted, producerId, firstOffset, lastOffset }: EndedTransaction): void {
    if (isAborted) this.abortedRanges.push({ producerId, firstOffset, lastOffset });
  }

  /** Nothing is added from now on. What is appended behind it may come before a second call, and changes nothing. */
  seal(states: ProducerStates): void {
    this.#producers ??= [...this.#producerIds].flatMap((id) => states.get(id) ?? []);
  }
}
