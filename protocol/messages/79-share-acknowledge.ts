// ShareAcknowledge (key 79): acknowledges records of share partitions without fetching more (KIP-932).
// Types: 0 gap, 1 accept, 2 release, 3 reject, 4 renew. Version 0 was an early preview; 2 adds the renewal of locks (KIP-1222).

import { array, bool, int8, int16, int32, int64, nested, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const acknowledgementBatch = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  acknowledgeTypes: array(int8()),
});

const acknowledgePartition = struct({
  partitionIndex: int32(),
  acknowledgementBatches: array(acknowledgementBatch),
});

const acknowledgeTopic = struct({
  topicId: uuid(),
  partitions: array(acknowledgePartition),
});

const leaderIdAndEpoch = struct({
  leaderId: int32(),
  leaderEpoch: int32(),
});

const partitionData = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  currentLeader: nested(leaderIdAndEpoch),
});

const shareAcknowledgeTopicResponse = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const nodeEndpoint = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string().nullable().default(null),
});

export const shareAcknowledge = defineApi({
  key: 79,
  name: "ShareAcknowledge",
  versions: "0-2",
  flexible: "0+",
  request: {
    groupId: string().nullable().default(null),
    memberId: string().nullable(),
    shareSessionEpoch: int32(),
    isRenewAck: bool("2+", false),
    topics: array(acknowledgeTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    acquisitionLockTimeoutMs: int32("2+", 0).ignorable(),
    responses: array(shareAcknowledgeTopicResponse),
    nodeEndpoints: array(nodeEndpoint),
  },
});
