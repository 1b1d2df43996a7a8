// Which brokers of worker threads have which partitions when another number of them is started. Moving a partition copies nothing, so that
// fewer threads take over what those that are gone had, and further ones get their part. Brokers that are no workers keep what they have.

import type { BrokerImage, Change, ClusterImage, TopicImage } from "./image.ts";
import type { PartitionImage } from "./partition-image.ts";

/** Workers that the cluster knows and that are not started any more. */
export function goneWorkers({ brokers, stoppedBrokers }: ClusterImage, startedIds: readonly number[]): number[] {
  const isGone = ({ id, isWorker = false }: BrokerImage) => isWorker && !startedIds.includes(id);
  return [...brokers.values(), ...stoppedBrokers.values()].filter(isGone).map(({ id }) => id);
}

/** Others have their partitions, and they are forgotten. @param startedIds at least one */
export function withoutWorkers(image: ClusterImage, goneIds: readonly number[], startedIds: readonly number[]): Change[] {
  if (goneIds.length === 0) return [];
  const changes: Change[] = [];
  const topics = [...image.topicsByName.values()];
  const all = new Loads(startedIds, topics);
  for (const topic of topics) {
    const loads = new Loads(startedIds, [topic], all);
    topic.partitions.forEach((partition, index) => {
      if (!partition.replicas.some((id) => goneIds.includes(id))) return;
      const replicas = replaced(partition.replicas, goneIds, loads);
      changes.push({ type: "partition", id: topic.id, index, partition: movedTo(replicas, partition) });
    });
  }
  return [...changes, ...goneIds.map((id): Change => ({ type: "brokerRemoved", id }))];
}

/**
 * Partitions of one replica go from the workers that have most of their topic to those that have fewest, and where that is the same for the
 * topic, from those that have most of all to those that have fewest.
 */
export function spreadOverWorkers(image: ClusterImage, workerIds: readonly number[]): Change[] {
  const changes: Change[] = [];
  const topics = [...image.topicsByName.values()];
  const all = new Loads(workerIds, topics);
  for (const topic of topics) {
    const loads = new Loads(workerIds, [topic], all);
    topic.partitions.forEach((partition, index) => {
      const [from] = partition.replicas;
      if (partition.replicas.length !== 1 || from === undefined || !workerIds.includes(from)) return;
      const to = loads.least([]);
      if (to === undefined) return;
      const more = loads.of(from) - loads.of(to);
      if (more < 1 || (more === 1 && all.of(from) - all.of(to) < 2)) return;
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

/** How many partitions of some topics each of some brokers has as its first replica. */
class Loads {
  readonly #counts: Map<number, number>;
  /** Of all topics, where these are some of them. */
  readonly #all: Loads | undefined;

  constructor(ids: readonly number[], topics: readonly TopicImage[], all?: Loads) {
    this.#counts = new Map(ids.map((id) => [id, 0]));
    for (const { partitions } of topics) for (const { replicas } of partitions) this.#add(replicas[0], 1);
    this.#all = all;
  }

  of(id: number): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Of those with the fewest, the one with the fewest of all. */
  least(without: readonly number[]): number | undefined {
    let least: number | undefined;
    for (const id of this.#counts.keys()) if (!without.includes(id) && (least === undefined || this.#isLess(id, least))) least = id;
    return least;
  }

  #isLess(one: number, other: number): boolean {
    const difference = this.of(one) - this.of(other);
    return difference < 0 || (difference === 0 && (this.#all?.of(one) ?? 0) < (this.#all?.of(other) ?? 0));
  }

  move(from: number | undefined, to: number): void {
    this.#add(from, -1);
    this.#add(to, 1);
    this.#all?.move(from, to);
  }

  #add(id: number | undefined, count: number): void {
    if (id !== undefined && this.#counts.has(id)) this.#counts.set(id, this.of(id) + count);
  }
}
