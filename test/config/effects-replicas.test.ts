// Settings of replicas, seen in a cluster of brokers in one process. A title begins with the settings that it is about.

import { expect, test } from "vitest";
import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

const records = buildBatch([{ key: null, value: Buffer.from("a") }], { timestamp: Date.now() }).bytes;

async function produceTo(port: number, acks: number): Promise<string> {
  const client = await RawClient.connect(port);
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  const answer = await client.call(messages.produce, 9, { acks, timeoutMs: 1000, topicData });
  client.close();
  return errorName(answer?.responses[0]?.partitionResponses[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR);
}

test("min.insync.replicas: acks=all is refused while fewer replicas are in sync, as far as there are any", async () => {
  await using cluster = await startCluster({ settings: { "min.insync.replicas": 2 }, topics: [{ name: "t", replicationFactor: 2 }] });
  const [leader = 0, follower = 0] = cluster.topics.get("t")?.partitions[0]?.replicas ?? [];
  const port = cluster.brokers.find(({ id }) => id === leader)?.port ?? 0;
  expect(await produceTo(port, -1)).toBe("NONE");
  await cluster.stopBroker(follower);
  expect(await produceTo(port, -1)).toBe("NOT_ENOUGH_REPLICAS");
  expect(await produceTo(port, 1)).toBe("NONE");
  await cluster.restartBroker(follower);
  expect(await produceTo(port, -1)).toBe("NONE");
  await cluster.topics.delete("t");
  await cluster.topics.create({ name: "t", replicationFactor: 1, configs: { "min.insync.replicas": "3" } });
  const alone = cluster.topics.get("t")?.partitions[0]?.leader;
  expect(await produceTo(cluster.brokers.find(({ id }) => id === alone)?.port ?? 0, -1)).toBe("NONE");
});

test("replica.selector.class: the leader sends a consumer to the replica in its rack, which serves it", async () => {
  const seen = async (settings: Readonly<Record<string, string>>) => {
    await using cluster = await startCluster({
      like: "kafka",
      racks: ["a", "b"],
      brokers: 2,
      settings,
      topics: [{ name: "t", replicationFactor: 2 }],
    });
    const [leader = 0] = cluster.topics.get("t")?.partitions[0]?.replicas ?? [];
    await cluster.produce("t", "x");
    const fetchFrom = async (id: number) => {
      const client = await RawClient.connect(cluster.brokers.find((broker) => broker.id === id)?.port ?? 0);
      const topics = [{ topic: "t", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
      const rackId = leader === 1 ? "b" : "a";
      const answer = await client.call(messages.fetch, 11, { maxWaitMs: 0, minBytes: 1, topics, rackId });
      client.close();
      const [partition] = answer?.responses[0]?.partitions ?? [];
      return {
        error: partition?.errorCode,
        bytes: Buffer.concat([partition?.records ?? []].flat()).length,
        preferred: partition?.preferredReadReplica,
      };
    };
    return [await fetchFrom(leader), await fetchFrom(3 - leader), 3 - leader] as const;
  };
  const [told, , follower] = await seen({ "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector" });
  expect(told).toEqual({ error: 0, bytes: 0, preferred: follower });
  const [kept, followed] = await seen({});
  expect(kept).toMatchObject({ error: 0, preferred: -1 });
  expect(kept.bytes).toBeGreaterThan(0);
  expect(followed.bytes).toBe(kept.bytes);
});
