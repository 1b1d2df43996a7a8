// WriteTxnMarkers (key 27): the transaction coordinator tells leaders of partitions to write the marker that ends a transaction.
// Tools send it too, to end a transaction that hangs (KIP-664). Version 1 is flexible; 2 says which transaction protocol a marker obeys.

import { array, bool, int8, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const writableTxnMarkerTopic = struct({
  name: string(),
  partitionIndexes: array(int32()),
});

const writableTxnMarker = struct({
  producerId: int64(),
  producerEpoch: int16(),
  transactionResult: bool(),
  topics: array(writableTxnMarkerTopic),
  coordinatorEpoch: int32(),
  transactionVersion: int8("2+", 0).ignorable(),
});

const writableTxnMarkerPartitionResult = struct({
  partitionIndex: int32(),
  errorCode: int16(),
});

const writableTxnMarkerTopicResult = struct({
  name: string(),
  partitions: array(writableTxnMarkerPartitionResult),
});

const writableTxnMarkerResult = struct({
  producerId: int64(),
  topics: array(writableTxnMarkerTopicResult),
});

export const writeTxnMarkers = defineApi({
  key: 27,
  name: "WriteTxnMarkers",
  versions: "0-2",
  flexible: "1+",
  request: {
    markers: array(writableTxnMarker),
  },
  response: {
    markers: array(writableTxnMarkerResult),
  },
});
