// What a broker serves must be what readers can read: batches, or for old clients messages, whose checksums fit and whose records decode, whatever
// was produced.

import { messagesOf } from "../../protocol/records/message-set.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";

/** Longer ones are looked at by others; decoding all would take longer than asking. */
const MOST_BYTES = 64 * 1024;
const MOST_RECORDS = 1000;
const FIRST_VERSION_WITH_BATCHES = 4;

interface FetchedPartition {
  readonly records: Buffer | null;
  readonly partitionIndex: number;
}

/** What is wrong with the records of an answer to Fetch. */
export function servedComplaint(body: object, version: number): string | undefined {
  const complaintOf = version < FIRST_VERSION_WITH_BATCHES ? complaintOfMessages : complaintOfBatches;
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

function complaintOfBatches(records: Buffer): string | undefined {
  let next = 0;
  try {
    for (const batch of batchesOf(records)) {
      const { baseOffset, nextOffset, recordCount } = batch;
      if (baseOffset < next || nextOffset <= baseOffset)
        return `a batch from ${baseOffset} to before ${nextOffset}, where ${next} comes next`;
      if (recordCount > nextOffset - baseOffset) return `a batch of ${recordCount} records from ${baseOffset} to before ${nextOffset}`;
      if (!batch.isCrcValid()) return `a batch at ${baseOffset} with a wrong checksum`;
      // To the last one, which decodes them all.
      if (recordCount <= MOST_RECORDS) for (const _ of recordsOf(batch));
      next = nextOffset;
    }
    return undefined;
  } catch (error) {
    return `what does not decode: ${error}`;
  }
}

/** A message that is larger than its reader's limit is cut off. */
function complaintOfMessages(records: Buffer): string | undefined {
  let next = 0;
  try {
    for (const { offset } of messagesOf(records, { toleratePartial: true })) {
      if (offset < next) return `a message at ${offset}, where ${next} comes next`;
      next = offset + 1;
    }
    return undefined;
  } catch (error) {
    return `what does not decode: ${error}`;
  }
}
