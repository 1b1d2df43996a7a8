// A run of any of the fault loops, by a seed: for guards that are taken out (../simulation/guards.ts).

import { Dice } from "../simulation/scheduler.ts";
import type { Runs } from "./loop.ts";
import { LOOPS } from "./loops.ts";

/** @param where "loop mode"; any unless given. What is given rejects when something does not hold. */
export function faultHistories(where: string | undefined): (seed: number) => Promise<void> {
  const chosen = LOOPS.flatMap((loop) => loop.modes.map((mode) => ({ loop, mode, name: `${loop.name} ${mode.name}` }))).filter(
    ({ name }) => where === undefined || name === where,
  );
  if (chosen.length === 0) throw new Error(`there is no fault loop ${where}`);
  const prepared = new Map<string, { readonly runs: Runs; readonly faults: number }>();
  return async (seed) => {
    const dice = new Dice(seed);
    const { loop, mode, name } = dice.pick(chosen);
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
  };
}
