// A broker that asks for a login, inside a test: kafkajs with the options that the kit gives, right and wrong, and brokers among each other.

import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { startBroker, startCluster } from "../../src/index.ts";
import { certificateText, tlsSettings } from "../support/certificates.ts";

const users = { alice: "secret", "b,o=b": "p:w" };

test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
  "kafkajs logs in by %s with what the kit gives, and not with a wrong password",
  async (mechanism) => {
    const broker = await startBroker({ users, topics: ["t"] });
    onTestFinished(() => broker.stop());
    for (const user of Object.keys(users)) {
      const admin = new Kafka({ ...broker.connection.kafkajs({ user, mechanism }), logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      expect(await admin.listTopics()).toEqual(["t"]);
      await admin.disconnect();
    }
    const wrong = broker.connection.kafkajs({ user: "alice", mechanism, password: "Secret" });
    const admin = new Kafka({ ...wrong, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    await expect(admin.connect()).rejects.toThrow(/authentication failed/i);
    await admin.disconnect();
  },
);

test("the options are complete in the words of each client, and a user that is not there is named", async () => {
  const broker = await startBroker({ users: { alice: "secret" } });
  onTestFinished(() => broker.stop());
  expect(broker.connection.confluent({ user: "alice" })).toMatchObject({
    "security.protocol": "sasl_plaintext",
    "sasl.mechanisms": "PLAIN",
    "sasl.username": "alice",
    "sasl.password": "secret",
  });
  expect(broker.connection.platformatic({ user: "alice", mechanism: "SCRAM-SHA-512" })).toMatchObject({
    sasl: { mechanism: "SCRAM-SHA-512", username: "alice", password: "secret" },
  });
  expect(broker.connection.kafkajs()).not.toHaveProperty("sasl");
  expect(() => broker.connection.kafkajs({ user: "bob" })).toThrow('the broker was started without a user "bob"; it has alice');
});

test("a listener may ask for a login over TLS: both have to be right", async () => {
  const settings = { listeners: "SASL_SSL://localhost:0", ...tlsSettings("SASL_SSL") };
  const broker = await startBroker({ users, topics: ["t"], settings });
  onTestFinished(() => broker.stop());
  const ssl = { ca: [certificateText("ca.pem")] };
  const listed = async (more: Partial<KafkaConfig>) => {
    const admin = new Kafka({ ...broker.connection.kafkajs(), ...more, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  };
  const login = broker.connection.kafkajs({ user: "alice", mechanism: "SCRAM-SHA-256" });
  const wrong = broker.connection.kafkajs({ user: "alice", mechanism: "SCRAM-SHA-256", password: "Secret" });
  expect(await listed({ ...login, ssl })).toEqual(["t"]);
  await expect(listed({ ...wrong, ssl })).rejects.toThrow(/authentication failed/i);
  await expect(listed({ ssl })).rejects.toThrow();
  await expect(listed(login)).rejects.toThrow();
});

test("brokers of a cluster that asks for logins reach each other: a transaction over all of them is committed", async () => {
  const cluster = await startCluster({ users, topics: [{ name: "t", partitions: 9 }] });
  onTestFinished(() => cluster.stop());
  const kafka = new Kafka({ ...cluster.connection.kafkajs({ user: "alice" }), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: "t", messages: Array.from({ length: 9 }, (_, partition) => ({ partition, value: `${partition}` })) });
  await transaction.commit();
  await producer.disconnect();
  const committed = async () => (await cluster.read("t")).map(({ value }) => value).sort();
  await expect.poll(committed, { timeout: 5000 }).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
});
