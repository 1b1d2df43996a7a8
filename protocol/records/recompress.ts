// Re-encodes a batch with the codec that a topic asks for (compression.type), and mends record offsets on the way: some old
// clients number the records of compressed batches wrongly, and Kafka's broker numbers them anew.

import { sizeOfVarint, VarintCursor, writeVarint } from "../wire/varint.ts";
import { BATCH_HEADER_BYTES, BATCH_LENGTH_PREFIX_BYTES, batchHeader, COMPRESSION_MASK, type Compression } from "./batch-header.ts";
import { compress } from "./compression.ts";
import { RecordBatch } from "./record-batch.ts";
import { scanRecords } from "./record-scan.ts";

export type RecompressOptions = {
  /** The codec's own default unless given. */
  readonly level?: number | undefined;
  /** The batch's records, for a caller that has decompressed them already. */
  readonly body?: Buffer;
};

/**
 * A new batch with the same header and records, in a buffer of its own. A batch without holes (as many offsets as records, which
 * every produced batch must be) leaves with the offset deltas 0, 1, 2 and so on. Raises MalformedMessage for broken records.
 */
export function recompress(batch: RecordBatch, compression: Compression, options: RecompressOptions = {}): RecordBatch {
  const body = compress(compression, withOffsetsInOrder(batch, options.body ?? batch.uncompressedBody()), options.level);
  return withBody(batch, compression, body);
}

/** A new batch with the same header and another body. */
export function withBody(batch: RecordBatch, compression: Compression, body: Buffer): RecordBatch {
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + body.length);
  batch.buffer.copy(bytes, 0, batch.start, batch.start + BATCH_HEADER_BYTES);
  body.copy(bytes, BATCH_HEADER_BYTES);
  const { batchLength, attributes } = batchHeader.fields;
  batchLength.write(bytes, 0, bytes.length - BATCH_LENGTH_PREFIX_BYTES);
  attributes.write(bytes, 0, (batch.attributes & ~COMPRESSION_MASK) | compression);
  const result = new RecordBatch(bytes);
  result.updateCrc();
  return result;
}

function withOffsetsInOrder(batch: RecordBatch, body: Buffer): Buffer {
  const { hasConsecutiveOffsets } = scanRecords(batch, body);
  const hasHoles = batch.lastOffsetDelta + 1 !== batch.recordCount;
  return hasHoles || hasConsecutiveOffsets ? body : renumberRecords(body, batch.recordCount);
}

/** The records with other offset deltas, all else byte for byte. They have been scanned. */
function renumberRecords(body: Buffer, recordCount: number): Buffer {
  // Each record may take four more bytes for its delta and four for its length.
  const renumbered = Buffer.allocUnsafe(body.length + 8 * recordCount);
  const cursor = new VarintCursor(body);
  let at = 0;
  for (let index = 0; index < recordCount; index++) {
    const sizeBytes = cursor.varint();
    const start = cursor.position;
    cursor.skip(1);
    cursor.varlong();
    const deltaStart = cursor.position;
    cursor.varint();
    const deltaEnd = cursor.position;
    const end = start + sizeBytes;
    at = writeVarint(renumbered, at, sizeBytes - (deltaEnd - deltaStart) + sizeOfVarint(index));
    at += body.copy(renumbered, at, start, deltaStart);
    at = writeVarint(renumbered, at, index);
    at += body.copy(renumbered, at, deltaEnd, end);
    cursor.position = end;
  }
  return renumbered.subarray(0, at);
}
