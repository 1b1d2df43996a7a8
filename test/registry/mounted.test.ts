// The registry on brokers: over the topic `_schemas`, whoever leads it, behind the guards of HTTP.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { envelope, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { startBroker, startCluster } from "../../src/index.ts";
import { FIRST_PARTS } from "../../src/registry/http/paths.ts";
import { ROUTES } from "../../src/registry/http/routes.ts";
import { RawClient } from "../support/raw-client.ts";
import type { Body } from "./client.ts";

async function call(url: string | undefined, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    ...{ method, headers: { "content-type": "application/vnd.schemaregistry.v1+json", ...headers } },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text, body: (text === "" ? {} : JSON.parse(text)) as Body };
}

test("the paths of the registry are known before it is loaded", () => {
  const firsts = ROUTES.map(({ path }) => path.split("/")[1] ?? "").filter((first) => first !== "");
  expect(new Set(firsts)).toEqual(new Set(FIRST_PARTS));
});

test("schemas are kept in the compacted topic _schemas, which the first of them makes", async () => {
  await using broker = await startBroker();
  const { registryUrl } = broker;
  expect(registryUrl).toBe(broker.httpUrl);
  expect((await call(registryUrl, "GET", "/subjects")).body).toEqual([]);
  expect((await call(registryUrl, "POST", "/")).body).toEqual({});
  expect(broker.topics.get("_schemas")).toBeUndefined();
  const registered = await call(registryUrl, "POST", "/subjects/s/versions", { schema: '"string"' });
  expect([registered.body, registered.type]).toEqual([{ id: 1 }, "application/vnd.schemaregistry.v1+json"]);
  expect((await call(registryUrl, "GET", "/schemas/ids/1")).body).toEqual({ schema: '"string"' });
  expect((await call(registryUrl, "GET", "/subjects/a%2Fb/versions")).body.message).toBe("Subject 'a/b' not found.");
  expect(broker.topics.get("_schemas")).toMatchObject({ partitions: [{}], configs: { "cleanup.policy": "compact" } });
  const [record] = await broker.read("_schemas");
  expect([record?.key, record?.value]).toEqual([
    '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
    '{"subject":"s","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
  ]);
  await broker.topics.delete("_schemas");
  expect((await call(registryUrl, "GET", "/subjects")).body).toEqual([]);
  expect((await call(registryUrl, "POST", "/subjects/s/versions", { schema: '"int"' })).body).toEqual({ id: 1 });
});

test("what another registry wrote into _schemas is understood, also while this one runs", async () => {
  await using broker = await startBroker({ topics: [{ name: "_schemas", partitions: 1, configs: { "cleanup.policy": "compact" } }] });
  const { registryUrl } = broker;
  const record = (subject: string, version: number, id: number, schema: string) => ({
    key: `{"keytype":"SCHEMA","subject":"${subject}","version":${version},"magic":1}`,
    value: JSON.stringify({ subject, version, id, schema, deleted: false }),
  });
  await broker.produce("_schemas", [
    { key: '{"keytype":"NOOP","magic":0}', value: null },
    { key: '{"subject":"orders-value","keytype":"CONFIG","magic":0}', value: '{"subject":"orders-value","compatibilityLevel":"FULL"}' },
    record("orders-value", 1, 100_001, '"long"'),
  ]);
  expect((await call(registryUrl, "GET", "/config/orders-value")).body).toEqual({ compatibilityLevel: "FULL" });
  expect((await call(registryUrl, "GET", "/schemas/ids/100001")).body).toEqual({ schema: '"long"' });
  await broker.produce("_schemas", record("orders-value", 2, 100_002, '"double"'));
  expect((await call(registryUrl, "GET", "/subjects/orders-value/versions")).body).toEqual([1, 2]);
  expect((await call(registryUrl, "POST", "/subjects/next/versions", { schema: '"int"' })).body).toEqual({ id: 100_003 });
});

test("what is compressed is read, and a batch of more than any schema is left out", async () => {
  await using broker = await startBroker({ topics: [{ name: "_schemas", partitions: 1, configs: { "cleanup.policy": "compact" } }] });
  const client = await RawClient.connect(broker.port);
  const value = (id: number, schema: string) => Buffer.from(JSON.stringify({ subject: "s", version: id, id, schema, deleted: false }));
  const key = (id: number) => Buffer.from(`{"keytype":"SCHEMA","subject":"s","version":${id},"magic":1}`);
  for (const record of [
    { key: key(1), value: value(1, '"int"') },
    { key: Buffer.from("bomb"), value: Buffer.alloc(20 * 1024 * 1024, " ") },
    { key: key(2), value: value(2, '"long"') },
  ]) {
    const { bytes } = buildBatch([record], { compression: Compression.GZIP });
    const topicData = [{ name: "_schemas", partitionData: [{ index: 0, records: bytes }] }];
    const answer = await client.call(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData });
    expect(answer?.responses[0]?.partitionResponses[0]?.errorCode).toBe(Errors.NONE);
  }
  client.close();
  expect((await call(broker.registryUrl, "GET", "/subjects/s/versions")).body).toEqual([1, 2]);
});

test("every broker of a cluster answers, and one of them writes", async () => {
  await using cluster = await startCluster({ brokers: 3 });
  const urls = cluster.brokers.map(({ address }) => `http://${address}`);
  const fields = Array.from({ length: 12 }, (_, index) => index);
  const answers = await Promise.all(
    fields.map((index) =>
      call(urls[index % 3], "POST", "/subjects/s/versions", { schema: JSON.stringify({ type: "fixed", name: `F${index}`, size: 1 }) }),
    ),
  );
  // The first is registered, and nothing reads it under another name.
  expect(answers.filter(({ status }) => status === 200).map(({ body }) => body)).toEqual([{ id: 1 }]);
  expect((await call(urls[1], "PUT", "/config/s", { compatibility: "NONE" })).status).toBe(200);
  for (const index of fields) {
    const { body } = await call(urls[index % 3], "POST", "/subjects/s/versions", {
      schema: `{"type":"fixed","name":"G${index}","size":1}`,
    });
    expect((await call(urls[(index + 1) % 3], "GET", `/schemas/ids/${body.id}`)).body.schema).toContain(`G${index}`);
  }
  const leader = cluster.topics.get("_schemas")?.partitions[0]?.leader ?? 0;
  await cluster.restartBroker(leader);
  const versions = await Promise.all(cluster.brokers.map(({ address }) => call(`http://${address}`, "GET", "/subjects/s/versions")));
  expect(versions.map(({ text }) => JSON.parse(text).length)).toEqual([13, 13, 13]);
  expect((await call(`http://${cluster.brokers[2]?.address}`, "DELETE", "/subjects/s/versions/2")).text).toBe("2");
  expect((await call(`http://${cluster.brokers[0]?.address}`, "GET", "/subjects/s/versions/2")).body.error_code).toBe(40402);
});

test("who reads schemas may read the topic, who changes them may write it, and refusals have the registry's form", async () => {
  await using broker = await startBroker({
    users: { alice: "a", bob: "b", carol: "c" },
    acls: ["User:alice allow write topic _schemas", "User:alice allow read topic _schemas", "User:bob allow read topic _schemas"],
    settings: { "connection.failed.authentication.delay.ms": 0 },
  });
  const as = (user: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });
  const { registryUrl } = broker;
  const schema = { schema: '"string"' };
  expect((await call(registryUrl, "POST", "/subjects/s/versions", schema, as("alice", "a"))).body).toEqual({ id: 1 });
  expect((await call(registryUrl, "GET", "/subjects", undefined, as("bob", "b"))).body).toEqual(["s"]);
  expect((await call(registryUrl, "POST", "/subjects/s", schema, as("bob", "b"))).body.id).toBe(1);
  for (const [method, path] of [
    ["POST", "/subjects/s/versions"],
    ["PUT", "/config"],
    ["DELETE", "/subjects/s"],
    ["PUT", "/mode/s"],
  ] as const) {
    const { status, body } = await call(registryUrl, method, path, method === "DELETE" ? undefined : schema, as("bob", "b"));
    expect([status, body.error_code]).toEqual([403, 40301]);
  }
  expect((await call(registryUrl, "GET", "/subjects", undefined, as("carol", "c"))).body.error_code).toBe(40301);
  const unknown = await call(registryUrl, "GET", "/subjects");
  expect([unknown.status, unknown.body.error_code]).toEqual([401, 401]);
  expect((await call(registryUrl, "GET", "/subjects", undefined, { origin: "https://evil.example" })).body.error_code).toBe(403);
});

test("clients cannot pass requests on as brokers do", async () => {
  await using broker = await startBroker();
  const client = await RawClient.connect(broker.port);
  const requestData = Buffer.from('{"method":"PUT","path":"/config","query":"","headers":{},"body":"{}"}');
  const answer = await client.call(envelope, 0, { requestData, requestPrincipal: null, clientHostAddress: Buffer.alloc(0) });
  expect(answer).toEqual({ errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, responseData: null });
  client.close();
});

test("a schema that the topic does not take, and a body that is too large, are refused", async () => {
  await using broker = await startBroker({
    topics: [{ name: "_schemas", partitions: 1, configs: { "cleanup.policy": "compact", "max.message.bytes": "2000" } }],
  });
  const { registryUrl } = broker;
  const schema = JSON.stringify({ type: "fixed", name: "F", size: 1, doc: "x".repeat(3000) });
  expect((await call(registryUrl, "POST", "/subjects/s/versions", { schema })).body.error_code).toBe(42209);
  expect((await call(registryUrl, "GET", "/subjects")).body).toEqual([]);
  const large = await call(registryUrl, "POST", "/subjects/s/versions", "x".repeat(1024 * 1024 + 1));
  expect([large.status, large.body.error_code]).toEqual([413, 413]);
});
