// Brokers that start and stop inside a process: many at once, one after another, forgotten, from modules and from CommonJS.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBroker, startCluster } from "../../src/index.ts";
import { producerFor } from "./clients.ts";

const root = join(import.meta.dirname, "../..");

test("a broker gives what each client needs to connect", async () => {
  await using broker = await startBroker();
  const address = `localhost:${broker.port}`;
  expect(broker.bootstrapServers).toBe(address);
  expect(broker.brokers).toEqual([{ id: 1, rack: null, port: broker.port, address }]);
  expect(broker.connection.kafkajs()).toEqual({ clientId: "test", brokers: [address] });
  expect(broker.connection.confluent()).toEqual({ "bootstrap.servers": address, "client.id": "test" });
  expect(broker.connection.platformatic()).toEqual({ clientId: "test", bootstrapBrokers: [address] });
});

test("a broker may be stopped twice, and still tells where it was", async () => {
  const broker = await startBroker();
  const address = broker.bootstrapServers;
  await Promise.all([broker.stop(), broker.stop()]);
  await broker.stop();
  expect(broker.bootstrapServers).toBe(address);
});

test("twenty brokers at once know nothing of each other", async () => {
  const brokers = await Promise.all(Array.from({ length: 20 }, (_, index) => startBroker({ topics: [`topic-${index}`] })));
  await Promise.all(brokers.map((broker, index) => broker.produce(`topic-${index}`, String(index))));
  for (const [index, broker] of brokers.entries()) {
    expect(broker.topics.list()).toEqual([`topic-${index}`]);
    expect((await broker.read(`topic-${index}`)).map(({ value }) => value)).toEqual([String(index)]);
  }
  expect(new Set(brokers.map(({ clusterId }) => clusterId)).size).toBe(20);
  await Promise.all(brokers.map((broker) => broker.stop()));
});

test("brokers one after another leave no handle behind", async () => {
  const handles = () => process.getActiveResourcesInfo().filter((name) => /TCP|Server/.test(name)).length;
  await (await startBroker()).stop();
  const before = handles();
  for (let turn = 0; turn < 50; turn++) {
    const broker = await startBroker({ topics: ["orders"] });
    await broker.produce("orders", "x");
    await broker.stop();
  }
  expect(handles()).toBeLessThanOrEqual(before);
});

test("a process ends although nobody stopped its broker and its cluster", () => {
  const program = `
    import { startBroker, startCluster } from ${JSON.stringify(join(root, "src/index.ts"))};
    const broker = await startBroker();
    await broker.produce("orders", "x");
    await startCluster({ brokers: 2 });
    await broker.until.records("orders", 1);
    console.log("forgotten");`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 50_000 });
  expect([ended.stdout.trim(), ended.status, ended.stderr]).toEqual(["forgotten", 0, ""]);
});

test("data in a folder outlives the broker", async () => {
  const { mkdtempSync, rmSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const data = mkdtempSync(join(tmpdir(), "odradek-embedded-"));
  {
    await using cluster = await startCluster({ data, topics: ["orders"] });
    await cluster.produce("orders", "kept");
  }
  {
    await using cluster = await startCluster({ data });
    expect((await cluster.read("orders")).map(({ value }) => value)).toEqual(["kept"]);
  }
  // One broker holds replicas of everything: it can lead what three led.
  await using broker = await startBroker({ data });
  expect((await broker.read("orders")).map(({ value }) => value)).toEqual(["kept"]);
  rmSync(data, { recursive: true, force: true });
});

test("a topic or a setting that is not allowed is refused before anything starts", async () => {
  await expect(startBroker({ settings: { "num.partition": 3 } })).rejects.toThrow("did you mean num.partitions");
  await expect(startBroker({ topics: ["no good"] })).rejects.toThrow("no good");
  await expect(startCluster({ brokers: 0 })).rejects.toThrow("at least one broker");
});

test("a real client may be told to wait as long as Kafka lets it", async () => {
  await using broker = await startBroker({ like: "kafka", topics: ["orders"] });
  const producer = await producerFor(broker);
  await producer.send({ topic: "orders", messages: [{ value: "x" }] });
  expect(await broker.read("orders")).toHaveLength(1);
});
