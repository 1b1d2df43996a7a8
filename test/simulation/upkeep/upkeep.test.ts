// Random histories of logs in objects under upkeep in virtual time: see history.ts. The seed of a history that fails is in the message:
// SIMULATION_SEED=<seed> runs it alone; SIMULATION_HISTORIES=5000 runs that many, from SIMULATION_FIRST on. `node test/simulation/guards.ts upkeep`
// shows that what guards the records is needed: without any of it histories fail.

import { expect, test } from "vitest";
import { runUpkeepHistory } from "./history.ts";

const only = process.env["SIMULATION_SEED"];
const count = Number(process.env["SIMULATION_HISTORIES"] ?? 2);
const first = only === undefined ? Number(process.env["SIMULATION_FIRST"] ?? 1) : Number(only);
const last = only === undefined ? first + count - 1 : first;

test(`logs under upkeep hold in histories ${first} to ${last}`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = first; seed <= last; seed++) {
    try {
      for (const [name, value] of Object.entries(await runUpkeepHistory(seed))) totals[name] = (totals[name] ?? 0) + value;
    } catch (cause) {
      throw new Error(`history with seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  for (const name of ["acknowledged", "reads", "merged"]) expect(totals[name], name).toBeGreaterThan(0);
}, 3_600_000);
