// InitProducerId of a transactional id: who asks becomes the producer of the id, everyone before it is fenced by its epoch (KIP-98). A
// producer that names its id and epoch goes on after an error without being fenced by itself (KIP-360).

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../../protocol/records/batch-header.ts";
import { fence } from "./end-transaction.ts";
import { changed, isEpochExhausted, NO_PARTITIONS, newTransaction, type Producer, type Transaction } from "./transaction.ts";

export interface InitRequest {
  readonly timeoutMs: number;
  /** What the producer has been until now, if it says so. */
  readonly expected: Producer | undefined;
}

export interface InitContext {
  readonly nowMs: number;
  /** Of the cluster: how a transaction is ended that the broker itself ends. */
  readonly transactionVersion: number;
  /** A fresh one, if there is one at hand. */
  readonly freshProducerId: number | undefined;
}

export type InitDecision =
  | { readonly kind: "refused"; readonly error: ErrorCode }
  /** Decide again with a fresh producer id. */
  | { readonly kind: "needsProducerId" }
  | { readonly kind: "initialized"; readonly next: Transaction }
  /** Something is still open: it is aborted first, and the producer asks again (CONCURRENT_TRANSACTIONS). */
  | { readonly kind: "fenced"; readonly next: Transaction };

const refused = (error: ErrorCode): InitDecision => ({ kind: "refused", error });

export function initProducer(transaction: Transaction | undefined, request: InitRequest, context: InitContext): InitDecision {
  const { expected } = request;
  if (transaction === undefined) {
    if (context.freshProducerId === undefined) return { kind: "needsProducerId" };
    return nextIncarnation(newTransaction(context.freshProducerId, request.timeoutMs, context.nowMs), request, context);
  }
  if (expected !== undefined && !isKnown(transaction, expected)) return refused(Errors.PRODUCER_FENCED);
  switch (transaction.status) {
    case "PrepareCommit":
    case "PrepareAbort":
      return refused(Errors.CONCURRENT_TRANSACTIONS);
    case "Ongoing": {
      // The epoch of the fence is never given to anyone: whoever asks again gets the one after it.
      const next = fence(transaction, context);
      return next === undefined ? { kind: "needsProducerId" } : { kind: "fenced", next };
    }
    case "Empty":
    case "CompleteCommit":
    case "CompleteAbort":
      return nextIncarnation(transaction, request, context);
  }
}

/** The producer is the current one, or repeats a request after which it was given a new id. */
function isKnown(transaction: Transaction, { producerId, producerEpoch }: Producer): boolean {
  return producerId === transaction.producerId || (producerId === transaction.previousProducerId && isEpochExhausted(producerEpoch));
}

function nextIncarnation(transaction: Transaction, { timeoutMs, expected }: InitRequest, context: InitContext): InitDecision {
  const { producerEpoch, lastProducerEpoch } = transaction;
  const begun = {
    status: "Empty",
    timeoutMs,
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: context.nowMs,
    nextProducerId: NO_PRODUCER_ID,
  } as const;
  const initialized = (epochs: { producerId?: number; producerEpoch: number; lastProducerEpoch: number }): InitDecision => ({
    kind: "initialized",
    next: changed(transaction, { ...begun, ...epochs }),
  });
  if (isEpochExhausted(producerEpoch) && (expected === undefined || expected.producerEpoch === producerEpoch)) {
    const producerId = context.freshProducerId;
    if (producerId === undefined) return { kind: "needsProducerId" };
    return initialized({ producerId, producerEpoch: 0, lastProducerEpoch: expected === undefined ? NO_PRODUCER_EPOCH : producerEpoch });
  }
  if (expected === undefined) return initialized({ producerEpoch: producerEpoch + 1, lastProducerEpoch: NO_PRODUCER_EPOCH });
  if (producerEpoch === NO_PRODUCER_EPOCH || expected.producerEpoch === producerEpoch) {
    return initialized({ producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch });
  }
  // The answer to its last request was lost: it is given again.
  if (expected.producerEpoch === lastProducerEpoch) return initialized({ producerEpoch, lastProducerEpoch });
  return refused(Errors.PRODUCER_FENCED);
}
