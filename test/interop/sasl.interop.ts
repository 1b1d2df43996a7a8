// Logins: clients of each kind that log in by each mechanism, over TLS and without, with the right password and a wrong one, and again while
// they produce and consume.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { afterAll, expect } from "vitest";
import { compare, type Observation } from "./compare.ts";
import { canBuildFranzGo, franzGo } from "./franz-go.ts";
import { normalise, runTool } from "./java-tools.ts";
import { echoes } from "./kafkajs-echoes.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";
import {
  AUTHORITY,
  MECHANISMS,
  type Mechanism,
  PASSWORD,
  PROTOCOLS,
  type Protocol,
  SESSION_MS,
  type SecuredBroker,
  SecuredBrokers,
} from "./secured-broker.ts";

const TOPIC = "sasl";
const brokers = new SecuredBrokers({ kafka: port(19592), odradek: port(19692) });

interface Login {
  readonly protocol: Protocol;
  readonly mechanism: Mechanism;
  readonly password: string;
}

afterAll(() => brokers.stop());

/** What a client that logs in in each way observes. */
function compareLogins(title: string, client: (bootstrap: string, login: Login) => Promise<Observation>): void {
  compare(title, async ({ name }) => {
    const broker = await brokers.of(name, TOPIC);
    const observed: Record<string, Observation> = {};
    for (const protocol of PROTOCOLS) {
      for (const mechanism of MECHANISMS) {
        const bootstrap = broker.login[protocol];
        const right = await client(bootstrap, { protocol, mechanism, password: PASSWORD });
        const wrong = await client(bootstrap, { protocol, mechanism, password: "wrong" });
        expect(right, `${protocol} ${mechanism} on ${name}`).not.toEqual(wrong);
        observed[`${protocol}, ${mechanism}`] = { right, wrong };
      }
    }
    return observed;
  });
}

compareLogins("kafkajs logs in by each mechanism, and is refused with a wrong password", (bootstrap, login) =>
  kafkajs(bootstrap, kafkajsOptions(login)),
);

compare("kafkajs cannot do without a login", async ({ name }) => {
  const { login } = await brokers.of(name, TOPIC);
  return kafkajs(login.SASL_PLAINTEXT, {});
});

compareLogins("Kafka's console producer logs in by --command-config, and another tool says why it cannot", async (bootstrap, login) => {
  const isRight = login.password === PASSWORD;
  return withProperties(login, async (properties) => {
    const at = ["--bootstrap-server", bootstrap, "--command-config", properties];
    if (isRight) return (await runTool(["console-producer", ...at, "--topic", TOPIC], { stdin: "from the console\n" })).exitCode;
    const { exitCode, stdout, stderr } = await runTool(["topics", ...at, "--list"]);
    return { exitCode, said: normalise(`${stdout}\n${stderr}`) };
  });
});

compare("Kafka's console consumer reads what was sent by each mechanism", async ({ name }) => {
  const { login } = await brokers.of(name, TOPIC);
  return withProperties({ protocol: "SASL_SSL", mechanism: "SCRAM-SHA-512", password: PASSWORD }, async (properties) => {
    const at = ["--bootstrap-server", login.SASL_SSL, "--command-config", properties];
    const { stdout } = await runTool(["console-consumer", ...at, "--topic", TOPIC, "--from-beginning", "--max-messages", "12"]);
    return stdout.trim().split("\n");
  });
});

for (const client of ["librdkafka", "kafka-python"]) {
  compareLogins(`${client} logs in by each mechanism, and is refused with a wrong password`, async (bootstrap, login) => {
    const program = join(import.meta.dirname, "python/sasl_client.py");
    const args = [client, bootstrap, login.protocol, AUTHORITY, login.mechanism, "alice", login.password, TOPIC];
    return JSON.parse(await runOrThrow(await pythonWithClients(), [program, ...args], { deadlineMs: 60_000 })) as Observation;
  });
}

if (canBuildFranzGo()) {
  compareLogins("franz-go logs in by each mechanism, and is refused with a wrong password", (bootstrap, login) => go(bootstrap, login));

  compareAgain("franz-go", ({ short }, login) => go(short[login.protocol], login, { forMs: 3 * SESSION_MS }));
}

compareAgain("kafkajs", ({ short }, login) => echoesOfKafkajs(short[login.protocol], login));

/** Sessions end three times meanwhile. */
function compareAgain(client: string, echoes: (broker: SecuredBroker, login: Login) => Promise<Observation>): void {
  compare(`${client} logs in again while it produces and consumes, and loses no record by it`, async ({ name }) => {
    const broker = await brokers.of(name, TOPIC);
    return {
      SASL_PLAINTEXT: await echoes(broker, { protocol: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-256", password: PASSWORD }),
      SASL_SSL: await echoes(broker, { protocol: "SASL_SSL", mechanism: "PLAIN", password: PASSWORD }),
    };
  });
}

function go(bootstrap: string, { protocol, ...login }: Login, more: { readonly forMs?: number } = {}): Promise<Observation> {
  return franzGo({ bootstrap, topic: TOPIC, user: "alice", ...login, ...more, ...(protocol === "SASL_SSL" ? { ca: AUTHORITY } : {}) });
}

async function echoesOfKafkajs(bootstrap: string, login: Login): Promise<Observation> {
  const options = { brokers: [bootstrap], ...kafkajsOptions(login), logLevel: logLevel.NOTHING, reauthenticationThreshold: 500 };
  return { isAllRead: await echoes(new Kafka(options), `again-${login.protocol}`, 3 * SESSION_MS) };
}

/** Sends and lists, or what it is refused with. */
async function kafkajs(bootstrap: string, options: Partial<KafkaConfig>): Promise<Observation> {
  const kafka = new Kafka({ brokers: [bootstrap], ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const [producer, admin] = [kafka.producer(), kafka.admin()];
  try {
    await producer.connect();
    const sent = await producer.send({ topic: TOPIC, messages: [{ value: "from kafkajs" }] });
    await admin.connect();
    return { errorCode: sent[0]?.errorCode ?? null, hasTopic: (await admin.listTopics()).includes(TOPIC) };
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message.replace(bootstrap, "<broker>") } : String(error);
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
}

function kafkajsOptions({ protocol, mechanism, password }: Login): Partial<KafkaConfig> {
  return {
    sasl: { mechanism: mechanism.toLowerCase() as "plain", username: "alice", password },
    ...(protocol === "SASL_SSL" ? { ssl: { ca: [readFileSync(AUTHORITY, "utf8")] } } : {}),
  };
}

/** A file for --command-config. */
async function withProperties<T>({ protocol, mechanism, password }: Login, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "odradek-sasl-"));
  const path = join(folder, "client.properties");
  const module = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  const lines = [
    `security.protocol=${protocol}`,
    `sasl.mechanism=${mechanism}`,
    `sasl.jaas.config=org.apache.kafka.common.security.${module} required username="alice" password="${password}";`,
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${AUTHORITY}`,
  ];
  writeFileSync(path, lines.join("\n"));
  try {
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
