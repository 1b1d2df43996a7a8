// Batches as a store or a row gave them, checked one by one before anybody is given them, or they are written anew. Their checksums leave out
// where they lie in the log, which is known: only of the leader epoch nothing says whether it is right.

import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

/** Of the log, whatever is in it. */
export interface BatchRange {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  /** 0: nothing is missing. */
  readonly compactedUntil: number;
}

/** Raises MalformedMessage where they are not what the range says. */
export function* checkedBatches(
  bytes: Buffer,
  { baseOffset, endOffset, compactedUntil }: BatchRange,
): Generator<RecordBatch, void, undefined> {
  let nextOffset = baseOffset;
  for (const batch of batchesOf(bytes)) {
    if (!batch.isCrcValid()) throw new MalformedMessage(`the checksum of the batch at offset ${batch.baseOffset} is wrong`);
    const isNext = compactedUntil === 0 ? batch.baseOffset === nextOffset : batch.baseOffset >= nextOffset;
    if (!isNext || batch.nextOffset > endOffset)
      throw new MalformedMessage(`the batch at offset ${batch.baseOffset} does not belong between ${nextOffset} and ${endOffset}`);
    nextOffset = batch.nextOffset;
    yield batch;
  }
}
