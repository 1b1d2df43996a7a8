// ReadShareGroupState (key 84): a leader of share partitions loads their state from the state coordinator (KIP-932).
// Delivery states: 0 available, 2 acknowledged, 4 archived. There is only version 0, which is flexible.

import { array, int8, int16, int32, int64, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const partitionData = struct({
  partition: int32(),
  leaderEpoch: int32(),
});

const readStateData = struct({
  topicId: uuid(),
  partitions: array(partitionData),
});

const stateBatch = struct({
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
});

const partitionResult = struct({
  partition: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  stateEpoch: int32(),
  startOffset: int64(),
  stateBatches: array(stateBatch),
});

const readStateResult = struct({
  topicId: uuid(),
  partitions: array(partitionResult),
});

export const readShareGroupState = defineApi({
  key: 84,
  name: "ReadShareGroupState",
  versions: "0",
  flexible: "0+",
  request: {
    groupId: string(),
    topics: array(readStateData),
  },
  response: {
    results: array(readStateResult),
  },
});
