// What a broker serves must be what readers can read: batches whose checksums fit and whose records decode, whatever was produced.

import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";

/** Longer ones are looked at by others; decoding all would take longer than asking. */
const MOST_BYTES = 64 * 1024;
const MOST_RECORDS = 1000;

interface FetchedPartition {
  readonly records: Buffer | null;
  readonly partitionIndex: number;
}

/** What is wrong with the records of an answer to Fetch. */
export function servedComplaint(body: object): string | undefined {
  const { responses } = body as { readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[] };
  for (const { partitions } of responses) {
    for (const { records, partitionIndex } of partitions) {
      if (records === null || records.length === 0 || records.length > MOST_BYTES) continue;
      const complaint = complaintOf(records);
      if (complaint !== undefined) return `partition ${partitionIndex} was served ${complaint}`;
    }
  }
  return undefined;
}

function complaintOf(records: Buffer): string | undefined {
  try {
    for (const batch of batchesOf(records)) {
      if (!batch.isCrcValid()) return `a batch at ${batch.baseOffset} with a wrong checksum`;
      if (batch.recordCount > MOST_RECORDS) continue;
      for (const { offset } of recordsOf(batch))
        if (!Number.isFinite(offset)) return `a batch at ${batch.baseOffset} with a record nowhere`;
    }
    return undefined;
  } catch (error) {
    return `what does not decode: ${error}`;
  }
}
