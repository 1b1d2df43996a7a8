// One seed on a cluster of Odradek's processes, over services that run.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../broker-under-test.ts";
import { port } from "../port.ts";
import { SERVICES, startMachines } from "./machines.ts";
import type { Deed } from "./plan.ts";
import { type Outcome, runScenario } from "./scenario.ts";
import type { Database, ObjectStoreService } from "./services.ts";

export const PLACES = 4;
export const SESSION_MS = 3000;
export const LENGTH_MS = 12_000;
export const DATABASE_PORT = port(19530);
export const STORE_PORT = port(19540);
const FIRST_PORT = port(19500);
const FIRST_LINE_PORT = port(19510);

/** After the last deed. Clients find a new leader within some seconds beyond the session, on a machine that does much else. */
export const LIMITS = { goOnMs: SESSION_MS + 12_000, callMs: 60_000 };
const ALL: readonly Deed["does"][] = ["stop", "kill", "freeze", "cut", "cut", "fell", "add", "grow"];

export const MACHINE_SETTINGS = {
  "broker.session.timeout.ms": `${SESSION_MS}`,
  "broker.heartbeat.interval.ms": "500",
  "offsets.topic.num.partitions": "5",
  "transaction.state.log.num.partitions": "5",
  "group.initial.rebalance.delay.ms": "0",
  "group.consumer.session.timeout.ms": "30000",
  "group.consumer.min.heartbeat.interval.ms": "1000",
  "group.consumer.heartbeat.interval.ms": "1000",
  "group.consumer.min.session.timeout.ms": "10000",
  "auto.create.topics.enable": "false",
};

export interface SeedOptions {
  readonly database: Database;
  readonly store: ObjectStoreService;
  /** Of the tree whose brokers run; default: this one. */
  readonly root?: string;
  /** Names what is made for it, beside the seed. */
  readonly title?: string;
  readonly deeds?: readonly Deed["does"][];
  /** Default: true for every other seed. */
  readonly hasOwnIds?: boolean;
}

export async function runSeed(
  seed: number,
  { title = "seed", deeds = ALL, hasOwnIds = seed % 2 === 0, ...options }: SeedOptions,
): Promise<Outcome> {
  const folder = join(CACHE, "machines", `${title}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const machines = await startMachines({
    ...options,
    title: `${title}-${seed}-${Date.now()}`,
    places: PLACES,
    hasOwnIds,
    portOf: (place) => FIRST_PORT + place,
    linePortOf: (place, service) => FIRST_LINE_PORT + 2 * place + (service === "store" ? 1 : 0),
    settings: MACHINE_SETTINGS,
    logFolder: join(folder, "brokers"),
  });
  try {
    return await runScenario({
      ...{
        seed,
        machines,
        deeds,
        places: PLACES,
        free: 1,
        services: SERVICES,
        lengthMs: LENGTH_MS,
        sessionMs: SESSION_MS,
        mostAway: 2,
        limits: LIMITS,
      },
      folder: join(folder, "clients"),
      isObserved: true,
    });
  } finally {
    await machines.close();
  }
}
