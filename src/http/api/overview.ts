// The broker and its cluster in short, and what who asks may see: with what a page opens.

import { AclOperations } from "../../../protocol/acl-codes.ts";
import { VERSION } from "../../base/version.ts";
import { finalizedLevels } from "../../cluster/features.ts";
import type { Endpoint } from "../../cluster/image.ts";
import { OPERATIONS } from "../../security/permission.ts";
import type { BrokerView } from "../broker-view.ts";
import { type Asker, type Route, route } from "../route.ts";
import { valibot as v } from "../web-framework.ts";
import { mayDescribeCluster } from "./clients.ts";
import { kafkaApis } from "./kafka/kafka-apis.ts";
import { type Overview, overview } from "./shapes.ts";

export function overviewRoute(view: BrokerView): Route {
  return route({
    path: "/api/overview",
    summary: "The broker, its cluster, and who asks",
    query: v.object({}),
    answers: { 200: { is: "What there is.", type: "application/json", schema: overview } },
    answer: (asked) => Response.json(overviewFor(view, asked)),
  });
}

function overviewFor(view: BrokerView, asker: Asker): Overview {
  const { services, startedMs } = view;
  const { brokerId, cluster } = services;
  const { image } = cluster;
  const controllerId = Math.min(...image.brokers.keys());
  const topics = [...image.topicsByName.values()].filter(({ name }) => asker.access.permitsQuietly("DESCRIBE TOPIC", name));
  return {
    version: VERSION,
    clusterId: image.clusterId,
    brokerId,
    startedMs,
    nodeVersion: process.version,
    brokers: [...image.brokers.values()].map(({ id, rack, endpoints }) => ({
      ...{ id, rack, isController: id === controllerId },
      ...addressOf(endpoints, asker),
    })),
    me: meOf(view, asker),
    features: finalizedLevels(image.features).map(({ name, level }) => ({ name, level })),
    apis: kafkaApis(services).map(({ api, versions: { lowest, highest } }) => ({ name: api.name, key: api.key, lowest, highest })),
    topicCount: topics.length,
    partitionCount: topics.reduce((sum, { partitions }) => sum + partitions.length, 0),
    isTest: view.test() !== undefined,
    serves: [
      "rebalances",
      ...(mayDescribeCluster(asker) ? (["clients", "requests"] as const) : []),
      ...(mayDescribeCluster(asker) && view.test() !== undefined ? (["explain", "faults"] as const) : []),
    ],
  };
}

/** Of the listener through which it is asked, where that is one of Kafka's clients. */
function addressOf(endpoints: readonly Endpoint[], { peer }: Asker): { host: string; port: number; listener: string } {
  const { listener, host, port } = endpoints.find((each) => each.listener === peer.listenerName) ??
    endpoints[0] ?? { listener: "", host: "", port: 0 };
  return { listener, host: host ?? peer.localAddress, port };
}

function meOf({ services }: BrokerView, { principal, peer, access }: Asker): Overview["me"] {
  const bits = access.operationsOn("CLUSTER", "kafka-cluster");
  return {
    principal,
    remoteAddress: peer.remoteAddress,
    hasLoggedIn: peer.login !== undefined,
    areRulesInForce: services.authorizer !== undefined,
    clusterOperations: OPERATIONS.CLUSTER.filter((operation) => (bits & (1 << AclOperations[operation])) !== 0),
  };
}
