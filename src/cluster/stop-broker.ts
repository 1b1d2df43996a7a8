// A broker is not there any more: its partitions get other leaders where replicas are in sync, and where none is and the topic allows
// an unclean election, any replica that is there. That loses nothing here, because the bytes are stored once.

import type { BrokerConfig } from "../config/broker-config.ts";
import type { Cluster } from "./cluster.ts";
import { applyChanges, type Change, latestEpoch } from "./image.ts";
import { uncleanElections } from "./unclean-elections.ts";

export function stopBroker(cluster: Cluster, id: number, config: BrokerConfig): Promise<void> {
  return stopBrokers(cluster, [id], config);
}

/** Several at once: none of them leads in between what another of them led. */
export function stopBrokers(cluster: Cluster, ids: readonly number[], config: BrokerConfig): Promise<void> {
  return cluster.transact((image) => {
    const stopped = ids.filter((id) => image.brokers.has(id)).map((id): Change => ({ type: "brokerStopped", id }));
    if (stopped.length === 0) return { changes: [], result: undefined };
    return { changes: [...stopped, ...uncleanElections(applyChanges(image, stopped), config)], result: undefined };
  });
}

/** A broker that was taken for gone while it ran is there again. */
export function returnBroker(cluster: Cluster, id: number): Promise<void> {
  return cluster.transact((image) => {
    const broker = image.stoppedBrokers.get(id);
    if (broker === undefined) return { changes: [], result: undefined };
    return { changes: [{ type: "broker", ...broker, epoch: latestEpoch(image) + 1 }], result: undefined };
  });
}
