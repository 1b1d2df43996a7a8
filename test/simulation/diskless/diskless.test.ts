// Random histories of logs in objects in virtual time: see history.ts. The seed of a history that fails is in the message:
// SIMULATION_SEED=<seed> runs it alone; SIMULATION_HISTORIES=5000 runs that many, from SIMULATION_FIRST on.

import { expect, test } from "vitest";
import { runDisklessHistory } from "./history.ts";

const only = process.env["SIMULATION_SEED"];
const count = Number(process.env["SIMULATION_HISTORIES"] ?? 40);
const first = only === undefined ? Number(process.env["SIMULATION_FIRST"] ?? 1) : Number(only);
const last = only === undefined ? first + count - 1 : first;

test(`logs in objects hold in histories ${first} to ${last}`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = first; seed <= last; seed++) {
    try {
      for (const [name, value] of Object.entries(await runDisklessHistory(seed))) totals[name] = (totals[name] ?? 0) + value;
    } catch (cause) {
      throw new Error(`history with seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  for (const name of ["batches", "reads", "retries", "objects"]) expect(totals[name], name).toBeGreaterThan(0);
}, 3_600_000);
