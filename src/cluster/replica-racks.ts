// The racks in which a partition has replicas. Brokers that are not there for now count: where a replica is does not change with that.

import type { ClusterImage } from "./image.ts";

type Brokers = Pick<ClusterImage, "brokers" | "stoppedBrokers">;

const NOWHERE: readonly string[] = [];

/** `null`: the broker is not known, or says nothing of its rack. */
export function rackOf({ brokers, stoppedBrokers }: Brokers, brokerId: number): string | null {
  return (brokers.get(brokerId) ?? stoppedBrokers.get(brokerId))?.rack ?? null;
}

/** One for each replica whose rack is known, in the order of their names: Kafka, too, counts a rack as often as it has a replica. */
export function replicaRacks(image: Brokers, replicas: readonly number[]): readonly string[] {
  const racks = replicas.map((id) => rackOf(image, id)).filter((rack) => rack !== null);
  return racks.length === 0 ? NOWHERE : racks.sort();
}
