// A cluster of broker processes over PostgreSQL and an object store, with producers, transactions and groups of three libraries, while brokers
// are added, stopped, killed, made to stand still and cut off from either, and either service is killed: nothing acknowledged is lost,
// doubled or out of order, no aborted record is read, nothing that was told is taken back, and every client goes on by itself.
//
//   SEEDS=50, SEEDS=7-9,12   so many, or these, in the place of the few that a run has
//   MACHINES_ON=kafka        Apache Kafka's nodes with these seeds; MACHINES_ON=odradek leaves them out

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CACHE, hasKafkaReference } from "./broker-under-test.ts";
import { KAFKA_PLACES, startKafkaMachines } from "./machines/kafka.ts";
import { type Machines, startMachines } from "./machines/machines.ts";
import type { Deed } from "./machines/plan.ts";
import { runScenario } from "./machines/scenario.ts";
import { type Database, hasServices, type ObjectStoreService, startDatabase, startObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";
import { seedsOf } from "./seeds.ts";

const PLACES = 4;
const SESSION_MS = 3000;
const LENGTH_MS = 12_000;
const FIRST_PORT = port(19500);
const DATABASE_PORT = port(19530);
const STORE_PORT = port(19540);
const KAFKA_PORT = port(19550);
const SEED_MS = 300_000;

/** After the last deed. Clients find a new leader within some seconds beyond the session, on a machine that does much else. */
const LIMITS = { goOnMs: SESSION_MS + 12_000, callMs: 60_000 };
const ALL: readonly Deed["does"][] = ["stop", "kill", "freeze", "cut", "cut", "fell", "add", "grow"];
const OF_KAFKA: readonly Deed["does"][] = ["stop", "kill", "add", "grow"];

export const MACHINE_SETTINGS = {
  "broker.session.timeout.ms": `${SESSION_MS}`,
  "broker.heartbeat.interval.ms": "500",
  "offsets.topic.num.partitions": "5",
  "transaction.state.log.num.partitions": "5",
  "group.initial.rebalance.delay.ms": "0",
  "group.consumer.session.timeout.ms": "15000",
  "group.consumer.heartbeat.interval.ms": "1000",
  "auto.create.topics.enable": "false",
};

const given = process.env["SEEDS"]?.replace(/^(\d+)$/, "1-$1");
const on = process.env["MACHINES_ON"] ?? process.env["INTEROP_ONLY"];

function plays(title: string, seed: number, { start, ...options }: { start: () => Promise<Machines> } & Play): void {
  it(`${title} (seed ${seed})`, { timeout: SEED_MS }, async () => {
    const began = performance.now();
    const machines = await start();
    try {
      const folder = join(CACHE, "machines", `${machines.name}-${seed}`, "clients");
      const common = { seed, lengthMs: LENGTH_MS, sessionMs: SESSION_MS, limits: LIMITS, machines, folder };
      const outcome = await runScenario({ ...common, ...options });
      if (given !== undefined) console.log(JSON.stringify({ seed, tookMs: Math.round(performance.now() - began), ...outcome.progress }));
      expect(outcome.complaints, outcome.deeds.join("\n")).toEqual([]);
    } finally {
      await machines.close();
    }
  });
}

interface Play {
  readonly places: number;
  readonly mostAway: number;
  readonly deeds: readonly Deed["does"][];
  readonly isObserved: boolean;
}

describe.skipIf(on === "kafka" || !hasServices() || !hasKafkaReference())("Odradek", () => {
  let [database, store]: [Database | undefined, ObjectStoreService | undefined] = [undefined, undefined];
  beforeAll(async () => {
    database = await startDatabase(DATABASE_PORT);
    store = await startObjectStore(STORE_PORT);
  });
  afterAll(async () => {
    await database?.stop();
    await store?.stop();
  });
  for (const seed of seedsOf(given, [1, 2, 3])) {
    const start = (): Promise<Machines> => {
      if (database === undefined || store === undefined) throw new Error("the services have not started");
      return startMachines({
        title: `seed-${seed}`,
        places: PLACES,
        portOf: (place) => FIRST_PORT + place,
        linePortOf: (place, service) => FIRST_PORT + 10 + 2 * place + (service === "store" ? 1 : 0),
        database,
        store,
        settings: MACHINE_SETTINGS,
        logFolder: join(CACHE, "machines", `odradek-${seed}`, "brokers"),
      });
    };
    plays("nothing is lost and nothing stands still", seed, { start, places: PLACES, mostAway: 2, deeds: ALL, isObserved: true });
  }
});

describe.skipIf(on === "odradek" || !hasKafkaReference() || (given !== undefined && on === undefined))("Apache Kafka", () => {
  for (const seed of seedsOf(given, [1]))
    plays("as on Apache Kafka", seed, {
      start: () => startKafkaMachines(KAFKA_PORT),
      places: KAFKA_PLACES,
      mostAway: 1,
      deeds: OF_KAFKA,
      isObserved: false,
    });
});
