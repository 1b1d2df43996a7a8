// Where settings come from, and which of them counts: defaults, file, environment as Kafka's images read it, --set, and what was altered
// while running.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planStart, type StartArguments, type StartPlan } from "../../src/cli/start-plan.ts";
import { originsOf } from "../../src/config/broker-config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { openNode } from "../../src/node.ts";
import { EffectBench } from "./effect-bench.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-sources-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function plan(environment: Environment, given: StartArguments = {}, file?: string): StartPlan {
  const config = join(folder, "server.properties");
  if (file !== undefined) writeFileSync(config, file);
  return planStart({ ...given, ...(file === undefined ? {} : { config }) }, environment);
}

test("the default gives way to the file, that to the environment, that to --set, and that to what is altered while running", async () => {
  const name = "log.retention.ms";
  const environment = { KAFKA_LOG_RETENTION_MS: "2000000" };
  const set = ["log.retention.ms=3000000"];
  const steps: [StartPlan, string][] = [
    [plan({}), "604800000 from 5"],
    [plan({}, {}, `${name}=1000000`), "1000000 from 4"],
    [plan(environment, {}, `${name}=1000000`), "2000000 from 4"],
    [plan(environment, { set }, `${name}=1000000`), "3000000 from 4"],
  ];
  for (const [{ config }, expected] of steps) {
    const settings = { [name]: originsOf(config, name)[0]?.origin === "default" ? undefined : config[name] };
    await using bench = await EffectBench.start({ settings, topic: {} });
    expect(await bench.asking.setting(2, "t", "retention.ms")).toBe(expected);
    await bench.alterBrokers({ [name]: "4000000" });
    expect(await bench.asking.setting(2, "t", "retention.ms")).toBe("4000000 from 3");
  }
  const all = plan(environment, { set }, `${name}=1000000`);
  expect(originsOf(all.config, name).map(({ origin }) => origin)).toEqual(["argument", "environment", "file", "default"]);
});

describe("the environment of a compose file", () => {
  test("for apache/kafka is understood, and what makes no sense here is named once", () => {
    const made = plan({
      KAFKA_NODE_ID: "7",
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_LISTENERS: "PLAINTEXT_HOST://0.0.0.0:9192,CONTROLLER://:9093,PLAINTEXT://:19092",
      KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT_HOST://localhost:9192,PLAINTEXT://broker:19092",
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
      KAFKA_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "7@localhost:9093",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
      KAFKA_NUM_PARTITIONS: "3",
      KAFKA_LOG_DIRS: join(folder, "logs"),
      KAFKA_HEAP_OPTS: "-Xmx1G",
      KAFKA_OPTS: "-javaagent:x",
      KAFKA_VERSION: "4.3.1",
      CLUSTER_ID: "4L6g3nShT-eMCtK--X86sw",
    });
    expect(made).toMatchObject({ port: 9192, host: "0.0.0.0", data: join(folder, "logs"), clusterId: "4L6g3nShT-eMCtK--X86sw" });
    expect([made.config["node.id"], made.config["num.partitions"]]).toEqual([7, 3]);
    expect(made.withoutEffect).toEqual(["controller.quorum.voters", "process.roles"]);
  });

  test("for cp-kafka is understood: listeners are those that are advertised, on every interface", () => {
    const made = plan({
      KAFKA_BROKER_ID: "1",
      KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181",
      KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
      KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_LISTENER_NAME_PLAINTEXT_SSL_KEYSTORE_LOCATION: "/secrets",
      KAFKA_SUPER_USERS: "User:admin",
      KAFKA_JMX_PORT: "9101",
    });
    expect(made.config.listeners).toEqual(["PLAINTEXT://0.0.0.0:29092", "PLAINTEXT_HOST://0.0.0.0:9092"]);
    expect(made.withoutEffect).toEqual([
      "confluent.license.topic.replication.factor",
      "listener.name.plaintext.ssl.keystore.location",
      "super.users",
      "zookeeper.connect",
    ]);
  });

  test("leaves the listeners of a file as they are", () => {
    const made = plan({ KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://broker:9092" }, {}, "listeners=PLAINTEXT://127.0.0.1:9392");
    expect(made.config.listeners).toEqual(["PLAINTEXT://127.0.0.1:9392"]);
  });

  test("has underscores and dashes in names as the images write them", () => {
    expect(plan({ KAFKA_LISTENER_NAME_MY__LISTENER_X___Y: "1" }).withoutEffect).toEqual(["listener.name.my_listener.x-y"]);
  });

  test("with CLUSTER_ID gives the cluster its id; a variable of that name in another form is another program's", async () => {
    const { clusterId } = plan({ CLUSTER_ID: "4L6g3nShT-eMCtK--X86sw" });
    expect(plan({ CLUSTER_ID: "production" }).clusterId).toBeUndefined();
    const { config } = plan({}, { port: "auto" });
    const node = await openNode({ config, host: "127.0.0.1", port: 0, data: "memory", topics: [], ...(clusterId ? { clusterId } : {}) });
    expect(node.broker.clusterId).toBe("4L6g3nShT-eMCtK--X86sw");
    await node.stop();
  });

  test("with KAFKA_CREATE_TOPICS makes topics, before those of --topic", () => {
    expect(plan({ KAFKA_CREATE_TOPICS: "a:1:3, b:2:1:compact" }, { topic: ["c"] }).topics).toEqual([
      { name: "a", partitions: 1, configs: {} },
      { name: "b", partitions: 2, configs: { "cleanup.policy": "compact" } },
      { name: "c", configs: {} },
    ]);
    const separated = plan({ KAFKA_CREATE_TOPICS: "a:1:1\nb:2:1\n", KAFKA_CREATE_TOPICS_SEPARATOR: "$'\\n'" });
    expect(separated.topics.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(() => plan({ KAFKA_CREATE_TOPICS: "a:x:1" })).toThrow('KAFKA_CREATE_TOPICS: "a:x:1" is not of the form');
    expect(() => plan({ KAFKA_CREATE_TOPICS: "a b:1:1" })).toThrow("KAFKA_CREATE_TOPICS: ");
  });
});
