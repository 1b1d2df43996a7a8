// ElectLeaders (key 43): elects leaders of partitions, of all when the list is null.
// Version 0 knows the preferred leader only; 1 also an unclean election, and adds an error for the whole answer (KIP-460); 2 is flexible.
// Election types: 0 preferred, 1 unclean.

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const topicPartitions = struct({
  topic: string(),
  partitions: array(int32()),
});

const partitionResult = struct({
  partitionId: int32(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

const replicaElectionResult = struct({
  topic: string(),
  partitionResult: array(partitionResult),
});

export const electLeaders = defineApi({
  key: 43,
  name: "ElectLeaders",
  versions: "0-2",
  flexible: "2+",
  request: {
    electionType: int8("1+", 0),
    topicPartitions: array(topicPartitions).nullable(),
    timeoutMs: int32("0+", 60000),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16("1+"),
    replicaElectionResults: array(replicaElectionResult),
  },
});
