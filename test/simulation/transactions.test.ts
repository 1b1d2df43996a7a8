// Random histories of transactional producers, consumers, crashes and lost connections over the real broker, in virtual time. The seed of a
// history that fails is in the message: SIMULATION_SEED=<seed> runs it alone. SIMULATION_HISTORIES=5000 runs that many.

import { expect, test } from "vitest";
import { runHistory } from "./history.ts";

const only = process.env["SIMULATION_SEED"];
const count = Number(process.env["SIMULATION_HISTORIES"] ?? 45);
const first = only === undefined ? 1 : Number(only);
const last = only === undefined ? count : first;

test(`transactions hold in histories ${first} to ${last}`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = first; seed <= last; seed++) {
    try {
      const { outcomes, lives, records } = await runHistory(seed);
      for (const [name, value] of Object.entries({ ...outcomes, lives, records })) totals[name] = (totals[name] ?? 0) + value;
    } catch (cause) {
      throw new Error(`history with seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  if (only === undefined) for (const outcome of ["committed", "aborted", "unknown"]) expect(totals[outcome], outcome).toBeGreaterThan(0);
}, 3_600_000);
