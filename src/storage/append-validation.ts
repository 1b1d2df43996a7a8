// The checks that a batch from a client passes before it may be appended, in Kafka's order (protocol guide; Kafka's LogValidator),
// and what has to change in it: timestamps (message.timestamp.type, a wrong maximum) and codec (compression.type).
//
// Every record is looked at, also inside compressed batches, but only a batch with an offending record has records built from it.
// What comes after (epochs and sequences of producers) is in producer-states.ts.

import { Errors } from "../../protocol/errors.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_PREFIX_BYTES,
  batchHeader,
  Compression,
  compressionOf,
  MAGIC_OFFSET,
  MAGIC_V2,
  TimestampType,
} from "../../protocol/records/batch-header.ts";
import { MAX_UNCOMPRESSED_BYTES } from "../../protocol/records/compression.ts";
import { compressPieces, piecesOf } from "../../protocol/records/pieces.ts";
import { recompress, withBody } from "../../protocol/records/recompress.ts";
import { batchSizeAt, magicAt, RecordBatch } from "../../protocol/records/record-batch.ts";
import { type RecordScan, scanPieces, scanRecords } from "../../protocol/records/record-scan.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { JudgingBudget } from "./judging-budget.ts";
import { type AppendRefusal, type JudgedBatch, refusal } from "./partition-log.ts";
import { mayOffend, RecordComplaints, type ValidationContext } from "./record-complaints.ts";
import { topicPartitionName } from "./topic-partition.ts";

/** The smallest length that any format declares: that of a message of magic 0, of which 12 bytes stand before it. */
const SMALLEST_BATCH_LENGTH = 14;

const LONG_BATCH: AppendRefusal = {
  ...refusal(Errors.UNKNOWN_SERVER_ERROR, "The batch holds more than can be judged at once."),
  isLong: true,
};

/** Checks what one partition of a Produce request carries. */
export function judgeClientBatch(records: Buffer, context: ValidationContext): JudgedBatch | AppendRefusal {
  try {
    return judge(records, context);
  } catch (error) {
    return malformed(error, context);
  }
}

/** The same of a batch that was found long: in pieces, off the event loop. `records` must stay as they are meanwhile. */
export async function judgeLongBatch(records: Buffer, context: ValidationContext): Promise<JudgedBatch | AppendRefusal> {
  try {
    return await judgeInPieces(records, context);
  } catch (error) {
    return malformed(error, context);
  }
}

function malformed(error: unknown, { topicPartition }: ValidationContext): AppendRefusal {
  if (!(error instanceof MalformedMessage)) throw error;
  return refusal(Errors.INVALID_RECORD, `The batch for ${topicPartitionName(topicPartition)} is malformed: ${error.message}.`);
}

function judge(records: Buffer, context: ValidationContext): JudgedBatch | AppendRefusal {
  const batch = checkedBatch(records, context);
  if (!(batch instanceof RecordBatch)) return batch;
  const body = inflated(batch, context.budget);
  if (body === "long") return LONG_BATCH;
  const scan = scanRecords(batch, body);
  if (mayOffend(batch, scan, context)) {
    const complaints = new RecordComplaints(batch, context);
    scanRecords(batch, body, complaints.visit);
    if (complaints.refusal !== undefined) return complaints.refusal;
  }
  const change = codecChange(batch, scan, context.settings);
  if (change === undefined) return judged(batch, batch, scan, context);
  const content = body ?? batch.body;
  if (context.budget?.mayCompress(change.compression, content.length) === false) return LONG_BATCH;
  return judged(batch, recompress(batch, change.compression, { body: content, level: change.level }), scan, context);
}

/** `undefined` where the records lie in the batch as they are. */
function inflated(batch: RecordBatch, budget: JudgingBudget | undefined): Buffer | "long" | undefined {
  if (batch.compression === Compression.NONE) return undefined;
  return budget === undefined ? batch.uncompressedBody() : (budget.inflate(batch) ?? "long");
}

async function judgeInPieces(records: Buffer, context: ValidationContext): Promise<JudgedBatch | AppendRefusal> {
  const batch = checkedBatch(records, context);
  if (!(batch instanceof RecordBatch)) return batch;
  const pieces = () => piecesOf(batch.compression, batch.body, MAX_UNCOMPRESSED_BYTES);
  const scan = await scanPieces(batch, pieces());
  if (mayOffend(batch, scan, context)) {
    const complaints = new RecordComplaints(batch, context);
    await scanPieces(batch, pieces(), complaints.visit);
    if (complaints.refusal !== undefined) return complaints.refusal;
  }
  const change = codecChange(batch, scan, context.settings);
  if (change === undefined) return judged(batch, batch, scan, context);
  // Only clients of long ago number them otherwise, and not so many.
  if (!scan.hasConsecutiveOffsets) return refusal(Errors.INVALID_RECORD, "The records of the batch are not numbered 0, 1, 2 and so on.");
  const maxBytes = context.settings["max.message.bytes"] - BATCH_HEADER_BYTES;
  const body = await compressPieces(change.compression, pieces(), { level: change.level, maxBytes });
  return body === undefined ? tooLarge(undefined, context) : judged(batch, withBody(batch, change.compression, body), scan, context);
}

/** What remains to be asked of the batch that is to be stored. */
function judged(batch: RecordBatch, stored: RecordBatch, scan: RecordScan, context: ValidationContext): JudgedBatch | AppendRefusal {
  const { settings } = context;
  if (stored !== batch && stored.sizeBytes > settings["max.message.bytes"]) return tooLarge(stored.sizeBytes, context);
  const segmentBytes = settings["internal.segment.bytes"] ?? settings["segment.bytes"];
  if (stored.sizeBytes > segmentBytes) {
    return refusal(Errors.RECORD_LIST_TOO_LARGE, `The batch has ${stored.sizeBytes} bytes; a segment takes at most ${segmentBytes}.`);
  }
  return settings["message.timestamp.type"] === "LogAppendTime"
    ? { ok: true, batch: stored, timestampType: TimestampType.LOG_APPEND_TIME, maxTimestampMs: context.nowMs }
    : { ok: true, batch: stored, timestampType: TimestampType.CREATE_TIME, maxTimestampMs: scan.maxTimestamp };
}

/** All that can be said of a batch by its frame and its header. */
function checkedBatch(records: Buffer, context: ValidationContext): RecordBatch | AppendRefusal {
  const framing = checkFraming(records);
  if (framing !== undefined) return framing;
  const sizeBytes = batchSizeAt(records, 0) ?? 0;
  if (batchHeader.fields.baseOffset.read(records, 0) !== 0)
    return refusal(Errors.INVALID_RECORD, "The base offset of a produced batch must be 0.");
  if (sizeBytes > context.settings["max.message.bytes"]) return tooLarge(sizeBytes, context);
  if (sizeBytes < BATCH_HEADER_BYTES) {
    return refusal(Errors.CORRUPT_MESSAGE, `The batch has ${sizeBytes} bytes, fewer than the ${BATCH_HEADER_BYTES} of its header.`);
  }
  const batch = new RecordBatch(records);
  if (!batch.isCrcValid()) return refusal(Errors.CORRUPT_MESSAGE, "The checksum of the batch does not match its content.");
  return checkHeader(batch, context) ?? batch;
}

/** Exactly one whole batch of magic 2 at the front; what follows it, less than a batch, is ignored. */
function checkFraming(records: Buffer): AppendRefusal | undefined {
  const first = wholeBatchAt(records, 0);
  if (first === "corrupt") return corruptFraming();
  if (first === undefined) return refusal(Errors.INVALID_RECORD, "A produce request must carry a record batch for each partition.");
  const magic = magicAt(records);
  if (magic !== MAGIC_V2) return refusal(Errors.INVALID_RECORD, `Record batches must have magic 2; this one has ${magic}.`);
  const second = wholeBatchAt(records, first);
  if (second === "corrupt") return corruptFraming();
  if (second !== undefined) return refusal(Errors.INVALID_RECORD, "A produce request may carry only one record batch for each partition.");
  return undefined;
}

function corruptFraming(): AppendRefusal {
  return refusal(Errors.CORRUPT_MESSAGE, "The records have a batch of an impossible length or an unknown format.");
}

/** Where the batch at `start` ends; `undefined` when it is not all there. */
function wholeBatchAt(records: Buffer, start: number): number | "corrupt" | undefined {
  const remaining = records.length - start;
  if (remaining < BATCH_LENGTH_PREFIX_BYTES) return undefined;
  const batchLength = records.readInt32BE(start + 8);
  if (batchLength < SMALLEST_BATCH_LENGTH) return "corrupt";
  if (remaining <= MAGIC_OFFSET) return undefined;
  const magic = magicAt(records, start) ?? 0;
  if (magic < 0 || magic > MAGIC_V2) return "corrupt";
  const end = start + BATCH_LENGTH_PREFIX_BYTES + batchLength;
  return end > records.length ? undefined : end;
}

function checkHeader(batch: RecordBatch, context: ValidationContext): AppendRefusal | undefined {
  const { lastOffsetDelta, recordCount } = batch;
  if (compressionOf(batch.attributes) === undefined)
    return refusal(Errors.UNKNOWN_SERVER_ERROR, "The batch names an unknown compression codec.");
  if (lastOffsetDelta < 0)
    return refusal(Errors.INVALID_RECORD, `The batch has an invalid offset range: [0, ${lastOffsetDelta}] ${where(context)}`);
  if (recordCount <= 0) return refusal(Errors.INVALID_RECORD, `The batch has an invalid record count: ${recordCount} ${where(context)}`);
  if (lastOffsetDelta + 1 !== recordCount) {
    return refusal(
      Errors.INVALID_RECORD,
      `The batch's offset range [0, ${lastOffsetDelta}] does not match its record count ${recordCount} ${where(context)}`,
    );
  }
  if (batch.isControl) return refusal(Errors.INVALID_RECORD, `Clients are not allowed to write control records ${where(context)}`);
  if (batch.hasProducerId && batch.baseSequence < 0) {
    return refusal(
      Errors.INVALID_RECORD,
      `Invalid sequence number ${batch.baseSequence} in a batch of producer ${batch.producerId} ${where(context)}`,
    );
  }
  return undefined;
}

function where({ topicPartition }: ValidationContext): string {
  return `in topic partition ${topicPartitionName(topicPartition)}`;
}

/** For any batch, whoever appends it; without a size, one that grew too large while it was recompressed. */
export function tooLarge(
  sizeBytes: number | undefined,
  { settings, topicPartition }: Pick<ValidationContext, "settings" | "topicPartition">,
): AppendRefusal {
  const size = sizeBytes === undefined ? "more bytes with the codec of its topic" : `${sizeBytes} bytes`;
  const message = `The batch has ${size}; topic ${topicPartition.topic} takes at most ${settings["max.message.bytes"]} (max.message.bytes).`;
  return refusal(Errors.MESSAGE_TOO_LARGE, message);
}

const CODECS: Readonly<Record<string, Compression>> = {
  uncompressed: Compression.NONE,
  gzip: Compression.GZIP,
  snappy: Compression.SNAPPY,
  lz4: Compression.LZ4,
  zstd: Compression.ZSTD,
};

interface CodecChange {
  readonly compression: Compression;
  readonly level: number | undefined;
}

/** compression.type; "producer" keeps the batch's own. Records of compressed batches are also put into order. */
function codecChange(batch: RecordBatch, scan: RecordScan, settings: TopicSettings): CodecChange | undefined {
  const source = batch.compression;
  const target = codecOf(source, settings);
  if (target === source && (source === Compression.NONE || scan.hasConsecutiveOffsets)) return undefined;
  return { compression: target, level: levelOf(target, settings) };
}

/** What a batch is stored with that came with another codec, or in another format. */
export function targetCodec(source: Compression, settings: TopicSettings): CodecChange {
  const compression = codecOf(source, settings);
  return { compression, level: levelOf(compression, settings) };
}

function codecOf(source: Compression, settings: TopicSettings): Compression {
  return CODECS[settings["compression.type"]] ?? source;
}

function levelOf(codec: Compression, settings: TopicSettings): number | undefined {
  if (codec === Compression.GZIP) return settings["compression.gzip.level"];
  if (codec === Compression.ZSTD) return settings["compression.zstd.level"];
  return undefined;
}
