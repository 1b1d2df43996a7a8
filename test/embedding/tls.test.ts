// A broker that speaks TLS inside a test: kafkajs with the options that the kit gives, and certificates for clients.

import { Kafka, logLevel } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { type RunningBroker, type StartOptions, startBroker, startCluster } from "../../src/index.ts";

const QUIET = { logLevel: logLevel.NOTHING, retry: { retries: 0 } };

async function start(options: StartOptions): Promise<RunningBroker> {
  const broker = await startBroker({ tls: true, topics: ["t"], ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

async function topicsFor(options: ConstructorParameters<typeof Kafka>[0]): Promise<string[]> {
  const admin = new Kafka({ ...options, ...QUIET }).admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

test("kafkajs comes over TLS with what the kit gives, and not without it", async () => {
  const broker = await start({});
  expect(await topicsFor(broker.connection.kafkajs())).toEqual(["t"]);
  await expect(topicsFor({ brokers: [broker.bootstrapServers], ssl: true })).rejects.toThrow(/unable to verify|self-signed/);
  await expect(topicsFor({ brokers: [broker.bootstrapServers] })).rejects.toThrow(/./);
  expect(broker.connection.confluent()).toMatchObject({ "security.protocol": "ssl", "ssl.ca.pem": broker.tls.ca });
  expect(broker.connection.platformatic()).toMatchObject({ tls: { ca: broker.tls.ca } });
});

test("with users it is a login over TLS", async () => {
  const broker = await start({ users: { alice: "secret" } });
  expect(await topicsFor(broker.connection.kafkajs({ user: "alice", mechanism: "SCRAM-SHA-512" }))).toEqual(["t"]);
  await expect(topicsFor(broker.connection.kafkajs({ user: "alice", password: "wrong" }))).rejects.toThrow(/authentication failed/i);
  expect(broker.connection.confluent({ user: "alice" })).toMatchObject({
    "security.protocol": "sasl_ssl",
    "ssl.ca.pem": broker.tls.ca,
    "sasl.username": "alice",
  });
});

test("a client may be asked for a certificate, which the kit makes", async () => {
  const broker = await start({ settings: { "ssl.client.auth": "required" } });
  const given = broker.connection.kafkajs();
  expect(await topicsFor({ ...given, ssl: { ...given.ssl, ...broker.tls.clientCertificate("alice") } })).toEqual(["t"]);
  await expect(topicsFor(given)).rejects.toThrow(/./);
  const stranger = (await start({})).tls.clientCertificate("alice");
  await expect(topicsFor({ ...given, ssl: { ...given.ssl, ...stranger } })).rejects.toThrow(/./);
  expect(() => broker.tls.clientCertificate("")).toThrow("give a name");
});

test("the brokers of a cluster show each other what they show clients, also where everybody has to show something", async () => {
  const cluster = await startCluster({ brokers: 2, tls: true, settings: { "ssl.client.auth": "required" } });
  onTestFinished(() => cluster.stop());
  await cluster.topics.create({ name: "t", partitions: 2 });
  const given = cluster.connection.kafkajs();
  const kafka = new Kafka({ ...given, ssl: { ...given.ssl, ...cluster.tls.clientCertificate("alice") }, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: "both", maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: "t", messages: [0, 1].map((partition) => ({ partition, value: "of one transaction" })) });
  await transaction.commit();
  await producer.disconnect();
  // The markers reach both brokers after the answer.
  await expect.poll(() => cluster.read("t")).toHaveLength(2);
  const { id } = await cluster.addBroker();
  expect(cluster.brokers.map((broker) => broker.id)).toContain(id);
});

test("a broker without TLS says so when it is asked for its authority", async () => {
  const broker = await start({ tls: false });
  expect(() => broker.tls).toThrow("the broker was started without tls: true");
  expect(broker.connection.kafkajs()).not.toHaveProperty("ssl");
});
