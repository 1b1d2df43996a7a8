// A sample of the loop over corrupted bytes: of a few kinds of harm, a place each. All of it is `npm run faults -- --loop corruption,corruption-killed`.

import { expect, test } from "vitest";
import { Dice } from "../simulation/scheduler.ts";
import { CORRUPTION } from "./corruption.ts";
import { messageOf } from "./tally.ts";

const SEED = 1;
const RUNS = 3;

test("corrupted bytes are found, said, and cost no more than what is corrupt", async () => {
  const dice = new Dice(SEED);
  const failures: string[] = [];
  for (let times = 0; times < RUNS; times++) {
    const mode = dice.pick(CORRUPTION.modes);
    const runs = await CORRUPTION.prepare(mode);
    const fault = dice.between(1, await runs.count());
    await runs.run(fault, SEED).catch((error: unknown) => {
      failures.push(`npm run faults -- --loop ${CORRUPTION.name} --mode ${mode.name} --seed ${SEED} --fault ${fault}: ${messageOf(error)}`);
    });
  }
  expect(failures).toEqual([]);
});
