// Random histories of share groups in virtual time: see shares-history.ts. The seed of a history that fails is in the message: SIMULATION_SEED=<seed>
// runs it alone. SIMULATION_HISTORIES=5000 runs that many, from SIMULATION_FIRST on. `node test/simulation/guards.ts shares` shows that what guards
// the rules is needed: without any of them histories fail.

import { expect, test } from "vitest";
import { runSharesHistory } from "./shares-history.ts";

const only = process.env["SIMULATION_SEED"];
const count = Number(process.env["SIMULATION_HISTORIES"] ?? 8);
const first = only === undefined ? Number(process.env["SIMULATION_FIRST"] ?? 1) : Number(only);
const last = only === undefined ? first + count - 1 : first;

test(`share groups hold in histories ${first} to ${last}`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = first; seed <= last; seed++) {
    try {
      for (const [name, value] of Object.entries(await runSharesHistory(seed))) totals[name] = (totals[name] ?? 0) + value;
    } catch (cause) {
      throw new Error(`history with seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  if (only === undefined)
    for (const name of ["lives", "moves", "deliveries", "accepted", "rejected"]) expect(totals[name], name).toBeGreaterThan(0);
}, 3_600_000);
