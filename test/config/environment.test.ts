// The dialects of Kafka's container images, and what of a shell's KAFKA_… is none of a broker's business.

import { describe, expect, test } from "vitest";
import { type Environment, environmentClusterId, readEnvironment } from "../../src/config/environment.ts";

function settingsOf(environment: Environment): Record<string, string> {
  return Object.fromEntries([...readEnvironment(environment).settings].map(([name, { value }]) => [name, value]));
}

test("KAFKA_ and a setting's name is apache/kafka's and Confluent's dialect", () => {
  const environment = { KAFKA_LOG_RETENTION_HOURS: "1", KAFKA_NUM_PARTITIONS: "3", PATH: "/bin" };
  expect(settingsOf(environment)).toEqual({ "log.retention.hours": "1", "num.partitions": "3" });
});

describe("Bitnami's dialect", () => {
  test("has KAFKA_CFG_ before the name; what its image does by itself is passed over", () => {
    const reading = readEnvironment({
      KAFKA_CFG_NODE_ID: "3",
      KAFKA_CFG_PROCESS_ROLES: "controller,broker",
      KAFKA_CFG_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9093",
      KAFKA_CFG_ADVERTISED_LISTENERS: "PLAINTEXT://localhost:9092",
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_ENABLE_KRAFT: "yes",
      KAFKA_KRAFT_CLUSTER_ID: "4L6g3nShT-eMCtK--X86sw",
      KAFKA_HEAP_OPTS: "-Xmx1g",
      ALLOW_PLAINTEXT_LISTENER: "yes",
      BITNAMI_DEBUG: "true",
    });
    expect([...reading.settings.keys()]).toEqual([
      "node.id",
      "process.roles",
      "listeners",
      "advertised.listeners",
      "controller.listener.names",
      "auto.create.topics.enable",
    ]);
    expect(reading.settings.get("node.id")).toEqual({
      variable: "KAFKA_CFG_NODE_ID",
      value: "3",
      place: "by the environment variable KAFKA_CFG_NODE_ID",
    });
    expect(reading.unknown).toEqual([]);
  });

  test("gives way to the shorter name, as in its image", () => {
    expect(settingsOf({ KAFKA_NUM_PARTITIONS: "2", KAFKA_CFG_NUM_PARTITIONS: "1" })).toEqual({ "num.partitions": "2" });
    expect(settingsOf({ KAFKA_CFG_NUM_PARTITIONS: "1", KAFKA_NUM_PARTITIONS: "2" })).toEqual({ "num.partitions": "2" });
  });

  test("asks for users, which is not passed over in silence", () => {
    const { unknown } = readEnvironment({ KAFKA_CLIENT_USERS: "a", KAFKA_CLIENT_PASSWORDS: "b", KAFKA_CLIENT_ID: "mine" });
    expect(unknown.map(({ variable }) => variable)).toEqual(["KAFKA_CLIENT_USERS", "KAFKA_CLIENT_PASSWORDS"]);
  });
});

test("wurstmeister's advertised host and port are a listener on every interface, and what clients are told", () => {
  expect(settingsOf({ KAFKA_ADVERTISED_HOST_NAME: "192.168.1.2", KAFKA_ADVERTISED_PORT: "29092", KAFKA_PORT: "9092" })).toEqual({
    "advertised.listeners": "PLAINTEXT://192.168.1.2:29092",
    listeners: "PLAINTEXT://0.0.0.0:9092",
  });
  expect(settingsOf({ KAFKA_ADVERTISED_HOST_NAME: "x", KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://y:1" })).toMatchObject({
    "advertised.listeners": "PLAINTEXT://y:1",
  });
});

test.each([
  ["of clients", { KAFKA_BROKERS: "x:1", KAFKA_GROUP_ID: "g", KAFKA_CLIENT_ID: "c", KAFKA_TOPIC_ORDERS: "o", KAFKA_CONSUMER_GROUP: "g" }],
  ["of the JVM and of images", { KAFKA_OPTS: "-x", KAFKA_JMX_PORT: "9101", KAFKA_LOG4J_LOGGERS: "a=INFO", KAFKA_VERSION: "4" }],
  [
    "of Kubernetes and Docker, for a service that is called kafka",
    {
      KAFKA_PORT: "tcp://10.0.0.1:9092",
      KAFKA_SERVICE_HOST: "10.0.0.1",
      KAFKA_PORT_9092_TCP_ADDR: "10.0.0.1",
      KAFKA_UI_SERVICE_PORT: "80",
    },
  ],
])("variables %s are passed over without a word", (_, environment) => {
  expect(readEnvironment(environment)).toEqual({ settings: new Map(), unknown: [] });
});

test("a variable that is nothing is named, with the one that may have been meant", () => {
  expect(readEnvironment({ KAFKA_NUM_PARTITONS: "3", KAFKA_CFG_LOG_RETENTION_HOUR: "1", KAFKA_ZEBRA: "z" }).unknown).toEqual([
    { variable: "KAFKA_CFG_LOG_RETENTION_HOUR", nearest: "KAFKA_CFG_LOG_RETENTION_HOURS" },
    { variable: "KAFKA_NUM_PARTITONS", nearest: "KAFKA_NUM_PARTITIONS" },
    { variable: "KAFKA_ZEBRA", nearest: undefined },
  ]);
});

test.each(["CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID"])("%s gives the cluster its id, in Kafka's form", (variable) => {
  expect(environmentClusterId({ [variable]: "4L6g3nShT-eMCtK--X86sw" })).toBe("4L6g3nShT-eMCtK--X86sw");
  expect(environmentClusterId({ [variable]: "production" })).toBeUndefined();
});
