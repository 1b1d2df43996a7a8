// Record batches of magic 2 as messages of magic 0 or 1, for clients that fetch as before Kafka 0.11 (Fetch 0 to 3): each record keeps its
// offset, key and value, and with magic 1 its timestamp; headers, and who produced it, are lost. What the records are compressed with
// stays, so a compressed batch becomes one wrapper. zstd is younger than these formats: there is no such wrapper.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { Compression, NO_TIMESTAMP, TimestampType } from "./batch-header.ts";
import { MAX_UNCOMPRESSED_BYTES } from "./compression.ts";
import { type LegacyMagic, MessageSetWriter, toFrameOfMagic0 } from "./message-set-builder.ts";
import { compressPieces, type Pieces, piecesOf } from "./pieces.ts";
import { recordsOfRun } from "./record.ts";
import type { RecordBatch } from "./record-batch.ts";
import { LARGEST_ITEM_BYTES, recordSizeAt, wholeItems } from "./whole-items.ts";

/**
 * A compressed batch as a wrapper; `undefined` where that would be larger than 128 MiB. The batch must stay as it is meanwhile. Its content
 * is gone through in pieces, on and off the event loop. Raises MalformedMessage.
 */
export async function wrapperOf(batch: RecordBatch, magic: LegacyMagic): Promise<Buffer | undefined> {
  const { compression, timestampType } = batch;
  const last = { offset: batch.lastOffset, timestamp: NO_TIMESTAMP };
  const records = wholeItems(piecesOf(compression, batch.body, MAX_UNCOMPRESSED_BYTES), recordSizeAt);
  const value = await compressPieces(compression, innerMessages(batch, magic, records, last), { maxBytes: LARGEST_ITEM_BYTES });
  if (value === undefined) return undefined;
  if (magic === 0 && compression === Compression.LZ4) toFrameOfMagic0(value);
  const writer = new MessageSetWriter(magic, timestampType);
  writer.add({ ...last, key: null, value }, compression);
  return writer.take();
}

/** @param last is told the offset of the last message and the latest timestamp */
async function* innerMessages(batch: RecordBatch, magic: LegacyMagic, runs: Pieces, last: { offset: number; timestamp: number }): Pieces {
  const isAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  const writer = new MessageSetWriter(magic, batch.timestampType);
  const offsetOfZero = magic === 0 ? 0 : batch.baseOffset;
  let index = 0;
  for await (const run of runs) {
    for (const record of recordsOfRun(batch, run, index)) {
      index++;
      last.offset = record.offset;
      last.timestamp = isAppendTime ? batch.maxTimestamp : Math.max(last.timestamp, record.timestamp);
      writer.add({ ...record, offset: record.offset - offsetOfZero });
    }
    yield writer.take();
  }
  if (index !== batch.recordCount) throw new MalformedMessage(`a batch of ${batch.recordCount} records has ${index}`);
}
