// The matchers of vitest, jest and node:test, with a real client behind them.

import { afterAll, beforeAll, describe, onTestFinished, test as plainTest, expect as vitestExpect } from "vitest";
import { useBroker, useCluster } from "../../src/frameworks/jest.ts";
import { brokerFor, clusterFor, expectBroker } from "../../src/frameworks/node-test.ts";
import { expect, test } from "../../src/frameworks/vitest.ts";
import { RawClient } from "../support/raw-client.ts";
import { consume, failureOf, producerFor } from "./clients.ts";

test.override("brokerOptions", { topics: [{ name: "orders", partitions: 2 }] });

describe("with the fixture of odradek/vitest", () => {
  test("toHaveTopic, toHaveRecord and toHaveRecords see what a producer sends", async ({ broker }) => {
    await expect(broker).toHaveTopic("orders", 2);
    await expect(broker).not.toHaveTopic("nothing");
    const producer = await producerFor(broker);
    const seen = expect(broker).toHaveRecord("orders", { key: "42", value: { item: "spool" }, headers: { trace: "x" } });
    await producer.send({ topic: "orders", messages: [{ key: "42", value: '{"item":"spool","count":1}', headers: { trace: "x" } }] });
    await seen;
    await expect(broker).toHaveRecords("orders", 1);
    await expect(broker).not.toHaveRecord("orders", { key: "43" });
  });

  test("toHaveLag, toHaveConsumed and toHaveMembers see what a consumer does; the broker is that of the file", async ({ broker }) => {
    await expect(broker).toHaveRecords("orders", 1);
    await consume(broker, "g", "orders");
    await expect(broker).toHaveMembers("g", 1);
    await expect(broker).toHaveConsumed("g", "orders");
    await expect(broker).toHaveLag("g", 0);
    await expect(broker).not.toHaveLag("g", 7);
  });

  test("a matcher that fails says why", async ({ broker }) => {
    const soon = { timeoutMs: 50 };
    expect(await failureOf(expect(broker).toHaveRecord("orders", { key: "43" }, soon))).toContain("There are 1; the last: orders-");
    expect(await failureOf(expect(broker).toHaveLag("none", 0, soon))).toContain("It is Dead");
    expect(await failureOf(expect(broker).not.toHaveTopic("orders"))).toContain("Topic orders has 2 partitions");
  });
});

plainTest("odradek/node-test stops the broker after the test, and its assertions wait", async () => {
  const broker = await brokerFor({ after: (stop) => onTestFinished(stop) }, { topics: ["orders"] });
  const waiting = expectBroker(broker).toHaveRecord("orders", { value: "x" });
  const producer = await producerFor(broker);
  await producer.send({ topic: "orders", messages: [{ value: "x" }] });
  await waiting;
  await expectBroker(broker).not.toHaveRecord("orders", { value: "y" });
  expect(await failureOf(expectBroker(broker).toHaveRecords("orders", 2, { timeoutMs: 50 }))).toContain("There are 1");
});

plainTest("odradek/node-test stops a cluster after the test", async () => {
  const stops: (() => Promise<void>)[] = [];
  const cluster = await clusterFor({ after: (stop) => stops.push(stop) }, { brokers: 2, topics: ["orders"] });
  await cluster.produce("orders", "x");
  await expectBroker(cluster).toHaveRecords("orders", 1);
  for (const stop of stops) await stop();
  expect(await failureOf(RawClient.connect(cluster.port))).toContain("ECONNREFUSED");
});

describe("with odradek/jest, where its globals are", () => {
  Object.assign(globalThis, { beforeAll, afterAll, expect: vitestExpect });
  const kafka = useBroker({ topics: ["orders"] });
  const cluster = useCluster({ brokers: 2 });

  plainTest("a broker is there in tests, and the matchers are", async () => {
    const producer = await producerFor(kafka.broker);
    await producer.send({ topic: "orders", messages: [{ value: "x" }] });
    await expect(kafka.broker).toHaveRecord("orders", { value: "x" });
    expect(cluster.broker.brokers).toHaveLength(2);
  });
});
