// Where a share group begins to read a partition (`share.auto.offset.reset`, KIP-932).

import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "../cluster/refusal.ts";
import type { Partition } from "../partition/partition.ts";

const DURATION = /^by_duration:P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000];

/** Rejects with StorageError. @param reset a valid value of the setting */
export async function resetOffset(partition: Partition, reset: string, nowMs: number): Promise<number | Refusal> {
  const duration = DURATION.exec(reset);
  if (duration === null) return /^earliest$/i.test(reset) ? partition.logStartOffset : partition.highWatermark;
  const durationMs = UNITS_MS.reduce((sum, unitMs, unit) => sum + Number(duration[unit + 1] ?? 0) * unitMs, 0);
  const found = await partition.log.offsetForTimestamp(Math.floor(nowMs - durationMs), partition.highWatermark);
  if (found === undefined)
    return { error: Errors.OFFSET_NOT_AVAILABLE, message: "There are no records of the time from which on to read." };
  return found.offset;
}
