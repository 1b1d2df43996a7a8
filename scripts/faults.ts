// `npm run faults`: brokers whose disks fail at every operation in turn (test/faults/README.md). Prints a line for each loop and way to fail,
// and how to repeat what failed.
//
//   npm run faults                                          all of it, on all cores
//   npm run faults -- --loop compaction --mode power        some of it; several with commas
//   npm run faults -- --seed 7                              power failures that take something else
//   npm run faults -- --every 5                             a fifth of it
//   npm run faults -- --loop roll --mode power --fault 41   one run, with the whole error

import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Loop, Mode } from "../test/faults/loop.ts";
import { LOOPS } from "../test/faults/loops.ts";
import { causesOf, runAll, type Tally } from "../test/faults/tally.ts";

const { values } = parseArgs({
  options: {
    loop: { type: "string" },
    mode: { type: "string" },
    seed: { type: "string", default: "1" },
    every: { type: "string", default: "1" },
    fault: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
  },
});
const DONE = "done";
const seed = Number(values.seed);
const chosen = LOOPS.filter(({ name }) => isChosen(values.loop, name));

// What is left of brokers that were killed keeps nobody up.
process.on("disconnect", () => process.exit(0));
if (process.send !== undefined) process.on("message", (name: string) => void runFor(name, (tally) => process.send?.(tally ?? DONE)));
else if (values.fault !== undefined) await runOne(Number(values.fault));
else await runInProcesses();

function isChosen(names: string | undefined, name: string): boolean {
  return names === undefined || names.split(",").includes(name);
}

function modesOf({ modes }: Loop): readonly Mode[] {
  return modes.filter(({ name }) => isChosen(values.mode, name));
}

/** All that is chosen of a loop. */
async function runFor(name: string, told: (tally: Tally | undefined) => void): Promise<void> {
  const loop = LOOPS.find((each) => each.name === name);
  for (const mode of loop === undefined ? [] : modesOf(loop))
    if (loop !== undefined) told(await runAll(loop, mode, { seed, every: Number(values.every) }));
  told(undefined);
}

async function runOne(fault: number): Promise<void> {
  for (const loop of chosen) {
    for (const mode of modesOf(loop)) {
      const runs = await loop.prepare(mode);
      await runs.run(fault, seed);
      console.log(`${loop.name}, ${mode.name}, fault ${fault}: holds`);
    }
  }
  process.exit(0);
}

/** Each process has one loop at a time, and a new one for the next: what a broker left behind that was killed is gone with it. */
async function runInProcesses(): Promise<void> {
  const began = performance.now();
  const waiting = [...chosen];
  const tallies: Tally[] = [];
  const worker = async () => {
    for (let loop = waiting.shift(); loop !== undefined; loop = waiting.shift()) tallies.push(...(await runInProcess(loop)));
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, worker));
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  const failures = sum((tally) => tally.failures.length);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(`${chosen.length} loops, ${sum((tally) => tally.runs)} runs, ${failures} failures, ${minutes} minutes, seed ${seed}`);
  process.exitCode = failures === 0 && tallies.length > 0 ? 0 : 1;
}

function runInProcess(loop: Loop): Promise<Tally[]> {
  const child: ChildProcess = fork(import.meta.filename, process.argv.slice(2));
  const tallies: Tally[] = [];
  return new Promise((resolve) => {
    child.on("message", (tally: Tally | typeof DONE) => {
      if (tally === DONE) child.disconnect();
      else {
        tallies.push(tally);
        print(tally);
      }
    });
    child.on("exit", (code) => {
      if (code !== 0) {
        console.log(`${loop.name}: its process ended with ${code}`);
        process.exitCode = 1;
      }
      resolve(tallies);
    });
    child.send(loop.name);
  });
}

function print({ loop, mode, faults, runs, failures, tookMs }: Tally): void {
  const seconds = (tookMs / 1000).toFixed(1);
  console.log(
    `${failures.length === 0 ? "ok    " : "FAILED"} ${loop}, ${mode}: ${faults} faults, ${runs} runs, ${failures.length} failures, ${seconds} s`,
  );
  for (const [cause, faultsOf] of causesOf(failures)) {
    console.log(`         ${faultsOf.length} times: ${cause}`);
    console.log(
      `         npm run faults -- --loop ${loop} --mode ${mode} --seed ${seed} --fault ${faultsOf[0]}   (also ${faultsOf.slice(1, 8).join(", ")})`,
    );
  }
}
