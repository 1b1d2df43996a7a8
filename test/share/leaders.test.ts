// Share partitions whose leader changes: who waits hears of it, and the next leader goes on from what was stored.

import { afterEach, beforeEach, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { findCoordinator, initializeShareGroupState, metadata, shareAcknowledge, shareFetch } from "../../protocol/messages/index.ts";
import { startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

const TOPIC = "t";
const GROUP = "g";
/** What a key of a coordinator is of. */
const SHARE_STATE = 2;

let cluster: Awaited<ReturnType<typeof startCluster>>;
let topicId: string;
const clients: RawClient[] = [];

beforeEach(async () => {
  cluster = await startCluster({ brokers: 2, topics: [{ name: TOPIC, partitions: 1, replicationFactor: 2 }] });
  const known = await (await clientOf(await leader())).call(metadata, 12, { topics: [{ name: TOPIC }], allowAutoTopicCreation: false });
  topicId = known?.topics[0]?.topicId ?? "";
  await expect.poll(initialized, { timeout: 8000 }).toBe(Errors.NONE);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await cluster.stop();
});

/** By the broker that keeps it. */
async function initialized(): Promise<number | undefined> {
  const client = await clientOf(await leader());
  const found = await client.call(findCoordinator, 6, { keyType: SHARE_STATE, coordinatorKeys: [`${GROUP}:${topicId}:0`] });
  const coordinator = found?.coordinators[0]?.nodeId ?? -1;
  if (coordinator === -1) return undefined;
  const topics = [{ topicId, partitions: [{ partition: 0, stateEpoch: 0, startOffset: 0 }] }];
  const answer = await (await clientOf(coordinator)).call(initializeShareGroupState, 0, { groupId: GROUP, topics });
  return answer?.results[0]?.partitions[0]?.errorCode;
}

async function clientOf(broker: number): Promise<RawClient> {
  const client = await RawClient.connect(cluster.brokers.find(({ id }) => id === broker)?.port ?? 0);
  clients.push(client);
  return client;
}

async function leader(): Promise<number> {
  return cluster.topics.get(TOPIC)?.partitions[0]?.leader ?? -1;
}

function fetchBy(client: RawClient, memberId: string, epoch: number, maxWaitMs = 20_000) {
  const partitions = [{ partitionIndex: 0, acknowledgementBatches: [] }];
  return client.call(shareFetch, 2, {
    ...{ groupId: GROUP, memberId, shareSessionEpoch: epoch, maxWaitMs, minBytes: 1, maxBytes: 10_000, maxRecords: 10, batchSize: 10 },
    topics: epoch === 0 ? [{ topicId, partitions }] : [],
    forgottenTopicsData: [],
  });
}

function acknowledgeBy(client: RawClient, memberId: string, epoch: number, firstOffset: number, lastOffset: number) {
  const acknowledgementBatches = [{ firstOffset, lastOffset, acknowledgeTypes: [1] }];
  const topics = [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }];
  return client.call(shareAcknowledge, 2, { groupId: GROUP, memberId, shareSessionEpoch: epoch, topics });
}

test("who waits for records is sent to the next leader, which goes on from what was stored", async () => {
  const first = await leader();
  const client = await clientOf(first);
  await cluster.produce(TOPIC, [{ value: "a" }, { value: "b" }, { value: "c" }]);
  const acquired = await fetchBy(client, "m", 0);
  expect(acquired?.responses[0]?.partitions[0]?.acquiredRecords).toMatchObject([{ firstOffset: 0, lastOffset: 2, deliveryCount: 1 }]);
  expect((await acknowledgeBy(client, "m", 1, 1, 1))?.responses[0]?.partitions[0]?.errorCode).toBe(Errors.NONE);
  const waiting = fetchBy(client, "m", 2);
  const next = await cluster.faults.moveLeader(TOPIC, 0);
  const moved = await waiting;
  const told = moved?.responses[0]?.partitions[0];
  expect(told).toMatchObject({ errorCode: Errors.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: next } });
  expect(moved?.nodeEndpoints).toMatchObject([{ nodeId: next, port: cluster.brokers.find(({ id }) => id === next)?.port }]);
  const late = await acknowledgeBy(client, "m", 3, 0, 0);
  expect(late?.responses[0]?.partitions[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  const again = await fetchBy(await clientOf(next), "n", 0);
  expect(again?.responses[0]?.partitions[0]?.acquiredRecords).toMatchObject([
    { firstOffset: 0, lastOffset: 0, deliveryCount: 1 },
    { firstOffset: 2, lastOffset: 2, deliveryCount: 1 },
  ]);
});
