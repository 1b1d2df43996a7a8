// The throttles of `kafka-reassign-partitions`: settings of brokers and topics that it writes when it begins and removes when all is done.

import { alterResource, ConfigOperation, ResourceType } from "../../client/admin/configs.ts";
import type { OngoingReassignment } from "../../client/admin/leaders.ts";
import type { Brokers } from "../../client/brokers.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { ANY_DIRECTORY, type WantedReplicas } from "./reassignment-file.ts";
import type { Io } from "./tool.ts";

const BETWEEN_BROKERS = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];
const BETWEEN_DIRECTORIES = "replica.alter.log.dirs.io.max.bytes.per.second";
const LEADERS = "leader.replication.throttled.replicas";
const FOLLOWERS = "follower.replication.throttled.replicas";

interface Move extends TopicPartition {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
}

export interface Throttling {
  readonly wanted: readonly WantedReplicas[];
  /** By partition. */
  readonly current: ReadonlyMap<string, { readonly replicas: readonly number[] }>;
  readonly ongoing: readonly OngoingReassignment[];
}

/** Bytes a second, of what goes from broker to broker. */
export async function throttleBrokers(brokers: Brokers, rate: number, { wanted, current, ongoing }: Throttling): Promise<void> {
  const going = new Map(ongoing.map((one) => [nameOf(one), one]));
  const moves = wanted.map(({ topic, partition, replicas }): Move => {
    const name = nameOf({ topic, partition });
    const adding = going.get(name)?.adding ?? [];
    const sources = (going.get(name)?.replicas ?? current.get(name)?.replicas ?? []).filter((id) => !adding.includes(id));
    return { topic, partition, sources, destinations: replicas.filter((id) => !sources.includes(id)) };
  });
  for (const [name, ofTopic] of Map.groupBy(moves, ({ topic }) => topic)) {
    const listed = (ids: (move: Move) => readonly number[]) =>
      ofTopic
        .flatMap((move) => ids(move).map((id) => `${move.partition}:${id}`))
        .sort()
        .join(",");
    const values = [
      [LEADERS, listed(({ sources }) => sources)],
      [FOLLOWERS, listed(({ destinations }) => destinations)],
    ] as const;
    await set(brokers, { type: ResourceType.TOPIC, name }, values);
  }
  const ids = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]));
  for (const id of [...ids].sort((one, other) => one - other))
    await set(
      brokers,
      { type: ResourceType.BROKER, name: `${id}` },
      BETWEEN_BROKERS.map((name) => [name, `${rate}`] as const),
    );
}

/** Bytes a second, of what goes from folder to folder of one broker. */
export async function throttleDirectories(brokers: Brokers, rate: number, wanted: readonly WantedReplicas[]): Promise<void> {
  const ids = wanted.flatMap(({ replicas, directories }) => replicas.filter((_, index) => directories[index] !== ANY_DIRECTORY));
  for (const id of new Set(ids)) await set(brokers, { type: ResourceType.BROKER, name: `${id}` }, [[BETWEEN_DIRECTORIES, `${rate}`]]);
}

export async function clearThrottles(brokers: Brokers, partitions: readonly TopicPartition[], io: Io): Promise<void> {
  const ids = (await brokers.all()).map(({ id }) => id);
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  io.out(`Clearing broker-level throttles on broker${ids.length > 1 ? "s" : ""} ${ids.join(",")}`);
  for (const id of ids) await clear(brokers, { type: ResourceType.BROKER, name: `${id}` }, [...BETWEEN_BROKERS, BETWEEN_DIRECTORIES]);
  io.out(`Clearing topic-level throttles on topic${topics.length > 1 ? "s" : ""} ${topics.join(",")}`);
  for (const name of topics) await clear(brokers, { type: ResourceType.TOPIC, name }, [LEADERS, FOLLOWERS]);
}

type Resource = Parameters<typeof alterResource>[1];

function set(brokers: Brokers, resource: Resource, values: readonly (readonly [name: string, value: string])[]): Promise<void> {
  return alterResource(
    brokers,
    resource,
    values.map(([name, value]) => ({ name, operation: ConfigOperation.SET, value })),
  );
}

function clear(brokers: Brokers, resource: Resource, names: readonly string[]): Promise<void> {
  return alterResource(
    brokers,
    resource,
    names.map((name) => ({ name, operation: ConfigOperation.DELETE, value: "" })),
  );
}
