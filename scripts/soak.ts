// `npm run soak [-- --minutes 60 --seed N]`: two brokers under mixed work of real clients for so long, one of which is stopped and killed again and
// again (../test/soak/soak.ts). `-- --limits connections|disk|groups|memory|partitions|request [--count N]`: a broker at a limit, with what that took.
// `-- --starts 10000`: so many starts in a row. Prints what it did; ends with 1 where anything was lost, doubled or unexpected, or did not stay flat.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { LIMITS } from "../test/soak/limits/index.ts";
import { soak } from "../test/soak/soak.ts";
import { starts } from "../test/soak/starts.ts";

const root = join(import.meta.dirname, "..");
const LONGEST_RESTART_MS = 60_000;
const SHORTEST_RESTART_MS = 10_000;
const RESTARTS = 10;
/** Of starts in a row. */
const PROCESS_EVERY = 50;
const SAMPLE_EVERY = 100;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string" },
    /** Between two records of a producer, in ms. */
    pace: { type: "string", default: "50" },
    limits: { type: "string" },
    count: { type: "string" },
    starts: { type: "string" },
  },
});
const began = performance.now();
const print = (line: string): void => console.log(`${Math.round((performance.now() - began) / 1000)} s ${line}`);
const complaints = await asked();
console.log(complaints.length === 0 ? "soak: nothing to complain about" : `soak: ${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);

function asked(): Promise<readonly string[]> {
  if (values.limits !== undefined) return runLimit(values.limits);
  if (values.starts === undefined) return soakFor(Number(values.minutes));
  return starts({ root, count: Number(values.starts), processEvery: PROCESS_EVERY, sampleEvery: SAMPLE_EVERY, print });
}

async function soakFor(minutes: number): Promise<readonly string[]> {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`soak: ${minutes} minutes; again with --seed ${seed}`);
  const restartMs = Math.max(SHORTEST_RESTART_MS, Math.min(LONGEST_RESTART_MS, (minutes * MINUTE_MS) / RESTARTS));
  const { complaints } = await soak({ root, minutes, seed, restartMs, paceMs: Number(values.pace), print });
  return complaints;
}

async function runLimit(name: string): Promise<readonly string[]> {
  const [run, count] = LIMITS[name] ?? [];
  if (run === undefined) throw new Error(`there is no limit ${name}; there are ${Object.keys(LIMITS).join(", ")}`);
  const complaints: string[] = [];
  const complain = (complaint: string): void => {
    complaints.push(complaint);
    print(`COMPLAINT: ${complaint}`);
  };
  await run({ root, complain, print }, Number(values.count ?? count));
  return complaints;
}
