// Random histories of logs in objects under upkeep in virtual time: see history.ts. The seed of a history that fails is in the message:
// SIMULATION_SEED=<seed> runs it alone; SIMULATION_HISTORIES=5000 runs that many, from SIMULATION_FIRST on. SIMULATION_WITHOUT=grace takes a
// guard away (they are in GUARDS), and then some history is to fail.

import { expect, test } from "vitest";
import type { UpkeepGuard } from "../../diskless/fakes/memory-upkeep.ts";
import { runUpkeepHistory } from "./history.ts";

/** That of a clip to the log's start is not among them: who replaces makes one segment of each run, and needs it no more than the contract. */
const GUARDS: readonly UpkeepGuard[] = ["exact segments", "grace", "second look", "fence"];

const only = process.env["SIMULATION_SEED"];
const without = GUARDS.find((guard) => guard === process.env["SIMULATION_WITHOUT"]);
const count = Number(process.env["SIMULATION_HISTORIES"] ?? (without === undefined ? 2 : 50));
const first = only === undefined ? Number(process.env["SIMULATION_FIRST"] ?? 1) : Number(only);
const last = only === undefined ? first + count - 1 : first;

test.skipIf(without !== undefined)(
  `logs under upkeep hold in histories ${first} to ${last}`,
  async () => {
    const totals: Record<string, number> = {};
    for (let seed = first; seed <= last; seed++) {
      try {
        for (const [name, value] of Object.entries(await runUpkeepHistory(seed))) totals[name] = (totals[name] ?? 0) + value;
      } catch (cause) {
        throw new Error(`history with seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      }
    }
    for (const name of ["acknowledged", "reads", "merged"]) expect(totals[name], name).toBeGreaterThan(0);
  },
  3_600_000,
);

test.skipIf(without === undefined)(
  `without ${without} some history of ${first} to ${last} fails`,
  async () => {
    const complaints: unknown[] = [];
    for (let seed = first; seed <= last && complaints.length === 0; seed++) {
      await runUpkeepHistory(seed, without).catch((error: unknown) => complaints.push(error));
    }
    expect(complaints.length).toBeGreaterThan(0);
  },
  3_600_000,
);
