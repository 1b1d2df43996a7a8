// EndTxn in both protocols, and the end that the coordinator makes itself when a producer is fenced or too slow.
//
// With the older protocol a repeated request is told from the next one by the state alone. With the newer one (KIP-890) each end raises
// the epoch, so that a repetition carries the epoch before the current one, and an abort of nothing is allowed:
//
//                     abort                    commit
//                     repeated     current     repeated     current
//   Empty             fenced       new epoch   fenced       INVALID_TXN_STATE
//   CompleteAbort     as before    new epoch   INVALID_TXN_STATE
//   CompleteCommit    INVALID..    new epoch   as before    INVALID_TXN_STATE

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../../protocol/records/batch-header.ts";
import { changed, EPOCH_BUMP_VERSION, isEpochExhausted, NO_PARTITIONS, nextEpoch, type Producer, type Transaction } from "./transaction.ts";

export interface EndRequest extends Producer {
  readonly isCommit: boolean;
  readonly clientTransactionVersion: number;
}

export interface EndContext {
  readonly nowMs: number;
  /** A fresh one, if there is one at hand. */
  readonly freshProducerId: number | undefined;
}

export type EndDecision =
  | { readonly kind: "refused"; readonly error: ErrorCode }
  /** Decide again with a fresh producer id. */
  | { readonly kind: "needsProducerId" }
  /** The transaction has ended so already. */
  | { readonly kind: "repeated" }
  | { readonly kind: "prepared"; readonly next: Transaction };

const refused = (error: ErrorCode): EndDecision => ({ kind: "refused", error });

export function endTransaction(transaction: Transaction | undefined, request: EndRequest, context: EndContext): EndDecision {
  if (transaction === undefined) return refused(Errors.INVALID_PRODUCER_ID_MAPPING);
  return request.clientTransactionVersion >= EPOCH_BUMP_VERSION
    ? endWithNewEpoch(transaction, request, context)
    : endInEpoch(transaction, request, context);
}

function endInEpoch(transaction: Transaction, request: EndRequest, { nowMs }: EndContext): EndDecision {
  const { isCommit, clientTransactionVersion } = request;
  if (transaction.producerId !== request.producerId) return refused(Errors.INVALID_PRODUCER_ID_MAPPING);
  if (transaction.producerEpoch !== request.producerEpoch) return refused(Errors.PRODUCER_FENCED);
  switch (transaction.status) {
    case "Ongoing": {
      const status = isCommit ? "PrepareCommit" : "PrepareAbort";
      return { kind: "prepared", next: changed(transaction, { status, lastUpdateTimestampMs: nowMs, clientTransactionVersion }) };
    }
    case "CompleteCommit":
      return isCommit ? { kind: "repeated" } : refused(Errors.INVALID_TXN_STATE);
    case "CompleteAbort":
      return isCommit ? refused(Errors.INVALID_TXN_STATE) : { kind: "repeated" };
    case "PrepareCommit":
      return refused(isCommit ? Errors.CONCURRENT_TRANSACTIONS : Errors.INVALID_TXN_STATE);
    case "PrepareAbort":
      return refused(isCommit ? Errors.INVALID_TXN_STATE : Errors.CONCURRENT_TRANSACTIONS);
    case "Empty":
      return refused(Errors.INVALID_TXN_STATE);
  }
}

function endWithNewEpoch(transaction: Transaction, request: EndRequest, context: EndContext): EndDecision {
  const { isCommit, producerEpoch } = request;
  const isRepeatedAfterNewId =
    transaction.previousProducerId === request.producerId && isEpochExhausted(producerEpoch) && transaction.producerEpoch === 0;
  const isRepeated = isRepeatedAfterNewId || transaction.producerEpoch === producerEpoch + 1;
  const isCurrent = transaction.producerEpoch === producerEpoch;
  if (transaction.producerId !== request.producerId && !isRepeatedAfterNewId) return refused(Errors.INVALID_PRODUCER_ID_MAPPING);
  switch (transaction.status) {
    case "Ongoing":
      return isCurrent ? prepare(transaction, request, context) : refused(Errors.PRODUCER_FENCED);
    case "PrepareCommit":
      if (!isRepeated) return refused(Errors.PRODUCER_FENCED);
      return refused(isCommit ? Errors.CONCURRENT_TRANSACTIONS : Errors.INVALID_TXN_STATE);
    case "PrepareAbort":
      if (!isRepeated) return refused(Errors.PRODUCER_FENCED);
      return refused(isCommit ? Errors.INVALID_TXN_STATE : Errors.CONCURRENT_TRANSACTIONS);
    case "Empty":
      if (!isCurrent) return refused(Errors.PRODUCER_FENCED);
      return isCommit ? refused(Errors.INVALID_TXN_STATE) : prepare(transaction, request, context);
    case "CompleteCommit":
    case "CompleteAbort":
      if (isRepeated)
        return isCommit === (transaction.status === "CompleteCommit") ? { kind: "repeated" } : refused(Errors.INVALID_TXN_STATE);
      if (!isCurrent) return refused(Errors.PRODUCER_FENCED);
      return isCommit ? refused(Errors.INVALID_TXN_STATE) : prepare(transaction, request, context);
  }
}

function prepare(transaction: Transaction, { isCommit, clientTransactionVersion }: EndRequest, context: EndContext): EndDecision {
  const next = prepareUnderNextEpoch(
    transaction,
    { status: isCommit ? "PrepareCommit" : "PrepareAbort", clientTransactionVersion },
    context,
  );
  return next === undefined ? { kind: "needsProducerId" } : { kind: "prepared", next };
}

/**
 * Aborts an ongoing transaction under an epoch that its producer does not have. `undefined` when that takes a fresh producer id and there is
 * none at hand.
 */
export function fence(transaction: Transaction, context: EndContext & { readonly transactionVersion: number }): Transaction | undefined {
  const { nowMs, transactionVersion: clientTransactionVersion } = context;
  if (clientTransactionVersion >= EPOCH_BUMP_VERSION) {
    return prepareUnderNextEpoch(transaction, { status: "PrepareAbort", clientTransactionVersion }, context);
  }
  return changed(transaction, {
    status: "PrepareAbort",
    producerEpoch: nextEpoch(transaction.producerEpoch),
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    nextProducerId: NO_PRODUCER_ID,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion,
  });
}

function prepareUnderNextEpoch(
  transaction: Transaction,
  change: Pick<Transaction, "status" | "clientTransactionVersion">,
  { nowMs, freshProducerId }: EndContext,
): Transaction | undefined {
  const { producerEpoch, status, startTimestampMs } = transaction;
  const isLast = isEpochExhausted(producerEpoch);
  if (isLast && freshProducerId === undefined) return undefined;
  return changed(transaction, {
    ...change,
    producerEpoch: nextEpoch(producerEpoch),
    lastProducerEpoch: producerEpoch,
    nextProducerId: isLast && freshProducerId !== undefined ? freshProducerId : NO_PRODUCER_ID,
    // An abort of nothing has no beginning of its own.
    startTimestampMs: status === "Ongoing" ? startTimestampMs : nowMs,
    lastUpdateTimestampMs: nowMs,
  });
}

/** The transaction once all of its markers are written. */
export function complete(transaction: Transaction, nowMs: number): Transaction {
  const takesNextId = transaction.clientTransactionVersion >= EPOCH_BUMP_VERSION && transaction.nextProducerId !== NO_PRODUCER_ID;
  return changed(transaction, {
    status: transaction.status === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort",
    producerId: takesNextId ? transaction.nextProducerId : transaction.producerId,
    producerEpoch: takesNextId ? 0 : transaction.producerEpoch,
    nextProducerId: NO_PRODUCER_ID,
    partitions: NO_PARTITIONS,
    lastUpdateTimestampMs: nowMs,
  });
}
