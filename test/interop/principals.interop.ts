// Who a client's certificate says that it is, seen by what it may do: two listeners that ask for certificates, one of which maps their names,
// and access rules for the mapped name and for the whole one.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, KafkaJSProtocolError, logLevel } from "kafkajs";
import { certificatePath, certificateText, tlsSettings } from "../support/certificates.ts";
import { type BrokerUnderTest, CACHE, KAFKA_REFERENCE, startBroker } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { canBuildFranzGo, franzGo } from "./franz-go.ts";
import { normalise, runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORTS = { kafka: port(19152), odradek: port(19162) };
/** Of the client's certificate. */
const WHOLE_NAME = "User:CN=alice,OU=Clients,O=Odradek,C=DE";
const MAPPED_NAME = "User:Alice";

interface Place {
  readonly bootstrap: string;
  readonly topic: string;
}

type Client = (place: Place) => Promise<Observation>;

const CLIENTS: Readonly<Record<string, Client>> = {
  kafkajs,
  librdkafka,
  "Java's console producer": consoleProducer,
  ...(canBuildFranzGo() ? { "franz-go": (place) => franzGo({ ...place, ...CERTIFICATE }) } : {}),
};

const CERTIFICATE = { ca: certificatePath("ca.pem"), certificate: certificatePath("client.pem"), key: certificatePath("client.key") };

compare("a certificate's name, mapped or whole, is whom access rules are about", async ({ name }) => {
  const broker = await startNamingBroker(name);
  try {
    await allow(broker, MAPPED_NAME, "of-mapped");
    await allow(broker, WHOLE_NAME, "of-whole");
    const observed: Record<string, Observation> = {};
    for (const [title, client] of Object.entries(CLIENTS)) {
      for (const listener of ["mapped", "whole"] as const) {
        for (const topic of ["of-mapped", "of-whole"]) {
          observed[`${title}, ${listener}, ${topic}`] = await client({ bootstrap: broker[listener], topic });
        }
      }
    }
    return observed;
  } finally {
    await broker.stop();
  }
});

async function startNamingBroker(name: BrokerUnderTest["name"]) {
  const dataFolder = join(CACHE, "data", `principals-${name}`);
  rmSync(dataFolder, { recursive: true, force: true });
  const first = PORTS[name];
  const [mapped, whole] = [`localhost:${first + 2}`, `localhost:${first + 3}`];
  const told = `PLAINTEXT://127.0.0.1:${first},MAPPED://${mapped},WHOLE://${whole}`;
  const trust = {
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": certificatePath("ca.pem"),
    "ssl.client.auth": "required",
  };
  const settings = {
    listeners: `${told},CONTROLLER://127.0.0.1:${first + 1}`,
    "advertised.listeners": told,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,MAPPED:SSL,WHOLE:SSL",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    ...tlsSettings("mapped", { ...trust, "ssl.principal.mapping.rules": "RULE:^CN=a(.*?),OU=Clients,.*$/A$1/" }),
    ...tlsSettings("whole", trust),
  };
  const broker = await startBroker(name, { port: first, dataFolder, settings });
  return { ...broker, mapped, whole };
}

/** Makes the topic, and lets one principal write and read it. */
async function allow({ bootstrap }: BrokerUnderTest, principal: string, topic: string): Promise<void> {
  const tool = (...args: string[]) =>
    runOrThrow(KAFKA_REFERENCE, ["tool", args[0] ?? "", "--bootstrap-server", bootstrap, ...args.slice(1)]);
  await tool("topics", "--create", "--topic", topic);
  await tool("acls", "--add", "--allow-principal", principal, "--operation", "Write", "--operation", "Read", "--topic", topic);
}

async function kafkajs({ bootstrap, topic }: Place): Promise<Observation> {
  const ssl = { ca: [certificateText("ca.pem")], key: certificateText("client.key"), cert: certificateText("client.pem") };
  const producer = new Kafka({ brokers: [bootstrap], ssl, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).producer();
  try {
    await producer.connect();
    const sent = await producer.send({ topic, messages: [{ value: "from kafkajs" }] });
    return sent.map(({ errorCode }) => errorCode);
  } catch (error) {
    return error instanceof KafkaJSProtocolError ? { refused: error.type } : String(error);
  } finally {
    await producer.disconnect();
  }
}

async function librdkafka({ bootstrap, topic }: Place): Promise<Observation> {
  const program = join(import.meta.dirname, "python/certificate_client.py");
  const args = [program, bootstrap, topic, CERTIFICATE.ca, CERTIFICATE.certificate, CERTIFICATE.key];
  return JSON.parse(await runOrThrow(await pythonWithClients(), args)) as Observation;
}

async function consoleProducer({ bootstrap, topic }: Place): Promise<Observation> {
  const folder = join(CACHE, "data");
  const [both, properties] = [join(folder, "principals.pem"), join(folder, "principals.properties")];
  writeFileSync(both, certificateText("client.key") + certificateText("client.pem"));
  const lines = [
    "security.protocol=SSL",
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${CERTIFICATE.ca}`,
    "ssl.keystore.type=PEM",
    `ssl.keystore.location=${both}`,
  ];
  writeFileSync(properties, lines.join("\n"));
  const args = ["console-producer", "--bootstrap-server", bootstrap, "--command-config", properties, "--topic", topic];
  const { exitCode, stdout, stderr } = await runTool(args, { stdin: "from the console\n" });
  return { exitCode, said: normalise(`${stdout}\n${stderr}`) };
}
