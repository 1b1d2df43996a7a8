// DescribeQuorum (key 55): voters and observers of the metadata log, and how far each has read (KIP-595, KIP-836).
// Version 1 adds timestamps of replicas; 2 messages, directory ids and the addresses of voters (KIP-853).

import { array, int16, int32, int64, string, struct, uint16, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";

const partitionData = struct({
  partitionIndex: int32(),
});

const topicData = struct({
  topicName: string(),
  partitions: array(partitionData),
});

const replicaState = struct({
  replicaId: int32(),
  replicaDirectoryId: uuid("2+", ZERO_UUID),
  logEndOffset: int64(),
  lastFetchTimestamp: int64("1+", -1).ignorable(),
  lastCaughtUpTimestamp: int64("1+", -1).ignorable(),
});

const partitionDataInResponse = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string("2+").nullable().default(null).ignorable(),
  leaderId: int32(),
  leaderEpoch: int32(),
  highWatermark: int64(),
  currentVoters: array(replicaState),
  observers: array(replicaState),
});

const topicDataInResponse = struct({
  topicName: string(),
  partitions: array(partitionDataInResponse),
});

const listener = struct({
  name: string(),
  host: string(),
  port: uint16(),
});

const node = struct({
  nodeId: int32(),
  listeners: array(listener),
});

export const describeQuorum = defineApi({
  key: 55,
  name: "DescribeQuorum",
  versions: "0-2",
  flexible: "0+",
  request: {
    topics: array(topicData),
  },
  response: {
    errorCode: int16(),
    errorMessage: string("2+").nullable().default(null).ignorable(),
    topics: array(topicDataInResponse),
    nodes: array(node, "2+").optional(),
  },
});
