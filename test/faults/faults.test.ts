// A sample of the fault loops: of each loop one way to fail, at one of the operations. All of it is `npm run faults`.

import { expect, test } from "vitest";
import { Dice } from "../simulation/scheduler.ts";
import type { Loop } from "./loop.ts";
import { LOOPS } from "./loops.ts";
import { messageOf } from "./tally.ts";

const SEED = 1;
/** Whose beginning takes long to make. */
const ONLY_IN_FULL = ["journal", "compaction", "retention"];
/** Has a sample of its own. */
const CORRUPTION = "corruption";
const RUNS = 1;
/** Operations that every loop has, nearly. */
const EARLY = 40;

async function sample(loop: Loop, dice: Dice): Promise<string[]> {
  const mode = dice.pick(loop.modes);
  const failures: string[] = [];
  const runs = await loop.prepare(mode);
  for (let count = 0; count < RUNS; count++) {
    const fault = dice.between(1, EARLY);
    await runs.run(fault, SEED).catch((error: unknown) => {
      failures.push(`npm run faults -- --loop ${loop.name} --mode ${mode.name} --seed ${SEED} --fault ${fault}: ${messageOf(error)}`);
    });
  }
  return failures;
}

test("brokers keep their word when the disk fails at some of its operations", async () => {
  const dice = new Dice(SEED);
  const failures: string[] = [];
  for (const loop of LOOPS.filter(({ name }) => !ONLY_IN_FULL.includes(name) && !name.startsWith(CORRUPTION)))
    failures.push(...(await sample(loop, dice)));
  expect(failures).toEqual([]);
});
