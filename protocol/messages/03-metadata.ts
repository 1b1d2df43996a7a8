// Metadata (key 3): the brokers of the cluster, and topics with their partitions and leaders.
// In version 0 an empty list asks for all topics; from 1 on null does, and an empty list asks for brokers only. Version 1 adds
// controller, racks and the internal flag; 2 the cluster id; 4 lets a client forbid that a topic is created; 5 offline replicas; 7 leader
// epochs; 8 authorized operations; 9 is flexible; 10 adds topic ids, by which 12 can also ask; 11 drops the cluster's authorized
// operations (DescribeCluster has them); 13 adds an error for the whole answer (KIP-1102).

import { array, bool, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";

const metadataRequestTopic = struct({
  topicId: uuid("10+", ZERO_UUID).ignorable(),
  name: string().nullable("10+"),
});

const metadataResponseBroker = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string("1+").nullable().default(null).ignorable(),
});

const metadataResponsePartition = struct({
  errorCode: int16(),
  partitionIndex: int32(),
  leaderId: int32(),
  leaderEpoch: int32("7+", -1).ignorable(),
  replicaNodes: array(int32()),
  isrNodes: array(int32()),
  offlineReplicas: array(int32(), "5+").optional().ignorable(),
});

const metadataResponseTopic = struct({
  errorCode: int16(),
  name: string().nullable("12+"),
  topicId: uuid("10+").ignorable(),
  isInternal: bool("1+", false).ignorable(),
  partitions: array(metadataResponsePartition),
  topicAuthorizedOperations: int32("8+", -2147483648),
});

export const metadata = defineApi({
  key: 3,
  name: "Metadata",
  versions: "0-13",
  flexible: "9+",
  request: {
    topics: array(metadataRequestTopic).nullable("1+"),
    allowAutoTopicCreation: bool("4+", true),
    includeClusterAuthorizedOperations: bool("8-10", false),
    includeTopicAuthorizedOperations: bool("8+", false),
  },
  response: {
    throttleTimeMs: int32("3+", 0).ignorable(),
    brokers: array(metadataResponseBroker),
    clusterId: string("2+").nullable().default(null).ignorable(),
    controllerId: int32("1+", -1).ignorable(),
    topics: array(metadataResponseTopic),
    clusterAuthorizedOperations: int32("8-10", -2147483648),
    errorCode: int16("13+").ignorable(),
  },
});
