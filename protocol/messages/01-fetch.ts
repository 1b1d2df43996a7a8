// Fetch (key 1): reads record batches from partitions, waiting for at most maxWaitMs until minBytes are there.
// Version 3 adds the total limit; 4 isolation level, last stable offset and aborted transactions; 5 log start offset; 7 fetch sessions
// (KIP-227); 9 the leader epoch that the client knows; 11 rack and preferred replica (KIP-392); 12 is flexible and adds the epoch last
// fetched, which lets a leader report divergence (KIP-595); 13 names topics by id; 15 moves the replica into a tagged field; 16 gives
// the addresses of leaders (KIP-951); 17 and 18 add what only followers send.
// Isolation level: 0 read uncommitted, 1 read committed. Sessions by (id, epoch): (0, -1) none, (0, 0) open one, (n, 0) open anew,
// (n, e) only what changed, (n, -1) close.

import { array, int8, int16, int32, int64, nested, records, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";
import { MAX_INT64 } from "../wire/int64.ts";

const replicaState = struct({
  replicaId: int32("0+", -1),
  replicaEpoch: int64("0+", -1),
});

const fetchPartition = struct({
  partition: int32(),
  currentLeaderEpoch: int32("9+", -1).ignorable(),
  fetchOffset: int64(),
  lastFetchedEpoch: int32("12+", -1),
  logStartOffset: int64("5+", -1).ignorable(),
  partitionMaxBytes: int32(),
  replicaDirectoryId: uuid("17+").tag(0).ignorable(),
  highWatermark: int64("18+", MAX_INT64).tag(1).ignorable(),
});

const fetchTopic = struct({
  topic: string("0-12", "").ignorable(),
  topicId: uuid("13+", ZERO_UUID).ignorable(),
  partitions: array(fetchPartition),
});

const forgottenTopic = struct({
  topic: string("7-12", "").ignorable(),
  topicId: uuid("13+", ZERO_UUID).ignorable(),
  partitions: array(int32()),
});

const epochEndOffset = struct({
  epoch: int32("0+", -1),
  endOffset: int64("0+", -1),
});

const leaderIdAndEpoch = struct({
  leaderId: int32("0+", -1),
  leaderEpoch: int32("0+", -1),
});

const snapshotId = struct({
  endOffset: int64("0+", -1),
  epoch: int32("0+", -1),
});

const abortedTransaction = struct({
  producerId: int64(),
  firstOffset: int64(),
});

const partitionData = struct({
  partitionIndex: int32(),
  errorCode: int16(),
  highWatermark: int64(),
  lastStableOffset: int64("4+", -1).ignorable(),
  logStartOffset: int64("5+", -1).ignorable(),
  divergingEpoch: nested(epochEndOffset, "12+").tag(0),
  currentLeader: nested(leaderIdAndEpoch, "12+").tag(1),
  snapshotId: nested(snapshotId, "12+").tag(2),
  abortedTransactions: array(abortedTransaction, "4+").nullable().optional().ignorable(),
  preferredReadReplica: int32("11+", -1),
  records: records().nullable(),
});

const fetchableTopicResponse = struct({
  topic: string("0-12").ignorable(),
  topicId: uuid("13+").ignorable(),
  partitions: array(partitionData),
});

const nodeEndpoint = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string().nullable().default(null),
});

export const fetch = defineApi({
  key: 1,
  name: "Fetch",
  versions: "0-18",
  flexible: "12+",
  request: {
    clusterId: string("12+").nullable().default(null).tag(0).ignorable(),
    replicaId: int32("0-14", -1),
    replicaState: nested(replicaState, "15+").tag(1),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32("3+", 2147483647).ignorable(),
    isolationLevel: int8("4+", 0).ignorable(),
    sessionId: int32("7+", 0).ignorable(),
    sessionEpoch: int32("7+", -1).ignorable(),
    topics: array(fetchTopic),
    forgottenTopicsData: array(forgottenTopic, "7+").optional(),
    rackId: string("11+", "").ignorable(),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16("7+").ignorable(),
    sessionId: int32("7+", 0),
    responses: array(fetchableTopicResponse),
    nodeEndpoints: array(nodeEndpoint, "16+").tag(0),
  },
});
