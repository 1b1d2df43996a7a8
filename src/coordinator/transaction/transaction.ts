// What the coordinator knows of a transactional id (KIP-98, KIP-890). A transaction is an immutable value: every change makes a new one,
// which is stored whole in __transaction_state.
//
//   Empty, Complete* ──first partition──> Ongoing ──EndTxn, time-out, fencing──> PrepareCommit, PrepareAbort ──markers──> Complete*
//   Complete*, Empty ──InitProducerId──> Empty         with KIP-890 also: Empty, Complete* ──abort of nothing──> PrepareAbort
//
// Epochs: a producer may use epochs up to 32766; 32767 is kept for fencing it. With the newer protocol (KIP-890) each transaction ends
// under the next epoch, with the older one the epoch only grows when a producer begins anew or is fenced.

import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "../../../protocol/records/batch-header.ts";

export type TransactionStatus = "Empty" | "Ongoing" | "PrepareCommit" | "PrepareAbort" | "CompleteCommit" | "CompleteAbort";

/** Partition indexes by topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>;

/** From this version of the transaction protocol on, each transaction has an epoch of its own (KIP-890). */
export const EPOCH_BUMP_VERSION = 2;

export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface Transaction extends Producer {
  /** The id before the last change of state; -1 when there was none. Tells a repeated request from before a change of id. */
  readonly previousProducerId: number;
  /** The id that takes over when the transaction is complete, because the epochs of this one are used up; else -1. */
  readonly nextProducerId: number;
  /** By which a producer repeats a request whose answer it missed; -1: none. Not stored: after a restart such a producer is fenced. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly status: TransactionStatus;
  readonly partitions: TransactionPartitions;
  /** -1 before the first partition. */
  readonly startTimestampMs: number;
  readonly lastUpdateTimestampMs: number;
  /** Of the protocol that the client spoke when it last changed the state. */
  readonly clientTransactionVersion: number;
}

export const NO_PARTITIONS: TransactionPartitions = new Map();

const LARGEST_EPOCH = 0x7fff;

export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= LARGEST_EPOCH - 1;
}

/** The epoch after this one; the largest stays. */
export function nextEpoch(producerEpoch: number): number {
  return Math.min(producerEpoch + 1, LARGEST_EPOCH);
}

/** A transactional id that was not known until now. Only `initProducer` sees it in this shape. */
export function newTransaction(producerId: number, timeoutMs: number, nowMs: number): Transaction {
  return {
    producerId,
    previousProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs,
    status: "Empty",
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion: 0,
  };
}

/** The next state of a transaction; its producer id is remembered as the previous one, as Kafka does at every change. */
export function changed(transaction: Transaction, change: Partial<Omit<Transaction, "previousProducerId">>): Transaction {
  return { ...transaction, ...change, previousProducerId: transaction.producerId };
}

export function isPrepared({ status }: Transaction): boolean {
  return status === "PrepareCommit" || status === "PrepareAbort";
}

/** No transaction is open: the id waits for the next one. */
export function isIdle({ status }: Transaction): boolean {
  return status === "Empty" || status === "CompleteCommit" || status === "CompleteAbort";
}

export function hasPartition(partitions: TransactionPartitions, topic: string, partition: number): boolean {
  return partitions.get(topic)?.has(partition) === true;
}

/** The partitions of both; `partitions` itself when it has them all. */
export function withPartitions(partitions: TransactionPartitions, added: TransactionPartitions): TransactionPartitions {
  const all = new Map(partitions);
  let isSame = true;
  for (const [topic, indexes] of added) {
    const known = partitions.get(topic);
    const joined = known === undefined ? indexes : new Set([...known, ...indexes]);
    if (known !== undefined && joined.size === known.size) continue;
    all.set(topic, joined);
    isSame = false;
  }
  return isSame ? partitions : all;
}

export function toPartitions(topics: Iterable<{ readonly name: string; readonly partitions: Iterable<number> }>): TransactionPartitions {
  const all = new Map<string, Set<number>>();
  for (const { name, partitions } of topics) {
    const known = all.get(name);
    if (known === undefined) all.set(name, new Set(partitions));
    else for (const partition of partitions) known.add(partition);
  }
  return all;
}
