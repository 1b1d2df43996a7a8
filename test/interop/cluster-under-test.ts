// A cluster as its scenario sees it: three brokers with ids 1 to 3 in racks r1 to r3, which are stopped, killed and started again while
// clients run, and a fourth that is added. Here the one of Odradek, in this process; see cluster-kafka.ts for Apache Kafka's.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../src/index.ts";

export interface ClusterUnderTest {
  /** Of the three brokers that it began with. */
  readonly bootstrap: string;
  /** As many brokers may be away at a time for it to recover. */
  readonly mostDown: number;
  /** Of those that run. */
  ids(): readonly number[];
  portOf(id: number): number;
  stop(id: number): Promise<void>;
  kill(id: number): Promise<void>;
  restart(id: number): Promise<void>;
  /** Gives the id of the new broker. */
  add(): Promise<number>;
  close(): Promise<void>;
}

export const BROKERS = [1, 2, 3];
export const rackOf = (id: number): string => `r${id}`;

/** What both clusters have set. */
export const CLUSTER_SETTINGS = {
  "min.insync.replicas": "2",
  "offsets.topic.num.partitions": "5",
  "transaction.state.log.num.partitions": "5",
  "transaction.state.log.min.isr": "2",
  "group.initial.rebalance.delay.ms": "0",
  "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
  "auto.create.topics.enable": "false",
  // So that logs go from one broker to another between two of them.
  "log.flush.offset.checkpoint.interval.ms": "1000",
} as const;

/** With its data on disk or in memory. */
export async function startOdradekCluster({ isOnDisk }: { readonly isOnDisk: boolean }): Promise<ClusterUnderTest> {
  const data = isOnDisk ? mkdtempSync(join(tmpdir(), "odradek-cluster-")) : "memory";
  const cluster = await startCluster({ brokers: BROKERS.map((id) => ({ id, rack: rackOf(id) })), data, settings: CLUSTER_SETTINGS });
  return {
    bootstrap: cluster.bootstrapServers,
    mostDown: 2,
    ids: () => cluster.brokers.map(({ id }) => id),
    portOf: (id) => cluster.brokers.find((broker) => broker.id === id)?.port ?? 0,
    stop: (id) => cluster.stopBroker(id),
    kill: (id) => cluster.killBroker(id),
    restart: (id) => cluster.restartBroker(id),
    add: async () => (await cluster.addBroker({ rack: rackOf(BROKERS.length + 1) })).id,
    close: async () => {
      await cluster.stop();
      if (isOnDisk) rmSync(data, { recursive: true, force: true });
    },
  };
}
