// Secrets stay where they are: passwords, keys and tokens that a broker is given or makes are in no line of its log at any level, in no
// description of settings, in no error and in no event; and the files that hold them are for this user of the system alone.

import { pbkdf2Sync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  alterUserScramCredentials,
  createDelegationToken,
  describeConfigs,
  describeUserScramCredentials,
  incrementalAlterConfigs,
} from "../../protocol/messages/index.ts";
import { planStart } from "../../src/cli/start-plan.ts";
import { type Access, Connection } from "../../src/client/connection.ts";
import { brokerConfig, heldByListener } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { certificateText, STORE_PASSWORD } from "../support/certificates.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

/** Each as nothing else is called. */
const SECRETS = {
  user: "user-pw-7f3a",
  jaas: "jaas-pw-19bc",
  alteredJaas: "altered-pw-55d0",
  scram: "scram-pw-e2c4",
  typed: "typed-pw-8a6e",
  tokens: "token-key-3b91",
};
const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
const JAAS = "listener.name.sasl_plaintext.plain.sasl.jaas.config";
const BROKER = 4;
const BROKER_LOGGER = 8;
const ITERATIONS = 4096;
const SCRAM_SHA_256 = 1;

const lines: RecordedLine[] = [];
const secrets = new Set<string>(Object.values(SECRETS));
let data: string;
let node: RunningNode;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "odradek-secrets-"));
  const settings = {
    listeners: ["PLAINTEXT://localhost:0", "SASL_PLAINTEXT://localhost:0", "SSL://localhost:0", "OWN://localhost:0"],
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,OWN:SSL",
    "odradek.users": JSON.stringify({ alice: SECRETS.user }),
    "odradek.tls": true,
    "odradek.acls": JSON.stringify(["User:ANONYMOUS allow all", "User:alice allow all"]),
    [JAAS]: `${PLAIN_MODULE} required user_bob="${SECRETS.jaas}";`,
    "delegation.token.secret.key": SECRETS.tokens,
    "listener.name.own.ssl.keystore.type": "PEM",
    "listener.name.own.ssl.keystore.key": certificateText("broker-encrypted.key"),
    "listener.name.own.ssl.keystore.certificate.chain": certificateText("broker.pem"),
    "listener.name.own.ssl.key.password": STORE_PASSWORD,
    "connection.failed.authentication.delay.ms": 0,
  };
  const logger = { ...recordingLogger(lines), isDebugging: true };
  const debugging = { ...logger, child: () => debugging };
  node = await openNode({ config: brokerConfig({ argument: settings }), host: "", port: 0, data, topics: [], logger: debugging });
});
afterAll(async () => {
  await node.stop();
  rmSync(data, { recursive: true });
});

async function at<Result>(listener: string, work: (connection: Connection) => Promise<Result>, access: Access = {}): Promise<Result> {
  const port = node.cluster.image.brokers.get(1)?.endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
  const connection = await Connection.open({ host: "localhost", port }, { access });
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

function shownIn(text: string): string[] {
  return [...secrets].filter((secret) => text.includes(secret) || text.includes(Buffer.from(secret).toString("base64")));
}

function alter(connection: Connection, name: string, value: string) {
  const resources = [{ resourceType: BROKER, resourceName: "1", configs: [{ name, configOperation: 0, value }] }];
  return connection.send(incrementalAlterConfigs, 1, { resources, validateOnly: false });
}

test("neither logins, right and wrong, nor what is made and altered, nor descriptions tell a secret", async () => {
  const told: string[] = [];
  const tell = (what: unknown) => told.push(JSON.stringify(what));
  const login = (user: string, password: string) => ({ login: { mechanism: "PLAIN", user, password } as const });
  await at("SASL_PLAINTEXT", async () => undefined, login("alice", SECRETS.user));
  await at("SASL_PLAINTEXT", async () => undefined, login("bob", SECRETS.jaas));
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256"] as const) {
    const wrong = at("SASL_PLAINTEXT", async () => undefined, { login: { mechanism, user: "alice", password: SECRETS.typed } });
    tell(await wrong.catch((error: unknown) => [String(error), error]));
  }
  const token = await at("SASL_PLAINTEXT", (connection) => connection.send(createDelegationToken, 3, { renewers: [], maxLifetimeMs: -1 }), {
    login: { mechanism: "SCRAM-SHA-256", user: "alice", password: SECRETS.user },
  });
  expect(token.errorCode).toBe(0);
  secrets.add(Buffer.from(token.hmac).toString("base64"));
  await at("PLAINTEXT", async (connection) => {
    const salt = Buffer.from("salt-of-carol");
    const saltedPassword = pbkdf2Sync(SECRETS.scram, salt, ITERATIONS, 32, "sha256");
    secrets.add(saltedPassword.toString("base64"));
    const carol = { name: "carol", mechanism: SCRAM_SHA_256, iterations: ITERATIONS, salt, saltedPassword };
    tell(await connection.send(alterUserScramCredentials, 0, { deletions: [], upsertions: [carol] }));
    tell(await connection.send(alterUserScramCredentials, 0, { deletions: [], upsertions: [{ ...carol, iterations: 1 }] }));
    tell(await alter(connection, JAAS, `${PLAIN_MODULE} required user_bob="${SECRETS.alteredJaas}";`));
    tell(await alter(connection, JAAS, `${PLAIN_MODULE} required user_bob="${SECRETS.typed}"`));
    tell(await alter(connection, "listener.name.own.ssl.key.password", SECRETS.typed));
    tell(await connection.send(describeUserScramCredentials, 0, { users: null }));
    for (const includeSynonyms of [false, true]) {
      const resources = [BROKER, BROKER_LOGGER].map((resourceType) => ({ resourceType, resourceName: "1", configurationKeys: null }));
      const described = await connection.send(describeConfigs, 4, { resources, includeSynonyms, includeDocumentation: true });
      const entries = described.results.flatMap(({ configs }) => configs);
      expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining([JAAS, "odradek.users", "delegation.token.secret.key"]));
      tell(described);
    }
  });
  secrets.add(firstLineOfKey(readFileSync(join(data, "ca.key"), "utf8")));
  secrets.add(firstLineOfKey(heldByListener(node.broker.services.config, "SSL", "ssl.keystore.key").value ?? ""));
  expect(lines.map(({ message }) => message)).toEqual(expect.arrayContaining(["request", "closed a connection"]));
  expect(shownIn(told.join("\n"))).toEqual([]);
  expect(shownIn(JSON.stringify(lines, (_, value) => (value instanceof Error ? [value.stack, value, value.cause] : value)))).toEqual([]);
});

/** Enough of a key in PEM to know it by. */
function firstLineOfKey(pem: string): string {
  const line = pem.split("\n").find((each) => each !== "" && !each.startsWith("-----"));
  expect(line).toBeDefined();
  return line ?? "";
}

const WRONG = "wrong-place-c7d1";

test.each([
  ["a user without a name", { user: [`:${WRONG}`] }],
  ["a password without a user", { user: [WRONG] }],
  ["a user given twice", { user: [`alice:${WRONG}`, `alice:${WRONG}2`] }],
  ["a setting without =", { set: [`ssl.key.password:${WRONG}`] }],
  ["a setting given twice", { set: ["ssl.key.password=a", `ssl.key.password=${WRONG}`] }],
  ["a listener's setting given twice", { set: [`${JAAS}=a`, `${JAAS}=${WRONG}`] }],
  ["an unknown setting", { set: [`ssl.key.passwort=${WRONG}`] }],
])("a start that is refused for %s does not show the password", (_, given) => {
  const start = () => planStart({ ...given, memory: true }, {});
  expect(start).toThrow(/./);
  expect(start).not.toThrow(WRONG);
});

test.each([
  ["users that are no JSON", { "odradek.users": `alice:${WRONG}` }],
  ["users that are a list", { "odradek.users": JSON.stringify([WRONG]) }],
  ["a user with a list of passwords", { "odradek.users": JSON.stringify({ alice: [WRONG] }) }],
  ["a JAAS line that does not end", { [JAAS]: `${PLAIN_MODULE} required user_bob="${WRONG}` }],
  ["a JAAS line of another module", { [JAAS]: `a.B required user_bob="${WRONG}";` }],
  [
    "a key that is none",
    { "listener.name.ssl.ssl.keystore.type": "PEM", "listener.name.ssl.ssl.keystore.key": `-----BEGIN PRIVATE KEY-----\n${WRONG}` },
  ],
  [
    "a key whose password is another",
    {
      "listener.name.ssl.ssl.keystore.type": "PEM",
      "listener.name.ssl.ssl.keystore.key": certificateText("broker-encrypted.key"),
      "listener.name.ssl.ssl.keystore.certificate.chain": certificateText("broker.pem"),
      "listener.name.ssl.ssl.key.password": WRONG,
    },
  ],
])("a broker that does not start for %s does not show it", async (_, more) => {
  const settings = { listeners: "SASL_PLAINTEXT://localhost:0,SSL://localhost:0", "sasl.enabled.mechanisms": "PLAIN", ...more };
  const start = openNode({ config: brokerConfig({ argument: settings }), host: "", port: 0, data: "memory", topics: [] });
  const error: unknown = await start.then(
    (started) => started.stop(),
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(Error);
  for (let each = error; each instanceof Error; each = each.cause) expect(`${each.stack}${JSON.stringify(each)}`).not.toContain(WRONG);
});

test("a settings file with a broken line is refused without the line", () => {
  const path = join(data, "server.properties");
  writeFileSync(path, `ssl.key.password=${WRONG}\\u12\n`);
  const start = () => planStart({ config: path, memory: true }, {});
  expect(start).toThrow("line 1");
  expect(start).not.toThrow(WRONG);
});

test("passwords of users that were made while running are in no file, and files with secrets are nobody else's", () => {
  const holding: string[] = [];
  const withPasswords: string[] = [];
  for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) {
    const path = join(data, name);
    if (!statSync(path).isFile() || name === "server.properties") continue;
    const content = readFileSync(path, "latin1");
    if (content.includes(SECRETS.scram) || content.includes(SECRETS.user)) withPasswords.push(name);
    if (shownIn(content).length === 0 && !content.includes("PRIVATE KEY")) continue;
    holding.push(name);
    if (process.platform !== "win32") expect([name, statSync(path).mode & 0o077]).toEqual([name, 0]);
  }
  expect(withPasswords).toEqual([]);
  // A JAAS line that was altered is kept as it is, as Kafka keeps it.
  expect(holding.toSorted()).toEqual(["ca.key", "metadata.journal"]);
});
