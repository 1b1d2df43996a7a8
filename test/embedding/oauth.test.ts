// A broker that asks for tokens, inside a test, with the issuer that the kit has: kafkajs with the options that it gives, and tokens that are
// not right.

import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { type RunningBroker, type StartOptions, startBroker, startCluster, type TokenOptions } from "../../src/index.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

async function start(options: StartOptions = {}): Promise<RunningBroker> {
  const broker = await startBroker({ oauth: true, topics: ["t"], ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

async function topicsFor(options: KafkaConfig): Promise<string[]> {
  const admin = new Kafka({ ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

const showing = (broker: RunningBroker, token: string): KafkaConfig => ({
  ...broker.connection.kafkajs(),
  sasl: { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: token }) },
});

function claimsOf(token: string): object {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as object;
}

test("kafkajs comes in with what the kit gives, as whoever it says, and not without a token", async () => {
  const broker = await start();
  const options = broker.connection.kafkajs({ user: "alice" });
  expect(await topicsFor(options)).toEqual(["t"]);
  const { value } = options.sasl?.mechanism === "oauthbearer" ? await options.sasl.oauthBearerProvider() : { value: "" };
  expect(claimsOf(value)).toMatchObject({ sub: "alice", iss: broker.oauth.issuer, aud: broker.oauth.audience });
  await expect(topicsFor(broker.connection.kafkajs())).rejects.toThrow(/./);
});

test("tokens that are not right are refused, and the log says why without showing them", async () => {
  const lines: RecordedLine[] = [];
  const broker = await start({ logger: recordingLogger(lines) });
  const token = (more: Partial<TokenOptions>) => broker.oauth.token({ subject: "alice", ...more });
  expect(await topicsFor(showing(broker, await token({ scope: "read", claims: { groups: ["a"] } })))).toEqual(["t"]);
  const refused: readonly (readonly [Partial<TokenOptions>, string])[] = [
    [{ expiresInMs: -60_000 }, "it has expired"],
    [{ audience: "elsewhere" }, 'it is meant for "elsewhere"'],
    [{ claims: { aud: undefined } }, "it says of nobody"],
    [{ claims: { iss: "https://elsewhere" } }, 'it is from "https://elsewhere"'],
    [{ claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }, "it is not valid yet"],
  ];
  for (const [options, why] of refused) {
    await expect(topicsFor(showing(broker, await token(options)))).rejects.toThrow(/./);
    await expect.poll(() => lines.map(({ facts }) => facts["reason"])).toContainEqual(expect.stringContaining(why));
  }
  const stranger = await (await start()).oauth.token({ subject: "alice", claims: { iss: broker.oauth.issuer } });
  await expect(topicsFor(showing(broker, stranger))).rejects.toThrow(/./);
  expect(JSON.stringify(lines)).not.toContain("eyJ");
});

test("users with passwords come in beside, each by a mechanism of their own", async () => {
  const broker = await start({ users: { alice: "secret" } });
  expect(broker.connection.kafkajs({ user: "alice" }).sasl).toEqual({ mechanism: "plain", username: "alice", password: "secret" });
  for (const mechanism of ["PLAIN", "SCRAM-SHA-512", "OAUTHBEARER"] as const)
    expect(await topicsFor(broker.connection.kafkajs({ user: "alice", mechanism }))).toEqual(["t"]);
  expect(await topicsFor(broker.connection.kafkajs({ user: "bob" }))).toEqual(["t"]);
  expect(await topicsFor((await start({ users: {} })).connection.kafkajs({ user: "bob" }))).toEqual(["t"]);
});

test("over TLS, and in a cluster, it is the same issuer", async () => {
  const secured = await start({ tls: true });
  expect(await topicsFor(secured.connection.kafkajs({ user: "alice" }))).toEqual(["t"]);
  expect(secured.connection.confluent({ user: "alice" })["security.protocol"]).toBe("sasl_ssl");
  await using cluster = await startCluster({ oauth: true, brokers: 2, topics: ["t"] });
  expect(await topicsFor(cluster.connection.kafkajs({ user: "alice" }))).toEqual(["t"]);
});

test("clients that fetch tokens get them for their id, and their options say where", async () => {
  const broker = await start();
  const { oauth } = broker;
  const ask = (body: string, headers: Record<string, string> = {}) =>
    fetch(oauth.tokenUrl, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  for (const asked of [
    ask("grant_type=client_credentials&client_id=al+ice&client_secret=x"),
    ask("grant_type=client_credentials&scope=a+b", basic("al%20ice:x")),
    ask("grant_type=client_credentials", basic("al ice:x")),
  ]) {
    const { access_token: token, token_type: type, expires_in: seconds } = (await (await asked).json()) as Record<string, string>;
    expect([type, seconds]).toEqual(["Bearer", 3600]);
    expect(claimsOf(token ?? "")).toMatchObject({ sub: "al ice", aud: "kafka" });
    expect(await topicsFor(showing(broker, token ?? ""))).toEqual(["t"]);
  }
  expect((await ask("grant_type=password&client_id=a")).status).toBe(400);
  expect((await ask("grant_type=client_credentials")).status).toBe(401);
  expect((await fetch(`${oauth.issuer}/elsewhere`)).status).toBe(404);
  expect(await (await fetch(`${oauth.issuer}/.well-known/openid-configuration`)).json()).toEqual({
    issuer: oauth.issuer,
    jwks_uri: oauth.jwksUrl,
    token_endpoint: oauth.tokenUrl,
  });
  expect(broker.connection.confluent({ user: "alice" })).toMatchObject({
    "security.protocol": "sasl_plaintext",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.token.endpoint.url": oauth.tokenUrl,
    "sasl.oauthbearer.client.id": "alice",
  });
  const { sasl } = broker.connection.platformatic({ user: "alice" });
  expect(sasl?.mechanism === "OAUTHBEARER" && (await topicsFor(showing(broker, await sasl.token())))).toEqual(["t"]);
});

test("tokens expire by the broker's clock", async () => {
  const clock = new VirtualClock();
  const broker = await start({ clock, settings: { "connection.failed.authentication.delay.ms": 0 } });
  const token = await broker.oauth.token({ subject: "alice", expiresInMs: 60_000 });
  expect(await topicsFor(showing(broker, token))).toEqual(["t"]);
  await clock.advance(91_000);
  await expect(topicsFor(showing(broker, token))).rejects.toThrow(/./);
});

test("the issuer ends with the broker, and with a start that fails; a broker without one says so", async () => {
  const broker = await start();
  const { jwksUrl } = broker.oauth;
  expect((await fetch(jwksUrl)).status).toBe(200);
  await broker.stop();
  await expect(fetch(jwksUrl)).rejects.toThrow(/./);
  await expect(start({ settings: { "sasl.oauthbearer.jwks.endpoint.url": "nowhere" } })).rejects.toThrow("nowhere is no URL");
  const without = await startBroker();
  onTestFinished(() => without.stop());
  expect(() => without.oauth).toThrow("the broker was started without oauth: true");
  expect(() => without.connection.kafkajs({ user: "alice", mechanism: "OAUTHBEARER" })).toThrow("without oauth: true");
});
