// WriteShareGroupState (key 85): a leader of share partitions stores what changed in their state (KIP-932).
// Version 1 adds the number of records whose delivery is complete (KIP-1226).

import { array, int8, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const stateBatch = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
});

const partitionData = struct({
  partition: int32(),
  stateEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32("1+", -1).ignorable(),
  stateBatches: array(stateBatch),
});

const writeStateData = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const partitionResult = struct({
  partition: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const writeStateResult = struct({
  topicId: uuid(),
  partitions: array(partitionResult),
});

export const writeShareGroupState = defineApi({
  key: 85,
  name: "WriteShareGroupState",
  versions: "0-1",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(writeStateData),
  },
  response: {
    results: array(writeStateResult),
  },
});
