// Brings batches into the file of a log's last segment. A small one is copied into the tail, where readers near the end find it, and is
// written from there: at once, or with others of the same read turn. A large one is written from where it came: copying it would cost
// more than reading it back from the page cache.

import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { WriteOutcome } from "../storage/partition-log.ts";
import { type Stamp, stampBatch } from "../storage/stamp.ts";
import type { Segment } from "./segment.ts";
import { type Slab, Tail, type TailCache } from "./tail-cache.ts";

/** From this size on a batch does not go through the tail. */
const LARGE_BATCH_BYTES = 64 * 1024;

/** Where the next batch goes. */
export interface BatchPlace {
  readonly segment: Segment;
  readonly offset: number;
}

interface Unwritten {
  readonly segment: Segment;
  readonly slab: Slab;
  /** In the slab. */
  readonly from: number;
  /** In the segment's file. */
  readonly position: number;
  readonly outcome: { hasFailed: boolean };
}

export class LogWriter {
  readonly #tails: TailCache;
  /** Called when what was written in part cannot be removed again: nothing may follow it. */
  readonly #broken: (error: unknown) => void;
  #tail: Tail | undefined;
  #unwritten: Unwritten | undefined;

  constructor(tails: TailCache, broken: (error: unknown) => void) {
    this.#tails = tails;
    this.#broken = broken;
  }

  /** The newest batches in memory, those that are not written yet among them. */
  get tail(): Tail | undefined {
    return this.#tail;
  }

  /** Whether a batch may wait to be written, behind those that wait already: what takes it back knows no transactions. */
  mayGather({ sizeBytes, isTransactional }: RecordBatch): boolean {
    if (sizeBytes >= LARGE_BATCH_BYTES || isTransactional) return false;
    return this.#unwritten === undefined || this.#unwritten.slab.hasRoomFor(sizeBytes);
  }

  /** Writes a batch; gives it as it is stored. Nothing may be unwritten. Throws the filesystem's error after taking back what it wrote. */
  write(batch: RecordBatch, stamp: Stamp, place: BatchPlace): RecordBatch {
    if (batch.sizeBytes >= LARGE_BATCH_BYTES) {
      this.#tail?.clear();
      stampBatch(batch, stamp, place.offset);
      this.#writeTo(place.segment, place.segment.sizeBytes, batch.bytes);
      return batch;
    }
    const { slab, stored } = this.#take(batch, stamp, place);
    this.#writeTo(place.segment, place.segment.sizeBytes, stored.bytes);
    slab.commit(stored.sizeBytes, stored.nextOffset);
    return stored;
  }

  /** Takes a batch that `writeGathered` will write, with those before it. */
  gather(batch: RecordBatch, stamp: Stamp, place: BatchPlace): RecordBatch {
    const { segment } = place;
    const { slab, stored } = this.#take(batch, stamp, place);
    if (this.#unwritten === undefined) {
      slab.hold();
      this.#unwritten = { segment, slab, from: slab.usedBytes, position: segment.sizeBytes, outcome: { hasFailed: false } };
    }
    slab.commit(stored.sizeBytes, stored.nextOffset);
    return stored;
  }

  /** Of the batches that are not written yet; `undefined` when there are none. */
  get outcome(): WriteOutcome | undefined {
    return this.#unwritten?.outcome;
  }

  /** Throws as `write` does; what was gathered is forgotten then. */
  writeGathered(): void {
    const unwritten = this.#unwritten;
    if (unwritten === undefined) return;
    this.#unwritten = undefined;
    const { segment, slab, from, position, outcome } = unwritten;
    try {
      this.#writeTo(segment, position, slab.buffer.subarray(from, slab.usedBytes));
    } catch (error) {
      outcome.hasFailed = true;
      this.#tail?.clear();
      throw error;
    } finally {
      slab.release();
    }
  }

  #take(batch: RecordBatch, stamp: Stamp, { segment, offset }: BatchPlace): { readonly slab: Slab; readonly stored: RecordBatch } {
    this.#tail ??= new Tail(this.#tails);
    const { sizeBytes } = batch;
    const slab = this.#tail.reserve(sizeBytes, { segmentBaseOffset: segment.baseOffset, position: segment.sizeBytes, offset });
    const at = slab.usedBytes;
    slab.buffer.set(batch.start === 0 && batch.end === batch.buffer.length ? batch.buffer : batch.bytes, at);
    const stored = new RecordBatch(slab.buffer, at, at + sizeBytes);
    stampBatch(stored, stamp, offset);
    return { slab, stored };
  }

  #writeTo(segment: Segment, position: number, bytes: Buffer): void {
    const file = segment.file.use();
    try {
      file.write([bytes], position);
    } catch (error) {
      this.#takeBack(segment, position);
      throw error;
    }
  }

  /** Part of a batch may have reached the file. Until it is gone, nothing may follow it. */
  #takeBack(segment: Segment, position: number): void {
    try {
      segment.file.use().truncate(position);
    } catch (error) {
      this.#broken(error);
    }
  }
}
