// What developers do all day: broker and application are ended and started again, both or one of them, and the group goes on.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WorkerProcess } from "./worker-process.ts";

const CONSUMER = `
import { Kafka, logLevel } from "kafkajs";
const kafka = new Kafka({ clientId: "app", brokers: [process.argv[1]], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, retries: 20 } });
const consumer = kafka.consumer({ groupId: "app", maxWaitTimeInMs: 100 });
const say = (line) => console.log(JSON.stringify(line));
consumer.on("consumer.group_join", ({ payload }) => say({ joined: payload.memberAssignment.orders ?? [] }));
consumer.on("consumer.heartbeat", () => say({ heartbeat: true }));
await consumer.connect();
await consumer.subscribe({ topic: "orders", fromBeginning: true });
await consumer.run({ autoCommitThreshold: 1, eachMessage: async ({ message }) => say({ value: String(message.value) }) });
`;

/** A consumer in a process of its own, which ends only by being killed: it never leaves its group. */
class Application {
  readonly joins: number[][] = [];
  readonly values: string[] = [];
  heartbeats = 0;
  readonly #process;

  constructor(bootstrapServers: string) {
    this.#process = spawn(process.execPath, ["--input-type=module", "-e", CONSUMER, bootstrapServers], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    applications.add(this);
    createInterface(this.#process.stdout).on("line", (line) => {
      const { joined, value, heartbeat } = JSON.parse(line);
      if (joined !== undefined) this.joins.push(joined);
      if (value !== undefined) this.values.push(value);
      if (heartbeat !== undefined) this.heartbeats++;
    });
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await closed;
  }
}

const applications = new Set<Application>();
let data = "";

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "odradek-together-"));
});

afterEach(async () => {
  for (const application of applications) await application.kill();
  applications.clear();
  await WorkerProcess.killAll();
  rmSync(data, { recursive: true, force: true });
});

async function startBroker(port: string): Promise<{ broker: WorkerProcess; address: string }> {
  const broker = await WorkerProcess.start(data, ["--port", port, "--topic", "orders:2"]);
  return { broker, address: broker.bootstrapServers[0] ?? "" };
}

async function send(address: string, ...values: string[]): Promise<void> {
  const producer = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic: "orders", messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

const soon = { timeout: 10_000, interval: 10 };

test("an application that is killed and started together with its broker has its partitions soon", { timeout: 40_000 }, async () => {
  const { broker, address } = await startBroker("auto");
  const before = new Application(address);
  await vi.waitFor(() => expect(before.joins).toEqual([[0, 1]]), soon);
  await Promise.all([before.kill(), broker.kill()]);
  await startBroker(address.split(":")[1] ?? "");
  const startedMs = performance.now();
  const after = new Application(address);
  await vi.waitFor(() => expect(after.joins).toEqual([[0, 1]]), soon);
  // One second for the member of before, the rest for a process to start on a busy machine; its session timeout is thirty.
  expect(performance.now() - startedMs).toBeLessThan(6000);
});

test("an application that outlives its broker keeps its partitions and reads on", { timeout: 40_000 }, async () => {
  const { broker, address } = await startBroker("auto");
  const application = new Application(address);
  await vi.waitFor(() => expect(application.joins).toEqual([[0, 1]]), soon);
  await send(address, "before");
  await vi.waitFor(() => expect(application.values).toEqual(["before"]), soon);
  await broker.kill();
  const { broker: again } = await startBroker(address.split(":")[1] ?? "");
  await send(address, "after");
  await vi.waitFor(() => expect(application.values).toEqual(["before", "after"]), soon);
  const beats = application.heartbeats;
  await vi.waitFor(() => expect(application.heartbeats).toBeGreaterThan(beats), soon);
  expect(application.joins).toEqual([[0, 1]]);
  expect(again.lines.filter(({ msg }) => msg.includes("rebalance"))).toEqual([]);
});
