// Clients of other protocols at a port for Kafka: they are let go as Kafka lets them go, and the log says what they are.

import { connect as tlsConnect } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { Listener } from "../../src/server/listener.ts";
import { exchange } from "../http/raw-http.ts";
import { listenerParts } from "../support/listener-parts.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function open() {
  const lines: RecordedLine[] = [];
  const clock = new VirtualClock();
  const listener = await Listener.open({
    name: "PLAINTEXT",
    host: "127.0.0.1",
    port: 0,
    maxFrameBytes: 100 * 1024 * 1024,
    budget: new ConnectionBudget(() => 1000),
    idleLimitMs: -1,
    ...listenerParts(clock),
    logger: recordingLogger(lines),
  });
  listeners.push(listener);
  listener.serve(() => undefined);
  return { port: listener.port, lines, clock };
}

test("an HTTP request is told in HTTP what the port is, and the log names the protocol", async () => {
  const { port, lines } = await open();
  const answer = await exchange(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain("This port speaks Apache Kafka's protocol, not HTTP.");
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  expect(answer).toContain(`Content-Length: ${body.length}\r\n`);
  expect(lines).toMatchObject([{ level: "warn", facts: { reason: expect.stringContaining("the client speaks HTTP") } }]);
});

test("a real HTTP client gets that answer", async () => {
  const { port } = await open();
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "x".repeat(1000) });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("Point a Kafka client at it");
});

test("a TLS client is let go without a word, and the log says to take TLS out of its settings", async () => {
  const { port, lines } = await open();
  await new Promise<void>((resolve) => {
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
  expect(lines.map(({ facts }) => facts["reason"])).toEqual([
    expect.stringMatching(/^the client speaks TLS: this listener does not speak it; take TLS out/),
  ]);
});

test.each([
  ["SSH", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["Redis", "*1\r\n$4\r\nPING\r\n"],
  ["AMQP", "AMQP\0\0\x09\x01"],
  ["HTTP", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
])("%s is recognised, also when its first bytes come one by one", async (protocol, hello) => {
  const { port, lines } = await open();
  const [one = "", two = "", three = ""] = hello;
  await exchange(port, one, two, three, hello.slice(3));
  expect(lines[0]?.facts["reason"]).toContain(`the client speaks ${protocol}`);
});

test("bytes that say nothing are told as a frame that is too large", async () => {
  const { port, lines } = await open();
  await exchange(port, Buffer.from("7fffffff00000000", "hex"));
  expect(lines[0]?.facts["reason"]).toContain("a frame of 2147483647 bytes");
});

test("a client that tries again and again is named once a minute, with how often it came meanwhile", async () => {
  const { port, lines, clock } = await open();
  for (let tries = 0; tries < 4; tries++) await exchange(port, "GET / HTTP/1.1\r\n\r\n");
  expect(lines).toHaveLength(1);
  await exchange(port, "SSH-2.0-x\r\n");
  expect(lines).toHaveLength(2);
  await clock.advance(60_000);
  await exchange(port, "GET / HTTP/1.1\r\n\r\n");
  expect(lines[2]?.facts).toMatchObject({ reason: expect.stringContaining("HTTP"), meanwhile: 3 });
});
