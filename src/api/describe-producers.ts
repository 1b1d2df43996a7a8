// DescribeProducers (key 61, KIP-664). The producers that a partition remembers, with their open transactions.

import { Errors } from "../../protocol/errors.ts";
import { describeProducers as describeProducersApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { nearestInt64 } from "../../protocol/wire/int64.ts";
import { topicNameFault } from "../cluster/topic-name.ts";
import { serve } from "./handler.ts";
import { partitionFault } from "./partition-fault.ts";
import type { Services } from "./services.ts";
import { TOPIC_UNAUTHORIZED } from "./unauthorized.ts";

type PartitionResponse = EncodableMessage<typeof describeProducersApi.response>["topics"][number]["partitions"][number];

const NOT_HOSTED = "This server does not host this topic-partition.";

export const describeProducers = serve(describeProducersApi, "0", ["READ TOPIC"], (services, request, { access }) => ({
  topics: request.topics.map(({ name, partitionIndexes }) => {
    const mayRead = access.permits("READ TOPIC", name);
    return { name, partitions: partitionIndexes.map((index) => producersOf(services, name, index, mayRead)) };
  }),
}));

function producersOf(services: Services, topic: string, partitionIndex: number, mayRead: boolean): PartitionResponse {
  const refused = (errorCode: number, errorMessage: string | null): PartitionResponse => ({
    partitionIndex,
    errorCode,
    errorMessage,
    activeProducers: [],
  });
  if (!mayRead) return refused(TOPIC_UNAUTHORIZED.error, TOPIC_UNAUTHORIZED.message);
  const nameFault = topicNameFault(topic);
  if (nameFault !== undefined) return refused(Errors.INVALID_TOPIC_EXCEPTION, nameFault);
  if (!services.cluster.image.topicsByName.has(topic)) return refused(Errors.UNKNOWN_TOPIC_OR_PARTITION, NOT_HOSTED);
  const fault = partitionFault(services, topic, partitionIndex, -1);
  const partition = services.partitions.get(topic, partitionIndex);
  if (fault !== undefined || partition === undefined) return refused(fault ?? Errors.NOT_LEADER_OR_FOLLOWER, null);
  const activeProducers = partition.log.activeProducers().map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    lastSequence: producer.lastSequence,
    lastTimestamp: nearestInt64(producer.lastTimestampMs),
    coordinatorEpoch: producer.coordinatorEpoch,
    currentTxnStartOffset: producer.currentTransactionStartOffset,
  }));
  return { partitionIndex, errorCode: Errors.NONE, activeProducers };
}
