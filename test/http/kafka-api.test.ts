// Kafka's protocol as JSON over HTTP: the same answers as on Kafka's port, from any broker, with the rights of who asks.

import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { envelope } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { askApi } from "./api-client.ts";
import { ask } from "./raw-http.ts";

let cluster: RunningBroker;
/** Of each broker. */
let urls: string[];
beforeAll(async () => {
  cluster = await startCluster({ brokers: 3, topics: [{ name: "orders", partitions: 6 }] });
  urls = cluster.brokers.map(({ port }) => `http://localhost:${port}`);
  const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(","), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: "orders", messages: Array.from({ length: 6 }, (_, partition) => ({ partition, value: `v${partition}` })) });
  await producer.disconnect();
  // The first that asks for a coordinator has the topic made on which there are any.
  const find = async () => (await askKafka(urls[0] ?? "", "FindCoordinator", { coordinatorKeys: ["a"] })).body.coordinators[0].errorCode;
  while ((await find()) !== 0) await new Promise(setImmediate);
  for (const group of ["a", "b", "c", "d"]) expect((await commit(urls[0] ?? "", group, 1)).body).toMatchObject(COMMITTED);
});
afterAll(() => cluster.stop());

const COMMITTED = { topics: [{ partitions: [{ errorCode: 0 }] }] };
const commit = (url: string, groupId: string, committedOffset: number) =>
  askKafka(url, "OffsetCommit", {
    groupId,
    generationIdOrMemberEpoch: -1,
    topics: [{ name: "orders", partitions: [{ partitionIndex: 0, committedOffset }] }],
  });
const askKafka = (url: string, api: string, body: unknown = {}, user?: string) =>
  askApi(url, `kafka/${api}`, { body, ...(user === undefined ? {} : { user }) });

test("a topic is made, altered, described and deleted as with Kafka's protocol", async () => {
  const [url = ""] = urls;
  const made = await askKafka(url, "CreateTopics", {
    topics: [{ name: "made", numPartitions: 2, replicationFactor: 1, configs: [{ name: "cleanup.policy", value: "compact" }] }],
  });
  expect(made.body).toMatchObject({ topics: [{ name: "made", errorCode: 0, numPartitions: 2 }] });
  const again = await askKafka(url, "CreateTopics", { topics: [{ name: "made", numPartitions: 2, replicationFactor: 1 }] });
  expect(again.body.topics).toMatchObject([{ errorCode: 36 }]);
  const resource = { resourceType: 2, resourceName: "made" };
  await askKafka(url, "IncrementalAlterConfigs", {
    resources: [{ ...resource, configs: [{ name: "retention.ms", configOperation: 0, value: "1234" }] }],
  });
  const { body } = await askKafka(url, "DescribeConfigs", { resources: [{ ...resource, configurationKeys: ["retention.ms"] }] });
  expect(body.results).toMatchObject([{ errorCode: 0, configs: [{ name: "retention.ms", value: "1234", configSource: 1 }] }]);
  const described = await askKafka(url, "Metadata", { topics: [{ name: "made" }] });
  expect(described.body.topics[0]).toMatchObject({ name: "made", partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] });
  expect(described.body.topics[0].topicId).toMatch(/^[-_\w]{22}$/);
  expect(described.body.brokers).toHaveLength(3);
  const gone = await askKafka(url, "DeleteTopics", { topics: [{ name: "made", topicId: null }] });
  expect(gone.status).toBe(400);
  expect((await askKafka(url, "DeleteTopics", { topics: [{ name: "made" }] })).body.responses).toMatchObject([
    { name: "made", errorCode: 0 },
  ]);
});

test("what leaders, coordinators and other brokers have to answer is answered at any broker", async () => {
  for (const url of urls) {
    const partitions = Array.from({ length: 6 }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    const ends = await askKafka(url, "ListOffsets", { replicaId: -1, topics: [{ name: "orders", partitions }] });
    const [{ partitions: found }] = ends.body.topics;
    expect(found.map(({ errorCode, offset }: { errorCode: number; offset: number }) => [errorCode, offset])).toEqual(Array(6).fill([0, 1]));
    const groups = await askKafka(url, "ListGroups");
    expect(groups.body.groups.map(({ groupId }: { groupId: string }) => groupId).sort()).toEqual(["a", "b", "c", "d"]);
    const fetched = await askKafka(url, "OffsetFetch", {
      groups: [
        { groupId: "a", topics: null },
        { groupId: "b", topics: null },
      ],
    });
    for (const group of fetched.body.groups)
      expect(group).toMatchObject({ errorCode: 0, topics: [{ name: "orders", partitions: [{ committedOffset: 1 }] }] });
    const logs = await askApi(url, "kafka/DescribeConfigs", {
      body: { resources: [1, 2, 3].map((id) => ({ resourceType: 4, resourceName: `${id}`, configurationKeys: ["node.id"] })) },
    });
    expect(logs.body.results.map(({ configs }: { configs: { value: string }[] }) => configs[0]?.value).sort()).toEqual(["1", "2", "3"]);
  }
  for (const [index, url] of urls.entries()) expect((await commit(url, "e", index)).body).toMatchObject(COMMITTED);
  const timelines = await Promise.all(urls.map((each) => askApi(each, "groups/a/rebalances")));
  expect(new Set(timelines.map(({ body }) => body.coordinator)).size).toBe(1);
  expect(timelines.map(({ body }) => body.rebalances)).toEqual([[], [], []]);
  expect((await askKafka(urls[0] ?? "", "DeleteGroups", { groupsNames: ["b", "c", "e", "nobody"] })).body.results).toHaveLength(4);
});

test("what does not fit is told by the name of the field", async () => {
  const [url = ""] = urls;
  const refused = async (api: string, body: unknown, version = "") => (await askApi(url, `kafka/${api}${version}`, { body })).body;
  expect(await refused("CreateTopics", { topics: [{ name: 1 }] })).toMatchObject({
    status: 400,
    detail: "CreateTopicsRequest.topics[0].name is to be a text.",
  });
  expect(await refused("CreateTopics", { topics: [{ nam: "x" }] })).toMatchObject({
    detail: expect.stringContaining("topics[0].nam is not known: there are name,"),
  });
  expect(await refused("CreateTopics", { topics: [{ name: "x", replicationFactor: 40_000 }] })).toMatchObject({
    detail: expect.stringContaining("from -32768 to 32767"),
  });
  expect(await refused("CreateTopics", { topics: null })).toMatchObject({ detail: expect.stringContaining("cannot be null") });
  expect(await refused("Metadata", { includeTopicAuthorizedOperations: true }, "?version=3")).toMatchObject({
    detail: expect.stringContaining("is not in version 3"),
  });
  expect(await refused("Metadata", {}, "?version=99")).toMatchObject({ status: 400, detail: "version: Metadata has 0 to 13" });
  expect(await refused("Metadata", {}, "?broker=9")).toMatchObject({ status: 404 });
  expect(await refused("Metadata", { toString: 1 })).toMatchObject({ status: 400 });
  for (const api of ["Produce", "JoinGroup", "SaslAuthenticate", "Envelope", "constructor"])
    expect(await refused(api, {})).toMatchObject({ status: 404 });
});

test("a form of a web page changes nothing", async () => {
  const { port } = cluster;
  const post = (headers: Readonly<Record<string, string>>, body = "{}") =>
    ask(port, "POST /api/kafka/Metadata HTTP/1.1", { ...headers, "Content-Length": String(body.length) }, body);
  expect((await post({ "Content-Type": "text/plain" })).status).toBe(415);
  expect((await post({ "Content-Type": "" })).status).toBe(415);
  expect((await post({ "Content-Type": "application/json", Origin: "https://evil.example" })).status).toBe(403);
  expect((await post({ "Content-Type": "application/json; charset=utf-8" })).status).toBe(200);
  expect(await post({ "Content-Type": "application/json" }, "{")).toMatchObject({ status: 400 });
});

test("nobody but a broker passes requests on for others", async () => {
  const client = await RawClient.connect(cluster.port);
  for (const requestPrincipal of [Buffer.from("User:admin"), null]) {
    const passed = {
      requestData: Buffer.from('{"question":"rebalances","group":"a"}'),
      requestPrincipal,
      clientHostAddress: Buffer.alloc(0),
    };
    expect(await client.call(envelope, 0, passed)).toMatchObject({ errorCode: 31, responseData: null });
  }
  client.close();
  const { body } = await askKafka(urls[0] ?? "", "ApiVersions");
  expect(body.apiKeys.some(({ apiKey }: { apiKey: number }) => apiKey === envelope.key)).toBe(false);
});

test("who asks may do what he may on Kafka's port, also where another broker answers", async () => {
  await using guarded = await startCluster({
    brokers: 2,
    users: { alice: "alice-secret", bob: "bob-secret" },
    acls: [
      "User:alice allow all topic *",
      "User:alice allow all group *",
      "User:alice allow all cluster",
      "User:bob allow describe topic shown",
    ],
    topics: [
      { name: "shown", partitions: 2 },
      { name: "hidden", partitions: 2 },
    ],
  });
  const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));
  for (const { port } of guarded.brokers) {
    const url = `http://localhost:${port}`;
    const codes = async (name: string, user: string) => {
      const { body } = await askKafka(url, "ListOffsets", { replicaId: -1, topics: [{ name, partitions }] }, user);
      return body.topics[0].partitions.map(({ errorCode }: { errorCode: number }) => errorCode);
    };
    expect(await codes("shown", "bob:bob-secret")).toEqual([0, 0]);
    expect(await codes("hidden", "bob:bob-secret")).toEqual([29, 29]);
    expect(await codes("hidden", "alice:alice-secret")).toEqual([0, 0]);
    const topics = (await askKafka(url, "Metadata", { topics: null }, "bob:bob-secret")).body.topics;
    expect(topics.map(({ name }: { name: string }) => name)).toEqual(["shown"]);
    expect((await askKafka(url, "DeleteTopics", { topics: [{ name: "hidden" }] }, "bob:bob-secret")).body.responses[0].errorCode).toBe(29);
    const overview = await askApi(url, "overview", { user: "bob:bob-secret" });
    expect(overview.body).toMatchObject({ topicCount: 1, me: { principal: "User:bob", hasLoggedIn: true, clusterOperations: [] } });
    expect((await askKafka(url, "Metadata")).status).toBe(401);
  }
});

test("who uses too much waits for his answer", async () => {
  await using limited = await startBroker({ settings: { "controller.quota.window.num": 2, "controller.quota.window.size.seconds": 1 } });
  const url = limited.httpUrl ?? "";
  await askKafka(url, "AlterClientQuotas", {
    entries: [
      { entity: [{ entityType: "client-id", entityName: "http" }], ops: [{ key: "controller_mutation_rate", value: 5, remove: false }] },
    ],
  });
  const make = (name: string) => askKafka(url, "CreateTopics", { topics: [{ name, numPartitions: 12, replicationFactor: 1 }] });
  expect((await make("one")).body.topics[0].errorCode).toBe(0);
  const { body } = await make("two");
  expect(body.topics[0].errorCode).toBe(89);
  expect(body.throttleTimeMs).toBeGreaterThan(0);
});
