// Which batches of what was read belong to aborted transactions: their records are nobody's for who reads committed records only (KIP-98).

import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { AbortedTransaction } from "../storage/partition-log.ts";

/** Markers are not among them. @param aborted those that overlap what was read */
export function abortedBatches(
  records: readonly Buffer[],
  aborted: readonly AbortedTransaction[],
): { readonly firstOffset: number; readonly lastOffset: number }[] {
  if (aborted.length === 0) return [];
  const coming = aborted.toSorted((one, other) => one.firstOffset - other.firstOffset);
  const open = new Set<number>();
  const found: { readonly firstOffset: number; readonly lastOffset: number }[] = [];
  let next = 0;
  for (const buffer of records) {
    for (let at = 0; at < buffer.length; ) {
      const batch = new RecordBatch(buffer, at);
      at = batch.end;
      const { lastOffset, producerId } = batch;
      for (let each = coming[next]; each !== undefined && each.firstOffset <= lastOffset; each = coming[++next]) open.add(each.producerId);
      if (!open.has(producerId)) continue;
      if (batch.isControl) open.delete(producerId);
      else if (batch.isTransactional) found.push({ firstOffset: batch.baseOffset, lastOffset });
    }
  }
  return found;
}
