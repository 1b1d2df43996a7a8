// What a broker tells of its clients over HTTP beyond what Kafka's protocol does.

import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiVersions, consumerGroupHeartbeat, describeGroups, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { askApi } from "./api-client.ts";

let broker: RunningBroker;
let url: string;
let kafka: Kafka;
beforeAll(async () => {
  broker = await startBroker({ topics: ["orders"] });
  url = broker.httpUrl ?? "";
  kafka = new Kafka({ clientId: "shop", brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => broker.stop());

test("clients are told with what they are, what they ask for, and what errors they are told", async () => {
  const client = await RawClient.connect(broker.port);
  await client.call(apiVersions, 3, { clientSoftwareName: "raw", clientSoftwareVersion: "1.2" });
  const batch = buildBatch([{ key: null, value: Buffer.from("x") }]).bytes;
  for (const name of ["orders", "orders", "nowhere"])
    await client.call(produce, 9, {
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ name, partitionData: [{ index: name === "orders" ? 0 : 7, records: batch }] }],
    });
  await client.call(describeGroups, 5, { groups: ["g"] });
  const { body } = await askApi(url, "clients");
  const raw = body.connections.find(({ softwareName }: { softwareName: string }) => softwareName === "raw");
  expect(raw).toMatchObject({
    ...{ protocol: "kafka", principal: "User:ANONYMOUS", remoteAddress: expect.stringMatching(/127.0.0.1|::1/), softwareVersion: "1.2" },
    ...{ isThrottled: false, throttledCount: 0, inFlight: null, peerBrokerId: null, isSecure: false, listener: "PLAINTEXT" },
  });
  expect(Math.abs(raw.sinceMs - Date.now())).toBeLessThan(60_000);
  expect(Math.abs(raw.lastActiveMs - Date.now())).toBeLessThan(60_000);
  expect(raw.apis).toEqual([
    { name: "ApiVersions", version: 3, count: 1, errors: [] },
    { name: "Produce", version: 9, count: 3, errors: [{ error: "UNKNOWN_TOPIC_OR_PARTITION", count: 1 }] },
    { name: "DescribeGroups", version: 5, count: 1, errors: expect.anything() },
  ]);
  expect(body.connections.some(({ protocol }: { protocol: string }) => protocol === "http")).toBe(true);
  client.close();
  const { body: overview } = await askApi(url, "overview");
  expect(overview.serves).toContain("clients");
});

test("rebalances are told with their reasons, whom they waited for, and how long", async () => {
  const consumer = () => {
    const made = kafka.consumer({ groupId: "readers", rebalanceTimeout: 5000, heartbeatInterval: 100, maxWaitTimeInMs: 50 });
    const joined = new Promise<string>((resolve) => {
      made.on("consumer.group_join", ({ payload: { memberId } }) => resolve(memberId));
    });
    const run = async () => {
      await made.connect();
      await made.subscribe({ topic: "orders" });
      await made.run({ eachMessage: async () => undefined });
    };
    return { made, joined, run };
  };
  const [one, other] = [consumer(), consumer()];
  await one.run();
  const first = await one.joined;
  await other.run();
  const second = await other.joined;
  await other.made.disconnect();
  await one.made.disconnect();
  const { body } = await askApi(url, "groups/readers/rebalances");
  expect(body).toMatchObject({ group: "readers", coordinator: 1, obstacles: [] });
  const oldest = body.rebalances.toReversed();
  expect(oldest[0]).toMatchObject({ epoch: 1, memberCount: 1, reasons: [{ kind: "memberJoined", memberId: first, clientId: "shop" }] });
  expect(oldest[1].reasons[0]).toMatchObject({
    kind: "memberJoined",
    memberId: second,
    text: `a member joined: member ${second} (client shop)`,
  });
  expect(oldest[1]).toMatchObject({ memberCount: 2, waitedFor: expect.arrayContaining([expect.objectContaining({ memberId: first })]) });
  expect(oldest[1].endedMs).toBeGreaterThan(oldest[1].beganMs);
  expect(oldest.at(-1)).toMatchObject({ memberCount: 0, endedMs: expect.any(Number) });
  const reasons = oldest.flatMap((each: { reasons: { kind: string; memberId: string }[] }) => each.reasons);
  expect(reasons).toContainEqual(expect.objectContaining({ kind: "memberLeft", memberId: second }));
  expect((await askApi(url, "groups/nobody/rebalances")).body.rebalances).toEqual([]);
});

test("groups of the consumer protocol tell the same", async () => {
  const client = await RawClient.connect(broker.port);
  const beat = (memberId: string, memberEpoch: number, rest: object = {}) =>
    client.call(consumerGroupHeartbeat, 1, { groupId: "newer", memberId, memberEpoch, rebalanceTimeoutMs: 5000, ...rest });
  const joining = { subscribedTopicNames: ["orders"], topicPartitions: [] };
  await beat("a", 0, joining);
  await beat("b", 0, joining);
  for (let round = 0; round < 3; round++) for (const id of ["a", "b"]) await beat(id, round === 0 && id === "a" ? 1 : 2);
  await beat("b", -1);
  const { body } = await askApi(url, "groups/newer/rebalances");
  const oldest = body.rebalances.toReversed();
  const kinds = oldest.map(({ reasons }: { reasons: { kind: string; memberId: string }[] }) =>
    reasons.map(({ kind, memberId }) => `${kind} ${memberId}`),
  );
  expect(kinds).toEqual([["memberJoined a"], ["memberJoined b"], ["memberLeft b"]]);
  expect(oldest[1]).toMatchObject({ epoch: oldest[0].epoch + 1, memberCount: 2 });
  expect(oldest[2].endedMs).toBeNull();
  await beat("a", -1);
  client.close();
});
