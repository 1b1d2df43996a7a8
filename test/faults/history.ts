// A run of any of the fault loops, by a seed: for guards that are taken out (../simulation/guards.ts).

import { Dice } from "../simulation/scheduler.ts";
import type { Runs } from "./loop.ts";
import { LOOPS } from "./loops.ts";

const prepared = new Map<string, { readonly runs: Runs; readonly faults: number }>();

/** Rejects when something does not hold. */
export async function runFaultHistory(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const loop = dice.pick(LOOPS);
  const mode = dice.pick(loop.modes);
  const name = `${loop.name} ${mode.name}`;
  let begun = prepared.get(name);
  if (begun === undefined) {
    const runs = await loop.prepare(mode);
    begun = { runs, faults: await runs.count() };
    prepared.set(name, begun);
  }
  const fault = dice.between(1, begun.faults);
  await begun.runs.run(fault, seed).catch((cause: unknown) => {
    throw new Error(`${name}, fault ${fault}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
}
