// A broker that stops and returns while a producer of each client sends and a member of each receives: both go on by themselves, and nothing
// that was acknowledged is lost. One broker is restarted for all clients, when all of them are under way.

import { setTimeout as sleep } from "node:timers/promises";
import type { ClientProcess } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { waitFor } from "../processes.ts";
import { type Bench, KEPT_FOR_EVER, type Scenario } from "./bench.ts";

const PARTITIONS = [0, 1, 2];
const RECORDS = 80;
const EVERY_MS = 100;
/** So many are there before the broker stops. */
const BEFORE = 10;

export const RESTART: Omit<Scenario, "run"> = { title: "a broker that stops and returns", needs: ["produceSteadily"] };

/** @param isUnderWay is called once, and resolves when the broker is back */
export async function throughRestart(bench: Bench, isUnderWay: () => Promise<void>): Promise<Observation> {
  const topic = bench.name;
  const [producer, consumer] = [await bench.start(), await bench.start()];
  await bench.createTopic(consumer, { topic, partitions: PARTITIONS.length, configs: KEPT_FOR_EVER });
  const hasGroups = bench.about.lacks.join === undefined;
  if (hasGroups) await consumer.call("join", { topic, group: topic });
  const sending = producer.call("produceSteadily", { topic, partitions: PARTITIONS, count: RECORDS, everyMs: EVERY_MS }, 180_000);
  sending.catch(() => undefined); // It is waited for below, and something else may fail before.
  if (hasGroups)
    await waitFor(
      "the first records",
      () => valuesOf(consumer),
      (values) => values.size >= BEFORE,
    );
  else await sleep(BEFORE * EVERY_MS);
  await isUnderWay();
  const { acknowledged } = await sending;
  const missing = async (): Promise<number> => {
    const values = hasGroups ? await valuesOf(consumer) : await allOf(consumer, topic, acknowledged.length);
    return acknowledged.filter((value) => !values.has(value)).length;
  };
  // How many were refused meanwhile is a matter of how long the broker was away.
  return { goesOn: acknowledged.includes(`${RECORDS - 1}`), isAllThere: await comes(missing) };
}

async function comes(missing: () => Promise<number>): Promise<boolean> {
  const deadline = performance.now() + 60_000;
  while ((await missing()) > 0) {
    if (performance.now() > deadline) return false;
    await sleep(200);
  }
  return true;
}

async function valuesOf(member: ClientProcess): Promise<Set<string | null>> {
  return new Set((await member.call("received", {})).map(({ value }) => value));
}

/** For clients without groups. */
async function allOf(reader: ClientProcess, topic: string, count: number): Promise<Set<string | null>> {
  const seen = await reader.call("read", { topic, partitions: PARTITIONS, from: "beginning", count });
  return new Set(seen.map(({ value }) => value));
}
