// `npm run soak [-- --minutes 60 --seed N]`: two brokers under mixed work of real clients for so long, one of which is stopped and killed again and
// again (../test/soak/soak.ts). Prints what it did; ends with 1 where anything was lost, doubled or unexpected, or did not stay flat.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { soak } from "../test/soak/soak.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, seed: { type: "string" }, pace: { type: "string", default: "50" } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`soak: ${minutes} minutes, seed ${seed}`);
const began = performance.now();
const { complaints } = await soak({
  root: join(import.meta.dirname, ".."),
  minutes,
  seed,
  restartMs: Math.max(10_000, Math.min(60_000, minutes * 6000)),
  paceMs: Number(values.pace),
  print: (line) => console.log(`${Math.round((performance.now() - began) / 1000)} s ${line}`),
});
console.log(complaints.length === 0 ? "soak: nothing to complain about" : `soak: ${complaints.length} complaints; repeat with --seed ${seed}`);
process.exit(complaints.length === 0 ? 0 : 1);
