// Kafka's coordinators come to know of topics some time after other parts of the broker, each partition of __consumer_offsets for itself: a
// group of each is asked what it would have of a topic, until that is as it should be.

import { setTimeout as delay } from "node:timers/promises";
import {
  consumerGroupHeartbeat,
  createTopics,
  describeShareGroupOffsets,
  offsetFetch,
  shareGroupHeartbeat,
} from "../../protocol/messages/index.ts";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import type { RawClient } from "../support/raw-client.ts";

const PARTITION_COUNT = 4;
const PAUSE_MS = 10;
const ATTEMPTS = 1000;
/** So many that every partition of the topic of states has some of theirs. */
const SHARED_COUNT = 32;

/** A group for each partition. */
const GROUPS: readonly string[] = Array.from({ length: PARTITION_COUNT }, (_, partition) => {
  for (let suffix = 0; ; suffix++) if (partitionFor(`view-${suffix}`, PARTITION_COUNT) === partition) return `view-${suffix}`;
});

export async function untilLoaded(client: RawClient): Promise<void> {
  for (const groupId of GROUPS) {
    await until(async () => (await client.call(offsetFetch, 7, { groupId, topics: null, requireStable: false }))?.errorCode === 0);
  }
}

/** 0: the topic is gone. Gives up at once where nobody speaks the consumer protocol. */
export async function untilSeen(client: RawClient, topic: string, partitionCount: number): Promise<void> {
  for (const groupId of GROUPS) await until(async () => [partitionCount, undefined].includes(await seenBy(client, groupId, topic)));
}

/** The topic of share states is made when the first is asked for, and takes its time. */
export async function untilSharing(client: RawClient): Promise<void> {
  const name = "view-of-shares";
  const topics = [{ name, numPartitions: SHARED_COUNT, replicationFactor: 1, assignments: [], configs: [] }];
  await client.call(createTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false });
  const member = { groupId: name, memberId: name };
  await until(async () => {
    const epoch = { memberEpoch: 0, subscribedTopicNames: [name] };
    await client.call(shareGroupHeartbeat, 1, { ...member, ...epoch });
    const described = await client.call(describeShareGroupOffsets, 1, { groups: [{ groupId: name, topics: null }] });
    return described?.groups[0]?.topics[0]?.partitions.length === SHARED_COUNT;
  });
}

async function seenBy(client: RawClient, groupId: string, topic: string): Promise<number | undefined> {
  const member = { groupId, memberId: topic };
  const joined = await client.call(consumerGroupHeartbeat, 1, {
    ...member,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
  });
  await client.call(consumerGroupHeartbeat, 1, { ...member, memberEpoch: -1 });
  if (joined?.errorCode === UNSUPPORTED_VERSION) return undefined;
  return joined?.assignment?.topicPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0) ?? -1;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await isSo()) return;
    await delay(PAUSE_MS);
  }
  throw new Error("the coordinator does not come to know what others know");
}

const UNSUPPORTED_VERSION = 35;
