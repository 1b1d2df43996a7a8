// Transactions: those that coordinators know, and the producers that partitions know.

import { describeProducers } from "../../../protocol/messages/61-describe-producers.ts";
import { describeTransactions } from "../../../protocol/messages/65-describe-transactions.ts";
import { listTransactions } from "../../../protocol/messages/66-list-transactions.ts";
import { type Brokers, CoordinatorKey } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";
import { nameOf, type TopicPartition } from "./offsets.ts";
import { findTopic } from "./topics.ts";

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly coordinatorId: number;
  readonly producerId: number;
  readonly state: string;
}

export async function listAllTransactions(
  brokers: Brokers,
  { durationMs = -1, pattern }: { readonly durationMs?: number; readonly pattern?: string | undefined } = {},
): Promise<ListedTransaction[]> {
  const found: ListedTransaction[] = [];
  for (const { id } of await brokers.all()) {
    const connection = await brokers.byId(id);
    const answer = await connection.send(listTransactions, 2, {
      stateFilters: [],
      producerIdFilters: [],
      durationFilter: durationMs,
      transactionalIdPattern: pattern ?? null,
    });
    failOn(answer.errorCode, "transactions");
    for (const { transactionalId, producerId, transactionState } of answer.transactionStates)
      found.push({ transactionalId, coordinatorId: id, producerId, state: transactionState });
  }
  return found;
}

export async function describeTransaction(brokers: Brokers, transactionalId: string) {
  const coordinator = await brokers.coordinatorBroker(transactionalId, CoordinatorKey.TRANSACTION);
  const connection = await brokers.at(coordinator);
  const answer = await connection.send(describeTransactions, 0, { transactionalIds: [transactionalId] });
  const state = present(answer.transactionStates[0], `transactional id ${transactionalId}`);
  failOn(state.errorCode, `transactional id ${transactionalId}`);
  return { coordinatorId: coordinator.id, ...state };
}

/** The producers that the partition's leader, or the broker given, remembers. */
export async function producersOf(brokers: Brokers, { topic, partition }: TopicPartition, brokerId?: number) {
  const leader = brokerId ?? (await findTopic(brokers, topic)).partitions.find(({ index }) => index === partition)?.leaderId ?? -1;
  const connection = await brokers.byId(leader);
  const answer = await connection.send(describeProducers, 0, { topics: [{ name: topic, partitionIndexes: [partition] }] });
  const state = present(answer.topics[0]?.partitions[0], nameOf({ topic, partition }));
  failOn(state.errorCode, nameOf({ topic, partition }), state.errorMessage);
  return state.activeProducers;
}
