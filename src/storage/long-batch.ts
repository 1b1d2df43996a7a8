// Batches of a log whose records are many: decompressed off the event loop, in pieces where nobody needs them together.

import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { MAX_UNCOMPRESSED_BYTES } from "../../protocol/records/compression.ts";
import { piecesOf } from "../../protocol/records/pieces.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { type RecordVisitor, scanPieces, scanRecords } from "../../protocol/records/record-scan.ts";
import { TooMuchContent } from "../../protocol/wire/malformed-message.ts";
import type { Gate } from "../base/gate.ts";

/** What is decompressed at once. */
const AT_ONCE_BYTES = 1024 * 1024;

/** Raises MalformedMessage. */
export async function visitRecords(batch: RecordBatch, longBatches: Gate, visit: RecordVisitor): Promise<void> {
  if (visitAppended(batch, visit)) return;
  const body = bodyAtOnce(batch);
  if (body !== undefined) scanRecords(batch, body, visit);
  else await longBatches.pass(() => scanPieces(batch, piecesOf(batch.compression, batch.body, MAX_UNCOMPRESSED_BYTES), visit));
}

/** Where the batch says when it was appended, its records need not be looked into. */
function visitAppended(batch: RecordBatch, visit: RecordVisitor): boolean {
  const { baseOffset, recordCount, maxTimestamp: timestamp, timestampType } = batch;
  if (timestampType !== TimestampType.LOG_APPEND_TIME || recordCount !== batch.lastOffsetDelta + 1) return false;
  for (let index = 0; index < recordCount; index++) {
    if (!visit({ index, offset: baseOffset + index, timestamp, hasKey: true })) break;
  }
  return true;
}

/** The records, where they are not too many to be decompressed now. Raises MalformedMessage. */
export function bodyAtOnce(batch: RecordBatch): Buffer | undefined {
  if (batch.compression === Compression.NONE) return batch.body;
  try {
    return batch.uncompressedBody(AT_ONCE_BYTES);
  } catch (error) {
    if (error instanceof TooMuchContent) return undefined;
    throw error;
  }
}

/** All records of a batch that has too many to be decompressed at once. Rejects with MalformedMessage. */
export async function bodyLater(batch: RecordBatch): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of piecesOf(batch.compression, batch.body, MAX_UNCOMPRESSED_BYTES)) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}
