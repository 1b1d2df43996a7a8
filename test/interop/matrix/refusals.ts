// Large records, and what a broker must refuse: each error as the client tells it.

import type { Observation } from "../compare.ts";
import { type Bench, KEPT_FOR_EVER, type Scenario } from "./bench.ts";
import { asSent, numbered } from "./records.ts";

const LARGE_BYTES = 3_000_000;

export const REFUSALS: Scenario = {
  title: "large records and clear errors",
  needs: ["produce", "read"],
  async run(bench) {
    const process = await bench.start();
    const topic = bench.name;
    const unknown = `${topic}-unknown`;
    const configs = { ...KEPT_FOR_EVER, "max.message.bytes": "1000" };
    const create = (name: string, partitions: number): Promise<Observation> =>
      bench.attempt(process, "createTopic", { topic: name, partitions });
    const createWith = async (more: Readonly<Record<string, string>>): Promise<Observation> => {
      const why = bench.about.lacks["topic configs"];
      return why === undefined
        ? bench.attempt(process, "createTopic", { topic: `${topic}-config`, partitions: 1, configs: more })
        : { lacks: why };
    };
    await bench.createTopic(process, { topic, partitions: 1, configs });
    await process.call("produce", { topic, records: numbered(3) });
    const tooLarge = { partition: 0, key: "large", value: "x".repeat(5000), timestampMs: 1_700_000_000_000 };
    return {
      large: await large(bench),
      existingTopic: await create(topic, 1),
      invalidName: await create("not a name", 1),
      tooLongName: await create("long".repeat(63), 1),
      noPartitions: await create(`${topic}-empty`, 0),
      unknownConfig: await createWith({ "no.such.setting": "1" }),
      invalidConfig: await createWith({ "retention.ms": "soon" }),
      deletingUnknownTopic: await bench.attempt(process, "deleteTopic", { topic: unknown }),
      describingUnknownTopic: await bench.attempt(process, "partitionCount", { topic: unknown }),
      tooLarge: await bench.attempt(process, "produce", { topic, records: [tooLarge] }),
      outOfRange: await bench.attempt(process, "read", { topic, partitions: [0], from: { offset: 1000 }, count: 3, waitMs: 5000 }),
      watermarks: await bench.attempt(process, "watermarks", { topic, partitions: [0] }),
    };
  },
};

async function large(bench: Bench): Promise<Observation> {
  const process = await bench.start();
  const topic = `${bench.name}-large`;
  await bench.createTopic(process, { topic, partitions: 1, configs: { ...KEPT_FOR_EVER, "max.message.bytes": "5000000" } });
  const value = Array.from({ length: LARGE_BYTES / 10 }, (_, index) => `${index}`.padStart(10, ".")).join("");
  const records = [{ partition: 0, key: "large", value, timestampMs: 1_700_000_000_000 }, ...numbered(1)];
  const sent = await process.call("produce", { topic, records });
  const read = await process.call("read", { topic, partitions: [0], from: "beginning", count: 2 });
  return { sent, read: asSent(read, records) };
}
