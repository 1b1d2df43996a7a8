// A broker's first transaction: it registers, with its endpoints. The first broker of a cluster also lays down what holds from then on.
// Where nobody leads and the topic allows an unclean election, a replica that comes leads; on machines of a cluster, any broker.

import type { BrokerConfig } from "../config/broker-config.ts";
import { MIN_IN_SYNC_REPLICAS } from "../config/setting.ts";
import type { Cluster } from "./cluster.ts";
import { withNewFeatures } from "./features.ts";
import { applyChanges, type BrokerImage, type Change, type Endpoint, latestEpoch } from "./image.ts";
import { newLeaders } from "./leaderships.ts";
import { ALL_BROKERS } from "./settings-resource.ts";
import { uncleanElections } from "./unclean-elections.ts";

export async function joinCluster(cluster: Cluster, broker: Omit<BrokerImage, "epoch">, config: BrokerConfig): Promise<void> {
  await cluster.transact((image) => {
    const features = withNewFeatures(image.features);
    const changes: Change[] = image.features === undefined ? firstChanges(config) : [];
    if (features !== image.features) changes.push({ type: "features", ...features });
    changes.push({ type: "broker", ...broker, epoch: latestEpoch(image) + 1 });
    const joined = applyChanges(image, changes);
    const elections = broker.incarnation === undefined ? uncleanElections(joined, config) : newLeaders(joined);
    return { changes: [...changes, ...elections], result: undefined };
  });
}

/** The broker listens elsewhere now. A broker that the cluster does not know is passed over. */
export async function tellEndpoints(cluster: Cluster, id: number, endpoints: readonly Endpoint[]): Promise<void> {
  await cluster.transact(({ brokers, stoppedBrokers }) => {
    const isKnown = brokers.has(id) || stoppedBrokers.has(id);
    return { changes: isKnown ? [{ type: "brokerEndpoints", id, endpoints }] : [], result: undefined };
  });
}

/** With eligible leader replicas (KIP-966) all brokers of a cluster must agree on this one, so Kafka sets it for all. */
function firstChanges(config: BrokerConfig): Change[] {
  const values = { [MIN_IN_SYNC_REPLICAS]: String(config[MIN_IN_SYNC_REPLICAS]) };
  return [{ type: "settings", kind: "broker", name: ALL_BROKERS, values }];
}
