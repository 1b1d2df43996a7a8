// What was read of a log, as far as acquiring looks at it: where its batches begin and end. Their headers are read where they lie.

import { RecordBatch } from "../../protocol/records/record-batch.ts";

export class LogBatches {
  readonly #firstOffsets: number[] = [];
  readonly #lastOffsets: number[] = [];
  /** Where each ends in the bytes that were read. */
  readonly #ends: number[] = [];
  readonly #records: Buffer[] = [];
  #sizeBytes = 0;

  /** Whole batches, behind those that were read before. */
  add(records: readonly Buffer[]): void {
    for (const buffer of records) {
      for (let at = 0; at < buffer.length; ) {
        const batch = new RecordBatch(buffer, at);
        this.#firstOffsets.push(batch.baseOffset);
        this.#lastOffsets.push(batch.lastOffset);
        at = batch.end;
        this.#ends.push(this.#sizeBytes + at);
      }
      this.#records.push(buffer);
      this.#sizeBytes += buffer.length;
    }
  }

  get isEmpty(): boolean {
    return this.#ends.length === 0;
  }

  get records(): readonly Buffer[] {
    return this.#records;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get firstOffset(): number {
    return this.#firstOffsets[0] ?? 0;
  }

  /** After the last batch. */
  get nextOffset(): number {
    return (this.#lastOffsets.at(-1) ?? -1) + 1;
  }

  /** The last offset of the batch that `offset` is in, or else of the first behind it. */
  lastOffsetAt(offset: number): number {
    return this.#lastOffsets[this.#indexAt(offset)] ?? offset;
  }

  /** `fromOffset` to `lastOffset` in pieces that end where batches end, each as soon as it has `size` offsets. */
  *pieces(fromOffset: number, lastOffset: number, size: number): Iterable<{ readonly first: number; readonly last: number }> {
    let first = fromOffset;
    for (let index = this.#indexAt(fromOffset); first <= lastOffset; index++) {
      const last = this.#lastOffsets[index] ?? lastOffset;
      if (last < lastOffset && last - first + 1 < size) continue;
      yield { first, last: Math.min(last, lastOffset) };
      first = last + 1;
    }
  }

  /** Views of the batches from that of `firstOffset` to that of `lastOffset`. */
  slice(firstOffset: number, lastOffset: number): Buffer[] {
    const first = this.#indexAt(firstOffset);
    const start = first === 0 ? 0 : (this.#ends[first - 1] ?? 0);
    const end = this.#ends[this.#indexAt(lastOffset)] ?? this.#sizeBytes;
    const slices: Buffer[] = [];
    let at = 0;
    for (const buffer of this.#records) {
      const from = Math.max(0, start - at);
      const to = Math.min(buffer.length, end - at);
      if (from < to) slices.push(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to));
      at += buffer.length;
    }
    return slices;
  }

  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#lastOffsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lastOffsets[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
