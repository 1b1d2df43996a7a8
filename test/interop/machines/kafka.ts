// Apache Kafka's cluster for the scenario of machines: its nodes are stopped, killed and added; there is nothing to cut them off from.

import { startKafkaCluster } from "../cluster-kafka.ts";
import { BROKERS } from "../cluster-under-test.ts";
import type { Machines } from "./machines.ts";

export const KAFKA_PLACES = BROKERS.length + 1;

export async function startKafkaMachines(firstPort: number): Promise<Machines> {
  const cluster = await startKafkaCluster(firstPort);
  const idOf = (place: number): number => place + 1;
  let hasAdded = false;
  const none = (): never => {
    throw new Error("Apache Kafka's nodes have no services");
  };
  return {
    bootstrap: cluster.bootstrap,
    portOf: (place) => cluster.portOf(idOf(place)),
    running: () => cluster.ids().map((id) => id - 1),
    start: async (place) => {
      if (place < BROKERS.length || hasAdded) return cluster.restart(idOf(place));
      hasAdded = true;
      await cluster.add();
    },
    stop: (place) => cluster.stop(idOf(place)),
    kill: (place) => cluster.kill(idOf(place)),
    freeze: async () => none(),
    thaw: none,
    line: none,
    service: none,
    close: () => cluster.close(),
  };
}
