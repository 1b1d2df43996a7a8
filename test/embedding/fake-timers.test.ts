// Time belongs to the test, which may replace it: the broker beside it goes on by its own, whether it was imported before or after.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { RunningBroker } from "../../src/index.ts";

const root = join(import.meta.dirname, "../..");

/** Fakes everything that can be faked, also what vitest leaves alone by default. */
function fakeAll(): void {
  vi.useFakeTimers({
    now: 1000,
    toFake: [
      "Date",
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "setImmediate",
      "clearImmediate",
      "performance",
      "hrtime",
      "queueMicrotask",
    ],
  });
}

function importBroker(): Promise<typeof import("../../src/index.ts")> {
  return import("../../src/index.ts");
}

/** A group forms, its records are consumed, events arrive, and a wait ends. */
async function playWith(broker: RunningBroker): Promise<void> {
  const joins: string[] = [];
  broker.on("join", ({ group }) => joins.push(group));
  const consumer = new Kafka({ ...broker.connection.kafkajs(), logLevel: logLevel.NOTHING }).consumer({ groupId: "shipping" });
  await consumer.connect();
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  const seen: string[] = [];
  await consumer.run({
    eachMessage: async ({ message }) => {
      seen.push(String(message.value));
    },
  });
  await broker.until.stable("shipping", { members: 1 });
  await broker.produce("orders", "spool");
  await broker.until.consumed({ group: "shipping", topic: "orders" });
  expect(seen).toEqual(["spool"]);
  expect(joins).toContain("shipping");
  await expect(broker.until.records("orders", 2, { timeoutMs: 50 })).rejects.toThrow("Waited 50 ms for 2 records in orders");
  await consumer.disconnect();
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.resetModules();
});

describe("a broker in a test with vitest's fake timers", () => {
  test.for(["before", "after"])("that were installed %s it was imported", async (order) => {
    if (order === "before") fakeAll();
    const { startBroker } = await importBroker();
    if (order === "after") fakeAll();
    const broker = await startBroker({ topics: ["orders"] });
    onTestFinished(() => broker.stop());
    await playWith(broker);
  });

  test.for(["before", "after"])("stamps records with the real time when only the date was replaced %s it was imported", async (order) => {
    const startMs = Date.now();
    const fake = () => vi.spyOn(Date, "now").mockReturnValue(0);
    if (order === "before") fake();
    const { startBroker } = await importBroker();
    if (order === "after") fake();
    const broker = await startBroker({ topics: ["orders"] });
    onTestFinished(() => broker.stop());
    await broker.produce("orders", "spool");
    const [record] = await broker.read("orders");
    expect(record?.timestamp).toBeGreaterThanOrEqual(startMs);
  });
});

test.for(["before", "after"])("a broker goes on with node:test's mocked timers that were enabled %s it was imported", async (order) => {
  const enable = (when: string) => (when === order ? "mock.timers.enable();" : "");
  const program = `
    import assert from "node:assert/strict";
    import { mock, test } from "node:test";
    import { Kafka, logLevel } from "kafkajs";
    test("a group under mocked timers", async (t) => {
      ${enable("before")}
      const { brokerFor } = await import(${JSON.stringify(join(root, "src/frameworks/node-test.ts"))});
      ${enable("after")}
      assert.equal(Date.now(), 0);
      const broker = await brokerFor(t, { topics: ["orders"] });
      const consumer = new Kafka({ ...broker.connection.kafkajs(), logLevel: logLevel.NOTHING }).consumer({ groupId: "shipping" });
      await consumer.connect();
      await consumer.subscribe({ topic: "orders", fromBeginning: true });
      await consumer.run({ eachMessage: async () => {} });
      await broker.until.stable("shipping", { members: 1 });
      await broker.produce("orders", "spool");
      await broker.until.consumed({ group: "shipping", topic: "orders" });
      await assert.rejects(broker.until.records("orders", 2, { timeoutMs: 50 }), /Waited 50 ms/);
      await consumer.disconnect();
    });`;
  const args = ["--no-warnings", "--test-reporter=spec", "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, timeout: 50_000 });
  expect(stdout).toMatch(/pass 1\n/);
});
