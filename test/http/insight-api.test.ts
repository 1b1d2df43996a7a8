// What a broker tells of its clients over HTTP beyond what Kafka's protocol does.

import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  alterUserScramCredentials,
  apiVersions,
  consumerGroupHeartbeat,
  describeGroups,
  incrementalAlterConfigs,
  produce,
} from "../../protocol/messages/index.ts";
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

/** What an inspection shows until it is enough. */
async function inspect(query: string, whileLooking: () => Promise<void>, isEnough: (lines: readonly Line[]) => boolean): Promise<Line[]> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/api/requests?${query}`, { signal: leaving.signal });
  const asking = whileLooking();
  const lines: Line[] = [];
  let text = "";
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    const whole = text.split("\n");
    text = whole.pop() ?? "";
    for (const line of whole) if (line !== "") lines.push(JSON.parse(line));
    if (isEnough(lines)) break;
  }
  leaving.abort();
  await asking;
  return lines;
}

interface Line {
  readonly kind: string;
  readonly api: string;
  readonly count?: number;
}

test("requests and responses are shown as they come, those that are asked for", async () => {
  const client = await RawClient.connect(broker.port);
  const batch = buildBatch([{ key: null, value: Buffer.from("top secret") }]).bytes;
  const send = async () => {
    await client.call(describeGroups, 5, { groups: ["g"] });
    const topicData = ["orders", "nowhere"].map((name) => ({ name, partitionData: [{ index: 0, records: batch }] }));
    await client.call(produce, 9, { acks: 1, timeoutMs: 1000, topicData });
  };
  const [line] = await inspect("api=Produce&error=any&cut=3", send, ({ length }) => length > 0);
  expect(line).toMatchObject({
    ...{ kind: "request", api: "Produce", version: 9, principal: "User:ANONYMOUS", errors: ["UNKNOWN_TOPIC_OR_PARTITION"] },
    request: {
      acks: 1,
      topicData: [
        { name: "ord…", partitionData: [{ index: 0, records: { sizeBytes: batch.length, batches: [{ recordCount: 1 }] } }] },
        { name: "now…" },
      ],
    },
    response: { responses: [{ partitionResponses: [{ errorCode: 0 }] }, { partitionResponses: [{ errorCode: 3 }] }] },
  });
  expect(JSON.stringify(line)).not.toContain(Buffer.from("top secret").toString("base64").slice(0, 8));
  client.close();
});

test("more than so many a second are counted, secrets are hidden", async () => {
  const client = await RawClient.connect(broker.port);
  const many = async () => {
    for (let round = 0; round < 20; round++) await client.call(apiVersions, 0, {});
  };
  const lines = await inspect("api=ApiVersions&perSecond=2", many, (all) => all.some(({ kind }) => kind === "skipped"));
  expect(lines.filter(({ kind }) => kind === "request").length).toBeLessThanOrEqual(4);
  expect(lines.at(-1)?.count).toBeGreaterThan(0);
  const secret = async () => {
    const upsertions = [{ name: "u", mechanism: 1, iterations: 4096, salt: Buffer.from("salt"), saltedPassword: Buffer.from("password") }];
    await client.call(alterUserScramCredentials, 0, { deletions: [], upsertions });
    const configs = [{ name: "ssl.key.password", configOperation: 0, value: "very secret" }];
    await client.call(incrementalAlterConfigs, 0, { resources: [{ resourceType: 4, resourceName: "", configs }], validateOnly: true });
  };
  const shown = JSON.stringify(await inspect("api=AlterUserScramCredentials,IncrementalAlterConfigs", secret, ({ length }) => length > 1));
  expect(shown).toContain('"saltedPassword":"(hidden)"');
  expect(shown).toContain('{"name":"ssl.key.password","value":"(hidden)"}');
  for (const word of ["very secret", Buffer.from("password").toString("base64")]) expect(shown).not.toContain(word);
  client.close();
});

test("a test's broker explains why a group has not got a record, and takes faults", async () => {
  expect((await askApi(url, "overview")).body).toMatchObject({
    isTest: true,
    serves: expect.arrayContaining(["explain", "faults", "requests"]),
  });
  const { body } = await askApi(url, "explain?group=nobody&topic=orders");
  expect(body).toMatchObject({ group: "nobody", unstable: [], undelivered: [expect.stringContaining("There is no group nobody")] });
  const added = await askApi(url, "faults", {
    body: { api: "DescribeGroups", action: { type: "error", error: "COORDINATOR_NOT_AVAILABLE" }, times: 1 },
  });
  expect(added.body.faults).toMatchObject([{ id: "1", rule: { api: "DescribeGroups", times: 1 }, struck: 0 }]);
  const client = await RawClient.connect(broker.port);
  expect(await client.call(describeGroups, 5, { groups: ["g"] })).toMatchObject({ groups: [{ errorCode: 15 }] });
  client.close();
  expect((await askApi(url, "faults")).body.faults).toMatchObject([{ struck: 1 }]);
  const refused = await askApi(url, "faults", { body: { api: "Nothing", action: { type: "hold" } } });
  expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining("there is no API Nothing") } });
  expect((await askApi(url, "faults/7", { method: "DELETE", body: {} })).status).toBe(404);
  expect((await askApi(url, "faults/1", { method: "DELETE", body: {} })).body.faults).toEqual([]);
  expect((await askApi(url, "faults", { method: "DELETE" })).status).toBe(415);
});
