// A cluster whose brokers come and go, with every client: nothing acknowledged is lost, groups recover, transactions are whole.
//
//   CLUSTER_SEEDS=1-20   as many seeds (also "3,5,8") in the place of the few that a run has
//   CLUSTER_ON=kafka     Apache Kafka's cluster with these seeds; CLUSTER_ON=odradek leaves it out
//   CLUSTER_CLIENTS=java,librdkafka   these clients alone

import { describe, expect, it } from "vitest";
import { hasKafkaReference } from "./broker-under-test.ts";
import { startKafkaCluster } from "./cluster-kafka.ts";
import { startKafkajsWorkload } from "./cluster-kafkajs.ts";
import { runScenario } from "./cluster-scenario.ts";
import { type ClusterUnderTest, startOdradekCluster } from "./cluster-under-test.ts";
import { startJavaWorkload, startLibrdkafkaWorkload } from "./cluster-workload.ts";
import { seedsOf } from "./seeds.ts";

const CLIENTS = { kafkajs: startKafkajsWorkload, java: startJavaWorkload, librdkafka: startLibrdkafkaWorkload } as const;
type Client = keyof typeof CLIENTS;

const given = process.env["CLUSTER_SEEDS"];
const on = process.env["CLUSTER_ON"] ?? process.env["INTEROP_ONLY"];
const clients = (process.env["CLUSTER_CLIENTS"]?.split(",") ?? Object.keys(CLIENTS)) as Client[];

interface Run {
  readonly client: Client;
  readonly seed: number;
  readonly steps: number;
  readonly startCluster: () => Promise<ClusterUnderTest>;
}

function runs(title: string, { client, seed, steps, startCluster }: Run): void {
  it(`${title} (seed ${seed})`, { timeout: 600_000 }, async (context) => {
    if (!hasKafkaReference()) return context.skip("there is no Kafka reference to take clients and brokers from");
    const began = performance.now();
    const outcome = await runScenario({ seed, steps, startCluster, startWorkload: CLIENTS[client] });
    if (given !== undefined) console.log(title, JSON.stringify({ seed, tookMs: Math.round(performance.now() - began), ...outcome }));
    expect(outcome.complaints, JSON.stringify(outcome.steps)).toEqual([]);
  });
}

describe.skipIf(on === "kafka")("Odradek", () => {
  for (const client of clients) {
    for (const seed of seedsOf(given, [1])) {
      const startCluster = () => startOdradekCluster({ isOnDisk: seed % 2 === 1 });
      runs(`nothing is lost while brokers come and go: ${client}`, { client, seed, steps: 8, startCluster });
    }
  }
});

describe.skipIf(on === "odradek" || (given !== undefined && on === undefined))("Apache Kafka", () => {
  for (const client of given === undefined ? (["java"] as const) : clients) {
    for (const seed of seedsOf(given, [1]))
      runs(`as on Apache Kafka: ${client}`, { client, seed, steps: given === undefined ? 3 : 8, startCluster: startKafkaCluster });
  }
});
