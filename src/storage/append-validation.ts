// The checks that a batch from a client passes before it may be appended, in Kafka's order (protocol guide; Kafka's LogValidator),
// and what has to change in it: timestamps (message.timestamp.type, a wrong maximum) and codec (compression.type).
//
// Every record is looked at, also inside compressed batches, but only a batch with an offending record has records built from it.
// What comes after (epochs and sequences of producers) is in producer-states.ts.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_PREFIX_BYTES,
  batchHeader,
  Compression,
  compressionOf,
  MAGIC_OFFSET,
  MAGIC_V2,
  NO_TIMESTAMP,
  TimestampType,
} from "../../protocol/records/batch-header.ts";
import { recompress } from "../../protocol/records/recompress.ts";
import { type RecordScan, recordsOf, scanRecords } from "../../protocol/records/record.ts";
import { batchSizeAt, magicAt, RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { AppendResult, RecordError } from "./partition-log.ts";
import { type TopicPartition, topicPartitionName } from "./topic-partition.ts";

export type AppendRefusal = Extract<AppendResult, { readonly ok: false }>;

export interface ValidatedBatch {
  readonly ok: true;
  /** What to append: a view of what came, or a batch built anew. Offsets and timestamps are still to be set on the copy in the log. */
  readonly batch: RecordBatch;
  readonly timestampType: TimestampType;
  readonly maxTimestampMs: number;
}

export interface ValidationContext {
  readonly topicPartition: TopicPartition;
  readonly settings: TopicSettings;
  readonly nowMs: number;
}

/** The smallest length that any format declares: that of a message of magic 0, of which 12 bytes stand before it. */
const SMALLEST_BATCH_LENGTH = 14;

export function refusal(error: ErrorCode, message: string | null, recordErrors: readonly RecordError[] = []): AppendRefusal {
  return { ok: false, error, message, recordErrors };
}

/** Checks what one partition of a Produce request carries. */
export function validateClientBatch(records: Buffer, context: ValidationContext): ValidatedBatch | AppendRefusal {
  try {
    return validate(records, context);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return refusal(Errors.INVALID_RECORD, `The batch for ${topicPartitionName(context.topicPartition)} is malformed: ${error.message}.`);
  }
}

function validate(records: Buffer, context: ValidationContext): ValidatedBatch | AppendRefusal {
  const framing = checkFraming(records);
  if (framing !== undefined) return framing;
  const sizeBytes = batchSizeAt(records, 0) ?? 0;
  const { settings } = context;
  if (batchHeader.fields.baseOffset.read(records, 0) !== 0)
    return refusal(Errors.INVALID_RECORD, "The base offset of a produced batch must be 0.");
  if (sizeBytes > settings["max.message.bytes"]) return tooLarge(sizeBytes, context);
  if (sizeBytes < BATCH_HEADER_BYTES) {
    return refusal(Errors.CORRUPT_MESSAGE, `The batch has ${sizeBytes} bytes, fewer than the ${BATCH_HEADER_BYTES} of its header.`);
  }
  const batch = new RecordBatch(records);
  if (!batch.isCrcValid()) return refusal(Errors.CORRUPT_MESSAGE, "The checksum of the batch does not match its content.");
  const header = checkHeader(batch, context);
  if (header !== undefined) return header;
  const body = batch.compression === Compression.NONE ? undefined : batch.uncompressedBody();
  const scan = scanRecords(batch, body);
  if (mayOffend(batch, scan, context)) {
    const offending = recordRefusal(batch, body ?? batch.body, context);
    if (offending !== undefined) return offending;
  }
  const stored = withTopicCodec(batch, body, scan, settings);
  if (stored !== batch && stored.sizeBytes > settings["max.message.bytes"]) return tooLarge(stored.sizeBytes, context);
  const segmentBytes = settings["internal.segment.bytes"] ?? settings["segment.bytes"];
  if (stored.sizeBytes > segmentBytes) {
    return refusal(Errors.RECORD_LIST_TOO_LARGE, `The batch has ${stored.sizeBytes} bytes; a segment takes at most ${segmentBytes}.`);
  }
  return settings["message.timestamp.type"] === "LogAppendTime"
    ? { ok: true, batch: stored, timestampType: TimestampType.LOG_APPEND_TIME, maxTimestampMs: context.nowMs }
    : { ok: true, batch: stored, timestampType: TimestampType.CREATE_TIME, maxTimestampMs: scan.maxTimestamp };
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

function checkHeader(batch: RecordBatch, { topicPartition }: ValidationContext): AppendRefusal | undefined {
  const where = `in topic partition ${topicPartitionName(topicPartition)}`;
  const { lastOffsetDelta, recordCount } = batch;
  if (compressionOf(batch.attributes) === undefined)
    return refusal(Errors.UNKNOWN_SERVER_ERROR, "The batch names an unknown compression codec.");
  if (lastOffsetDelta < 0) return refusal(Errors.INVALID_RECORD, `The batch has an invalid offset range: [0, ${lastOffsetDelta}] ${where}`);
  if (recordCount <= 0) return refusal(Errors.INVALID_RECORD, `The batch has an invalid record count: ${recordCount} ${where}`);
  if (lastOffsetDelta + 1 !== recordCount) {
    return refusal(
      Errors.INVALID_RECORD,
      `The batch's offset range [0, ${lastOffsetDelta}] does not match its record count ${recordCount} ${where}`,
    );
  }
  if (batch.isControl) return refusal(Errors.INVALID_RECORD, `Clients are not allowed to write control records ${where}`);
  if (batch.hasProducerId && batch.baseSequence < 0) {
    return refusal(
      Errors.INVALID_RECORD,
      `Invalid sequence number ${batch.baseSequence} in a batch of producer ${batch.producerId} ${where}`,
    );
  }
  return undefined;
}

/** For any batch, whoever appends it. */
export function tooLarge(sizeBytes: number, { settings, topicPartition }: Omit<ValidationContext, "nowMs">): AppendRefusal {
  const message = `The batch has ${sizeBytes} bytes; topic ${topicPartition.topic} takes at most ${settings["max.message.bytes"]} (max.message.bytes).`;
  return refusal(Errors.MESSAGE_TOO_LARGE, message);
}

/** Judges all records by their extremes; only where these offend is each record looked at again. */
function mayOffend(batch: RecordBatch, scan: RecordScan, { settings, nowMs }: ValidationContext): boolean {
  return (
    (scan.firstNullKeyIndex !== -1 && isCompacted(settings)) ||
    batch.timestampType === TimestampType.LOG_APPEND_TIME ||
    (settings["message.timestamp.type"] === "CreateTime" &&
      scan.maxTimestamp !== NO_TIMESTAMP &&
      (nowMs - scan.minTimestamp > settings["message.timestamp.before.max.ms"] ||
        scan.maxTimestamp - nowMs > settings["message.timestamp.after.max.ms"]))
  );
}

function isCompacted(settings: TopicSettings): boolean {
  return settings["cleanup.policy"].includes("compact");
}

function recordRefusal(batch: RecordBatch, body: Buffer, context: ValidationContext): AppendRefusal | undefined {
  const recordErrors: RecordError[] = [];
  const isKeyNeeded = isCompacted(context.settings);
  let hasInvalidTimestamp = false;
  let batchIndex = 0;
  for (const { key, timestamp } of recordsOf(batch, body)) {
    const complaint = timestampComplaint(batch, timestamp, batchIndex, context);
    if (key === null && isKeyNeeded) {
      const message = `Compacted topic cannot accept message without key in topic partition ${topicPartitionName(context.topicPartition)}.`;
      recordErrors.push({ batchIndex, message });
    } else if (complaint !== undefined) {
      recordErrors.push({ batchIndex, message: complaint });
      hasInvalidTimestamp = true;
    }
    batchIndex++;
  }
  if (recordErrors.length === 0) return undefined;
  if (hasInvalidTimestamp) {
    return refusal(Errors.INVALID_TIMESTAMP, "One or more records have been rejected due to invalid timestamp", recordErrors);
  }
  return refusal(
    Errors.INVALID_RECORD,
    `One or more records have been rejected due to ${recordErrors.length} record errors in total`,
    recordErrors,
  );
}

function timestampComplaint(
  batch: RecordBatch,
  timestamp: number,
  index: number,
  { settings, nowMs }: ValidationContext,
): string | undefined {
  if (settings["message.timestamp.type"] === "CreateTime" && timestamp !== NO_TIMESTAMP) {
    const beforeMs = settings["message.timestamp.before.max.ms"];
    const afterMs = settings["message.timestamp.after.max.ms"];
    if (nowMs - timestamp <= beforeMs && timestamp - nowMs <= afterMs) return undefined;
    return `Timestamp ${timestamp} of record ${index} is out of range. The timestamp should be within [${nowMs - beforeMs}, ${nowMs + afterMs}]`;
  }
  if (batch.timestampType !== TimestampType.LOG_APPEND_TIME) return undefined;
  return `Record ${index} has timestamp type LogAppendTime, which only the broker may set.`;
}

const CODECS: Readonly<Record<string, Compression>> = {
  uncompressed: Compression.NONE,
  gzip: Compression.GZIP,
  snappy: Compression.SNAPPY,
  lz4: Compression.LZ4,
  zstd: Compression.ZSTD,
};

/** compression.type; "producer" keeps the batch's own. Records of compressed batches are also put into order. */
function withTopicCodec(batch: RecordBatch, body: Buffer | undefined, scan: RecordScan, settings: TopicSettings): RecordBatch {
  const source = batch.compression;
  const target = CODECS[settings["compression.type"]] ?? source;
  if (target === source && (source === Compression.NONE || scan.hasConsecutiveOffsets)) return batch;
  const level = levelOf(target, settings);
  const records = body ?? batch.body;
  return recompress(batch, target, level === undefined ? { body: records } : { body: records, level });
}

function levelOf(codec: Compression, settings: TopicSettings): number | undefined {
  if (codec === Compression.GZIP) return settings["compression.gzip.level"];
  if (codec === Compression.ZSTD) return settings["compression.zstd.level"];
  return undefined;
}
