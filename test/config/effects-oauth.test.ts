// What the settings of OAUTHBEARER do: which tokens get in, and which starts are refused. A title begins with the settings that it is about.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { incrementalAlterConfigs, metadata, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { BROKER } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { bearer, ecKey, KeyServer, keySetText, signed, unsecured } from "../support/tokens.ts";
import { EffectBench } from "./effect-bench.ts";

const PACKAGE = "org.apache.kafka.common.security.oauthbearer.";
const SIGNED = `${PACKAGE}OAuthBearerValidatorCallbackHandler`;
const MODULE = `${PACKAGE}OAuthBearerLoginModule required`;
const PREFIX = "listener.name.tokens.oauthbearer.";
const HANDLER = `${PREFIX}sasl.server.callback.handler.class`;
const URL = `${PREFIX}sasl.oauthbearer.jwks.endpoint.url`;
const JAAS = `${PREFIX}sasl.jaas.config`;

const [key, other] = [ecKey(), ecKey()];
const FIRST = keySetText([key, { kid: "1" }]);
const BOTH = keySetText([key, { kid: "1" }], [other, { kid: "2" }]);
const folder = mkdtempSync(join(tmpdir(), "odradek-oauth-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keyFile(text: string): { path: string; url: string } {
  const path = join(folder, "keys.json");
  writeFileSync(path, text);
  return { path, url: pathToFileURL(path).href };
}

async function start(settings: SettingInputs, lines: RecordedLine[] = []): Promise<EffectBench> {
  const bench = await EffectBench.start({
    logger: recordingLogger(lines),
    settings: {
      listeners: "PLAINTEXT://127.0.0.1:0,TOKENS://127.0.0.1:0",
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,TOKENS:SASL_PLAINTEXT",
      "sasl.enabled.mechanisms": "OAUTHBEARER",
      "connection.failed.authentication.delay.ms": 0,
      ...settings,
    },
  });
  onTestFinished(() => bench[Symbol.asyncDispose]());
  return bench;
}

const claimsAt = (bench: EffectBench) => ({ sub: "alice", iat: bench.clock.now() / 1000 - 10, exp: bench.clock.now() / 1000 + 600 });

/** "in", or what is said against the token. */
async function shown(bench: EffectBench, token: string): Promise<string> {
  const port = bench.node.cluster.image.brokers.get(1)?.endpoints.find(({ listener }) => listener === "TOKENS")?.port ?? 0;
  const client = await RawClient.connect(port);
  await client.call(saslHandshake, 1, { mechanism: "OAUTHBEARER" });
  const answer = await client.call(saslAuthenticate, 2, { authBytes: bearer(token) });
  const refusal = String(answer?.authBytes);
  const isIn = refusal === "" && (await client.call(metadata, 9, { topics: [] })) !== undefined;
  client.close();
  return isIn ? "in" : refusal;
}

const REFUSED = '{"status":"invalid_token"}';

test("sasl.enabled.mechanisms, sasl.jaas.config: unsecured tokens are taken by default, and options of the line say which", async () => {
  const bench = await start({ "sasl.enabled.mechanisms": "OAUTHBEARER" });
  expect(await shown(bench, unsecured(claimsAt(bench)))).toBe("in");
  expect(await shown(bench, signed(claimsAt(bench), key))).toBe(REFUSED);
  const option = (name: string, value: string) => `unsecuredValidator${name}="${value}"`;
  const line = `${MODULE} unsecuredLoginStringClaim_sub="x" ${option("PrincipalClaimName", "who")} ${option("ScopeClaimName", "scp")} ${option("RequiredScope", "a b")} ${option("AllowableClockSkewMs", "60000")};`;
  const choosy = await start({ [JAAS]: line });
  const late = { who: "w", scp: ["a", "b"], exp: choosy.clock.now() / 1000 - 30 };
  expect(await shown(choosy, unsecured({ ...late, sub: 5, scp: ["b"] }))).toBe('{"status":"insufficient_scope", "scope":"[a, b]"}');
  expect(await shown(choosy, unsecured({ ...claimsAt(choosy), scp: ["a", "b"] }))).toBe(REFUSED);
  expect(await shown(choosy, unsecured({ ...late, exp: choosy.clock.now() / 1000 + 60 }))).toBe("in");
  expect(await shown(choosy, unsecured({ ...late, exp: choosy.clock.now() / 1000 - 61 }))).toBe(REFUSED);
});

test("sasl.server.callback.handler.class, sasl.oauthbearer.jwks.endpoint.url, sasl.oauthbearer.jwt.validator.class: tokens must be signed by the issuer's keys, which are in a file that may change", async () => {
  const { path, url } = keyFile(FIRST);
  const bench = await start({
    "sasl.server.callback.handler.class": `${PACKAGE}secured.OAuthBearerValidatorCallbackHandler`,
    "sasl.oauthbearer.jwks.endpoint.url": url,
    "sasl.oauthbearer.jwt.validator.class": `${PACKAGE}BrokerJwtValidator`,
  });
  expect(await shown(bench, signed(claimsAt(bench), key, { kid: "1" }))).toBe("in");
  expect(await shown(bench, unsecured(claimsAt(bench)))).toBe(REFUSED);
  expect(await shown(bench, signed(claimsAt(bench), other, { kid: "2" }))).toBe(REFUSED);
  writeFileSync(path, keySetText([other, { kid: "2" }]));
  expect(await shown(bench, signed(claimsAt(bench), other, { kid: "2" }))).toBe("in");
  expect(await shown(bench, signed(claimsAt(bench), key, { kid: "1" }))).toBe(REFUSED);
  renameSync(path, `${path}.away`);
  expect(await shown(bench, signed(claimsAt(bench), other, { kid: "2" }))).toBe("in");
});

test("sasl.oauthbearer.expected.audience, sasl.oauthbearer.expected.issuer, sasl.oauthbearer.clock.skew.seconds, sasl.oauthbearer.sub.claim.name, sasl.oauthbearer.scope.claim.name: claims are what the listener wants", async () => {
  const bench = await start({
    [HANDLER]: SIGNED,
    [URL]: keyFile(FIRST).url,
    [`${PREFIX}sasl.oauthbearer.expected.audience`]: "kafka,other",
    [`${PREFIX}sasl.oauthbearer.expected.issuer`]: "https://issuer",
    [`${PREFIX}sasl.oauthbearer.clock.skew.seconds`]: 5,
    [`${PREFIX}sasl.oauthbearer.sub.claim.name`]: "email",
    [`${PREFIX}sasl.oauthbearer.scope.claim.name`]: "scp",
  });
  const right = () => ({ ...claimsAt(bench), aud: "other", iss: "https://issuer", email: "a@b", scope: "" });
  const shows = (claims: object) => shown(bench, signed({ ...right(), ...claims }, key, { kid: "1" }));
  expect(await shows({})).toBe("in");
  for (const wrong of [{ aud: "x" }, { iss: "x" }, { email: undefined }, { scp: "" }, { exp: bench.clock.now() / 1000 - 6 }])
    expect(await shows(wrong)).toBe(REFUSED);
  expect(await shows({ exp: bench.clock.now() / 1000 - 2 })).not.toBe(REFUSED);
});

test("sasl.oauthbearer.jwks.endpoint.refresh.ms, sasl.oauthbearer.jwks.endpoint.retry.backoff.ms, sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms: the issuer's keys are fetched when they are old, and later when that fails", async () => {
  await using keys = await KeyServer.start(FIRST);
  const lines: RecordedLine[] = [];
  const bench = await start(
    {
      [HANDLER]: SIGNED,
      [URL]: keys.url,
      [`${PREFIX}sasl.oauthbearer.jwks.endpoint.refresh.ms`]: 600_000,
      [`${PREFIX}sasl.oauthbearer.jwks.endpoint.retry.backoff.ms`]: 20_000,
      [`${PREFIX}sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms`]: 30_000,
    },
    lines,
  );
  const isIn = () => shown(bench, signed(claimsAt(bench), key, { kid: "1" }));
  expect([await isIn(), await isIn(), keys.asked]).toEqual(["in", "in", 1]);
  await bench.clock.advance(600_000);
  expect([await isIn(), await isIn(), keys.asked]).toEqual(["in", "in", 2]);
  keys.answer("[]", 503);
  await bench.clock.advance(600_000);
  // The first one fails, the next one waits for its turn, 20 s later, and the one after that for 30 s.
  for (const [waitMs, asked] of [
    [0, 3],
    [10_000, 3],
    [11_000, 4],
    [20_000, 4],
    [11_000, 5],
  ] as const) {
    await bench.clock.advance(waitMs);
    expect(await isIn()).toBe("in");
    await expect.poll(() => keys.asked).toBe(asked);
    await expect.poll(() => keys.isIdle).toBe(true);
  }
  expect(lines.filter(({ facts }) => "location" in facts)).toMatchObject([
    {
      level: "warn",
      facts: { location: keys.url, reason: "it was answered with status 503", consequence: "the keys from before are used on" },
    },
  ]);
});

test("a broker whose issuer cannot be reached runs, refuses tokens, says why once, and takes them as soon as it has keys", async () => {
  await using keys = await KeyServer.start(FIRST);
  keys.answer("[]", 503);
  const lines: RecordedLine[] = [];
  const bench = await start({ [HANDLER]: SIGNED, [URL]: keys.url }, lines);
  /** Time passes beside, for pauses between attempts. */
  const whileTimePasses = async () => {
    let said: string | undefined;
    void shown(bench, signed(claimsAt(bench), key, { kid: "1" })).then((given) => {
      said = given;
    });
    await expect.poll(() => bench.clock.advance(100).then(() => said), { interval: 10 }).toBeDefined();
    return said;
  };
  expect([await whileTimePasses(), await whileTimePasses()]).toEqual([REFUSED, REFUSED]);
  keys.answer(FIRST);
  await expect.poll(whileTimePasses).toBe("in");
  expect(lines.filter(({ facts }) => "location" in facts).map(({ level, facts }) => [level, facts["consequence"]])).toEqual([
    ["warn", "nobody can log in by OAUTHBEARER"],
    ["info", undefined],
  ]);
  const why = lines.find(({ message }) => message === "closed a connection")?.facts["reason"];
  expect(why).toBe(
    `the client could not log in by OAUTHBEARER: the token is refused: the issuer's keys could not be read from ${keys.url} (sasl.oauthbearer.jwks.endpoint.url)`,
  );
});

test("sasl.oauthbearer.jwks.endpoint.url: clients cannot alter where keys come from while the broker runs", async () => {
  const bench = await start({ [HANDLER]: SIGNED, [URL]: keyFile(BOTH).url });
  for (const name of [URL, "listener.name.tokens.sasl.oauthbearer.jwks.endpoint.url", "sasl.oauthbearer.jwks.endpoint.url"]) {
    const configs = [{ name, configOperation: 0, value: "file:///etc/passwd" }];
    const resources = [{ resourceType: BROKER, resourceName: "1", configs }];
    const { responses } = await bench.asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
    expect(responses[0]?.errorMessage, name).toContain("Cannot update these configs dynamically");
  }
});

const MISSING = pathToFileURL(join(folder, "missing.json")).href;

test.each<[string, SettingInputs, string]>([
  [
    "an unknown validator",
    { [HANDLER]: "com.example.Handler" },
    `${HANDLER}: com.example.Handler is not known here, since Java classes are not loaded; take ${SIGNED}`,
  ],
  ["signed tokens by no keys", { [HANDLER]: SIGNED }, `${URL} must be given: it says where the issuer's keys are`],
  ["no address of keys", { [HANDLER]: SIGNED, [URL]: "keys" }, `${URL}: keys is no URL`],
  [
    "an address that is not served",
    { [HANDLER]: SIGNED, [URL]: "ftp://issuer/keys" },
    `${URL}: ftp://issuer/keys must begin with http, https or file`,
  ],
  ["a file of keys that is missing", { [HANDLER]: SIGNED, [URL]: MISSING }, `${URL}: ${MISSING} cannot be read: ENOENT`],
  ["a folder for keys", { [HANDLER]: SIGNED, [URL]: pathToFileURL(folder).href }, "cannot be read: it is a folder"],
  [
    "a file without keys",
    { [HANDLER]: SIGNED, [URL]: pathToFileURL(import.meta.filename).href },
    "cannot be read: it is no JSON Web Key Set",
  ],
  [
    "another class for tokens",
    { [HANDLER]: SIGNED, "sasl.oauthbearer.jwt.validator.class": "com.example.Jwt" },
    "sasl.oauthbearer.jwt.validator.class: com.example.Jwt is not known here",
  ],
  [
    "no claim for the user",
    { [HANDLER]: SIGNED, "sasl.oauthbearer.sub.claim.name": " " },
    "sasl.oauthbearer.sub.claim.name: it names no claim",
  ],
  [
    "an age below 0",
    { [HANDLER]: SIGNED, "sasl.oauthbearer.jwks.endpoint.refresh.ms": -1 },
    "sasl.oauthbearer.jwks.endpoint.refresh.ms: -1 is less than 0",
  ],
  [
    "a trust store for the issuer",
    { [HANDLER]: SIGNED, [JAAS]: `${MODULE} ssl.truststore.location="x.jks";` },
    `${JAAS}: its option ssl.truststore.location is not heeded`,
  ],
  [
    "a skew in words",
    { [JAAS]: `${MODULE} unsecuredValidatorAllowableClockSkewMs="soon";` },
    `${JAAS}: its option unsecuredValidatorAllowableClockSkewMs is no number of milliseconds`,
  ],
  [
    "a line for something else",
    { [JAAS]: "org.apache.kafka.common.security.plain.PlainLoginModule required;" },
    `its login module must be ${PACKAGE}OAuthBearerLoginModule`,
  ],
  [
    "a class that would check passwords",
    {
      "sasl.enabled.mechanisms": "PLAIN",
      "odradek.users": '{"alice":"secret"}',
      "listener.name.tokens.plain.sasl.server.callback.handler.class": "com.example.Passwords",
    },
    "com.example.Passwords is not known here, since Java classes are not loaded; leave it out",
  ],
])(
  "sasl.server.callback.handler.class: a start with %s is refused in one sentence that names the setting",
  async (_, settings, sentence) => {
    await expect(start(settings)).rejects.toThrow(sentence);
  },
);
