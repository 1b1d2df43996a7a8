// A segment that is being compacted: written beside its log under names of its own, with its indexes, until it takes the place of others.

import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import { CLEANED_SUFFIX } from "./file-names.ts";
import { emptySegment, rangeOf, type Segment, type SegmentResources } from "./segment.ts";
import type { SegmentedLog } from "./segmented-log.ts";
import type { AbortedTransactionEntry } from "./transaction-index.ts";

/** Index entries hold positions in 31 bits. */
const LARGEST_POSITION = 0x7fffffff;

export class CompactedSegment {
  readonly #segment: Segment;
  readonly #bufferBytes: number;
  /** Not in the file yet. */
  #buffers: Buffer[] = [];
  #bufferedBytes = 0;
  #writtenBytes = 0;

  /** @param first of those that it replaces */
  constructor(log: SegmentedLog, first: Segment, resources: SegmentResources, bufferBytes: number) {
    this.#bufferBytes = bufferBytes;
    this.#segment = emptySegment(log.directory, resources, {
      baseOffset: first.baseOffset,
      createdMs: first.createdMs,
      indexIntervalBytes: log.settings["index.interval.bytes"],
      ending: CLEANED_SUFFIX,
    });
    this.#segment.file.use().truncate(0);
    this.#segment.resetIndexes();
  }

  /** The batch must stay as it is until it is written. Gives its size. */
  append(batch: RecordBatch): number {
    const position = this.#segment.sizeBytes;
    assert(position + batch.sizeBytes <= LARGEST_POSITION, "a compacted segment has no more bytes than an index can tell");
    this.#segment.noteBatch(rangeOf(batch, position));
    this.#buffers.push(batch.bytes);
    this.#bufferedBytes += batch.sizeBytes;
    if (this.#bufferedBytes >= this.#bufferBytes) this.#write();
    return batch.sizeBytes;
  }

  noteAborted({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransactionEntry): void {
    this.#segment.transactionIndex().append({ producerId, firstOffset, lastOffset, lastStableOffset });
  }

  #write(): void {
    if (this.#buffers.length > 0) this.#segment.file.use().write(this.#buffers, this.#writtenBytes);
    this.#writtenBytes += this.#bufferedBytes;
    this.#bufferedBytes = 0;
    this.#buffers = [];
  }

  /** Everything in its files, and on stable storage what cannot be made anew. */
  async complete(): Promise<Segment> {
    this.#write();
    this.#segment.seal();
    await this.#segment.file.useWhile((file) => file.sync());
    await this.#segment.transactions?.sync();
    await this.#segment.syncIndexes();
    return this.#segment;
  }

  close(): void {
    this.#segment.close();
  }
}
