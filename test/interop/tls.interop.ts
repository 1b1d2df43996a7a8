// TLS: clients of every kind, with and without a certificate of theirs, and what is offered to openssl; on Apache Kafka and Odradek alike.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { certificatePath, certificateText, STORE_PASSWORD } from "../support/certificates.ts";
import { type BrokerName, type BrokerUnderTest, CACHE, ROOT, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { run, runOrThrow, waitFor } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(19072), odradek: port(19082) };
const CERTIFICATES = certificatePath("");

interface Bench {
  readonly broker: RunningBroker;
  /** Of the listener that asks nobody for a certificate, and of that which asks everybody. */
  readonly open: string;
  readonly closed: string;
}

/** Settings are altered by Kafka's own tool, which has brackets around lists. */
async function alterBroker(broker: BrokerUnderTest, values: Readonly<Record<string, string>>): Promise<boolean> {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${value.includes(",") ? `[${value}]` : value}`);
  const target = ["--entity-type", "brokers", "--entity-name", "1"];
  const args = ["configs", "--bootstrap-server", broker.bootstrap, ...target, "--alter", "--add-config", pairs.join(",")];
  return (await runTool(args)).exitCode === 0;
}

function keyStore(listener: string, name: string): Record<string, string> {
  const prefix = `listener.name.${listener}.ssl.keystore.`;
  return { [`${prefix}type`]: "PKCS12", [`${prefix}location`]: certificatePath(`${name}.p12`), [`${prefix}password`]: STORE_PASSWORD };
}

async function onSecuredBroker({ name }: BrokerUnderTest, use: (bench: Bench) => Promise<Observation>): Promise<Observation> {
  const dataFolder = join(CACHE, "data", `tls-${name}`);
  rmSync(dataFolder, { recursive: true, force: true });
  const port = PORTS[name];
  const isKafka = name === "kafka";
  const [open, closed] = [`localhost:${port + 2}`, `localhost:${port + 3}`];
  const told = `PLAINTEXT://127.0.0.1:${port},OPEN://${open},CLOSED://${closed}`;
  const settings = {
    listeners: isKafka ? `${told},CONTROLLER://127.0.0.1:${port + 1}` : told,
    "advertised.listeners": told,
    "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,OPEN:SSL,CLOSED:SSL${isKafka ? ",CONTROLLER:PLAINTEXT" : ""}`,
    ...keyStore("open", "broker"),
    ...keyStore("closed", "broker"),
    "listener.name.closed.ssl.truststore.type": "PEM",
    "listener.name.closed.ssl.truststore.location": certificatePath("ca.pem"),
    "listener.name.closed.ssl.client.auth": "required",
  };
  const broker = await startBroker(name, { port, dataFolder, settings });
  try {
    return await use({ broker, open, closed });
  } finally {
    await broker.stop();
  }
}

/** Whether openssl gets through a handshake with those options. */
async function offered(address: string, options: readonly string[]): Promise<boolean> {
  const { stderr, stdout } = await run("openssl", ["s_client", "-connect", address, "-brief", ...options]);
  return /CONNECTION ESTABLISHED/.test(stderr + stdout);
}

async function kafkajs(bootstrap: string, topic: string, as: string | undefined): Promise<Observation> {
  const own = as === undefined ? {} : { key: certificateText(`${as}.key`), cert: certificateText(`${as}.pem`) };
  const ssl = { ca: [certificateText("ca.pem")], ...own };
  const options = { brokers: [bootstrap], ssl, logLevel: logLevel.NOTHING, connectionTimeout: 5000 };
  const admin = new Kafka({ ...options, retry: { retries: 1 } }).admin();
  try {
    await admin.connect();
  } catch {
    return "refused";
  }
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const kafka = new Kafka(options);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: 100 }, (_, index) => ({ value: `${index} ${"x".repeat(5000)}` })) });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(message.value?.toString().split(" ")[0] ?? "");
          if (values.length === 100) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

async function javaTools(bootstrap: string, topic: string, as: string | undefined): Promise<Observation> {
  const folder = join(CACHE, "data");
  mkdirSync(folder, { recursive: true });
  const properties = join(folder, "tls-client.properties");
  const lines = ["security.protocol=SSL", "ssl.truststore.type=PEM", `ssl.truststore.location=${certificatePath("ca.pem")}`];
  if (as !== undefined) {
    const both = join(folder, "tls-client.pem");
    writeFileSync(both, certificateText(`${as}.key`) + certificateText(`${as}.pem`));
    lines.push("ssl.keystore.type=PEM", `ssl.keystore.location=${both}`);
  }
  writeFileSync(properties, lines.join("\n"));
  const login = ["--bootstrap-server", bootstrap, "--command-config", properties, "--topic", topic];
  const made = await runTool(["topics", "--create", ...login], { deadlineMs: 90_000 });
  if (made.exitCode !== 0) return "refused";
  const stdin = Array.from({ length: 5000 }, (_, index) => `${index}\n`).join("");
  const produced = await runTool(["console-producer", ...login], { stdin });
  const consumed = await runTool(["console-consumer", ...login, "--from-beginning", "--max-messages", "5000"]);
  return { produced: produced.exitCode, consumed: consumed.exitCode, isEqual: consumed.stdout.includes(stdin) };
}

async function librdkafka(bootstrap: string, topic: string, as: string | undefined): Promise<Observation> {
  const script = join(ROOT, "test/interop/python/librdkafka_tls.py");
  return JSON.parse(
    await runOrThrow(await pythonWithClients(), [script, bootstrap, topic, CERTIFICATES, as ?? "-"], { deadlineMs: 90_000 }),
  );
}

/** Topics, records and groups over TLS, and who is let in where a certificate is asked for. */
async function seenBy(client: typeof kafkajs, { open, closed }: Bench, others: readonly string[]): Promise<Observation> {
  const seen: Record<string, Observation> = {
    open: await client(open, `${client.name}-open`, undefined),
    "own certificate": await client(closed, `${client.name}-own`, "client"),
  };
  for (const other of others) seen[other] = await client(closed, `${client.name}-${other}`, other === "none" ? undefined : other);
  return seen;
}

compare("kafkajs comes over TLS, and where a certificate is asked for by its own only", (shared) =>
  onSecuredBroker(shared, (bench) => seenBy(kafkajs, bench, ["none", "stranger"])),
);

compare("librdkafka comes over TLS, and where a certificate is asked for by its own only", (shared) =>
  onSecuredBroker(shared, (bench) => seenBy(librdkafka, bench, ["none", "stranger"])),
);

compare("Java's tools come over TLS, and with a certificate of theirs", (shared) =>
  onSecuredBroker(shared, (bench) => seenBy(javaTools, bench, [])),
);

compare("the same versions of TLS and cipher suites are offered, and certificates are replaced while the broker runs", (shared) =>
  onSecuredBroker(shared, async ({ broker, open }) => {
    const seen: Record<string, Observation> = {};
    const ciphers = [
      "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-RSA-CHACHA20-POLY1305",
      "CAMELLIA128-SHA",
      "RC4-SHA",
    ];
    for (const version of ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"]) {
      seen[version] = await offered(open, [version, "-cipher", "DEFAULT:@SECLEVEL=0"]);
    }
    for (const cipher of ciphers) seen[cipher] = await offered(open, ["-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`]);
    const usesEc = async () =>
      /ecdsa/i.test((await run("openssl", ["s_client", "-connect", open, "-brief"])).stderr.split("Signature type")[1] ?? "");
    seen["before"] = await usesEc();
    seen["another name"] = await alterBroker(broker, {
      "listener.name.open.ssl.keystore.location": certificatePath("nowhere.p12"),
    });
    seen["renewed"] = await alterBroker(broker, keyStore("open", "broker-renewed"));
    seen["after"] = await waitFor("the renewed certificate", usesEc, (isEc) => isEc);
    return seen;
  }),
);
