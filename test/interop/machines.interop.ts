// A cluster of broker processes over PostgreSQL and an object store, and a lone broker on its folder, with producers, transactions and groups of
// three libraries, while brokers are added, stopped, killed, made to stand still and cut off from either service, or the lone one from its
// clients, and either service is killed: nothing acknowledged is lost, doubled or out of order, no aborted record is read, nobody is taken
// back in a partition nor anything that was told, and every client goes on by itself. `node test/interop/machines/guards.ts` shows that
// the checker finds it when what guards this is taken out.
//
//   SEEDS=50, SEEDS=7-9,12   so many, or these; without, one of each
//   MACHINES_ON=lone         these on a lone broker only; =cluster on a cluster only
//   MACHINES_ON=kafka        these on Apache Kafka's nodes; =lone-kafka on a lone one

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CACHE, hasKafkaReference } from "./broker-under-test.ts";
import { KAFKA_PLACES, startKafkaMachines } from "./machines/kafka.ts";
import { runLoneSeed } from "./machines/lone.ts";
import { type Outcome, runScenario } from "./machines/scenario.ts";
import { DATABASE_PORT, LENGTH_MS, LIMITS, runSeed, SESSION_MS, STORE_PORT } from "./machines/seed.ts";
import { type Database, hasServices, type ObjectStoreService, startDatabase, startObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";
import { seedsOf } from "./seeds.ts";

const KAFKA_PORT = port(19550);
const SEED_MS = 300_000;

const given = process.env["SEEDS"]?.replace(/^(\d+)$/, "1-$1");
const SAMPLE = [2];
const on = process.env["MACHINES_ON"] ?? process.env["INTEROP_ONLY"] ?? "odradek";
const isOn = (kind: "cluster" | "lone"): boolean => on === "odradek" || on === kind;

function plays(title: string, seed: number, play: () => Promise<Outcome>): void {
  it(`${title} (seed ${seed})`, { timeout: SEED_MS }, async () => {
    const began = performance.now();
    const { complaints, deeds, progress } = await play();
    if (given !== undefined) console.log(JSON.stringify({ seed, tookMs: Math.round(performance.now() - began), ...progress }));
    expect(complaints, deeds.join("\n")).toEqual([]);
  });
}

describe.skipIf(!isOn("cluster") || !hasServices() || !hasKafkaReference())("Odradek", () => {
  let [database, store]: [Database | undefined, ObjectStoreService | undefined] = [undefined, undefined];
  beforeAll(async () => {
    database = await startDatabase(DATABASE_PORT);
    store = await startObjectStore(STORE_PORT);
  });
  afterAll(async () => {
    await database?.stop();
    await store?.stop();
  });
  for (const seed of seedsOf(given, SAMPLE)) {
    plays("nothing is lost and nothing stands still", seed, () => {
      if (database === undefined || store === undefined) throw new Error("the services have not started");
      return runSeed(seed, { database, store });
    });
  }
});

describe.skipIf(!isOn("lone") || !hasKafkaReference())("a lone Odradek", () => {
  for (const seed of seedsOf(given, SAMPLE))
    plays("nothing is lost and nothing stands still", seed, () => runLoneSeed(seed, { kind: "odradek" }));
});

describe.skipIf(on !== "lone-kafka" || given === undefined || !hasKafkaReference())("a lone Apache Kafka", () => {
  for (const seed of seedsOf(given, [])) plays("as on Apache Kafka", seed, () => runLoneSeed(seed, { kind: "kafka" }));
});

/** Its brokers have no services to be cut off from, and what they tell may fall for a moment when leaders change. */
describe.skipIf(on !== "kafka" || given === undefined || !hasKafkaReference())("Apache Kafka", () => {
  for (const seed of seedsOf(given, [])) {
    plays("as on Apache Kafka", seed, async () => {
      const machines = await startKafkaMachines(KAFKA_PORT);
      try {
        return await runScenario({
          ...{ seed, machines, places: KAFKA_PLACES, free: 1, services: [], lengthMs: LENGTH_MS, sessionMs: SESSION_MS, limits: LIMITS },
          folder: join(CACHE, "machines", `kafka-${seed}`),
          mostAway: 1,
          deeds: ["stop", "kill", "add", "grow"],
          isObserved: false,
        });
      } finally {
        await machines.close();
      }
    });
  }
});
