// Tokens (OAUTHBEARER): clients of each kind that show unsecured tokens, and tokens of an issuer, which is the kit's: right ones, wrong ones,
// and again while they produce and consume. Kafka's own clients and librdkafka also fetch them from the issuer.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, expect } from "vitest";
import { systemClock } from "../../src/base/system-clock.ts";
import { OAuthKit } from "../../src/embed/oauth-kit.ts";
import { certificatePath, certificateText, tlsSettings } from "../support/certificates.ts";
import { unsecured } from "../support/tokens.ts";
import { type BrokerName, CACHE, KAFKA_REFERENCE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { canBuildFranzGo, franzGo } from "./franz-go.ts";
import { normalise, runTool } from "./java-tools.ts";
import { echoes } from "./kafkajs-echoes.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(20052), odradek: port(20072) };
const PACKAGE = "org.apache.kafka.common.security.oauthbearer.";
const TOPIC = "oauth";
const SESSION_MS = 2000;
const AUTHORITY = certificatePath("ca.pem");
/** Behind the listener for everybody and the controller's. */
const LISTENERS = ["unsecured", "signed", "short", "secure"] as const;
type Listener = (typeof LISTENERS)[number];

const issuer = await OAuthKit.start(systemClock);
const stranger = await OAuthKit.start(systemClock);
const folder = mkdtempSync(join(tmpdir(), "odradek-oauth-"));
const tokenFile = join(folder, "token");
/** What Kafka's JVM may read. */
const ALLOWED = [
  `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${[issuer.jwksUrl, issuer.tokenUrl, pathToFileURL(tokenFile).href].join(",")}`,
  `-Dorg.apache.kafka.sasl.oauthbearer.allowed.files=${tokenFile}`,
].join(" ");
const brokers = new Map<BrokerName, Promise<RunningBroker>>();

afterAll(async () => {
  for (const broker of brokers.values()) await broker.then((running) => running.stop());
  for (const each of [issuer, stranger]) each.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: BrokerName, listener: Listener) => `localhost:${PORTS[name] + 2 + LISTENERS.indexOf(listener)}`;

/** Has it run, with the topic. */
async function running(name: BrokerName): Promise<BrokerName> {
  const broker = brokers.get(name) ?? started(name);
  brokers.set(name, broker);
  await broker;
  return name;
}

async function started(name: BrokerName): Promise<RunningBroker> {
  const dataFolder = join(CACHE, "data", `oauth-${name}`);
  rmSync(dataFolder, { recursive: true, force: true });
  const broker = await startBroker(name, { port: PORTS[name], dataFolder, settings: settings(name), jvm: ALLOWED });
  await runOrThrow(KAFKA_REFERENCE, ["tool", "topics", "--bootstrap-server", broker.bootstrap, "--create", "--topic", TOPIC]);
  return broker;
}

function settings(name: BrokerName): Record<string, string> {
  const clients = [`PLAINTEXT://127.0.0.1:${PORTS[name]}`, ...LISTENERS.map((each) => `${each.toUpperCase()}://${at(name, each)}`)].join(
    ",",
  );
  const protocols = LISTENERS.map((each) => `${each.toUpperCase()}:${each === "secure" ? "SASL_SSL" : "SASL_PLAINTEXT"}`);
  const ofSigned = (listener: Listener): [string, string][] =>
    Object.entries({
      "sasl.server.callback.handler.class": `${PACKAGE}OAuthBearerValidatorCallbackHandler`,
      "sasl.oauthbearer.jwks.endpoint.url": issuer.jwksUrl,
      "sasl.oauthbearer.expected.issuer": issuer.issuer,
      "sasl.oauthbearer.expected.audience": issuer.audience,
    }).map(([setting, value]) => [`listener.name.${listener}.oauthbearer.${setting}`, value]);
  return {
    listeners: `${clients},CONTROLLER://127.0.0.1:${PORTS[name] + 1}`,
    "advertised.listeners": clients,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", ...protocols].join(","),
    "sasl.enabled.mechanisms": "OAUTHBEARER",
    "listener.name.short.connections.max.reauth.ms": `${SESSION_MS}`,
    ...Object.fromEntries((["signed", "short", "secure"] as const).flatMap(ofSigned)),
    ...tlsSettings("secure"),
    ...Object.fromEntries(
      LISTENERS.map((each) => [`listener.name.${each}.oauthbearer.sasl.jaas.config`, `${PACKAGE}OAuthBearerLoginModule required;`]),
    ),
  };
}

const now = () => Math.floor(Date.now() / 1000);
const claims = (more: object = {}) => ({ sub: "alice", iat: now() - 60, exp: now() + 600, ...more });

interface Shown {
  readonly listener: Listener;
  readonly token: () => string | Promise<string>;
}

const RIGHT: Readonly<Record<string, Shown>> = {
  unsecured: { listener: "unsecured", token: () => unsecured(claims()) },
  signed: { listener: "signed", token: () => issuer.token({ subject: "alice", scope: ["read", "write"] }) },
};
const WRONG: Readonly<Record<string, Shown>> = {
  "unsecured, expired": { listener: "unsecured", token: () => unsecured(claims({ exp: now() - 5 })) },
  "unsecured, of nobody": { listener: "unsecured", token: () => unsecured(claims({ sub: undefined })) },
  "unsecured, where signed ones are asked for": {
    listener: "signed",
    token: () => unsecured(claims({ aud: issuer.audience, iss: issuer.issuer })),
  },
  "signed, where unsecured ones are asked for": { listener: "unsecured", token: () => issuer.token({ subject: "alice" }) },
  "signed, expired": { listener: "signed", token: () => issuer.token({ subject: "alice", expiresInMs: -60_000 }) },
  "signed, for others": { listener: "signed", token: () => issuer.token({ subject: "alice", audience: "elsewhere" }) },
  "signed by a stranger": { listener: "signed", token: () => stranger.token({ subject: "alice", claims: { iss: issuer.issuer } }) },
};

/** Those that are shown over TLS. */
const SECURE: Readonly<Record<string, Shown>> = {
  "signed, over TLS": { listener: "secure", token: () => issuer.token({ subject: "alice" }) },
  "signed, for others, over TLS": { listener: "secure", token: () => issuer.token({ subject: "alice", audience: "elsewhere" }) },
};

/** Those that clients show which look at a token themselves. */
const WELL_FORMED = Object.fromEntries(Object.entries(WRONG).filter(([what]) => what.startsWith("signed")));

interface Place {
  readonly bootstrap: string;
  readonly isSecure: boolean;
}

function placeOf(name: BrokerName, listener: Listener): Place {
  return { bootstrap: at(name, listener), isSecure: listener === "secure" };
}

/** What a client that shows each token observes. */
function compareTokens(
  title: string,
  tokens: Readonly<Record<string, Shown>>,
  client: (place: Place, token: string) => Promise<Observation>,
) {
  compare(title, async ({ name }) => {
    await running(name);
    const observed: Record<string, Observation> = {};
    for (const [what, { listener, token }] of Object.entries(tokens)) observed[what] = await client(placeOf(name, listener), await token());
    return observed;
  });
}

compareTokens(
  "kafkajs shows a token of each kind, and is refused with those that are not right",
  { ...RIGHT, ...WRONG, ...SECURE },
  kafkajs,
);

compareTokens(
  "librdkafka shows a token of each kind, and is refused with those that are not right",
  { ...RIGHT, ...WELL_FORMED, ...SECURE },
  (place, token) => python(place, "token", token),
);

compareTokens(
  "kafka-python shows a token of each kind, and is refused with those that are not right",
  { ...RIGHT, ...SECURE },
  (place, token) => python(place, "kafka-python", token),
);

compare("librdkafka fetches tokens from the issuer", async ({ name }) => {
  const observed = await python(placeOf(await running(name), "signed"), "oidc", issuer.tokenUrl);
  expect(observed).toEqual({ read: "by librdkafka" });
  return observed;
});

compare("Kafka's console tools make unsecured tokens, and fetch signed ones from the issuer", async ({ name }) => {
  await running(name);
  const observed: Record<string, Observation> = {};
  const ways: readonly (readonly [Listener, Record<string, string>, string])[] = [
    ["unsecured", {}, 'unsecuredLoginStringClaim_sub="alice"'],
    ["signed", ofIssuer(issuer.tokenUrl), 'clientId="alice" clientSecret="any" scope="read"'],
  ];
  for (const [listener, more, options] of ways) {
    const at_ = ["--bootstrap-server", at(name, listener), "--command-config", properties(more, options), "--topic", `java-${listener}`];
    const produced = await runTool(["console-producer", ...at_], { stdin: "from the console\n", jvm: ALLOWED });
    const { stdout } = await runTool(["console-consumer", ...at_, "--from-beginning", "--max-messages", "1"], { jvm: ALLOWED });
    observed[listener] = { exitCode: produced.exitCode, read: stdout.trim() };
  }
  expect(observed["signed"]).toEqual({ exitCode: 0, read: "from the console" });
  return observed;
});

compareTokens("Kafka's console tools say that a token is refused", WELL_FORMED, async ({ bootstrap }, token) => {
  writeFileSync(tokenFile, token);
  const config = properties(ofIssuer(pathToFileURL(tokenFile).href), "");
  const { exitCode, stdout, stderr } = await runTool(["topics", "--bootstrap-server", bootstrap, "--command-config", config, "--list"], {
    jvm: ALLOWED,
  });
  return { exitCode, said: normalise(`${stdout}\n${stderr}`) };
});

compare("kafkajs shows tokens again while it produces and consumes, and loses no record by it", async ({ name }) => {
  let shown = 0;
  const oauthBearerProvider = async () => {
    shown++;
    return { value: await issuer.token({ subject: "alice" }) };
  };
  const kafka = new Kafka({
    brokers: [at(await running(name), "short")],
    sasl: { mechanism: "oauthbearer", oauthBearerProvider },
    logLevel: logLevel.NOTHING,
    reauthenticationThreshold: 500,
  });
  return { isAllRead: await echoes(kafka, "again", 3 * SESSION_MS), isShownAgain: shown > 6 };
});

if (canBuildFranzGo()) {
  compareTokens("franz-go shows a token of each kind, and is refused with those that are not right", { ...RIGHT, ...WRONG, ...SECURE }, go);

  compare("franz-go shows its token again while it produces and consumes, and loses no record by it", async ({ name }) =>
    go(placeOf(await running(name), "short"), await issuer.token({ subject: "alice" }), 3 * SESSION_MS),
  );
}

/** Sends and lists, or what it is refused with. */
async function kafkajs({ bootstrap, isSecure }: Place, token: string): Promise<Observation> {
  const kafka = new Kafka({
    brokers: [bootstrap],
    ...(isSecure ? { ssl: { ca: [certificateText("ca.pem")] } } : {}),
    sasl: { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: token, extensions: { traceId: "1" } }) },
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const [producer, admin] = [kafka.producer(), kafka.admin()];
  try {
    await producer.connect();
    const sent = await producer.send({ topic: TOPIC, messages: [{ value: "x" }] });
    await admin.connect();
    return { errorCode: sent[0]?.errorCode ?? null, isListed: (await admin.listTopics()).includes(TOPIC) };
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message.replace(bootstrap, "<broker>") } : String(error);
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
}

async function python({ bootstrap, isSecure }: Place, way: "token" | "oidc" | "kafka-python", what: string): Promise<Observation> {
  const program = join(import.meta.dirname, "python/oauth_client.py");
  const args = [program, bootstrap, isSecure ? "SASL_SSL" : "SASL_PLAINTEXT", AUTHORITY, TOPIC, way, what, "alice"];
  return JSON.parse(await runOrThrow(await pythonWithClients(), args, { deadlineMs: 60_000 })) as Observation;
}

function go({ bootstrap, isSecure }: Place, token: string, forMs = 0): Promise<Observation> {
  return franzGo({ bootstrap, topic: TOPIC, mechanism: "OAUTHBEARER", token, forMs, ...(isSecure ? { ca: AUTHORITY } : {}) });
}

function ofIssuer(url: string): Record<string, string> {
  return { "sasl.login.callback.handler.class": `${PACKAGE}OAuthBearerLoginCallbackHandler`, "sasl.oauthbearer.token.endpoint.url": url };
}

/** A file for --command-config. */
function properties(more: Record<string, string>, options: string): string {
  const path = join(folder, "client.properties");
  const all = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.jaas.config": `${PACKAGE}OAuthBearerLoginModule required ${options};`,
    ...more,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  writeFileSync(path, lines.join("\n"));
  return path;
}
