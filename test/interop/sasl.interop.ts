// Logins: brokers with a SASL listener, and clients of each kind that log in to it by each mechanism, with the right password and a wrong one,
// and again while they produce and consume. Users of SCRAM are made by Kafka's own tool.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, type SASLOptions } from "kafkajs";
import { type BrokerName, type BrokerUnderTest, CACHE, startBroker } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { normalise, runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(19592), odradek: port(19692) };
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
type Mechanism = (typeof MECHANISMS)[number];
const PASSWORD = "alice-secret";
const SESSION_MS = 2000;
const TOPIC = "sasl";

const PLAIN_LINE = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" user_alice="${PASSWORD}";`;
const SCRAM_LINE = "org.apache.kafka.common.security.scram.ScramLoginModule required;";

/** Three listeners: one for tools that make users, one that asks for a login, and one whose sessions are short. */
function settings(port: number): Record<string, string> {
  const jaas = ["login", "short"].flatMap((listener) =>
    MECHANISMS.map((mechanism) => [
      `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
      mechanism === "PLAIN" ? PLAIN_LINE : SCRAM_LINE,
    ]),
  );
  const clients = `PLAINTEXT://127.0.0.1:${port},LOGIN://127.0.0.1:${port + 2},SHORT://127.0.0.1:${port + 3}`;
  return {
    listeners: `${clients},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": clients,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT,SHORT:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": MECHANISMS.join(","),
    "listener.name.short.connections.max.reauth.ms": `${SESSION_MS}`,
    ...Object.fromEntries(jaas),
  };
}

interface SaslBroker extends BrokerUnderTest {
  readonly login: string;
  readonly short: string;
}

/** What `work` observes of a broker of its own, that knows alice. */
async function withSaslBroker(name: BrokerName, work: (broker: SaslBroker) => Promise<Observation>): Promise<Observation> {
  const port = PORTS[name];
  const dataFolder = join(CACHE, "data", `sasl-${name}`);
  rmSync(dataFolder, { recursive: true, force: true });
  const broker = await startBroker(name, { port, dataFolder, settings: settings(port) });
  try {
    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"]) {
      const credential = `${mechanism}=[iterations=4096,password=${PASSWORD}]`;
      const args = ["--alter", "--entity-type", "users", "--entity-name", "alice", "--add-config", credential];
      await runTool(["configs", "--bootstrap-server", broker.bootstrap, ...args]);
    }
    await runTool(["topics", "--bootstrap-server", broker.bootstrap, "--create", "--topic", TOPIC]);
    return await work({ ...broker, login: `127.0.0.1:${port + 2}`, short: `127.0.0.1:${port + 3}` });
  } finally {
    await broker.stop();
  }
}

compare("kafkajs logs in by each mechanism, is refused with a wrong password, and cannot do without", ({ name }) =>
  withSaslBroker(name, async ({ login }) => {
    const observed: Record<string, Observation> = {};
    for (const mechanism of MECHANISMS) {
      observed[mechanism] = await kafkajs(login, saslOf(mechanism, PASSWORD));
      observed[`${mechanism}, wrong`] = await kafkajs(login, saslOf(mechanism, "wrong"));
    }
    return { ...observed, without: await kafkajs(login, undefined) };
  }),
);

compare("kafkajs logs in again while it produces and consumes, and loses no record by it", ({ name }) =>
  withSaslBroker(name, async ({ short }) => {
    const kafka = new Kafka({
      brokers: [short],
      sasl: saslOf("SCRAM-SHA-256", PASSWORD),
      logLevel: logLevel.NOTHING,
      reauthenticationThreshold: 500,
    });
    const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: "again" })];
    const read: string[] = [];
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
    const endMs = Date.now() + 3 * SESSION_MS;
    const sent: string[] = [];
    while (Date.now() < endMs) {
      sent.push(`${sent.length}`);
      await producer.send({ topic: TOPIC, messages: [{ value: `${sent.length - 1}` }] });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    while (read.length < sent.length && Date.now() < endMs + 20_000) await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
    return { isAllRead: JSON.stringify(read) === JSON.stringify(sent) };
  }),
);

compare("Kafka's console tools log in by --command-config, and say why they cannot", ({ name }) =>
  withSaslBroker(name, async ({ login }) => {
    const folder = mkdtempSync(join(tmpdir(), "odradek-sasl-"));
    try {
      const observed: Record<string, Observation> = {};
      for (const mechanism of MECHANISMS) {
        const config = clientProperties(folder, mechanism, PASSWORD);
        const at = ["--bootstrap-server", login, "--topic", TOPIC];
        await runTool(["console-producer", ...at, "--command-config", config], { stdin: `by ${mechanism}\n` });
        const wrong = clientProperties(folder, mechanism, "wrong");
        const { exitCode, stdout, stderr } = await runTool(["topics", "--bootstrap-server", login, "--list", "--command-config", wrong]);
        observed[mechanism] = { exitCode, said: normalise(`${stdout}\n${stderr}`) };
      }
      const reading = ["console-consumer", "--bootstrap-server", login, "--topic", TOPIC, "--from-beginning", "--max-messages", "3"];
      const { stdout } = await runTool([...reading, "--command-config", clientProperties(folder, "SCRAM-SHA-512", PASSWORD)]);
      return { ...observed, read: stdout.trim().split("\n") };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }),
);

for (const client of ["librdkafka", "kafka-python"]) {
  compare(`${client} logs in by each mechanism, and is refused with a wrong password`, ({ name }) =>
    withSaslBroker(name, async ({ login }) => {
      const python = await pythonWithClients();
      const program = join(import.meta.dirname, "python/sasl_client.py");
      const observed: Record<string, Observation> = {};
      for (const mechanism of MECHANISMS) {
        for (const password of [PASSWORD, "wrong"]) {
          const stdout = await runOrThrow(python, [program, client, login, mechanism, "alice", password, TOPIC], { deadlineMs: 60_000 });
          observed[`${mechanism}, ${password === PASSWORD ? "right" : "wrong"}`] = JSON.parse(stdout) as Observation;
        }
      }
      return observed;
    }),
  );
}

/** Sends and lists, or what it is refused with. */
async function kafkajs(bootstrap: string, sasl: SASLOptions | undefined): Promise<Observation> {
  const kafka = new Kafka({
    brokers: [bootstrap],
    ...(sasl === undefined ? {} : { sasl }),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const [producer, admin] = [kafka.producer(), kafka.admin()];
  try {
    await producer.connect();
    const sent = await producer.send({ topic: TOPIC, messages: [{ value: "x" }] });
    await admin.connect();
    return { errorCode: sent[0]?.errorCode ?? null, topics: await admin.listTopics() };
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message.replace(bootstrap, "<broker>") } : String(error);
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
}

function saslOf(mechanism: Mechanism, password: string): SASLOptions {
  return { mechanism: mechanism.toLowerCase() as "plain", username: "alice", password };
}

function clientProperties(folder: string, mechanism: Mechanism, password: string): string {
  const path = join(folder, `${mechanism}-${password}.properties`);
  const login = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  const jaas = `org.apache.kafka.common.security.${login} required username="alice" password="${password}";`;
  writeFileSync(path, `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\nsasl.jaas.config=${jaas}\n`);
  return path;
}
