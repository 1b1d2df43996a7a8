// DescribeCluster (key 60, KIP-700). Version 1 tells brokers from controllers (KIP-919); a broker answers for brokers only.

import { Errors } from "../../protocol/errors.ts";
import { describeCluster as describeClusterApi } from "../../protocol/messages/index.ts";
import { clusterOperations, OPERATIONS_NOT_ASKED } from "./authorized-operations.ts";
import { nodeFor } from "./endpoints.ts";
import { type ClientConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";

const BROKERS = 1;
const CONTROLLERS = 2;
const NO_CONTROLLER = -1;

export const describeCluster = serve(describeClusterApi, "0-2", ["DESCRIBE CLUSTER"], (services, request, context) => {
  if (request.endpointType !== BROKERS) {
    const refused = { clusterId: "", brokers: [], endpointType: BROKERS };
    if (request.endpointType === CONTROLLERS) {
      return {
        ...refused,
        errorCode: Errors.MISMATCHED_ENDPOINT_TYPE,
        errorMessage: "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
      };
    }
    return { ...refused, errorCode: Errors.UNSUPPORTED_ENDPOINT_TYPE, errorMessage: `Unsupported endpoint type ${request.endpointType}` };
  }
  return {
    errorCode: Errors.NONE,
    endpointType: BROKERS,
    clusterId: services.cluster.image.clusterId,
    controllerId: services.cluster.image.brokers.has(services.brokerId) ? services.brokerId : NO_CONTROLLER,
    brokers: brokersOf(services, request.includeFencedBrokers, context.connection),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations(context.access) : OPERATIONS_NOT_ASKED,
  };
});

/** Brokers that are stopped are what Kafka calls fenced (KIP-1073). */
function brokersOf({ cluster }: Services, includesFenced: boolean, connection: ClientConnection) {
  const { brokers, stoppedBrokers } = cluster.image;
  const told = [...brokers.values(), ...(includesFenced ? stoppedBrokers.values() : [])].sort((a, b) => a.id - b.id);
  return told.flatMap((broker) => {
    const node = nodeFor(broker, connection);
    if (node === undefined) return [];
    const { nodeId, host, port, rack } = node;
    return [{ brokerId: nodeId, host, port, rack, isFenced: !brokers.has(nodeId) }];
  });
}
