// A batch around any content, with a header and a checksum that fit it.

import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { BATCH_HEADER_BYTES, batchHeader, type Compression } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";

const AT = batchHeader.offsetOf;
const TIME = 1_700_000_000_000;

/** `content` as it is sent: compressed, where the codec is one. */
export function sealed(content: Buffer, codec: Compression, count: number): Buffer {
  const head = buildBatch([{ key: null, value: null }], { timestamp: TIME }).bytes.subarray(0, BATCH_HEADER_BYTES);
  const bytes = Buffer.concat([head, content]);
  bytes.writeInt32BE(bytes.length - AT.partitionLeaderEpoch, AT.batchLength);
  bytes.writeInt16BE(codec, AT.attributes);
  bytes.writeInt32BE(count - 1, AT.lastOffsetDelta);
  bytes.writeInt32BE(count, AT.recordCount);
  updateCrc(bytes);
  return bytes;
}

/** Where the length of a batch lies, its checksum stays. */
export function updateCrc(bytes: Buffer): void {
  try {
    new RecordBatch(bytes).updateCrc();
  } catch {}
}
