// Records of a batch as JSON: what is in them, cut where it is long, and what the batch says of them.

import { advanceSequence, Compression, NO_SEQUENCE, TimestampType } from "../../../../protocol/records/batch-header.ts";
import { ControlType, readControlBatch } from "../../../../protocol/records/control-batch.ts";
import { piecesOf } from "../../../../protocol/records/pieces.ts";
import { type DecodedRecord, recordsOf } from "../../../../protocol/records/record.ts";
import type { RecordBatch } from "../../../../protocol/records/record-batch.ts";
import type { Content, StoredRecord } from "../shapes.ts";

/** Of a batch, uncompressed: what holds more is not looked into. */
const MOST_BATCH_BYTES = 64 * 1024 * 1024;

const COMPRESSIONS = new Map<number, StoredRecord["compression"]>([
  [Compression.NONE, "none"],
  [Compression.GZIP, "gzip"],
  [Compression.SNAPPY, "snappy"],
  [Compression.LZ4, "lz4"],
  [Compression.ZSTD, "zstd"],
]);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface Seen {
  readonly partition: number;
  readonly transaction: StoredRecord["transaction"];
  /** Keys, values and headers are cut at so many bytes. */
  readonly cutBytes: number;
  /** Records below it do not concern the reader. */
  readonly from: number;
}

/** Raises MalformedMessage, TooMuchContent for what cannot be read. */
export async function storedRecords(batch: RecordBatch, { partition, transaction, cutBytes, from }: Seen): Promise<StoredRecord[]> {
  const { producerId, baseSequence, baseOffset, hasProducerId } = batch;
  const about = {
    kind: "record" as const,
    partition,
    timestampType: batch.timestampType === TimestampType.LOG_APPEND_TIME ? ("LogAppendTime" as const) : ("CreateTime" as const),
    compression: COMPRESSIONS.get(batch.compression) ?? "none",
    leaderEpoch: batch.partitionLeaderEpoch,
    transaction,
    control: controlOf(batch),
  };
  const sequenceOf = (offset: number) => (baseSequence === NO_SEQUENCE ? NO_SEQUENCE : advanceSequence(baseSequence, offset - baseOffset));
  const records: StoredRecord[] = [];
  for (const record of recordsOf(batch, await bodyOf(batch))) {
    if (record.offset < from) continue;
    const { offset, timestamp } = record;
    const producer = hasProducerId ? { id: producerId, epoch: batch.producerEpoch, sequence: sequenceOf(offset) } : null;
    records.push({ ...about, offset, timestamp, ...contentsOf(record, about.control === null, cutBytes), producer });
  }
  return records;
}

function contentsOf({ key, value, headers }: DecodedRecord, isData: boolean, cutBytes: number) {
  const sizeBytes = headers.reduce(
    (sum, header) => sum + Buffer.byteLength(header.key) + (header.value?.length ?? 0),
    (key?.length ?? 0) + (value?.length ?? 0),
  );
  return {
    key: isData ? contentOf(key, cutBytes) : null,
    value: isData ? contentOf(value, cutBytes) : null,
    headers: headers.map((header) => ({ key: header.key, value: contentOf(header.value, cutBytes) })),
    sizeBytes,
  };
}

export function contentOf(bytes: Buffer | null, cutBytes: number): Content | null {
  if (bytes === null) return null;
  const isCut = bytes.length > cutBytes;
  const shown = isCut ? bytes.subarray(0, cutBytes) : bytes;
  const rest = { sizeBytes: bytes.length, isCut };
  // A character that is cut through is left out.
  for (let cutOff = 0; cutOff <= (isCut ? 3 : 0); cutOff++) {
    const text = textOf(shown.subarray(0, Math.max(0, shown.length - cutOff)));
    if (text !== undefined) return { text, ...rest };
  }
  return { base64: shown.toString("base64"), ...rest };
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function controlOf(batch: RecordBatch): StoredRecord["control"] {
  if (!batch.isControl) return null;
  const type = readControlBatch(batch)?.type;
  return type === ControlType.COMMIT ? "commit" : type === ControlType.ABORT ? "abort" : "other";
}

async function bodyOf(batch: RecordBatch): Promise<Buffer> {
  if (batch.compression === Compression.NONE) return batch.body;
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(batch.compression, batch.body, MOST_BATCH_BYTES)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
