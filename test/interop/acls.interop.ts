// Access rules as people meet them: made and withdrawn by kafka-acls, and felt by kafkajs and by Kafka's console tools that log in as alice,
// while nothing but the rules changes.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, type Consumer, Kafka, type KafkaConfig, KafkaJSProtocolError, logLevel } from "kafkajs";
import { afterAll } from "vitest";
import { compare, type Observation } from "./compare.ts";
import { port } from "./port.ts";
import { PASSWORD, type SecuredBroker, SecuredBrokers } from "./secured-broker.ts";
import { ToolRunner } from "./tool-runner.ts";

const TOPIC = "ledger";
const GROUP = "ledger-readers";
/** Of rules Kafka tells its brokers after it has answered, and there is no sign of it. */
const SETTLE_MS = 300;
const brokers = new SecuredBrokers(
  { kafka: port(20392), odradek: port(20492) },
  {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
  },
);
const tools = new ToolRunner();
const folder = mkdtempSync(join(tmpdir(), "odradek-acls-"));
const properties = join(folder, "client.properties");
writeFileSync(
  properties,
  `security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${PASSWORD}";
`,
);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await tools.stop();
  await brokers.stop();
});

const ALICE = "--allow-principal User:alice";
/** What kafka-acls is told, one after the other. */
const STEPS: readonly (readonly [title: string, ...commands: string[]])[] = [
  ["no rule"],
  ["a topic to describe", `--add ${ALICE} --operation Describe --topic ${TOPIC}`],
  [
    "a topic and a group",
    `--add ${ALICE} --operation Read --topic ${TOPIC} --group ${GROUP}`,
    `--add ${ALICE} --operation Write --topic ${TOPIC}`,
  ],
  ["writing denied", `--add --deny-principal User:alice --operation Write --topic ${TOPIC}`],
  ["the group withdrawn", `--remove --force --group ${GROUP}`],
  [
    "by prefix",
    `--remove --force --topic ${TOPIC}`,
    `--add ${ALICE} --operation All --topic led --group led --resource-pattern-type prefixed`,
  ],
  [
    "from another host",
    "--remove --force --topic led --group led --resource-pattern-type prefixed",
    `--add ${ALICE} --allow-host 192.0.2.1 --operation All --topic *`,
  ],
  ["everybody everything", "--add --allow-principal User:* --operation All --topic * --group *"],
  ["all withdrawn", "--remove --force --topic *", "--remove --force --group *"],
];

compare("kafkajs and Kafka's console tools may do what the rules say, and hear what they may not", async ({ name }) => {
  const broker = await brokers.of(name, TOPIC);
  const observed: Record<string, Observation> = {};
  await makeCoordinator(broker);
  for (const [title, ...commands] of STEPS) {
    await alter(broker, commands);
    observed[title] = { rules: await rulesOf(broker), kafkajs: await byKafkajs(broker), console: await byConsole(broker) };
  }
  return observed;
});

compare("a producer that is connected is refused when its rule goes, and goes on when it is back", async ({ name }) => {
  const broker = await brokers.of(name, TOPIC);
  const rule = `${ALICE} --operation Write --topic ${TOPIC}`;
  const producer = client(broker).producer();
  const send = () => outcome(async () => (await producer.send({ topic: TOPIC, messages: [{ value: "again" }] }))[0]?.errorCode ?? null);
  const observed: Observation[] = [];
  await producer.connect();
  try {
    for (const commands of [[`--add ${rule}`], [`--remove --force ${rule}`], [`--add ${rule}`], [`--remove --force ${rule}`]]) {
      await alter(broker, commands);
      observed.push(await send());
    }
    return observed;
  } finally {
    await producer.disconnect();
  }
});

/** Kafka makes the topic of groups when it is first asked for one, and says meanwhile that there is no coordinator. */
async function makeCoordinator({ bootstrap }: SecuredBroker): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const endMs = Date.now() + 20_000;
  while ((await outcome(async () => (await admin.fetchOffsets({ groupId: GROUP })).length)) !== 0 && Date.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await admin.disconnect();
}

async function alter({ bootstrap }: SecuredBroker, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { exitCode, stdout, stderr } = await tools.run("acls", ["--bootstrap-server", bootstrap, ...command.split(" ")]);
    if (exitCode !== 0) throw new Error(`kafka-acls ${command}: ${stdout}${stderr}`);
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

async function rulesOf({ bootstrap }: SecuredBroker): Promise<Observation> {
  const { stdout } = await tools.run("acls", ["--bootstrap-server", bootstrap, "--list"]);
  return stdout
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort();
}

function client({ login }: SecuredBroker): Kafka {
  const sasl: KafkaConfig["sasl"] = { mechanism: "plain", username: "alice", password: PASSWORD };
  return new Kafka({ brokers: [login.SASL_PLAINTEXT], sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
}

async function byKafkajs(broker: SecuredBroker): Promise<Observation> {
  const kafka = client(broker);
  const [producer, admin, consumer] = [kafka.producer(), kafka.admin(), kafka.consumer({ groupId: GROUP })];
  await Promise.all([producer.connect(), admin.connect(), consumer.connect()]);
  try {
    return {
      topics: await outcome(() => admin.listTopics()),
      groups: await outcome(async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId)),
      described: await outcome(async () => (await described(admin)) ?? null),
      made: await outcome(() => admin.createTopics({ topics: [{ topic: `${TOPIC}-2` }], validateOnly: true })),
      sent: await outcome(async () => (await producer.send({ topic: TOPIC, messages: [{ value: "kafkajs" }] }))[0]?.errorCode ?? null),
      read: await outcome(() => firstRecord(consumer)),
    };
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect(), consumer.disconnect()]);
  }
}

async function described(admin: Admin): Promise<number | undefined> {
  return (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics[0]?.partitions.length;
}

/** The group has no offsets: it begins at the beginning. */
async function firstRecord(consumer: Consumer): Promise<boolean> {
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  return new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer.run({ autoCommit: false, eachMessage: async ({ message }) => resolve(message.value !== null) }).catch(reject);
  });
}

/** What it gives, or the error that a client sees. */
async function outcome(work: () => Promise<Observation>): Promise<Observation> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof KafkaJSProtocolError) return cause.type;
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  }
}

/** The tools tell what they are refused in their logs alone: what became of it is in the topic. */
async function byConsole({ bootstrap, login }: SecuredBroker): Promise<Observation> {
  const at = ["--bootstrap-server", login.SASL_PLAINTEXT, "--command-config", properties, "--topic", TOPIC];
  const reading = ["--from-beginning", "--group", GROUP, "--max-messages", "1", "--timeout-ms", "20000"];
  await tools.run("console-producer", at, "console\n");
  const end = await tools.run("get-offsets", ["--bootstrap-server", bootstrap, "--topic", TOPIC]);
  const read = await tools.run("console-consumer", [...at, ...reading, "--consumer-property", "enable.auto.commit=false"]);
  return { end: end.stdout.trim(), read: read.stdout.trim().split("\n") };
}
