// Produce (key 0): appends record batches to partitions. With acks 0 there is no response at all, not even for an error.
// Version 3 adds the transactional id and allows record batches of format v2 only; 5 the log start offset; 7 zstd; 8 per-record errors
// and messages; 9 is flexible; 10 names the current leader and its address (KIP-951); 11 may answer TRANSACTION_ABORTABLE; 12 adds the
// partition to the transaction by itself (KIP-890); 13 names topics by id. Versions 0 to 2 are advertised for the sake of old
// librdkafka, which derives features from the range, and refused when used.

import { array, int16, int32, int64, nested, records, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";
import { ZERO_UUID } from "../schema/support.ts";

const partitionProduceData = struct({
  index: int32(),
  records: records().nullable(),
});

const topicProduceData = struct({
  name: string("0-12", "").ignorable(),
  topicId: uuid("13+", ZERO_UUID).ignorable(),
  partitionData: array(partitionProduceData),
});

const batchIndexAndErrorMessage = struct({
  batchIndex: int32(),
  batchIndexErrorMessage: string().nullable().default(null),
});

const leaderIdAndEpoch = struct({
  leaderId: int32("0+", -1),
  leaderEpoch: int32("0+", -1),
});

const partitionProduceResponse = struct({
  index: int32(),
  errorCode: int16(),
  baseOffset: int64(),
  logAppendTimeMs: int64("2+", -1).ignorable(),
  logStartOffset: int64("5+", -1).ignorable(),
  recordErrors: array(batchIndexAndErrorMessage, "8+").optional().ignorable(),
  errorMessage: string("8+").nullable().default(null).ignorable(),
  currentLeader: nested(leaderIdAndEpoch, "10+").tag(0),
});

const topicProduceResponse = struct({
  name: string("0-12").ignorable(),
  topicId: uuid("13+").ignorable(),
  partitionResponses: array(partitionProduceResponse),
});

const nodeEndpoint = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string().nullable().default(null),
});

export const produce = defineApi({
  key: 0,
  name: "Produce",
  versions: "0-13",
  flexible: "9+",
  request: {
    transactionalId: string("3+").nullable().default(null),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array(topicProduceData),
  },
  response: {
    responses: array(topicProduceResponse),
    throttleTimeMs: int32("1+", 0).ignorable(),
    nodeEndpoints: array(nodeEndpoint, "10+").tag(0),
  },
});
