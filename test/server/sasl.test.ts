// A listener that asks for a login: what may be sent when, and every way around it that comes to mind. All of it was seen on Apache
// Kafka 4.3.1 by the same requests; the lines in the log are ours.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { encodeRequest } from "../../protocol/headers.ts";
import { apiVersions, metadata, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import { PEER_HELLO, PeerKey } from "../../src/cluster/peer-proof.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const PLAIN_LINE =
  'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" user_alice="alice-secret" user_bob="bob-secret";';
const MECHANISMS = ["PLAIN", "SCRAM-SHA-512", "SCRAM-SHA-256"];
const SESSION_MS = 3000;
const DELAY_MS = 100;
const REQUEST_MEMORY_BYTES = 1_000_000;

const lines: RecordedLine[] = [];
let bench: EffectBench;
const ports = { login: 0, sessions: 0 };

beforeAll(async () => {
  bench = await EffectBench.start({
    logger: recordingLogger(lines),
    settings: {
      listeners: "PLAINTEXT://127.0.0.1:0,LOGIN://127.0.0.1:0,SESSIONS://127.0.0.1:0",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,SESSIONS:SASL_PLAINTEXT",
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      "listener.name.login.plain.sasl.jaas.config": PLAIN_LINE,
      "listener.name.sessions.plain.sasl.jaas.config": PLAIN_LINE,
      "listener.name.sessions.plain.connections.max.reauth.ms": SESSION_MS,
      "connection.failed.authentication.delay.ms": DELAY_MS,
      "queued.max.request.bytes": REQUEST_MEMORY_BYTES,
    },
  });
  const portOf = (listener: string) =>
    bench.node.cluster.image.brokers.get(1)?.endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
  ports.login = portOf("LOGIN");
  ports.sessions = portOf("SESSIONS");
});
afterAll(() => bench[Symbol.asyncDispose]());

async function client(listener: keyof typeof ports = "login"): Promise<RawClient> {
  const made = await RawClient.connect(ports[listener]);
  onTestFinished(() => made.close());
  return made;
}

const token = (user: string, password: string) => ({ authBytes: Buffer.from(`\0${user}\0${password}`) });
const ALICE = token("alice", "alice-secret");

const handshake = (by: RawClient, mechanism = "PLAIN", version = 1) => by.call(saslHandshake, version, { mechanism });

async function logIn(by: RawClient, { version = 2, as = ALICE }: { readonly version?: number; readonly as?: typeof ALICE } = {}) {
  await handshake(by);
  return by.call(saslAuthenticate, version, as);
}

/** Whether it is let through to where everybody comes who is in. */
async function isIn(by: RawClient): Promise<boolean> {
  return (await asksForNothing(by))?.clusterId === bench.node.cluster.image.clusterId;
}

function lastReason(): unknown {
  return lines.findLast(({ message }) => message === "closed a connection")?.facts["reason"];
}

/** What comes late comes now. */
async function late<Result>(answer: Promise<Result>): Promise<Result> {
  let isThere = false;
  void answer.then(() => {
    isThere = true;
  });
  while (!isThere) await bench.clock.advance(1);
  return answer;
}

const asksForNothing = (client: RawClient) => client.call(metadata, 9, { topics: [] });

function bare(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

describe("before anybody has logged in", () => {
  test.each([
    ["Metadata", (by: RawClient) => by.send(metadata, 9, { topics: null })],
    ["SaslAuthenticate", (by: RawClient) => by.send(saslAuthenticate, 2, ALICE)],
    ["a bare token", (by: RawClient) => by.write(bare(ALICE.authBytes))],
    ["a token of Kerberos", (by: RawClient) => by.write(bare(Buffer.from([0x60, 0x01, 0x02])))],
    ["a frame of one byte", (by: RawClient) => by.write(bare(Buffer.alloc(1)))],
    ["a frame of no bytes", (by: RawClient) => by.write(bare(Buffer.alloc(0)))],
  ])("%s closes the connection without an answer, and the log says what the client lacks", async (_, send) => {
    const by = await client();
    send(by);
    expect(await by.next()).toBeUndefined();
    await expect.poll(lastReason).toContain("the client does not log in, and this listener asks for it");
  });

  test("ApiVersions is answered once, and again only after one that was refused", async () => {
    const by = await client();
    const named = (clientSoftwareName: string) => by.call(apiVersions, 3, { clientSoftwareName, clientSoftwareVersion: "1" });
    expect(await named("")).toMatchObject({ errorCode: Errors.INVALID_REQUEST });
    const request = Buffer.concat(encodeRequest(apiVersions, 3, { correlationId: 7, clientId: "raw" }, {}));
    request.writeInt16BE(99, 6);
    by.write(request);
    expect((await by.next())?.readInt16BE(4)).toBe(Errors.UNSUPPORTED_VERSION);
    expect(await named("t")).toMatchObject({ errorCode: Errors.NONE });
    expect(await named("t")).toBeUndefined();
  });

  test("a larger frame than sasl.server.max.receive.size closes the connection, as the first and as a token", async () => {
    const first = await client();
    first.write(Buffer.from([0, 8, 0, 1]));
    expect(await first.next()).toBeUndefined();
    const second = await client();
    await handshake(second);
    expect(await second.call(saslAuthenticate, 2, { authBytes: Buffer.alloc(530_000, 0x61) })).toBeUndefined();
  });
});

test("requests that never come whole, of clients that have not logged in, leave others the memory for theirs", async () => {
  const announced = Buffer.alloc(5);
  announced.writeInt32BE(REQUEST_MEMORY_BYTES / 2);
  for (let count = 0; count < 3; count++) (await client()).write(announced);
  const made = await client();
  await logIn(made);
  const frame = Buffer.concat(encodeRequest(metadata, 9, { correlationId: 1, clientId: "slow" }, { topics: [] }));
  made.write(frame.subarray(0, 5));
  await expect.poll(() => made.socket.bytesWritten).toBeGreaterThan(frame.length);
  made.write(frame.subarray(5));
  expect(await made.next()).toBeDefined();
});

describe("who says that it is a broker of the cluster", () => {
  const HELLO = { authBytes: PEER_HELLO };

  test("is let in without a login when it proves it, for good", async () => {
    const image = bench.node.cluster.image;
    const key = new PeerKey();
    const known = image.brokers.get(1);
    if (known === undefined) throw new Error("broker 1 is not there");
    await bench.node.cluster.transact(() => ({
      changes: [{ type: "broker", ...known, id: 7, publicKey: key.publicKey }],
      result: undefined,
    }));
    const by = await client("sessions");
    const challenge = String((await by.call(saslAuthenticate, 2, HELLO))?.authBytes);
    const answer = await by.call(saslAuthenticate, 2, { authBytes: key.prove({ from: 7, to: 1, challenge, nonce: "nonce", channel: "" }) });
    expect(answer).toMatchObject({ errorCode: Errors.NONE });
    await bench.clock.advance(2 * SESSION_MS);
    expect(await isIn(by)).toBe(true);
  });

  test.each([
    ["does not prove it", (by: RawClient) => by.send(saslAuthenticate, 2, { authBytes: Buffer.from(`1 ${"A".repeat(86)}`) })],
    ["asks for another challenge", (by: RawClient) => by.send(saslAuthenticate, 2, HELLO)],
    ["gives a user's password instead", (by: RawClient) => by.send(saslAuthenticate, 2, ALICE)],
    ["goes on without proof", (by: RawClient) => by.send(metadata, 9, { topics: [] })],
  ])("and %s gets nowhere", async (_, send) => {
    const by = await client();
    expect(await by.call(saslAuthenticate, 2, HELLO)).toMatchObject({ errorCode: Errors.NONE });
    send(by);
    expect(await by.next()).toBeUndefined();
  });

  test("within a login, or after one, is a client like any other", async () => {
    const by = await client();
    await handshake(by);
    expect(await late(by.call(saslAuthenticate, 2, HELLO))).toMatchObject({ errorCode: Errors.SASL_AUTHENTICATION_FAILED });
    const other = await client();
    await logIn(other);
    expect(await other.call(saslAuthenticate, 2, HELLO)).toMatchObject({ errorCode: Errors.ILLEGAL_SASL_STATE });
  });
});

describe("the handshake", () => {
  test("lists the mechanisms in Kafka's order", async () => {
    expect(await handshake(await client())).toEqual({ errorCode: Errors.NONE, mechanisms: MECHANISMS });
  });

  test.each(["OAUTHBEARER", "plain", "", "x".repeat(30_000)])(
    "for another mechanism is refused, late, with the list, and closes: %s",
    async (mechanism) => {
      const by = await client();
      expect(await late(handshake(by, mechanism))).toEqual({ errorCode: Errors.UNSUPPORTED_SASL_MECHANISM, mechanisms: MECHANISMS });
      expect(await by.next()).toBeUndefined();
      await expect
        .poll(lastReason)
        .toMatch(/^the client wants to log in by .{0,80}, and this listener takes PLAIN, SCRAM-SHA-512, SCRAM-SHA-256/);
    },
  );

  test("is refused a second time, and closes", async () => {
    const by = await client();
    await handshake(by);
    expect(await late(handshake(by))).toEqual({ errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] });
    expect(await by.next()).toBeUndefined();
  });

  test("lets nothing pass but tokens: another request is refused in its own words, and closes", async () => {
    const by = await client();
    await handshake(by);
    const answer = await late(by.call(metadata, 9, { topics: [{ name: "t" }] }));
    expect(answer).toMatchObject({ brokers: [], clusterId: null, topics: [{ name: "t", errorCode: Errors.ILLEGAL_SASL_STATE }] });
    expect(await by.next()).toBeUndefined();
  });

  test("of version 0 is followed by bare tokens", async () => {
    const by = await client();
    await handshake(by, "PLAIN", 0);
    by.write(bare(ALICE.authBytes));
    expect(await by.next()).toEqual(Buffer.alloc(0));
    expect(await isIn(by)).toBe(true);
  });

  test.each([
    ["a wrong one", bare(token("alice", "x").authBytes)],
    ["SaslAuthenticate", Buffer.concat(encodeRequest(saslAuthenticate, 1, { correlationId: 1, clientId: "raw" }, ALICE))],
  ])("of version 0 followed by %s closes without an answer", async (_, bytes) => {
    const by = await client();
    await handshake(by, "PLAIN", 0);
    by.write(bytes);
    expect(await late(by.next())).toBeUndefined();
  });
});

describe("a login", () => {
  test.each([0, 1, 2])("by SaslAuthenticate %i lets in, and then both requests are out of place and harmless", async (version) => {
    const by = await client();
    expect(await logIn(by, { version })).toEqual({
      errorCode: Errors.NONE,
      errorMessage: "",
      authBytes: Buffer.alloc(0),
      sessionLifetimeMs: 0,
    });
    expect(await isIn(by)).toBe(true);
    expect(await handshake(by)).toEqual({ errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] });
    expect(await by.call(saslAuthenticate, version, token("bob", "bob-secret"))).toMatchObject({
      errorCode: Errors.ILLEGAL_SASL_STATE,
      errorMessage: "SaslAuthenticate request received after successful authentication",
    });
    expect(await isIn(by)).toBe(true);
  });

  test("gives the connection its principal, which handlers see", async () => {
    const seen: string[] = [];
    const removed = bench.node.broker.interceptors.add({
      defers: false,
      intercept: ({ context }, proceed) => {
        seen.push(context.connection.principal);
        return proceed();
      },
    });
    const by = await client();
    await logIn(by);
    await asksForNothing(by);
    removed();
    expect(seen).toEqual(["User:ANONYMOUS", "User:ANONYMOUS", "User:alice"]);
  });

  test("that fails is told so after connection.failed.authentication.delay.ms and not before, and closes", async () => {
    const by = await client();
    await handshake(by);
    const beforeMs = bench.clock.now();
    expect(await late(by.call(saslAuthenticate, 2, token("alice", "wrong")))).toMatchObject({
      errorCode: Errors.SASL_AUTHENTICATION_FAILED,
      errorMessage: "Authentication failed: Invalid username or password",
      sessionLifetimeMs: 0,
    });
    expect(bench.clock.now() - beforeMs).toBeGreaterThanOrEqual(DELAY_MS);
    expect(await by.next()).toBeUndefined();
    const said = () => lines.map(({ facts }) => facts["reason"]);
    await expect.poll(said).toContain('the client could not log in by PLAIN: the password of user "alice" is wrong');
    expect(JSON.stringify(lines)).not.toMatch(/alice-secret|bob-secret/);
  });

  test("may have requests behind it in the same packet, which are answered once it succeeds", async () => {
    const by = await client();
    by.socket.cork();
    by.send(saslHandshake, 1, { mechanism: "PLAIN" });
    by.send(saslAuthenticate, 2, ALICE);
    by.send(metadata, 9, { topics: [] });
    by.socket.uncork();
    const ids = [await by.next(), await by.next(), await by.next()].map((frame) => frame?.readInt32BE(0));
    expect(ids).toEqual([1, 2, 3]);
  });

  test.each([
    ["before any answer", true],
    ["after the handshake's answer", false],
  ])("that fails takes what was sent behind it along: %s", async (_, isAtOnce) => {
    const by = await client();
    if (!isAtOnce) await handshake(by);
    by.socket.cork();
    if (isAtOnce) by.send(saslHandshake, 1, { mechanism: "PLAIN" });
    by.send(saslAuthenticate, 2, token("alice", "wrong"));
    by.send(metadata, 9, { topics: null });
    by.send(saslAuthenticate, 2, ALICE);
    by.socket.uncork();
    if (isAtOnce) await by.next();
    expect((await late(by.next()))?.readInt16BE(5)).toBe(Errors.SASL_AUTHENTICATION_FAILED);
    expect(await by.next()).toBeUndefined();
  });
});

describe("a session that ends", () => {
  test("tells how long it lasts, and ends the connection with the first request after it", async () => {
    const by = await client("sessions");
    expect(await logIn(by)).toMatchObject({ sessionLifetimeMs: SESSION_MS });
    await bench.clock.advance(SESSION_MS);
    expect(await isIn(by)).toBe(true);
    await bench.clock.advance(1);
    expect(await asksForNothing(by)).toBeUndefined();
    await expect.poll(lastReason).toContain("the client's session is over");
  });

  test.each([
    ["ApiVersions", (by: RawClient) => by.call(apiVersions, 0, {})],
    ["SaslAuthenticate", (by: RawClient) => by.call(saslAuthenticate, 2, ALICE)],
  ])("is not renewed by %s", async (_, ask) => {
    const by = await client("sessions");
    await logIn(by);
    await bench.clock.advance(SESSION_MS + 1);
    expect(await ask(by)).toBeUndefined();
  });

  test("ends for clients, too, that cannot be told", async () => {
    const by = await client("sessions");
    expect(await logIn(by, { version: 0 })).toMatchObject({ sessionLifetimeMs: 0 });
    await bench.clock.advance(SESSION_MS + 1);
    expect(await asksForNothing(by)).toBeUndefined();
  });

  test("is begun anew on the live connection, before its end and after", async () => {
    const by = await client("sessions");
    await logIn(by);
    await bench.clock.advance(SESSION_MS - 1);
    expect(await logIn(by)).toMatchObject({ errorCode: Errors.NONE, sessionLifetimeMs: SESSION_MS });
    await bench.clock.advance(SESSION_MS + 1);
    expect(await logIn(by)).toMatchObject({ errorCode: Errors.NONE });
    expect(await isIn(by)).toBe(true);
  });

  test("is not begun anew twice within a second", async () => {
    const by = await client("sessions");
    await logIn(by);
    await logIn(by);
    expect(await handshake(by)).toEqual({ errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] });
    expect(await isIn(by)).toBe(true);
  });

  test.each([
    ["somebody else", token("bob", "bob-secret"), "Cannot change principals during re-authentication from User.alice: User.bob"],
    ["the same with another password", token("alice", "x"), "Authentication failed: Invalid username or password"],
  ])("is not begun anew by %s, which closes", async (_, as, errorMessage) => {
    const by = await client("sessions");
    await logIn(by);
    expect(await late(logIn(by, { as }))).toMatchObject({ errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage });
    expect(await by.next()).toBeUndefined();
  });

  test("is not begun anew by another mechanism: the handshake passes, the token closes", async () => {
    const by = await client("sessions");
    await logIn(by);
    expect(await handshake(by, "SCRAM-SHA-256")).toMatchObject({ errorCode: Errors.NONE });
    expect(await late(by.call(saslAuthenticate, 2, { authBytes: Buffer.from("n,,n=alice,r=abc") }))).toBeUndefined();
  });

  test("is not begun anew by a mechanism that is not there, which closes without an answer", async () => {
    const by = await client("sessions");
    await logIn(by);
    expect(await handshake(by, "NOPE")).toBeUndefined();
  });

  test("lets nothing pass between handshake and token, though the old session lasts", async () => {
    const by = await client("sessions");
    await logIn(by);
    await handshake(by);
    expect(await late(asksForNothing(by))).toMatchObject({ brokers: [], clusterId: null });
    expect(await by.next()).toBeUndefined();
  });
});

const WRONG: readonly Buffer[] = [
  token("alice", "wrong").authBytes,
  token("", "").authBytes,
  Buffer.from("bob\0alice\0alice-secret"),
  Buffer.from("\0alice\0alice-secret\0"),
  Buffer.from("n,,n=alice,r=abc"),
  Buffer.from("c=biws,r=abc,p=AAAA"),
  PEER_HELLO,
  Buffer.from(`1 ${"A".repeat(86)}`),
  Buffer.alloc(0),
];
const step = fc.oneof(
  fc.record({ mechanism: fc.constantFrom(...MECHANISMS, "NOPE"), version: fc.constantFrom(0, 1) }).map(
    ({ mechanism, version }) =>
      (by: RawClient) =>
        by.send(saslHandshake, version, { mechanism }),
  ),
  fc.record({ authBytes: fc.constantFrom(...WRONG), version: fc.constantFrom(0, 1, 2) }).map(
    ({ authBytes, version }) =>
      (by: RawClient) =>
        by.send(saslAuthenticate, version, { authBytes }),
  ),
  fc.constantFrom(...WRONG).map((bytes) => (by: RawClient) => by.write(bare(bytes))),
  fc.constant((by: RawClient) => by.send(apiVersions, 0, {})),
  fc.constant((by: RawClient) => by.send(metadata, 9, { topics: null })),
);

type Step = (by: RawClient) => void;

/** What is heard after those steps and a last Metadata, in which the cluster has its id. */
async function heardAfter(steps: readonly Step[], isAtOnce: boolean): Promise<Buffer[]> {
  const by = await RawClient.connect(ports.login);
  if (isAtOnce) by.socket.cork();
  for (const send of steps) {
    send(by);
    if (!isAtOnce) await new Promise((resolve) => setImmediate(resolve));
  }
  by.send(metadata, 9, { topics: [] });
  by.socket.uncork();
  const frames: Buffer[] = [];
  const isKnowing = () => frames.at(-1)?.includes(bench.node.cluster.image.clusterId) === true;
  for (let frame = await late(by.next()); frame !== undefined; frame = isKnowing() ? undefined : await late(by.next())) frames.push(frame);
  by.close();
  return isKnowing() ? frames : [];
}

test.each([true, false])(
  "no row of requests without a password gets as far as the cluster's metadata; sent at once: %s",
  async (isAtOnce) => {
    const knowing: Step[] = [(by) => by.send(saslHandshake, 1, { mechanism: "PLAIN" }), (by) => by.send(saslAuthenticate, 2, ALICE)];
    expect(await heardAfter(knowing, isAtOnce)).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        expect(await heardAfter(steps, isAtOnce)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  },
);
