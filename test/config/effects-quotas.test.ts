// What settings of quotas and of limits on connections do.

import { expect, test } from "vitest";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { EffectBench, seen } from "./effect-bench.ts";

async function limit({ asking }: EffectBench, key: string, value: number): Promise<void> {
  const entity = [{ entityType: "client-id", entityName: "raw" }];
  await asking.ask(messages.alterClientQuotas, { entries: [{ entity, ops: [{ key, value, remove: false }] }], validateOnly: false });
}

test("quota.window.num, quota.window.size.seconds: as much as the limit allows in them is produced without being held off", async () => {
  const isHeldOff = async (bench: EffectBench) => {
    await limit(bench, "producer_byte_rate", 10);
    const topicData = [{ name: "missing", partitionData: [{ index: 0, records: Buffer.alloc(250) }] }];
    const answer = await bench.asking.ask(messages.produce, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData }, 9);
    return answer.throttleTimeMs > 0;
  };
  expect(await seen({ "quota.window.num": 100 }, isHeldOff)).toEqual([true, false]);
  expect(await seen({ "quota.window.size.seconds": 10 }, isHeldOff)).toEqual([true, false]);
});

test("controller.quota.window.num, controller.quota.window.size.seconds: as many partitions as the limit allows in them are made at once", async () => {
  const isHeldOff = async (bench: EffectBench) => {
    await limit(bench, "controller_mutation_rate", 1);
    const topics = [{ name: "a", numPartitions: 15, replicationFactor: 1, assignments: [], configs: [] }];
    const create = () => bench.asking.ask(messages.createTopics, { topics, timeoutMs: 1000, validateOnly: true });
    await create();
    return (await create()).throttleTimeMs > 0;
  };
  expect(await seen({ "controller.quota.window.num": 20 }, isHeldOff)).toEqual([true, false]);
  expect(await seen({ "controller.quota.window.size.seconds": 2 }, isHeldOff)).toEqual([true, false]);
});

/** Asks, and says whether it was answered, or closed, while others were answered. */
async function fateOf({ asking }: EffectBench): Promise<"answered" | "closed" | "waits"> {
  const client = await RawClient.connect(asking.broker.port, "127.0.0.1");
  let fate: "answered" | "closed" | "waits" = "waits";
  const asked = client.call(messages.apiVersions, 0, {}).then((answer) => {
    fate = answer === undefined ? "closed" : "answered";
  });
  for (let count = 0; count < 5; count++) await asking.ask(messages.apiVersions, {}, 0);
  if (fate !== "waits") await asked;
  client.close();
  return fate;
}

test("max.connections: a connection too many waits", async () => {
  expect(await seen({ "max.connections": 1 }, fateOf)).toEqual(["answered", "waits"]);
});

test("max.connections.per.ip: a connection too many from an address is closed, also when the limit was altered", async () => {
  expect(await seen({ "max.connections.per.ip": 1 }, fateOf)).toEqual(["answered", "closed"]);
  await using bench = await EffectBench.start();
  await bench.alterBrokers({ "max.connections.per.ip": "1" });
  expect(await fateOf(bench)).toBe("closed");
});

test("max.connections.per.ip.overrides: an address may have more, or fewer", async () => {
  const settings = { "max.connections.per.ip": 1 };
  expect(await seen({ "max.connections.per.ip.overrides": "127.0.0.1:2" }, fateOf, { settings })).toEqual(["closed", "answered"]);
  await using bench = await EffectBench.start();
  await bench.alterBrokers({ "max.connections.per.ip.overrides": "127.0.0.1:1" });
  expect(await fateOf(bench)).toBe("closed");
});

test("max.connection.creation.rate: connections that come faster wait, also when the rate was altered", async () => {
  const settings = { "quota.window.num": 2 };
  expect(await seen({ "max.connection.creation.rate": 1 }, fateOf, { settings })).toEqual(["answered", "waits"]);
  await using bench = await EffectBench.start({ settings });
  await bench.alterBrokers({ "max.connection.creation.rate": "1" });
  expect(await fateOf(bench)).toBe("waits");
});
