// The addresses that clients are told.
//
// That is what advertised.listeners says, or else the host that the listener was given, as Kafka has it: clients that came to "localhost"
// find the broker that they know in the metadata. Where the listener is open on every interface, it is the local address of the very
// socket that the client uses: whatever it reached us at, it can reach again. An IPv6 loopback client is then told "localhost".

import type { BrokerImage, ClusterImage } from "../cluster/image.ts";
import type { ClientConnection } from "./handler.ts";

export interface NodeAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Brokers that have the listener on which the client came, by id. */
export function nodesFor(image: ClusterImage, connection: ClientConnection): NodeAddress[] {
  const nodes: NodeAddress[] = [];
  for (const broker of image.brokers.values()) {
    const node = nodeFor(broker, connection);
    if (node !== undefined) nodes.push(node);
  }
  return nodes.sort((a, b) => a.nodeId - b.nodeId);
}

export function nodeFor(broker: BrokerImage, connection: ClientConnection): NodeAddress | undefined {
  const endpoint = broker.endpoints.find(({ listener }) => listener === connection.listenerName);
  if (endpoint === undefined) return undefined;
  return { nodeId: broker.id, host: endpoint.host ?? reachedAt(connection), port: endpoint.port, rack: broker.rack };
}

function reachedAt({ localAddress }: ClientConnection): string {
  return localAddress === "::1" ? "localhost" : localAddress;
}
