// What coordinators write respects min.insync.replicas: markers wait until there are enough, and commits are refused in the words of
// coordinators. A real client feels it.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { findCoordinator, offsetCommit } from "../../protocol/messages/index.ts";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import type { RunningBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { clusterWith, kafkaFor, producerFor } from "./clients.ts";

const OFFSETS = "__consumer_offsets";
const TWO_IN_SYNC = { "min.insync.replicas": "2" };

async function alterTopic(cluster: RunningBroker, name: string, configs: Readonly<Record<string, string>>): Promise<void> {
  const admin = kafkaFor(cluster).admin();
  await admin.connect();
  const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] });
  await admin.disconnect();
}

function partitionOf(cluster: RunningBroker, topic: string, index: number) {
  const partition = cluster.topics.get(topic)?.partitions[index];
  if (partition === undefined) throw new Error(`there is no partition ${topic}-${index}`);
  return partition;
}

test("a transaction's markers are written once enough replicas are in sync again, in topics and among offsets", async () => {
  const cluster = await clusterWith({
    brokers: 2,
    settings: { "transaction.state.log.min.isr": 1 },
    topics: [{ name: "orders", replicationFactor: 2, configs: TWO_IN_SYNC }],
  });
  const producer = await producerFor(cluster, { transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: "orders", messages: [{ value: "a" }] });
  await transaction.sendOffsets({ consumerGroupId: "g", topics: [{ topic: "orders", partitions: [{ partition: 0, offset: "1" }] }] });
  await alterTopic(cluster, OFFSETS, TWO_IN_SYNC);
  const { leader, replicas } = partitionOf(cluster, "orders", 0);
  const [follower = 0] = replicas.filter((id) => id !== leader);
  await cluster.stopBroker(follower);
  await transaction.commit();
  const markers = () => cluster.topics.partitions("orders").map(({ logEndOffset, lastStableOffset }) => [logEndOffset, lastStableOffset]);
  expect(markers()).toEqual([[1, 0]]);
  expect(await cluster.read("orders")).toEqual([]);
  expect((await cluster.groups.get("g")).offsets).toEqual([]);
  await cluster.restartBroker(follower);
  await cluster.until.records("orders", 1);
  await cluster.until.caughtUp("g");
  await cluster.until.idle();
  expect(markers()).toEqual([[2, 2]]);
});

test("a commit of offsets is refused as COORDINATOR_NOT_AVAILABLE while too few replicas are in sync", async () => {
  const cluster = await clusterWith({ brokers: 2, topics: ["orders"] });
  const finding = await RawClient.connect(cluster.port);
  await finding.call(findCoordinator, 2, { key: "g", keyType: 0 });
  finding.close();
  await alterTopic(cluster, OFFSETS, TWO_IN_SYNC);
  const count = cluster.topics.get(OFFSETS)?.partitions.length ?? 0;
  const { leader } = partitionOf(cluster, OFFSETS, partitionFor("g", count));
  const client = await RawClient.connect(cluster.brokers.find(({ id }) => id === leader)?.port ?? 0);
  const commit = async () => {
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: "" }];
    const request = { groupId: "g", generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "orders", partitions }] };
    return (await client.call(offsetCommit, 2, request))?.topics[0]?.partitions[0]?.errorCode;
  };
  const follower = 3 - leader;
  await cluster.stopBroker(follower);
  expect(await commit()).toBe(Errors.COORDINATOR_NOT_AVAILABLE);
  await cluster.restartBroker(follower);
  expect(await commit()).toBe(Errors.NONE);
  client.close();
});
