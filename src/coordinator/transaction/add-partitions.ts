// Takes partitions into a transaction, which begins with the first of them; or looks whether they are in it, for a leader of a partition
// that was sent a transactional batch (KIP-890).

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { changed, isIdle, isPrepared, type Producer, type Transaction, type TransactionPartitions, withPartitions } from "./transaction.ts";

export interface AddContext {
  readonly nowMs: number;
  readonly clientTransactionVersion: number;
}

/** `undefined` when this producer may work on the transaction. */
export function producerFault(transaction: Transaction | undefined, { producerId, producerEpoch }: Producer): ErrorCode | undefined {
  if (transaction?.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING;
  if (transaction.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED;
  return undefined;
}

/** The transaction with the partitions; NONE when it has them already. */
export function addPartitions(
  transaction: Transaction | undefined,
  producer: Producer,
  added: TransactionPartitions,
  { nowMs, clientTransactionVersion }: AddContext,
): Transaction | ErrorCode {
  const fault = producerFault(transaction, producer);
  if (fault !== undefined || transaction === undefined) return fault ?? Errors.INVALID_PRODUCER_ID_MAPPING;
  if (isPrepared(transaction)) return Errors.CONCURRENT_TRANSACTIONS;
  const partitions = withPartitions(transaction.partitions, added);
  if (transaction.status === "Ongoing" && partitions === transaction.partitions) return Errors.NONE;
  return changed(transaction, {
    status: "Ongoing",
    partitions,
    startTimestampMs: isIdle(transaction) ? nowMs : transaction.startTimestampMs,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion,
  });
}

/** NONE when partitions may belong to the transaction; which of them do is then to be looked up. */
export function verifyProducer(transaction: Transaction | undefined, producer: Producer): ErrorCode {
  const fault = producerFault(transaction, producer);
  if (fault !== undefined || transaction === undefined) return fault ?? Errors.INVALID_PRODUCER_ID_MAPPING;
  return isPrepared(transaction) ? Errors.CONCURRENT_TRANSACTIONS : Errors.NONE;
}
