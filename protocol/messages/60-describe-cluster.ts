// DescribeCluster (key 60): the brokers, the controller and the cluster id, without topics.
// Version 1 tells brokers from controllers as endpoints (KIP-919); 2 can include fenced brokers (KIP-1073).
// Endpoint types: 1 brokers, 2 controllers.

import { array, bool, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const describeClusterBroker = struct({
  brokerId: int32(),
  host: string(),
  port: int32(),
  rack: string().nullable().default(null),
  isFenced: bool("2+", false),
});

export const describeCluster = defineApi({
  key: 60,
  name: "DescribeCluster",
  versions: "0-2",
  flexible: "0+",
  request: {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8("1+", 1),
    includeFencedBrokers: bool("2+", false),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    endpointType: int8("1+", 1),
    clusterId: string(),
    controllerId: int32("0+", -1),
    brokers: array(describeClusterBroker),
    clusterAuthorizedOperations: int32("0+", -2147483648),
  },
});
