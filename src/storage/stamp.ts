// What a log writes into the header of a batch that it takes.

import type { TimestampType } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";

export interface Stamp {
  readonly leaderEpoch: number;
  readonly timestampType: TimestampType;
  readonly maxTimestampMs: number;
}

export interface DatedStamp extends Stamp {
  readonly nowMs: number;
}

export function stampBatch(batch: RecordBatch, { leaderEpoch, timestampType, maxTimestampMs }: Stamp, offset: number): void {
  batch.baseOffset = offset;
  batch.partitionLeaderEpoch = leaderEpoch;
  batch.setMaxTimestamp(timestampType, maxTimestampMs);
}
