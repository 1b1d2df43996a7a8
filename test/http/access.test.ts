// Who asks by HTTP, and what he is told: users of SASL with their passwords, the same rules as for Kafka's clients, nothing without.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { ask } from "./raw-http.ts";

const basic = (user: string, password: string) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({
    users: { alice: "alice:secret", bob: "bob-secret" },
    acls: ["User:alice allow describe cluster", "User:alice allow describe topic orders*", "User:bob allow read topic orders*"],
    topics: ["orders", "payments"],
    settings: { "connection.failed.authentication.delay.ms": 0 },
  });
});
afterAll(() => broker.stop());

test("where clients log in, so does who asks by HTTP, with the same password", async () => {
  const without = await ask(broker.port, "GET /metrics HTTP/1.1");
  expect(without.status).toBe(401);
  expect(without.headers.get("www-authenticate")).toContain("Basic realm=");
  for (const wrong of [
    basic("alice", "bob-secret"),
    basic("nobody", "x"),
    basic("alice", ""),
    { Authorization: "Basic %%%" },
    { Authorization: "Bearer x" },
  ])
    expect((await ask(broker.port, "GET /metrics HTTP/1.1", wrong)).status).toBe(401);
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", basic("alice", "alice:secret"))).status).toBe(200);
});

test("who may not describe the cluster reads no metrics, and nobody sees topics that he may not describe", async () => {
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", basic("bob", "bob-secret"))).status).toBe(403);
  const { body } = await ask(broker.port, "GET /metrics HTTP/1.1", basic("alice", "alice:secret"));
  expect(body).toContain('messagesin_total{topic="orders"}');
  expect(body).toContain('kafka_log_log_size{topic="orders"');
  expect(body).not.toContain("payments");
});

test("probes need not log in", async () => {
  expect((await ask(broker.port, "GET /health HTTP/1.1")).status).toBe(200);
  expect((await ask(broker.port, "GET /ready HTTP/1.1")).status).toBe(200);
});

test("a name that somebody lets point here, and a page of another origin, are refused before anybody is asked who he is", async () => {
  const good = basic("alice", "alice:secret");
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", { ...good, Host: "evil.example" })).status).toBe(421);
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", { ...good, Origin: "https://evil.example" })).status).toBe(403);
  const preflight = {
    Origin: "https://evil.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
  };
  const answer = await ask(broker.port, "OPTIONS /metrics HTTP/1.1", preflight);
  expect(answer.status).toBe(403);
  expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  expect(answer.headers.has("set-cookie")).toBe(false);
});

test("users of SCRAM alone log in as well, and those that were made while running", async () => {
  await using scram = await startBroker({
    users: { carol: "carol-secret" },
    settings: { "sasl.enabled.mechanisms": "SCRAM-SHA-512", "connection.failed.authentication.delay.ms": 0 },
  });
  expect((await ask(scram.port, "GET /metrics HTTP/1.1", basic("carol", "carol-secret"))).status).toBe(200);
  expect((await ask(scram.port, "GET /metrics HTTP/1.1", basic("carol", "other"))).status).toBe(401);
});

test("over TLS it is HTTPS", async () => {
  await using secure = await startBroker({ tls: true });
  const { request } = await import("node:https");
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(`${secure.httpUrl}/health`, { ca: secure.tls.ca }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
  expect(secure.httpUrl).toMatch(/^https:/);
  expect(status).toBe(200);
});

test("where clients show tokens, so does who asks by HTTP", async () => {
  await using broker = await startBroker({ oauth: true, settings: { "connection.failed.authentication.delay.ms": 0 } });
  const token = await broker.oauth.token({ subject: "dora" });
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", { Authorization: `Bearer ${token}` })).status).toBe(200);
  expect((await ask(broker.port, "GET /metrics HTTP/1.1", { Authorization: `Bearer ${token.slice(0, -9)}AAAAAAAAA` })).status).toBe(401);
});
