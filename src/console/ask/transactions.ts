// Transactions: which are open, since when, and which partitions they hold back; producers of partitions; the end of a transaction.

import { kafkaFault, refuseError } from "./fault.ts";
import { kafka, type ProducerState } from "./kafka.ts";

export interface TransactionRow {
  readonly id: string;
  readonly state: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** Undefined: none is open. */
  readonly startedMs: number | undefined;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

const MOST_AT_ONCE = 500;

export async function listTransactions(signal?: AbortSignal): Promise<readonly TransactionRow[]> {
  const { errorCode, transactionStates } = await kafka("ListTransactions", { stateFilters: [], producerIdFilters: [] }, { signal });
  refuseError(errorCode);
  const rows: TransactionRow[] = [];
  for (let at = 0; at < transactionStates.length; at += MOST_AT_ONCE) {
    const transactionalIds = transactionStates.slice(at, at + MOST_AT_ONCE).map(({ transactionalId }) => transactionalId);
    const described = await kafka("DescribeTransactions", { transactionalIds }, { signal });
    for (const each of described.transactionStates) {
      if (each.errorCode !== 0) continue;
      rows.push({
        id: each.transactionalId,
        state: each.transactionState,
        producerId: each.producerId,
        producerEpoch: each.producerEpoch,
        timeoutMs: each.transactionTimeoutMs,
        startedMs: each.transactionStartTimeMs > 0 && OPEN.has(each.transactionState) ? each.transactionStartTimeMs : undefined,
        partitions: each.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
      });
    }
  }
  return rows;
}

const OPEN: ReadonlySet<string> = new Set(["Ongoing", "PrepareCommit", "PrepareAbort", "PreparingCommit", "PreparingAbort"]);

/** Its producer is fenced, and what it has written in an open transaction is aborted (KIP-939 names the same). */
export async function endTransaction({ id, timeoutMs }: TransactionRow): Promise<void> {
  const answer = await kafka("InitProducerId", {
    transactionalId: id,
    transactionTimeoutMs: Math.max(1, timeoutMs),
    producerId: -1,
    producerEpoch: -1,
  });
  // The transaction that was open is being aborted.
  if (answer.errorCode !== CONCURRENT_TRANSACTIONS) refuseError(answer.errorCode, answer.errorMessage);
}

const CONCURRENT_TRANSACTIONS = 51;

export interface ProducerRow extends ProducerState {
  readonly partition: number;
}

export async function producersOf(topic: string, partitions: readonly number[], signal?: AbortSignal): Promise<readonly ProducerRow[]> {
  const { topics } = await kafka("DescribeProducers", { topics: [{ name: topic, partitionIndexes: partitions }] }, { signal });
  const answered = topics[0]?.partitions ?? [];
  const refused = answered.find(({ errorCode }) => errorCode !== 0);
  if (refused !== undefined) throw kafkaFault(refused.errorCode, refused.errorMessage);
  return answered.flatMap(({ partitionIndex, activeProducers }) =>
    activeProducers.map((state) => ({ ...state, partition: partitionIndex })),
  );
}
