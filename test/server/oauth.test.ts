// A listener that asks for tokens: what may be sent while a token is judged, which takes time where keys have to be fetched, who gets in, and
// for how long. Seen on Apache Kafka 4.3.1 by the same requests, but for tokens by keys that are not known yet: Kafka refuses those and
// fetches the keys afterwards.

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { metadata, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { bearer, ecKey, KeyServer, keySetText, signed, unsecured } from "../support/tokens.ts";

const SIGNED = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler";
const INVALID = '{"status":"invalid_token"}';
const UNDERSTOOD = Buffer.from([1]);
const MAX_SESSION_MS = 3000;

const lines: RecordedLine[] = [];
const key = ecKey();
const keys = await KeyServer.start(keySetText([key, { kid: "1" }]));
let bench: EffectBench;
const ports = { unsecured: 0, signed: 0, sessions: 0 };

beforeAll(async () => {
  bench = await EffectBench.start({
    logger: recordingLogger(lines),
    settings: {
      listeners: "PLAINTEXT://127.0.0.1:0,UNSECURED://127.0.0.1:0,SIGNED://127.0.0.1:0,SESSIONS://127.0.0.1:0",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,UNSECURED:SASL_PLAINTEXT,SIGNED:SASL_PLAINTEXT,SESSIONS:SASL_PLAINTEXT",
      "sasl.enabled.mechanisms": "OAUTHBEARER",
      "listener.name.signed.oauthbearer.sasl.server.callback.handler.class": SIGNED,
      "listener.name.signed.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": keys.url,
      "listener.name.sessions.oauthbearer.connections.max.reauth.ms": MAX_SESSION_MS,
      "connection.failed.authentication.delay.ms": 0,
    },
  });
  const { endpoints = [] } = bench.node.cluster.image.brokers.get(1) ?? {};
  const portOf = (listener: string) => endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
  Object.assign(ports, { unsecured: portOf("UNSECURED"), signed: portOf("SIGNED"), sessions: portOf("SESSIONS") });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
  expect(JSON.stringify(lines), "no token is in the log").not.toContain("eyJ");
});

const seconds = () => Math.floor(bench.clock.now() / 1000);
const claims = (more: object = {}) => ({ sub: "alice", iat: seconds() - 10, exp: seconds() + 600, ...more });
const ofAlice = (more?: object) => bearer(unsecured(claims(more)));
const bySigner = (more?: object, kid = "1", by = key) => bearer(signed(claims(more), by, { kid }));

async function client(listener: keyof typeof ports): Promise<RawClient> {
  const made = await RawClient.connect(ports[listener]);
  onTestFinished(() => made.close());
  return made;
}

const handshake = (by: RawClient, version = 1) => by.call(saslHandshake, version, { mechanism: "OAUTHBEARER" });
const shows = (by: RawClient, authBytes: Buffer) => by.call(saslAuthenticate, 2, { authBytes });
const isIn = async (by: RawClient) => (await by.call(metadata, 9, { topics: [] }))?.clusterId === bench.node.cluster.image.clusterId;

async function logIn(by: RawClient, message: Buffer) {
  await handshake(by);
  return shows(by, message);
}

/** What comes in a later turn comes now. */
async function late<Result>(answer: Promise<Result>): Promise<Result> {
  let isThere = false;
  void answer.then(() => {
    isThere = true;
  });
  while (!isThere) await bench.clock.advance(1);
  return answer;
}

const reasons = () => lines.filter(({ message }) => message === "closed a connection").map(({ facts }) => String(facts["reason"]));

test("a listener that takes unsecured tokens says so when it opens", () => {
  expect(lines).toContainEqual({
    level: "warn",
    message: "takes tokens that nobody has signed: whoever reaches this listener may be whoever they say",
    facts: expect.objectContaining({ listener: "UNSECURED" }),
  });
  expect(lines.filter(({ facts }) => facts["listener"] === "SIGNED")).toEqual([]);
});

test("a session lasts as long as the token, or as sessions may, and then the client shows another one", async () => {
  const by = await client("unsecured");
  expect(await logIn(by, ofAlice({ exp: seconds() + 2 }))).toMatchObject({ errorCode: 0, sessionLifetimeMs: 2000 });
  await bench.clock.advance(1000);
  expect((await handshake(by))?.errorCode).toBe(Errors.NONE);
  expect(await shows(by, ofAlice({ exp: seconds() + 5 }))).toMatchObject({ errorCode: 0, sessionLifetimeMs: 5000 });
  await bench.clock.advance(5000);
  expect(await isIn(by)).toBe(true);
  await bench.clock.advance(1);
  expect(await isIn(by)).toBe(false);
  await expect.poll(reasons).toContainEqual(expect.stringContaining("or what it logged in with has expired"));
  const short = await client("sessions");
  expect(await logIn(short, ofAlice())).toMatchObject({ sessionLifetimeMs: MAX_SESSION_MS });
  await bench.clock.advance(999);
  const shorter = await client("sessions");
  expect(await logIn(shorter, ofAlice({ exp: seconds() + 2 }))).toMatchObject({ sessionLifetimeMs: 2000 });
});

test("handlers see whom the token names, once it is judged", async () => {
  const seen: string[] = [];
  const removed = bench.node.broker.interceptors.add({
    defers: false,
    intercept: ({ context }, proceed) => {
      seen.push(context.connection.principal);
      return proceed();
    },
  });
  const by = await client("signed");
  await logIn(by, bySigner({ sub: " bob " }));
  expect(await isIn(by)).toBe(true);
  removed();
  expect(seen).toEqual(["User:ANONYMOUS", "User:ANONYMOUS", "User:bob"]);
});

test("a token that has expired within the skew of clocks lets in for no time at all", async () => {
  const by = await client("signed");
  expect(await logIn(by, bySigner({ exp: seconds() - 10, iat: seconds() - 20 }))).toMatchObject({ errorCode: 0, sessionLifetimeMs: 0 });
  expect(await isIn(by)).toBe(false);
});

test.each([
  ["somebody else's", () => ofAlice({ sub: "bob" }), "Cannot change principals during re-authentication from User.alice: User.bob"],
  [
    "no token",
    () => Buffer.from("x"),
    "Authentication failed during re-authentication due to invalid credentials with SASL mechanism OAUTHBEARER",
  ],
])("who logs in again with %s is sent away", async (_, message, said) => {
  const by = await client("unsecured");
  await logIn(by, ofAlice());
  await handshake(by);
  expect(await shows(by, message())).toMatchObject({ errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage: said });
  expect(await by.next()).toBeUndefined();
});

test("a refused token is told as if all went on, and then as an error; the log says why, whichever way the client goes", async () => {
  const expired = () => ofAlice({ exp: seconds() - 5 });
  const understanding = await client("unsecured");
  expect(await logIn(understanding, expired())).toEqual({
    errorCode: 0,
    errorMessage: "",
    authBytes: Buffer.from(INVALID),
    sessionLifetimeMs: 0,
  });
  expect(await shows(understanding, UNDERSTOOD)).toMatchObject({ errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage: INVALID });
  expect(await understanding.next()).toBeUndefined();
  const why = expect.stringMatching(/^the client could not log in by OAUTHBEARER: the token is refused: it names nobody \(sub\)$/);
  const expecting = async (go: (by: RawClient) => unknown) => {
    lines.length = 0;
    // What the same address does is said once in a while.
    await bench.clock.advance(3_600_000);
    const by = await client("unsecured");
    await logIn(by, ofAlice({ sub: undefined }));
    await go(by);
    await expect.poll(reasons).toEqual([why]);
  };
  await expecting((by) => shows(by, UNDERSTOOD));
  await expecting((by) => by.close());
  await expecting((by) => by.call(metadata, 9, { topics: [] }));
});

test("after a refused token another one may let in, and what comes meanwhile is refused", async () => {
  const by = await client("unsecured");
  await logIn(by, ofAlice({ sub: 5 }));
  expect(await shows(by, ofAlice())).toMatchObject({ errorCode: 0, authBytes: Buffer.alloc(0) });
  expect(await isIn(by)).toBe(true);
  const other = await client("unsecured");
  await logIn(other, ofAlice({ sub: 5 }));
  expect(await other.call(metadata, 9, { topics: [{ name: "t" }] })).toMatchObject({
    clusterId: null,
    topics: [{ errorCode: Errors.ILLEGAL_SASL_STATE }],
  });
  expect(await other.next()).toBeUndefined();
});

test("after a handshake of version 0, tokens come as they are, unsecured and signed", async () => {
  const sized = (bytes: Buffer) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(bytes.length);
    return Buffer.concat([size, bytes]);
  };
  for (const [listener, right] of [["unsecured", ofAlice()] as const, ["signed", bySigner()] as const]) {
    const by = await client(listener);
    await handshake(by, 0);
    by.write(sized(bearer("abc")));
    expect(String(await by.next())).toBe(INVALID);
    by.write(sized(right));
    expect(await by.next()).toEqual(Buffer.alloc(0));
    expect(await isIn(by)).toBe(true);
    const other = await client(listener);
    await handshake(other, 0);
    other.write(sized(bearer("abc")));
    await other.next();
    other.write(sized(UNDERSTOOD));
    expect(await other.next()).toBeUndefined();
  }
});

test("while a token is judged nothing that came behind it is looked at, and it goes the token's way", async () => {
  const impatient = async (message: Buffer) => {
    const by = await client("signed");
    await handshake(by);
    by.socket.cork();
    by.send(saslAuthenticate, 2, { authBytes: message });
    by.send(metadata, 9, { topics: null });
    by.send(saslHandshake, 1, { mechanism: "OAUTHBEARER" });
    by.socket.uncork();
    return by;
  };
  await logIn(await client("signed"), bySigner());
  const before = keys.asked;
  keys.hold();
  const second = ecKey();
  const [right, wrong] = [await impatient(bySigner({}, "2", second)), await impatient(bySigner({}, "3", ecKey()))];
  const answered: string[] = [];
  const firsts = [right, wrong].map(async (by, index) => {
    const frame = await by.next();
    answered.push(`${index}`);
    return frame;
  });
  // Both wait for newer keys, which are asked for once, after a pause.
  await expect.poll(async () => bench.clock.advance(100).then(() => keys.asked)).toBe(before + 1);
  expect(answered).toEqual([]);
  keys.answer(keySetText([key, { kid: "1" }], [second, { kid: "2" }]));
  const [letIn, refused] = await Promise.all(firsts);
  expect(letIn?.readInt16BE(4)).toBe(Errors.NONE);
  expect((await late(right.next()))?.includes(bench.node.cluster.image.clusterId)).toBe(true);
  expect((await late(right.next()))?.readInt16BE(4)).toBe(Errors.NONE);
  expect(refused?.includes(INVALID)).toBe(true);
  expect((await late(wrong.next()))?.includes(bench.node.cluster.image.clusterId)).toBe(false);
  expect(await late(wrong.next())).toBeUndefined();
  expect(keys.asked).toBe(before + 1);
});

test("a token of 500 kB is judged like any other, and a larger message ends the connection", async () => {
  const by = await client("unsecured");
  expect(await logIn(by, ofAlice({ padding: "x".repeat(370_000) }))).toMatchObject({ errorCode: 0, authBytes: Buffer.alloc(0) });
  const larger = await client("unsecured");
  expect(await logIn(larger, ofAlice({ padding: "x".repeat(400_000) }))).toBeUndefined();
});
