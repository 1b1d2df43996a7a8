// Who leads what when brokers come and go for whom the bytes are stored once: threads of a process (src/workers), machines of a cluster
// (src/membership). Any of them can lead any partition, whoever its replicas are, and moving one copies nothing. Pure: callers commit.
//
//   a broker goes     where a replica is there it leads, as on Kafka, in sync or not: all have the bytes. Where none is, a broker that is there
//                     takes the place of the one that led last: a partition has a leader for as long as any broker lives
//   a broker comes    it leads again what it is the preferred leader of, and gets of each topic, and then of all, as much as the others have:
//                     from those that have most, and no more than that takes. It is the first replica of what it gets; where it was no
//                     replica, it takes the place of one that is away, else of who gives. It is a replica in the place of who is away also of
//                     what it does not lead
//   it goes for good  others take its places, so that nothing waits for it
//
// So clients and tools see what Kafka has them see, but for this: lists of replicas change by themselves where Kafka would leave a partition
// without a leader, or a new broker without work. Factors stay, and what somebody assigned stays where it is even.

import { applyChanges, type BrokerImage, type Change, type ClusterImage, type TopicImage } from "./image.ts";
import type { PartitionChange } from "./leader-election.ts";
import type { PartitionImage } from "./partition-image.ts";

/** Workers that the cluster knows and that are not started any more. */
export function goneWorkers({ brokers, stoppedBrokers }: ClusterImage, startedIds: readonly number[]): number[] {
  const isGone = ({ id, isWorker = false }: BrokerImage) => isWorker && !startedIds.includes(id);
  return [...brokers.values(), ...stoppedBrokers.values()].filter(isGone).map(({ id }) => id);
}

/** Others have their places, and they are forgotten. @param startedIds at least one */
export function withoutBrokers(image: ClusterImage, goneIds: readonly number[], startedIds: readonly number[]): Change[] {
  if (goneIds.length === 0) return [];
  const changes: Change[] = [];
  const all = new Counts(startedIds);
  for (const topic of image.topicsByName.values()) all.add(topic);
  for (const topic of image.topicsByName.values()) {
    const counts = new Counts(startedIds, all).add(topic);
    topic.partitions.forEach((partition, index) => {
      if (!partition.replicas.some((id) => goneIds.includes(id))) return;
      const replicas = replaced(partition.replicas, goneIds, counts);
      const stays = replicas.includes(partition.leader);
      const leader = stays ? partition.leader : (replicas[0] ?? -1);
      const leaderEpoch = stays ? partition.leaderEpoch : partition.leaderEpoch + 1;
      changes.push({ type: "partition", id: topic.id, index, partition: { leader, leaderEpoch, replicas, inSyncReplicas: replicas } });
    });
  }
  return [...changes, ...goneIds.map((id): Change => ({ type: "brokerRemoved", id }))];
}

/** Leaders for all that nobody leads, among the brokers that are there. */
export function newLeaders(image: ClusterImage): PartitionChange[] {
  const ids = [...image.brokers.keys()];
  if (ids.length === 0) return [];
  const all = new Counts(ids);
  for (const topic of image.topicsByName.values()) all.add(topic);
  const changes: PartitionChange[] = [];
  for (const topic of image.topicsByName.values()) {
    if (topic.partitions.every(({ leader }) => leader !== -1)) continue;
    const counts = new Counts(ids, all).add(topic);
    topic.partitions.forEach((partition, index) => {
      if (partition.leader !== -1) return;
      const replica = partition.replicas.find((id) => image.brokers.has(id));
      const leader = replica ?? counts.least(ids);
      if (leader === undefined) return;
      counts.move(-1, leader);
      const elected = replica === undefined ? ledInstead(partition, leader) : ledBy(partition, replica);
      changes.push({ type: "partition", id: topic.id, index, partition: elected });
    });
  }
  return changes;
}

/** What is to come to a broker that has come. */
export function partOf(image: ClusterImage, id: number): PartitionChange[] {
  const back = preferredBy(image, id);
  const byPartition = new Map(back.map((change) => [`${change.id} ${change.index}`, change]));
  const add = (changes: readonly PartitionChange[]): void => {
    for (const change of changes) byPartition.set(`${change.id} ${change.index}`, change);
  };
  add(fairParts(applyChanges(image, back), [...image.brokers.keys()], [id]));
  add(placesOfThoseAway(applyChanges(image, [...byPartition.values()]), id));
  return [...byPartition.values()];
}

/** Who is away may never come back under its id, and min.insync.replicas asks for how many are in sync. */
function placesOfThoseAway(image: ClusterImage, id: number): PartitionChange[] {
  return [...image.topicsByName.values()].flatMap((topic) =>
    topic.partitions.flatMap((partition, index): PartitionChange[] => {
      const { leader, replicas, inSyncReplicas } = partition;
      const away = replicas.find((replica) => !image.brokers.has(replica));
      if (away === undefined || leader === -1 || replicas.includes(id)) return [];
      const taken = {
        ...partition,
        replicas: replicas.map((each) => (each === away ? id : each)),
        inSyncReplicas: [...inSyncReplicas, id],
      };
      return [{ type: "partition", id: topic.id, index, partition: taken }];
    }),
  );
}

/**
 * Partitions go from the brokers that lead most of their topic to those that lead fewest, and where that is the same for the topic, from
 * those that lead most of all to those that lead fewest.
 *
 * @param toIds who may get some
 */
export function fairParts(image: ClusterImage, amongIds: readonly number[], toIds: readonly number[] = amongIds): PartitionChange[] {
  const all = new Counts(amongIds);
  for (const topic of image.topicsByName.values()) all.add(topic);
  return [...image.topicsByName.values()].flatMap((topic) => fairPartsOf(topic, { amongIds, toIds, all }));
}

interface Sharing {
  readonly amongIds: readonly number[];
  readonly toIds: readonly number[];
  readonly all: Counts;
}

function fairPartsOf(topic: TopicImage, { amongIds, toIds, all }: Sharing): PartitionChange[] {
  const counts = new Counts(amongIds, all).add(topic);
  const led = new Map<number, number[]>();
  const changes: PartitionChange[] = [];
  for (;;) {
    const from = counts.most(amongIds);
    const to = counts.least(toIds);
    if (from === undefined || to === undefined) return changes;
    const more = counts.of(from) - counts.of(to);
    if (more < 1 || (more === 1 && all.of(from) - all.of(to) < 2)) return changes;
    if (!led.has(from)) led.set(from, ledIndexes(topic, from, toIds));
    const index = led.get(from)?.pop();
    const partition = index === undefined ? undefined : topic.partitions[index];
    if (index === undefined || partition === undefined) return changes;
    counts.move(from, to);
    changes.push({ type: "partition", id: topic.id, index, partition: ledInstead(partition, to) });
  }
}

/** Which partitions it leads. Those that change no list of replicas come last, and go first. */
function ledIndexes({ partitions }: TopicImage, id: number, toIds: readonly number[]): number[] {
  const indexes: number[] = [];
  for (const [index, { leader }] of partitions.entries()) if (leader === id) indexes.push(index);
  const isReplica = (index: number) => partitions[index]?.replicas.some((replica) => replica !== id && toIds.includes(replica)) === true;
  return [...indexes.filter((index) => !isReplica(index)), ...indexes.filter(isReplica)];
}

/** As Kafka does it with auto.leader.rebalance.enable. */
function preferredBy(image: ClusterImage, id: number): PartitionChange[] {
  return [...image.topicsByName.values()].flatMap((topic) =>
    topic.partitions.flatMap((partition, index): PartitionChange[] => {
      if (partition.replicas[0] !== id || partition.leader === id) return [];
      return [{ type: "partition", id: topic.id, index, partition: ledBy(partition, id) }];
    }),
  );
}

/** By one of the replicas. Whoever is there has the bytes, and is in sync when it leads. */
function ledBy(partition: PartitionImage, id: number): PartitionImage {
  const inSyncReplicas = partition.replicas.filter((replica) => replica === id || partition.inSyncReplicas.includes(replica));
  // In sync was the last that led, and it is gone.
  return {
    ...partition,
    leader: id,
    leaderEpoch: partition.leaderEpoch + 1,
    inSyncReplicas: partition.leader === -1 ? [id] : inSyncReplicas,
  };
}

/** By that broker as the first replica; where it is none yet, in the place of one that is away, else of who leads or led last. */
function ledInstead({ leader, leaderEpoch, replicas, inSyncReplicas }: PartitionImage, id: number): PartitionImage {
  const away = replicas.find((replica) => !inSyncReplicas.includes(replica)) ?? leader;
  const gives = leader === -1 ? (inSyncReplicas[0] ?? replicas[0]) : away;
  const others = replicas.filter((replica) => replica !== id && (replicas.includes(id) || replica !== gives));
  const inSync = others.filter((replica) => inSyncReplicas.includes(replica));
  return { leader: id, leaderEpoch: leaderEpoch + 1, replicas: [id, ...others], inSyncReplicas: [id, ...inSync] };
}

function replaced(replicas: readonly number[], goneIds: readonly number[], counts: Counts): number[] {
  const left = replicas.filter((id) => !goneIds.includes(id));
  while (left.length < replicas.length) {
    const next = counts.least(counts.ids.filter((id) => !left.includes(id)));
    if (next === undefined) break;
    left.push(next);
    counts.move(-1, next);
  }
  return left;
}

/** How many partitions each of some brokers leads, of some topics and of all. */
class Counts {
  readonly ids: readonly number[];
  readonly #counts: Map<number, number>;
  /** Of all topics, where these are of one. */
  readonly #all: Counts | undefined;

  constructor(ids: readonly number[], all?: Counts) {
    this.ids = ids;
    this.#counts = new Map(ids.map((id) => [id, 0]));
    this.#all = all;
  }

  add({ partitions }: TopicImage): this {
    for (const { leader } of partitions) this.#change(leader, 1);
    return this;
  }

  of(id: number): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Of those of the ids with the fewest, the one with the fewest of all. */
  least(ids: readonly number[]): number | undefined {
    return this.#extreme(ids, -1);
  }

  most(ids: readonly number[]): number | undefined {
    return this.#extreme(ids, 1);
  }

  /** Others than the brokers counted may give or take. */
  move(from: number, to: number): void {
    this.#change(from, -1);
    this.#change(to, 1);
    this.#all?.move(from, to);
  }

  #extreme(ids: readonly number[], sign: 1 | -1): number | undefined {
    let found: number | undefined;
    for (const id of ids) if (found === undefined || sign * this.#difference(id, found) > 0) found = id;
    return found;
  }

  #difference(one: number, other: number): number {
    return this.of(one) - this.of(other) || (this.#all?.of(one) ?? 0) - (this.#all?.of(other) ?? 0);
  }

  #change(id: number, by: number): void {
    if (this.#counts.has(id)) this.#counts.set(id, this.of(id) + by);
  }
}
