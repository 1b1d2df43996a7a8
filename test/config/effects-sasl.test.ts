// What the settings of logins do: who gets in, for how long, and which starts are refused. A title begins with the settings that it is about.

import { pbkdf2Sync } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { alterUserScramCredentials, describeConfigs, incrementalAlterConfigs, metadata } from "../../protocol/messages/index.ts";
import { Connection } from "../../src/client/connection.ts";
import type { Login } from "../../src/client/sasl.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { BROKER } from "../support/asking-broker.ts";
import { EffectBench } from "./effect-bench.ts";

const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule";
const JAAS = "listener.name.sasl_plaintext.plain.sasl.jaas.config";
const LISTENERS = { listeners: "SASL_PLAINTEXT://127.0.0.1:0" };
const ALICE: Login = { mechanism: "PLAIN", user: "alice", password: "secret" };

async function start(settings: SettingInputs, users?: Readonly<Record<string, string>>): Promise<RunningBroker> {
  const broker = await startBroker({
    settings: { "connection.failed.authentication.delay.ms": 0, ...settings },
    ...(users === undefined ? {} : { users }),
  });
  onTestFinished(() => broker.stop());
  return broker;
}

async function connect(broker: RunningBroker, login: Login): Promise<Connection> {
  const connection = await Connection.open({ host: "127.0.0.1", port: broker.port }, { access: { login } });
  onTestFinished(() => connection.close());
  return connection;
}

test("sasl.jaas.config: the users of PLAIN are those of its line, which may be altered while running", async () => {
  const broker = await start({
    ...LISTENERS,
    "sasl.enabled.mechanisms": "PLAIN",
    [JAAS]: `${PLAIN_MODULE} required user_alice="secret";`,
  });
  const connection = await connect(broker, ALICE);
  await expect(connect(broker, { ...ALICE, user: "bob" })).rejects.toThrow(
    "does not let bob in by PLAIN: Authentication failed: Invalid username or password.",
  );
  const alter = async (value: string) => {
    const configs = [{ name: JAAS, configOperation: 0, value }];
    const answer = await connection.send(incrementalAlterConfigs, 1, {
      resources: [{ resourceType: BROKER, resourceName: "1", configs }],
      validateOnly: false,
    });
    return answer.responses[0]?.errorMessage ?? null;
  };
  const fault = await alter(`${PLAIN_MODULE} required user_bob="bob-secret"`);
  expect(fault).toContain(`${JAAS} is no JAAS line for PLAIN: it does not end with a semicolon`);
  expect(fault).not.toContain("bob-secret");
  expect(await alter(`${PLAIN_MODULE} required user_bob="bob-secret";`)).toBeNull();
  await connect(broker, { mechanism: "PLAIN", user: "bob", password: "bob-secret" });
  await expect(connect(broker, ALICE)).rejects.toThrow("Invalid username or password");
  const described = await connection.send(describeConfigs, 4, {
    resources: [{ resourceType: BROKER, resourceName: "1", configurationKeys: null }],
  });
  const told = described.results[0]?.configs.find(({ name }) => name === JAAS);
  expect([told?.value, told?.isSensitive]).toEqual([null, true]);
});

test("sasl.enabled.mechanisms: a listener that comes while the broker runs asks for a login at once", async () => {
  await using bench = await EffectBench.start({ settings: { listeners: "PLAINTEXT://127.0.0.1:0" } });
  const line = "listener.name.late.plain.sasl.jaas.config";
  const values: readonly (readonly [name: string, value: string])[] = [
    ["listeners", "PLAINTEXT://127.0.0.1:0,LATE://127.0.0.1:0"],
    ["listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,LATE:SASL_PLAINTEXT"],
    ["listener.name.late.sasl.enabled.mechanisms", "PLAIN"],
    [line, `${PLAIN_MODULE} required user_alice="secret";`],
  ];
  const alter = async (wanted: typeof values) => {
    const configs = wanted.map(([name, value]) => ({ name, configOperation: 0, value }));
    const resources = [{ resourceType: BROKER, resourceName: "1", configs }];
    const { responses } = await bench.asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
    return responses[0]?.errorMessage ?? null;
  };
  expect(await alter(values.filter(([name]) => name !== line))).toContain(`${line} must be given`);
  expect(await alter(values)).toBeNull();
  const late = () => bench.node.cluster.image.brokers.get(1)?.endpoints.find(({ listener }) => listener === "LATE")?.port ?? 0;
  await expect.poll(late).toBeGreaterThan(0);
  const connection = await Connection.open({ host: "127.0.0.1", port: late() }, { access: { login: ALICE } });
  expect((await connection.send(metadata, 9, { topics: [] })).brokers).toMatchObject([{ port: late() }]);
  connection.close();
  const stranger = await Connection.open({ host: "127.0.0.1", port: late() });
  await expect(stranger.send(metadata, 9, { topics: [] })).rejects.toThrow("it closed the connection, as those do that ask for a login");
});

test("sasl.enabled.mechanisms: one listener may have others than the rest, and what is not enabled is refused", async () => {
  const broker = await start({
    ...LISTENERS,
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_plaintext.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": `${SCRAM_MODULE} required;`,
    "odradek.users": '{"alice":"secret"}',
  });
  await expect(connect(broker, ALICE)).rejects.toThrow("does not let alice in by PLAIN: it takes SCRAM-SHA-512, SCRAM-SHA-256.");
  const connection = await connect(broker, { ...ALICE, mechanism: "SCRAM-SHA-256" });
  const salt = Buffer.from("salt");
  const upsertions = [
    { name: "bob", mechanism: 2, iterations: 4096, salt, saltedPassword: pbkdf2Sync("of bob", salt, 4096, 64, "sha512") },
  ];
  await connection.send(alterUserScramCredentials, 0, { deletions: [], upsertions });
  await connect(broker, { mechanism: "SCRAM-SHA-512", user: "bob", password: "of bob" });
  await expect(connect(broker, { mechanism: "SCRAM-SHA-256", user: "bob", password: "of bob" })).rejects.toThrow("invalid credentials");
  await connection.send(alterUserScramCredentials, 0, { deletions: [{ name: "bob", mechanism: 2 }], upsertions: [] });
  await expect(connect(broker, { mechanism: "SCRAM-SHA-512", user: "bob", password: "of bob" })).rejects.toThrow("invalid credentials");
});

test("odradek.users: without listeners given, clients have to log in, by any mechanism that there is", async () => {
  const broker = await start({}, { alice: "secret" });
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    const connection = await connect(broker, { ...ALICE, mechanism });
    expect((await connection.send(metadata, 9, { topics: [] })).clusterId).toBe(broker.clusterId);
    await expect(connect(broker, { ...ALICE, mechanism, password: "Secret" })).rejects.toThrow(`does not let alice in by ${mechanism}`);
  }
  const stranger = await Connection.open({ host: "127.0.0.1", port: broker.port });
  await expect(stranger.send(metadata, 9, { topics: [] })).rejects.toThrow("it closed the connection");
});

test.each([
  [
    "Kerberos, which is Kafka's default",
    {},
    "sasl.enabled.mechanisms: the listener SASL_PLAINTEXT would ask for GSSAPI (Kerberos), which is not served; name some of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER",
  ],
  [
    "PLAIN without users",
    { "sasl.enabled.mechanisms": "PLAIN" },
    `${JAAS} must be given: without it, or odradek.users, nobody can log in by PLAIN`,
  ],
  [
    "a line that is none",
    { "sasl.enabled.mechanisms": "PLAIN", [JAAS]: `${PLAIN_MODULE} user_a="secret";` },
    `${JAAS} is no JAAS line for PLAIN: after the login module there must be one of required`,
  ],
  [
    "a line for something else",
    { "sasl.enabled.mechanisms": "PLAIN", [JAAS]: `${SCRAM_MODULE} required user_a="secret";` },
    `its login module must be ${PLAIN_MODULE}`,
  ],
  ["users that are none", { "sasl.enabled.mechanisms": "PLAIN", "odradek.users": "alice:secret" }, "odradek.users: it must be JSON"],
])(
  "sasl.enabled.mechanisms, sasl.jaas.config, odradek.users: a start with %s is refused in one sentence without secrets",
  async (_, settings, sentence) => {
    const failed = start({ ...LISTENERS, ...settings });
    await expect(failed).rejects.toThrow(sentence);
    await expect(failed).rejects.not.toThrow("secret");
  },
);

test("sasl.server.max.receive.size, connections.max.reauth.ms, connection.failed.authentication.delay.ms: what test/server/sasl.test.ts shows is told by DescribeConfigs", async () => {
  const broker = await start({ "sasl.server.max.receive.size": 1000, "connections.max.reauth.ms": 5000 }, { alice: "secret" });
  await expect(connect(broker, { ...ALICE, password: "x".repeat(2000) })).rejects.toThrow("it closed the connection");
  const connection = await connect(broker, ALICE);
  const configurationKeys = [
    "sasl.server.max.receive.size",
    "connections.max.reauth.ms",
    "connection.failed.authentication.delay.ms",
    "odradek.users",
  ];
  const { results } = await connection.send(describeConfigs, 4, {
    resources: [{ resourceType: BROKER, resourceName: "1", configurationKeys }],
  });
  expect(results[0]?.configs.map(({ name, value }) => [name, value]).sort()).toEqual([
    ["connection.failed.authentication.delay.ms", "0"],
    ["connections.max.reauth.ms", "5000"],
    ["odradek.users", null],
    ["sasl.server.max.receive.size", "1000"],
  ]);
});
