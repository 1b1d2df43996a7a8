// What the coordinator's assignors take for 1,000 members and 10,000 partitions, beside Kafka's own from its jars, without brokers: the time of
// the first call of a process, and the CPU of the calling thread for each after a while, when the compilers of both have done what they can. In a
// broker assignments are seldom, so that most are nearer to the first. Kafka's are given members, subscriptions and owners as hash maps that exist.

import type { Times } from "../../test/assignors/kafka.ts";
import { KafkaAssignors } from "../../test/assignors/kafka.ts";
import { CHANGES, groupOf, SHAPES, SUBSCRIPTIONS, type TimedOrder } from "./assignor-groups.ts";
import { resultOf } from "./client-process.ts";
import type { Run, Scenario } from "./scenario.ts";

const MEMBERS = 1000;
const PARTITIONS = 10_000;
const MEASURED_MS = 1500;

export const assignors: Scenario = {
  name: "assignors",
  about: "uniform and range for 1,000 members and 10,000 partitions, the first call of a process and later ones",
  contenders: ["odradek", "kafka"],
  async measure(run) {
    for (const order of orders(run)) {
      const what = `assignor ${order.assignor}, ${order.shape}, subscriptions ${order.subscriptions}, ${order.change}`;
      await run.attempt(what, async () => {
        const { firstMs, laterMs } = await (run.contender === "kafka" ? timeKafka(order) : resultOf<Times>("assignors-client.ts", order));
        run.add(`${what}: first call`, "ms", firstMs);
        run.add(`${what}: later calls`, "ms", laterMs);
      });
    }
  },
};

/** What members had before is nothing to range. */
function orders(run: Run): TimedOrder[] {
  const most = { members: run.scaled(MEMBERS, 2), partitions: run.scaled(PARTITIONS), forMs: run.scaled(MEASURED_MS) };
  return SHAPES.flatMap((shape) =>
    SUBSCRIPTIONS.flatMap((subscriptions) => [
      ...CHANGES.map((change) => ({ assignor: "uniform", shape, subscriptions, change, ...most })),
      { assignor: "range", shape, subscriptions, change: "first" as const, ...most },
    ]),
  );
}

async function timeKafka(order: TimedOrder): Promise<Times> {
  const kafka = new KafkaAssignors();
  try {
    return await kafka.time(order.assignor, groupOf(order), order.forMs);
  } finally {
    await kafka.close();
  }
}
