// Listeners that speak TLS: who gets in and under which name, what is said of those who do not, and that requests are answered as over plain
// sockets.

import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import type { AnswerFrame, Connection } from "../../src/server/connection.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { Listener, type ListenerOptions } from "../../src/server/listener.ts";
import { TlsAcceptor } from "../../src/server/tls-acceptor.ts";
import { connectTls, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { listenerParts } from "../support/listener-parts.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const listeners: Listener[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

interface Opened {
  readonly listener: Listener;
  readonly port: number;
  readonly lines: RecordedLine[];
  readonly connections: Connection[];
  /** Why connections ended, as the log has it. */
  readonly reasons: () => unknown[];
}

interface OpenOptions extends Partial<ListenerOptions> {
  readonly settings?: Readonly<Record<string, string>>;
  readonly answer?: AnswerFrame;
}

/** Answers each frame with the name of who sent it. */
async function open({ settings = {}, answer, ...options }: OpenOptions = {}): Promise<Opened> {
  const lines: RecordedLine[] = [];
  const connections: Connection[] = [];
  const parts = listenerParts(options.clock);
  const listener = await Listener.open({
    name: "SECURE",
    host: "localhost",
    port: 0,
    maxFrameBytes: 16 * 1024 * 1024,
    budget: new ConnectionBudget(() => 1000),
    idleLimitMs: 600_000,
    ...parts,
    logger: recordingLogger(lines),
    tls: new TlsAcceptor(brokerConfig({ argument: tlsSettings("SECURE", settings) }), "SECURE", parts.clock),
    ...options,
  });
  listeners.push(listener);
  listener.serve((frame, connection) => {
    if (!connections.includes(connection)) connections.push(connection);
    return answer === undefined ? [framed(Buffer.from(connection.principal))] : answer(frame, connection);
  });
  return { listener, port: listener.port, lines, connections, reasons: () => lines.map(({ facts }) => facts["reason"]) };
}

function framed(payload: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(payload.length);
  return Buffer.concat([size, payload]);
}

/** The name under which a client is known, or "refused". */
async function nameOf(port: number, options: Parameters<typeof connectTls>[1] = {}): Promise<string> {
  try {
    const client = RawClient.over(await connectTls(port, options));
    client.write(framed(Buffer.from("who am I")));
    const answer = await client.next();
    client.close();
    return answer?.toString() ?? "refused";
  } catch {
    return "refused";
  }
}

const TLS_1_2 = { maxVersion: "TLSv1.2" } as const;

test.each<[string, string, { as?: string; maxVersion?: "TLSv1.2" }, string]>([
  ["asks nobody", "none", {}, "User:ANONYMOUS"],
  ["asks nobody", "none", { as: "client" }, "User:ANONYMOUS"],
  ["requests a certificate", "requested", {}, "User:ANONYMOUS"],
  ["requests a certificate", "requested", { as: "client" }, "User:CN=alice,OU=Clients,O=Odradek,C=DE"],
  ["requests a certificate", "requested", { as: "stranger" }, "refused"],
  ["requests a certificate", "requested", { as: "stranger", ...TLS_1_2 }, "refused"],
  ["requires a certificate", "required", {}, "refused"],
  ["requires a certificate", "required", TLS_1_2, "refused"],
  ["requires a certificate", "required", { as: "client" }, "User:CN=alice,OU=Clients,O=Odradek,C=DE"],
  ["requires a certificate", "required", { as: "client", ...TLS_1_2 }, "User:CN=alice,OU=Clients,O=Odradek,C=DE"],
  ["requires a certificate", "required", { as: "stranger" }, "refused"],
  ["requires a certificate", "required", { as: "stranger", ...TLS_1_2 }, "refused"],
])("a listener that %s (ssl.client.auth=%s) takes a client with %j for %s", async (_, clientAuth, client, name) => {
  const { port, connections } = await open({ settings: { ...TRUSTED, "ssl.client.auth": clientAuth } });
  expect(await nameOf(port, client)).toBe(name);
  expect(connections).toHaveLength(name === "refused" ? 0 : 1);
});

test("a client for which no rule has a name is not let in", async () => {
  const rules = { "ssl.principal.mapping.rules": "RULE:^CN=bob.*$/bob/" };
  const { port, reasons } = await open({ settings: { ...TRUSTED, "ssl.client.auth": "required", ...rules } });
  expect(await nameOf(port, { as: "client" })).toBe("refused");
  await expect.poll(reasons).toEqual(["ssl.principal.mapping.rules have no name for the client CN=alice,OU=Clients,O=Odradek,C=DE"]);
});

test("a client that takes up its session again keeps its name", async () => {
  const { port } = await open({ settings: { ...TRUSTED, "ssl.client.auth": "required" } });
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const first = await connectTls(port, { as: "client", maxVersion: version });
    const client = RawClient.over(first);
    client.write(framed(Buffer.from("x")));
    await client.next();
    const second = await connectTls(port, { as: "client", maxVersion: version, session: first.getSession() });
    expect(second.isSessionReused()).toBe(true);
    const again = RawClient.over(second);
    again.write(framed(Buffer.from("x")));
    expect((await again.next())?.toString()).toBe("User:CN=alice,OU=Clients,O=Odradek,C=DE");
    client.close();
    again.close();
  }
});

test.each<[string, (port: number) => Promise<unknown>, RegExp]>([
  ["a client that does not trust the listener", (port) => nameOf(port, { ca: [] }), /trust this listener's certificate/],
  [
    "a client of another version",
    (port) => nameOf(port, { maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" }),
    /no version of TLS in common/,
  ],
  [
    "a client of other ciphers",
    (port) => nameOf(port, { ...TLS_1_2, ciphers: "DHE-RSA-CAMELLIA128-SHA:CAMELLIA128-SHA@SECLEVEL=0" }),
    /no cipher suite in common|no version/,
  ],
  [
    "a client that speaks no TLS",
    plain(framed(Buffer.from("\0\x12\0\0\0\0\0\x01\0\x05plain"))),
    /^the client does not speak TLS: this listener does; set security.protocol=/,
  ],
  ["a browser", plain(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")), /^the client speaks HTTP/],
  [
    "a client that leaves within the handshake",
    plain(Buffer.from([0x16, 3, 1, 2, 0, 1]), true),
    /^the client ended the connection within the TLS handshake/,
  ],
])("%s is told apart in one line", async (_, connect, reason) => {
  const { port, lines } = await open();
  await connect(port);
  await expect.poll(() => lines).toMatchObject([{ level: "warn", message: "closed a connection", facts: { listener: "SECURE" } }]);
  expect(lines[0]?.facts["reason"]).toMatch(reason);
  expect(lines[0]?.facts["client"]).toMatch(/:\d+$/);
});

/** Sends those bytes; gives when the connection has ended. */
function plain(bytes: Buffer, leaves = false): (port: number) => Promise<void> {
  return (port) =>
    new Promise((resolve) => {
      const socket = net.connect(port, "localhost", () => (leaves ? socket.end(bytes) : socket.write(bytes)));
      socket.on("error", () => undefined);
      socket.resume().once("close", () => resolve());
    });
}

test("a connection on which nothing was ever sent is no line in the log, as that of a health check", async () => {
  const { port, lines, listener } = await open();
  const socket = net.connect(port, "localhost");
  await new Promise((resolve) => socket.once("connect", resolve));
  await expect.poll(() => listener.connectionCount).toBe(1);
  socket.end();
  await expect.poll(() => listener.connectionCount).toBe(0);
  expect(lines).toEqual([]);
});

test("a handshake that never ends is ended after half a minute", async () => {
  const clock = new VirtualClock();
  const { port, listener, reasons } = await open({ clock });
  const socket = net.connect(port, "localhost");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined).resume();
  await expect.poll(() => listener.connectionCount).toBe(1);
  await clock.advance(29_999);
  expect(listener.connectionCount).toBe(1);
  await clock.advance(1);
  await closed;
  expect(reasons()).toEqual(["the TLS handshake took longer than 30000 ms"]);
});

test("frames of any size come whole and in order, and are answered in order", async () => {
  const { port } = await open({ answer: (frame) => [framed(Buffer.from(frame))] });
  const client = RawClient.over(await connectTls(port));
  const sizes = [1, 16_383, 16_384, 16_385, 100_000, 3_000_000, 5, 70_000];
  client.write(Buffer.concat(sizes.map((size, index) => framed(Buffer.alloc(size, index)))));
  for (const [index, size] of sizes.entries()) expect(await client.next()).toEqual(Buffer.alloc(size, index));
  client.close();
});

test("a client that reads no answers is not read from either, and gets them all once it does", async () => {
  let answered = 0;
  const answer: AnswerFrame = () => {
    answered++;
    return [framed(Buffer.alloc(256 * 1024, answered % 256))];
  };
  const { port } = await open({ answer });
  const socket = await connectTls(port);
  socket.pause();
  const client = RawClient.over(socket);
  socket.pause();
  const count = 200;
  client.write(Buffer.concat(Array.from({ length: count }, () => framed(Buffer.from("more")))));
  await expect.poll(() => answered).toBeGreaterThan(3);
  const before = answered;
  await new Promise((resolve) => setImmediate(resolve));
  expect(before).toBeLessThan(count);
  socket.resume();
  for (let index = 1; index <= count; index++) expect((await client.next())?.[0]).toBe(index % 256);
  client.close();
});

test("whoever waits for an answer to leave is told when it has, and when it never will", async () => {
  const sent: string[] = [];
  const answer: AnswerFrame = (frame, connection) => {
    const name = frame.toString();
    connection.whenSent(() => sent.push(name));
    return [framed(Buffer.alloc(name === "large" ? 32 * 1024 * 1024 : 10))];
  };
  const { port, connections } = await open({ answer });
  const socket = await connectTls(port);
  const client = RawClient.over(socket);
  client.write(framed(Buffer.from("small")));
  await client.next();
  await expect.poll(() => sent).toEqual(["small"]);
  socket.pause();
  client.write(framed(Buffer.from("large")));
  await expect.poll(() => connections[0]?.untakenBytes ?? 0).toBeGreaterThan(1_000_000);
  expect(sent).toEqual(["small"]);
  client.close();
  await expect.poll(() => sent).toEqual(["small", "large"]);
});

test("what a slow client has not taken of one large answer changes as it takes some", async () => {
  const { port, connections } = await open({ answer: () => [framed(Buffer.alloc(32 * 1024 * 1024))] });
  const socket = await connectTls(port);
  socket.write(framed(Buffer.from("x")));
  const untaken = () => connections[0]?.untakenBytes ?? 0;
  await expect.poll(untaken).toBeGreaterThan(1_000_000);
  socket.pause();
  for (let count = 0; count < 3; count++) {
    const before = untaken();
    const taken = () => {
      while (socket.read() !== null);
      return untaken();
    };
    await expect.poll(taken, { interval: 1 }).not.toBe(before);
  }
  socket.resume();
  await expect.poll(untaken).toBe(0);
  socket.destroy();
});

test("an idle connection is closed, as a plain one is", async () => {
  const clock = new VirtualClock();
  const { port, listener } = await open({ clock, idleLimitMs: 60_000 });
  const client = RawClient.over(await connectTls(port));
  await expect.poll(() => listener.connectionCount).toBe(1);
  await clock.advance(70_000);
  await client.closed();
  await expect.poll(() => listener.connectionCount).toBe(0);
});
