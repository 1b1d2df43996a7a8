// How the leader of a classic group shares out partitions, by the names under which Kafka's consumers know the ways. Pure functions: the
// members with what they want, the topics with their numbers of partitions; out comes what each member reads.

import { comparePartitions, nameOf, type TopicPartition } from "./topic-partition.ts";

export interface Subscriber {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  /** What it still reads; for cooperative assignors. */
  readonly owned: readonly TopicPartition[];
}

export interface AssignmentTask {
  readonly subscribers: readonly Subscriber[];
  /** By topic; what is missing does not exist. */
  readonly partitionCounts: ReadonlyMap<string, number>;
}

/** By member id; every subscriber has an entry. */
export type Assignments = ReadonlyMap<string, readonly TopicPartition[]>;
export type Assignor = (task: AssignmentTask) => Assignments;

/** In the order in which a member of ours prefers them, which is that of Kafka's consumers. */
export const ASSIGNORS = {
  range: assignRanges,
  "cooperative-sticky": assignCooperatively,
  roundrobin: assignInTurn,
} as const satisfies { readonly [name: string]: Assignor };
export type AssignorName = keyof typeof ASSIGNORS;

export function isAssignorName(name: string): name is AssignorName {
  return Object.hasOwn(ASSIGNORS, name);
}

/** Each topic by itself, in ranges; the first members get one more where it does not come out even. */
export function assignRanges({ subscribers, partitionCounts }: AssignmentTask): Assignments {
  const assignments = emptyFor(subscribers);
  for (const [topic, count] of partitionCounts) {
    const readers = sorted(subscribers.filter(({ topics }) => topics.includes(topic)));
    const each = Math.floor(count / readers.length);
    const more = count % readers.length;
    let next = 0;
    for (const [index, { memberId }] of readers.entries()) {
      const end = next + each + (index < more ? 1 : 0);
      for (; next < end; next++) assignments.get(memberId)?.push({ topic, partition: next });
    }
  }
  return assignments;
}

/** All partitions in a row, given to the members in turn; who does not want a topic is passed over. */
export function assignInTurn({ subscribers, partitionCounts }: AssignmentTask): Assignments {
  const assignments = emptyFor(subscribers);
  const readers = sorted(subscribers);
  let turn = 0;
  for (const partition of allPartitions(partitionCounts)) {
    if (!readers.some(({ topics }) => topics.includes(partition.topic))) continue;
    while (!readers[turn % readers.length]?.topics.includes(partition.topic)) turn++;
    assignments.get(readers[turn % readers.length]?.memberId ?? "")?.push(partition);
    turn++;
  }
  return assignments;
}

/**
 * Members keep what they have as far as the loads stay even. What goes from one to another is given to nobody yet: its owner gives it up
 * first and rejoins, which begins the round in which it is given away (KIP-429).
 */
export function assignCooperatively(task: AssignmentTask): Assignments {
  const target = assignSticky(task);
  const owners = new Map(task.subscribers.flatMap(({ memberId, owned }) => owned.map((partition) => [nameOf(partition), memberId])));
  return new Map(
    [...target].map(([memberId, partitions]) => [
      memberId,
      partitions.filter((partition) => (owners.get(nameOf(partition)) ?? memberId) === memberId),
    ]),
  );
}

function assignSticky({ subscribers, partitionCounts }: AssignmentTask): Assignments {
  const assignments = emptyFor(subscribers);
  const loadOf = (memberId: string) => assignments.get(memberId)?.length ?? 0;
  const wanting = (topic: string) => subscribers.filter(({ topics }) => topics.includes(topic));
  const given = new Set<string>();
  for (const { memberId, topics, owned } of subscribers) {
    const kept = owned.filter((one) => topics.includes(one.topic) && one.partition < (partitionCounts.get(one.topic) ?? 0));
    for (const partition of kept.filter((one) => !given.has(nameOf(one)))) {
      given.add(nameOf(partition));
      assignments.get(memberId)?.push(partition);
    }
  }
  const lightest = (topic: string) => wanting(topic).toSorted((one, other) => loadOf(one.memberId) - loadOf(other.memberId))[0];
  for (const partition of allPartitions(partitionCounts))
    if (!given.has(nameOf(partition))) assignments.get(lightest(partition.topic)?.memberId ?? "")?.push(partition);
  // Every move makes the loads more even, so this ends.
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const [memberId, partitions] of assignments) {
      for (const partition of [...partitions]) {
        const other = lightest(partition.topic)?.memberId ?? memberId;
        if (partitions.length - loadOf(other) < 2) continue;
        partitions.splice(partitions.indexOf(partition), 1);
        assignments.get(other)?.push(partition);
        hasMoved = true;
      }
    }
  }
  return assignments;
}

function emptyFor(subscribers: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(subscribers.map(({ memberId }) => [memberId, []]));
}

function allPartitions(partitionCounts: ReadonlyMap<string, number>): TopicPartition[] {
  const all = [...partitionCounts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })));
  return all.sort(comparePartitions);
}

/** Static members first, by their instance ids, then the others by member id. */
function sorted(subscribers: readonly Subscriber[]): Subscriber[] {
  return subscribers.toSorted((one, other) => {
    if ((one.instanceId === null) !== (other.instanceId === null)) return one.instanceId === null ? 1 : -1;
    const [first, second] = [one.instanceId ?? one.memberId, other.instanceId ?? other.memberId];
    return first === second ? 0 : first < second ? -1 : 1;
  });
}
