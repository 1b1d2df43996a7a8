// HTTP on the port of Kafka's clients: which connections are taken for it, what happens to those that lie, and that limits hold for them.

import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeRequest } from "../../protocol/headers.ts";
import { apiVersions } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";
import { ask, exchange, parsed } from "./raw-http.ts";

const HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const KAFKA = Buffer.concat(encodeRequest(apiVersions, 0, { correlationId: 7, clientId: "c" }, {}));

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({ topics: ["t"] });
  // The first request loads what answers.
  await fetch(`${broker.httpUrl}/health`);
});
afterAll(() => broker.stop());

test("a browser, curl and a client of a registry are answered where Kafka's clients are", async () => {
  const page = await fetch(`http://localhost:${broker.port}/`, { headers: { accept: "text/html,*/*;q=0.8" } });
  expect(page.headers.get("content-type")).toMatch(/^text\/(?:html|plain); charset=utf-8$/);
  expect(await page.text()).toMatch(/<div id="console">|The console is not built: run npm run build/);
  const registry = await fetch(`http://localhost:${broker.port}/`, { headers: { accept: "application/json" } });
  expect(await registry.json()).toEqual({});
  expect(await (await fetch(`http://localhost:${broker.port}/health`)).json()).toEqual({ status: "up" });
  expect(broker.httpUrl).toBe(`http://localhost:${broker.port}`);
  const client = await RawClient.connect(broker.port);
  expect(await client.call(apiVersions, 0, {})).toMatchObject({ errorCode: 0 });
  client.close();
});

test("a request is understood however its bytes come, and one connection carries many", async () => {
  expect(parsed(await exchange(broker.port, ...HEALTH)).status).toBe(200);
  const keptOpen = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const answers = await exchange(broker.port, keptOpen + keptOpen, HEALTH);
  expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
});

test("what comes behind a frame of Kafka's protocol is never taken for HTTP", async () => {
  for (const pieces of [[Buffer.concat([KAFKA, Buffer.from(HEALTH)])], [KAFKA, HEALTH], [KAFKA.subarray(0, 9), KAFKA.subarray(9), HEALTH]])
    expect(await exchange(broker.port, ...pieces)).not.toContain("HTTP/1.1");
  // A frame that has yet to come whole has HTTP in its middle.
  const frame = Buffer.concat([Buffer.alloc(4), Buffer.from(HEALTH)]);
  frame.writeInt32BE(HEALTH.length);
  expect(await exchange(broker.port, frame)).not.toContain("HTTP/1.1");
});

test("what comes behind an HTTP request is never taken for Kafka's protocol", async () => {
  const withBody = `POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${KAFKA.length}\r\n\r\n`;
  const behind = await exchange(broker.port, Buffer.concat([Buffer.from(withBody), KAFKA, KAFKA]));
  expect(behind).toContain("405 Method Not Allowed");
  expect(behind.match(/HTTP\/1\.1/g)).toHaveLength(2);
  expect(behind).toContain("400 Bad Request");
  expect(Buffer.from(behind, "latin1").includes(Buffer.from([0, 0, 0, 7]))).toBe(false);
});

test.each([
  ["a request line that is none", "GET nonsense\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
  ["a length and chunks", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["headers without an end", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a request to pass on", "GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
])("malformed: %s", async (_, text, status) => {
  const answer = parsed(await exchange(broker.port, text));
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ type: "about:blank", status });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

test("a body is bounded, and a path or method that there is not is told", async () => {
  const { port } = broker;
  expect((await ask(port, "POST /health HTTP/1.1", { "Content-Length": String(2 ** 30) })).status).toBe(413);
  expect((await ask(port, "POST /health HTTP/1.1", { "Content-Length": "2" }, "{}")).headers.get("allow")).toBe("GET, HEAD");
  expect((await ask(port, "GET /nothing HTTP/1.1")).status).toBe(404);
  expect((await ask(port, "HEAD /health HTTP/1.1")).body).toBe("");
});

test("the API is described, and what is described is there", async () => {
  const api = (await (await fetch(`${broker.httpUrl}/openapi.json`)).json()) as { readonly paths: Readonly<Record<string, unknown>> };
  const plain = Object.keys(api.paths).filter((path) => !path.startsWith("/api/") && !path.includes("{"));
  expect(plain).toEqual(["/", "/metrics", "/health", "/ready", "/openapi.json"]);
  for (const path of plain) expect((await fetch(`${broker.httpUrl}${path}`)).status).toBe(200);
  expect(api.paths["/metrics"]).toMatchObject({ get: { parameters: [{ name: "without", in: "query", required: false }] } });
  expect(await (await fetch(`${broker.httpUrl}/metrics?without=tropics`)).json()).toMatchObject({
    status: 400,
    detail: /topics, partitions, groups/,
  });
});

test("an idle connection is closed, one whose request does not come is too, and those that are open end with the broker", async () => {
  const bench = await EffectBench.start({ settings: { "connections.max.idle.ms": 60_000 } });
  const port = bench.node.broker.port;
  await ask(port, "GET /health HTTP/1.1");
  const ended: string[] = [];
  const connect = (name: string, text: string) =>
    new Promise<void>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
      socket.on("close", () => ended.push(name));
      socket.on("error", () => undefined);
      if (name === "slow") setTimeout(resolve, 20);
      else socket.once("data", () => resolve());
    });
  const whole = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  await Promise.all([connect("idle", whole), connect("slow", whole.slice(0, -2))]);
  await bench.clock.advance(31_000);
  await expect.poll(() => ended).toEqual(["slow"]);
  await bench.pass(40_000, 6000);
  await expect.poll(() => ended).toEqual(["slow", "idle"]);
  await connect("open", whole);
  await bench[Symbol.asyncDispose]();
  await expect.poll(() => ended).toEqual(["slow", "idle", "open"]);
});

test("connections that speak HTTP count as others do", async () => {
  await using bench = await EffectBench.start({ settings: { "max.connections.per.ip": 2 } });
  const open = net.connect(bench.node.broker.port, "127.0.0.1", () => open.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await new Promise((resolve) => open.once("data", resolve));
  expect(await exchange(bench.node.broker.port, HEALTH)).toBe("");
  open.destroy();
  await expect.poll(() => exchange(bench.node.broker.port, HEALTH)).toContain("200 OK");
});
