// What an append to a log gives.

import { Errors } from "../../protocol/errors.ts";
import { NO_TIMESTAMP, TimestampType } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { type AppendRefusal, type AppendResult, refusal, type WriteOutcome } from "./partition-log.ts";
import type { AppendedBatch } from "./producer-states.ts";
import type { Stamp } from "./stamp.ts";

export function appended(batch: RecordBatch, stamp: Stamp, baseOffset: number, written?: WriteOutcome): AppendResult {
  const logAppendTimeMs = stamp.timestampType === TimestampType.LOG_APPEND_TIME ? stamp.maxTimestampMs : NO_TIMESTAMP;
  const result = { ok: true, baseOffset, lastOffset: baseOffset + batch.lastOffsetDelta, logAppendTimeMs, isDuplicate: false } as const;
  return written === undefined ? result : { ...result, written };
}

export function duplicateOf(batch: AppendedBatch, timestampType: TimestampType, written: WriteOutcome | undefined): AppendResult {
  const { lastOffset, offsetDelta, timestampMs } = batch;
  const logAppendTimeMs = timestampType === TimestampType.LOG_APPEND_TIME ? timestampMs : NO_TIMESTAMP;
  const result = { ok: true, baseOffset: lastOffset - offsetDelta, lastOffset, logAppendTimeMs, isDuplicate: true } as const;
  return written === undefined ? result : { ...result, written };
}

export function notWritten(): AppendRefusal {
  return refusal(Errors.KAFKA_STORAGE_ERROR, "The batch could not be written to the disk.");
}
