// ShareFetch (key 78): acquires records of share partitions for a time, and acknowledges earlier ones (KIP-932).
// Version 0 was an early preview: limits in bytes only, per partition. Version 1 limits the number of records, and tells how long they stay
// locked; 2 adds the acquire mode and the renewal of locks (KIP-1206, KIP-1222).
// Acknowledge types: 0 gap, 1 accept, 2 release, 3 reject, 4 renew; one for all records of a batch, or one for each. Acquire modes:
// 0 whole batches, 1 never more records than asked for.

import { array, bool, int8, int16, int32, int64, nested, records, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const acknowledgementBatch = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  acknowledgeTypes: array(int8()),
});

const fetchPartition = struct({
  partitionIndex: int32(),
  partitionMaxBytes: int32("0", 0),
  acknowledgementBatches: array(acknowledgementBatch),
});

const fetchTopic = struct({
  topicId: uuid(),
  partitions: array(fetchPartition),
});

const forgottenTopic = struct({
  topicId: uuid(),
  partitions: array(int32()),
});

const leaderIdAndEpoch = struct({
  leaderId: int32(),
  leaderEpoch: int32(),
});

const acquiredRecords = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryCount: int16(),
});

const partitionData = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  acknowledgeErrorCode: int16(),
  acknowledgeErrorMessage: string().nullable().default(null),
  currentLeader: nested(leaderIdAndEpoch),
  records: records().nullable("0"),
  acquiredRecords: array(acquiredRecords),
});

const shareFetchableTopicResponse = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const nodeEndpoint = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string().nullable().default(null),
});

export const shareFetch = defineApi({
  key: 78,
  name: "ShareFetch",
  versions: "0-2",
  flexible: "0+",
  request: {
    groupId: string().nullable().default(null),
    memberId: string().nullable(),
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32("0+", 2147483647),
    maxRecords: int32("1+", 0),
    batchSize: int32("1+", 0),
    shareAcquireMode: int8("2+", 0).ignorable(),
    isRenewAck: bool("2+", false),
    topics: array(fetchTopic),
    forgottenTopicsData: array(forgottenTopic),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    acquisitionLockTimeoutMs: int32("1+", 0),
    responses: array(shareFetchableTopicResponse),
    nodeEndpoints: array(nodeEndpoint),
  },
});
