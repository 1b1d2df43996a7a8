// What hostile clients and web pages send to the HTTP of a broker. Each is refused or ends, the log says why, and a client of Kafka's protocol beside
// them is served as if they were not there.

import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeRequest } from "../../protocol/headers.ts";
import { apiVersions, findCoordinator, offsetCommit } from "../../protocol/messages/index.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { ask, exchange, parsed } from "./raw-http.ts";

const lines: RecordedLine[] = [];
let bench: EffectBench;
let port: number;
let beside: RawClient;
beforeAll(async () => {
  bench = await EffectBench.start({ topic: {}, logger: recordingLogger(lines) });
  port = bench.node.broker.port;
  await ask(port, "GET /health HTTP/1.1");
  beside = await RawClient.connect(port);
});
afterAll(async () => {
  beside.close();
  await bench[Symbol.asyncDispose]();
});

/** Why somebody was refused, since it was asked last; whoever is beside them is connected all the time. The same is said of an address once a minute. */
async function said(): Promise<readonly string[]> {
  expect(await beside.call(apiVersions, 0, {})).toMatchObject({ errorCode: 0 });
  await expect.poll(() => lines.some(({ message }) => message === "refused an HTTP request")).toBe(true);
  const reasons = lines
    .filter(({ message }) => message === "refused an HTTP request")
    .map(({ facts }) => String((facts as Readonly<Record<string, unknown>>)["reason"]));
  lines.length = 0;
  await bench.clock.advance(61_000);
  return reasons;
}

const HEAD = "POST /subjects/a/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const MALFORMED: readonly (readonly [what: string, text: string])[] = [
  ["a line feed alone", "GET /health HTTP/1.1\nHost: localhost\n\n"],
  ["a zero byte in a header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n"],
  ["a carriage return in a header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rY: b\r\n\r\n"],
  ["a space before the colon", "GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n"],
  ["a header that is none", "GET /health HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n"],
  ["a path with a space", "GET /health /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["another version", "GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n"],
  ["a negative length", `${HEAD}Content-Length: -1\r\n\r\n{}`],
  ["a length with a sign", `${HEAD}Content-Length: +2\r\n\r\n{}`],
  ["a length beyond all numbers", `${HEAD}Content-Length: 99999999999999999999999\r\n\r\n{}`],
  ["the same length twice", `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
  ["chunks and a length", `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`],
  ["another coding of a transfer", `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ["a size of a chunk that is none", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
  ["a size of a chunk beyond all numbers", `${HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}`],
  ["a chunk longer than it said", `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
  ["a method that is none", "GET THIS\r\n\r\n"],
  ["TLS inside", Buffer.from("GET \x16\x03\x01\x02\x00\r\n\r\n", "latin1").toString("latin1")],
];

test.each(MALFORMED)("%s is malformed: answered once, ended, and told in the log", async (_, text) => {
  const behind = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  const answer = await exchange(port, Buffer.from(text + behind, "latin1"));
  expect(parsed(answer).status).toBe(400);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(answer).not.toContain("# TYPE");
  expect(await said()).toEqual(["The request is malformed."]);
});

test.each([
  ["no name", { Host: "" }, 400],
  ["a foreign name", { Host: "evil.example" }, 421],
  ["a foreign name with the port", { Host: "evil.example:9092" }, 421],
  ["a foreign name in capitals", { Host: "EVIL.EXAMPLE" }, 421],
  ["a name with a dot at its end", { Host: "localhost." }, 421],
  ["an address written as a number", { Host: "2130706433" }, 421],
  ["a name with a user", { Host: "localhost@evil.example" }, 421],
  ["a name with a path", { Host: "localhost/evil.example" }, 421],
  ["a page of another origin", { Origin: "http://evil.example" }, 403],
  ["a page without an origin", { Origin: "null" }, 403],
  ["a page of another port", { Origin: "http://localhost:3000" }, 403],
  ["a picture in a page", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" }, 403],
])("%s is refused wherever it asks, and told in the log", async (_, headers: Readonly<Record<string, string>>, status) => {
  for (const line of ["GET /metrics", "GET /", "GET /subjects", "POST /subjects/a/versions", "DELETE /subjects/a", "OPTIONS /metrics"]) {
    const answer = await ask(port, `${line} HTTP/1.1`, headers);
    expect([line, answer.status]).toEqual([line, status]);
    expect([...answer.headers.keys()].filter((name) => /^(access-control|set-cookie)/.test(name))).toEqual([]);
  }
  const [reason] = await said();
  expect(reason).toMatch(/Host header|does not go by the name|another origin/);
});

test("names may be written in capitals, addresses of either kind, with or without a port; twice they are none", async () => {
  for (const Host of ["LOCALHOST", "localhost:1", "127.0.0.1", "[::1]:9092"])
    expect([Host, (await ask(port, "GET /health HTTP/1.1", { Host })).status]).toEqual([Host, 200]);
  expect(
    parsed(await exchange(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n")).status,
  ).toBe(400);
  expect(await said()).toHaveLength(1);
});

test("the broker is no proxy, echoes nothing and becomes no other protocol", async () => {
  for (const target of ["http://evil.example/", "http://localhost/metrics", "//evil.example:9092"])
    expect((await ask(port, `GET ${target} HTTP/1.1`)).status).not.toBe(200);
  expect(parsed(await exchange(port, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n")).status).toBe(400);
  const traced = await ask(port, "TRACE /metrics HTTP/1.1", { Authorization: "Basic c2VjcmV0" });
  expect(traced.status).toBeGreaterThanOrEqual(400);
  expect(traced.text).not.toContain("c2VjcmV0");
  for (const Upgrade of ["websocket", "h2c", "kafka"]) {
    const answer = await ask(port, "GET /health HTTP/1.1", { Connection: "Upgrade, close", Upgrade, "Sec-WebSocket-Key": "AAAA" });
    expect([Upgrade, answer.status]).toEqual([Upgrade, 200]);
  }
  expect((await said())[0]).toContain("no proxy");
});

test("who asks on and on without waiting for answers is cut off", async () => {
  const flood = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(300);
  const answers = (await exchange(port, flood)).match(/HTTP\/1\.1 200/g) ?? [];
  expect(answers.length).toBeLessThanOrEqual(32);
  expect(await said()).toEqual(["32 requests of a connection wait for their answers already."]);
});

test("a body without an end is read up to what a request may have", async () => {
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  let sentBytes = 0;
  const socket = net.connect(port, "127.0.0.1", () => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`));
  const more = () => {
    for (let free = true; free && !socket.destroyed; sentBytes += chunk.length) free = socket.write(chunk);
  };
  let received = "";
  socket
    .on("connect", more)
    .on("drain", more)
    .on("error", () => undefined);
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  await new Promise((resolve) => socket.once("close", resolve));
  expect(received).toContain("413");
  expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  expect((await said())[0]).toContain("1048576 bytes");
});

test("who lets a request come forever is cut off, and told in the log", async () => {
  const ended = [`${HEAD}Content-Length: 10\r\n\r\n{`, "GET /health HTTP/1.1\r\nX: ", "POST"].map((text) => exchange(port, text));
  const all = Promise.all(ended);
  let isOver = false;
  all.then(() => {
    isOver = true;
  });
  const pass = async () => {
    await bench.clock.advance(5000);
    return isOver;
  };
  await expect.poll(pass, { interval: 5 }).toBe(true);
  expect((await all).join("")).toBe("");
  expect(await said()).toEqual(["A request has not come within 30 s."]);
});

test("what a request of Kafka's protocol brings with it is never HTTP, nor the other way", async () => {
  const kafka = Buffer.concat(encodeRequest(apiVersions, 0, { correlationId: 7, clientId: "c" }, {}));
  const http = Buffer.from("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await exchange(port, Buffer.concat([kafka, http, kafka]))).not.toContain("HTTP/1.1");
  const behind = await exchange(port, Buffer.concat([http, kafka, http]));
  expect(behind.match(/HTTP\/1\.1 /g)).toHaveLength(2);
  expect(behind).toContain("400 Bad Request");
  // As the body of a request it is a body, and nothing else.
  const inBody = await exchange(
    port,
    Buffer.concat([Buffer.from(`${HEAD}Connection: close\r\nContent-Length: ${kafka.length}\r\n\r\n`), kafka]),
  );
  expect(parsed(inBody).status).toBeGreaterThanOrEqual(400);
  await said();
});

test("names that are scripts or end lines are text in the metrics, and the answer is no page", async () => {
  const hostile = ['"} 1\n# TYPE kafka_brokers counter\nkafka_brokers 7\n', "<script>alert(1)</script>", "\\", "\u2028\u0000\r\n"];
  for (const groupId of hostile) {
    await beside.call(findCoordinator, 2, { key: groupId, keyType: 0 });
    const topics = [{ name: "t", partitions: [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }] }];
    const commit = { groupId, generationIdOrMemberEpoch: -1, memberId: "", topics };
    await expect.poll(async () => (await beside.call(offsetCommit, 7, commit))?.topics[0]?.partitions[0]?.errorCode).toBe(0);
  }
  const answer = await ask(port, "GET /metrics HTTP/1.1");
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain;/);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  const shown = Buffer.from(answer.body, "latin1").toString("utf8").split("\n");
  expect(shown.filter((line) => line.startsWith("kafka_brokers "))).toEqual(["kafka_brokers 1"]);
  const series = 'kafka_consumergroup_lag{consumergroup="';
  for (const groupId of hostile) {
    const label = groupId.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
    expect(shown).toContain(`${series}${label}",topic="t",partition="0"} 0`);
  }
});
