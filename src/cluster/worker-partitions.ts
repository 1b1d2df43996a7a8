// Which brokers of worker threads have which partitions when another number of them is started. Moving a partition copies nothing, so that
// fewer threads take over what those that are gone had, and further ones get their part. Brokers that are no workers keep what they have.

import type { BrokerImage, Change, ClusterImage, PartitionImage, TopicImage } from "./image.ts";

/** Workers that the cluster knows and that are not started any more. */
export function goneWorkers({ brokers, stoppedBrokers }: ClusterImage, startedIds: readonly number[]): number[] {
  const isGone = ({ id, isWorker = false }: BrokerImage) => isWorker && !startedIds.includes(id);
  return [...brokers.values(), ...stoppedBrokers.values()].filter(isGone).map(({ id }) => id);
}

/** Others have their partitions, and they are forgotten. @param startedIds at least one */
export function withoutWorkers(image: ClusterImage, goneIds: readonly number[], startedIds: readonly number[]): Change[] {
  if (goneIds.length === 0) return [];
  const changes: Change[] = [];
  for (const topic of image.topicsByName.values()) {
    const loads = new Loads(startedIds, topic);
    topic.partitions.forEach((partition, index) => {
      if (!partition.replicas.some((id) => goneIds.includes(id))) return;
      const replicas = replaced(partition.replicas, goneIds, loads);
      changes.push({ type: "partition", id: topic.id, index, partition: movedTo(replicas, partition) });
    });
  }
  return [...changes, ...goneIds.map((id): Change => ({ type: "brokerRemoved", id }))];
}

/** In each topic, partitions of one replica go from the workers that lead most of them to those that lead fewest. */
export function spreadOverWorkers(image: ClusterImage, workerIds: readonly number[]): Change[] {
  const changes: Change[] = [];
  // Topics of few partitions would all come to lie on the same workers.
  let first = 0;
  for (const topic of image.topicsByName.values()) {
    const loads = new Loads([...workerIds.slice(first), ...workerIds.slice(0, first)], topic);
    first = (first + topic.partitions.length) % workerIds.length;
    topic.partitions.forEach((partition, index) => {
      const [from] = partition.replicas;
      if (partition.replicas.length !== 1 || from === undefined || !workerIds.includes(from)) return;
      const to = loads.least([]);
      if (to === undefined || loads.of(from) - loads.of(to) < 2) return;
      loads.move(from, to);
      changes.push({ type: "partition", id: topic.id, index, partition: movedTo([to], partition) });
    });
  }
  return changes;
}

function replaced(replicas: readonly number[], goneIds: readonly number[], loads: Loads): number[] {
  const left = replicas.filter((id) => !goneIds.includes(id));
  while (left.length < replicas.length) {
    const next = loads.least(left);
    if (next === undefined) break;
    left.push(next);
    loads.move(undefined, next);
  }
  return left;
}

/** Whoever is there has the bytes; the leader stays where it can. */
function movedTo(replicas: readonly number[], { leader, leaderEpoch }: PartitionImage): PartitionImage {
  const stays = replicas.includes(leader);
  return {
    leader: stays ? leader : (replicas[0] ?? -1),
    leaderEpoch: stays ? leaderEpoch : leaderEpoch + 1,
    replicas,
    inSyncReplicas: replicas,
  };
}

/** How many partitions of a topic each of some brokers has as its first replica. */
class Loads {
  readonly #counts: Map<number, number>;

  constructor(ids: readonly number[], { partitions }: TopicImage) {
    this.#counts = new Map(ids.map((id) => [id, 0]));
    for (const { replicas } of partitions) this.move(undefined, replicas[0]);
  }

  of(id: number): number {
    return this.#counts.get(id) ?? 0;
  }

  /** The first of those with the fewest. */
  least(without: readonly number[]): number | undefined {
    let least: number | undefined;
    for (const [id, count] of this.#counts) {
      if (!without.includes(id) && (least === undefined || count < this.of(least))) least = id;
    }
    return least;
  }

  move(from: number | undefined, to: number | undefined): void {
    if (from !== undefined && this.#counts.has(from)) this.#counts.set(from, this.of(from) - 1);
    if (to !== undefined && this.#counts.has(to)) this.#counts.set(to, this.of(to) + 1);
  }
}
