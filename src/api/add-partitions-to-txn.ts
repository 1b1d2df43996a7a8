// AddPartitionsToTxn (key 24). Takes partitions into a transaction: all of them, or none when one does not exist.
// Versions 0 to 3 carry one transaction of the older protocol. From 4 on there is a list of them; leaders of partitions send it to
// verify a batch or to add its partition (KIP-890), and clients that may act as the cluster. Before version 2 a fenced producer hears INVALID_PRODUCER_EPOCH.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { addPartitionsToTxn as addPartitionsToTxnApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { EPOCH_BUMP_VERSION, type Producer, toPartitions } from "../coordinator/transaction/transaction.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof addPartitionsToTxnApi.request>;
type Response = EncodableMessage<typeof addPartitionsToTxnApi.response>;
type Transaction = Request["transactions"][number];
type TopicResults = NonNullable<Response["resultsByTopicV3AndBelow"]>;

const LIST_VERSION = 4;
const PRODUCER_FENCED_VERSION = 2;

export const addPartitionsToTxn = serve(
  addPartitionsToTxnApi,
  "0-5",
  ["WRITE TRANSACTIONAL_ID", "WRITE TOPIC", "CLUSTER_ACTION CLUSTER"],
  (services, request, context) => {
    if (context.apiVersion < LIST_VERSION) return addOne(services, request, context);
    if (!context.access.permitsOnCluster("CLUSTER_ACTION CLUSTER")) return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED };
    return addAll(services, request);
  },
);

function addOne(
  services: Services,
  request: Request,
  { apiVersion, access }: RequestContext<"WRITE TRANSACTIONAL_ID" | "WRITE TOPIC">,
): Response | Promise<Response> {
  const transaction = {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: request.v3AndBelowTopics,
  };
  const toResponse = (results: TopicResults): Response => ({
    errorCode: Errors.NONE,
    resultsByTopicV3AndBelow: apiVersion < PRODUCER_FENCED_VERSION ? results.map(withOldErrors) : results,
  });
  if (!access.permits("WRITE TRANSACTIONAL_ID", transaction.transactionalId))
    return toResponse(results(transaction.topics, () => Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED));
  const adding = add(services, transaction, 0, (topic) => access.permits("WRITE TOPIC", topic));
  return adding instanceof Promise ? adding.then(toResponse) : toResponse(adding);
}

function addAll(services: Services, { transactions }: Request): Response | Promise<Response> {
  const handling = transactions.map((transaction) =>
    transaction.verifyOnly ? verify(services, transaction) : add(services, transaction, EPOCH_BUMP_VERSION, () => true),
  );
  const toResponse = (results: readonly TopicResults[]): Response => ({
    errorCode: Errors.NONE,
    resultsByTransaction: transactions.map(({ transactionalId }, index) => ({ transactionalId, topicResults: results[index] ?? [] })),
  });
  if (handling.every((each): each is TopicResults => !(each instanceof Promise))) return toResponse(handling);
  return Promise.all(handling).then(toResponse);
}

function add(
  services: Services,
  transaction: Transaction,
  clientTransactionVersion: number,
  mayWrite: (topic: string) => boolean,
): TopicResults | Promise<TopicResults> {
  const { transactionalId, topics } = transaction;
  const faultOf = (topic: string, partition: number): ErrorCode | undefined => {
    if (!mayWrite(topic)) return Errors.TOPIC_AUTHORIZATION_FAILED;
    const exists = services.cluster.image.topicsByName.get(topic)?.partitions[partition] !== undefined;
    return exists ? undefined : Errors.UNKNOWN_TOPIC_OR_PARTITION;
  };
  if (topics.some(({ name, partitions }) => partitions.some((index) => faultOf(name, index) !== undefined)))
    return results(topics, (topic, partition) => faultOf(topic, partition) ?? Errors.OPERATION_NOT_ATTEMPTED);
  const partitions = toPartitions(topics);
  const adding = services.transactions.addPartitions({ transactionalId, ...producerOf(transaction), partitions, clientTransactionVersion });
  const toResults = (error: ErrorCode) => results(topics, () => error);
  return adding instanceof Promise ? adding.then(toResults) : toResults(adding);
}

function verify(services: Services, transaction: Transaction): TopicResults | Promise<TopicResults> {
  const verifying = services.transactions.verifyPartitions(transaction.transactionalId, producerOf(transaction));
  const toResults = ({ error, isIn }: Awaited<typeof verifying>) =>
    results(transaction.topics, (topic, partition) => {
      if (error !== Errors.NONE) return error;
      return isIn(topic, partition) ? Errors.NONE : Errors.TRANSACTION_ABORTABLE;
    });
  return verifying instanceof Promise ? verifying.then(toResults) : toResults(verifying);
}

function producerOf({ producerId, producerEpoch }: Producer): Producer {
  return { producerId, producerEpoch };
}

function results(topics: Transaction["topics"], errorOf: (topic: string, partition: number) => ErrorCode): TopicResults {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorOf(name, partitionIndex) })),
  }));
}

function withOldErrors(topic: TopicResults[number]): TopicResults[number] {
  const old = (errorCode: number) => (errorCode === Errors.PRODUCER_FENCED ? Errors.INVALID_PRODUCER_EPOCH : errorCode);
  return {
    ...topic,
    resultsByPartition: topic.resultsByPartition.map((each) => ({ ...each, partitionErrorCode: old(each.partitionErrorCode) })),
  };
}
