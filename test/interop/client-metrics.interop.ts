// Metrics that real clients push by themselves (KIP-714), on Odradek alone: Kafka has nowhere to keep them.

import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { type BrokerUnderTest, CACHE, KAFKA_REFERENCE, NODE, ROOT, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { killChild, runOrThrow, waitFor } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORT = port(19472);
const INTERVAL_MS = 500;

interface Pushed {
  readonly clientId: string;
  readonly softwareName: string;
  readonly metrics: readonly { readonly name: string; readonly points: readonly { readonly value?: number }[] }[];
}

async function pushedTo({ bootstrap }: BrokerUnderTest): Promise<Pushed[]> {
  const command = [join(ROOT, "src/cli/tools.ts"), "cluster", "client-metrics", "--json", "--bootstrap-server", bootstrap];
  return JSON.parse(await runOrThrow(NODE, command));
}

/** Waits until the client of that id has pushed how much it sent. */
async function totalOf(broker: BrokerUnderTest, clientId: string, metric: string): Promise<Pushed | undefined> {
  const found = await waitFor(
    `a push of ${clientId}`,
    async () => (await pushedTo(broker)).find((each) => each.clientId === clientId),
    (each) => each?.metrics.some(({ name }) => name === metric) === true,
  );
  return found;
}

async function withSubscription(action: (broker: RunningBroker) => Promise<void>): Promise<void> {
  const dataFolder = join(CACHE, "data/odradek-client-metrics");
  rmSync(dataFolder, { recursive: true, force: true });
  const broker = await startBroker("odradek", { port: PORT, dataFolder });
  try {
    const alter = ["client-metrics", "--bootstrap-server", broker.bootstrap, "--alter", "--name", "all", "--metrics", "*"];
    const { exitCode, stdout } = await runTool([...alter, "--interval", `${INTERVAL_MS}`]);
    expect(exitCode, stdout).toBe(0);
    await action(broker);
  } finally {
    await broker.stop();
  }
}

const hasOdradek = () => inject("brokers").some(({ name }) => name === "odradek");

test("a Java console producer pushes its metrics, and a Java consumer reads them", async (context) => {
  if (!hasOdradek()) return context.skip("Odradek is not among the brokers");
  await withSubscription(async (broker) => {
    const args = ["tool", "console-producer", "--bootstrap-server", broker.bootstrap, "--topic", "lines"];
    const producer = spawn(KAFKA_REFERENCE, args, { stdio: ["pipe", "ignore", "ignore"] });
    try {
      producer.stdin.write("one line\n");
      const pushed = await totalOf(broker, "console-producer", "org.apache.kafka.producer.record.send.total");
      expect(pushed?.softwareName).toBe("apache-kafka-java");
    } finally {
      producer.stdin.end();
      await killChild(producer);
    }
    const reading = ["console-consumer", "--bootstrap-server", broker.bootstrap, "--topic", "__client_metrics", "--from-beginning"];
    const { stdout } = await runTool([...reading, "--max-messages", "1"]);
    const line = stdout.split("\n").find((each) => each.startsWith("{")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ clientId: "console-producer", isTerminating: false });
  });
});

test("librdkafka pushes its metrics", async (context) => {
  if (!hasOdradek()) return context.skip("Odradek is not among the brokers");
  const python = await pythonWithClients();
  await withSubscription(async (broker) => {
    const program = `
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "client.id": "metered"})
while True:
    producer.produce("lines", b"x")
    producer.poll(0.2)
`;
    const producer = spawn(python, ["-c", program, broker.bootstrap], { stdio: "ignore" });
    try {
      const pushed = await totalOf(broker, "metered", "org.apache.kafka.producer.connection.creation.total");
      expect(pushed?.softwareName).toBe("confluent-kafka-python");
    } finally {
      await killChild(producer);
    }
  });
});
