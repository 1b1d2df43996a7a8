// Transactions: those that coordinators know, the producers that partitions know, and ending either's (KIP-664).

import { Errors } from "../../../protocol/errors.ts";
import { initProducerId } from "../../../protocol/messages/22-init-producer-id.ts";
import { writeTxnMarkers } from "../../../protocol/messages/27-write-txn-markers.ts";
import { describeProducers } from "../../../protocol/messages/61-describe-producers.ts";
import { describeTransactions } from "../../../protocol/messages/65-describe-transactions.ts";
import { listTransactions } from "../../../protocol/messages/66-list-transactions.ts";
import type { DecodedMessage } from "../../../protocol/schema/message.ts";
import { type Brokers, CoordinatorKey, isMoving, retried } from "../brokers.ts";
import { failOn, present, Refusal } from "../refusal.ts";
import { nameOf, type TopicPartition } from "../topic-partition.ts";
import { findTopic } from "./topics.ts";

const NO_PRODUCER = -1;
/** What Kafka's own administrator leaves behind as the timeout of a transactional id that it ended. */
const TERMINATED_TIMEOUT_MS = 30_000;

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly coordinatorId: number;
  readonly producerId: number;
  readonly state: string;
}

export type ActiveProducer = DecodedMessage<
  typeof describeProducers.response
>["topics"][number]["partitions"][number]["activeProducers"][number];

export interface OpenTransaction extends TopicPartition {
  readonly producer: ActiveProducer;
}

/** What a marker that ends a transaction in one partition says. */
export interface AbortOrder extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

export interface TransactionFilter {
  readonly durationMs?: number | undefined;
  readonly pattern?: string | undefined;
  readonly producerIds?: readonly number[];
}

export async function listAllTransactions(
  brokers: Brokers,
  { durationMs = -1, pattern, producerIds = [] }: TransactionFilter = {},
): Promise<ListedTransaction[]> {
  const found: ListedTransaction[] = [];
  for (const { id } of await brokers.all()) {
    const connection = await brokers.byId(id);
    const answer = await connection.send(listTransactions, 2, {
      stateFilters: [],
      producerIdFilters: [...producerIds],
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
export async function producersOf(brokers: Brokers, partition: TopicPartition, brokerId?: number): Promise<readonly ActiveProducer[]> {
  return retried(async () => {
    const connection = await brokers.byId(brokerId ?? (await leaderOf(brokers, partition)));
    const topics = [{ name: partition.topic, partitionIndexes: [partition.partition] }];
    const answer = await connection.send(describeProducers, 0, { topics });
    const state = present(answer.topics[0]?.partitions[0], nameOf(partition));
    failOn(state.errorCode, nameOf(partition), state.errorMessage);
    return state.activeProducers;
  }, isWorthAnotherTry(brokerId));
}

/** Begins at exactly this offset; undefined: none does. */
export async function transactionAt(brokers: Brokers, partition: TopicPartition, startOffset: number): Promise<AbortOrder | undefined> {
  const producer = (await producersOf(brokers, partition)).find(({ currentTxnStartOffset }) => currentTxnStartOffset === startOffset);
  return producer === undefined ? undefined : abortOrder(partition, producer);
}

/** A producer that has not ended a transaction yet knows no coordinator epoch: 0 is at most the true one. */
export function abortOrder(
  { topic, partition }: TopicPartition,
  { producerId, producerEpoch, coordinatorEpoch }: Pick<ActiveProducer, "producerId" | "producerEpoch" | "coordinatorEpoch">,
): AbortOrder {
  return { topic, partition, producerId, producerEpoch, coordinatorEpoch: Math.max(0, coordinatorEpoch) };
}

/** Ends what the producer has open in this partition, without its coordinator: for transactions that hang. */
export async function abortInPartition(brokers: Brokers, order: AbortOrder): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = order;
  const topics = [{ name: topic, partitionIndexes: [partition] }];
  const marker = { producerId, producerEpoch, coordinatorEpoch, transactionResult: false, topics };
  await retried(async () => {
    const leader = await brokers.byId(await leaderOf(brokers, order));
    const answer = await leader.send(writeTxnMarkers, 2, { markers: [marker] });
    failOn(present(answer.markers[0]?.topics[0]?.partitions[0], nameOf(order)).errorCode, nameOf(order));
  }, isMoving);
}

/** Through the coordinator, as a producer that starts under the same id would; the present one is fenced. An unknown id is made. */
export async function terminateTransaction(brokers: Brokers, transactionalId: string): Promise<void> {
  const what = `transactional id ${transactionalId}`;
  await retried(async () => {
    const coordinator = await brokers.coordinatorOf(transactionalId, CoordinatorKey.TRANSACTION);
    const answer = await coordinator.send(initProducerId, 5, {
      transactionalId,
      transactionTimeoutMs: TERMINATED_TIMEOUT_MS,
      producerId: NO_PRODUCER,
      producerEpoch: NO_PRODUCER,
    });
    failOn(answer.errorCode, what);
  });
}

/** Open for longer than `olderThanMs`, in the order of `partitions`. */
export async function openTransactions(
  brokers: Brokers,
  partitions: readonly TopicPartition[],
  { olderThanMs, brokerId }: { readonly olderThanMs: number; readonly brokerId: number | undefined },
): Promise<OpenTransaction[]> {
  const found: OpenTransaction[] = [];
  for (const { topic, partition } of partitions)
    for (const producer of await producersOf(brokers, { topic, partition }, brokerId))
      if (producer.currentTxnStartOffset >= 0 && Date.now() - producer.lastTimestamp > olderThanMs)
        found.push({ topic, partition, producer });
  return found;
}

/** Of these, the ones that no coordinator will end. */
export async function hangingAmong(brokers: Brokers, open: readonly OpenTransaction[]): Promise<OpenTransaction[]> {
  if (open.length === 0) return [];
  const producerIds = [...new Set(open.map(({ producer }) => producer.producerId))];
  const expected = new Map<number, ReadonlySet<string>>();
  for (const { producerId, transactionalId } of await listAllTransactions(brokers, { producerIds })) {
    const partitions = await partitionsOf(brokers, transactionalId);
    expected.set(producerId, partitions);
  }
  return open.filter(({ topic, partition, producer }) => expected.get(producer.producerId)?.has(nameOf({ topic, partition })) !== true);
}

/** Those that the coordinator will end the transaction in; none for an id that it has forgotten meanwhile. */
async function partitionsOf(brokers: Brokers, transactionalId: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(transactionPartitions(await describeTransaction(brokers, transactionalId)));
  } catch (error) {
    if (error instanceof Refusal && error.errorCode === Errors.TRANSACTIONAL_ID_NOT_FOUND) return new Set();
    throw error;
  }
}

/** By name. */
export function transactionPartitions({ topics }: Pick<Awaited<ReturnType<typeof describeTransaction>>, "topics">): string[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => nameOf({ topic, partition })));
}

async function leaderOf(brokers: Brokers, { topic, partition }: TopicPartition): Promise<number> {
  const found = (await findTopic(brokers, topic)).partitions.find(({ index }) => index === partition);
  if (found === undefined) throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, nameOf({ topic, partition }), null);
  if (found.leaderId < 0) throw new Refusal(Errors.LEADER_NOT_AVAILABLE, nameOf({ topic, partition }), null);
  return found.leaderId;
}

/** A replica that was asked for by its id does not become another. */
function isWorthAnotherTry(brokerId: number | undefined): (code: number) => boolean {
  return (code) => isMoving(code) && !(brokerId !== undefined && code === Errors.NOT_LEADER_OR_FOLLOWER);
}
