// What settings of quotas and of limits on connections do.

import { expect, test } from "vitest";
import * as messages from "../../protocol/messages/index.ts";
import { type EffectBench, seen } from "./effect-bench.ts";

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
