// `npm run guards [-- FAMILY [PART OF A TITLE]]`: shows of what keeps the broker right that it is needed. Each guard in turn is taken out of the sources, and
// what should fail without it is run until it fails: tests, histories, faults, the fuzzer, seeds of processes. Ends with 1 where one is not needed.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { WORLDS } from "../test/simulation/guarded-worlds.ts";

const ROOT = join(import.meta.dirname, "..");

/** What shows them, and the arguments that choose them there. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  tests: ["test/guards/by-tests.ts"],
  ...Object.fromEntries(WORLDS.map(({ name }) => [name, ["test/simulation/guards.ts", name]])),
  fuzz: ["test/fuzz/guards.ts"],
  machines: ["test/interop/machines/guards.ts"],
};

const [family, title = ""] = process.argv.slice(2);
const chosen = family === undefined ? Object.values(FAMILIES) : [FAMILIES[family]];
for (const command of chosen) {
  if (command === undefined) throw new Error(`there are no guards of ${family}; there are ${Object.keys(FAMILIES).join(", ")}`);
  const { status } = spawnSync(process.execPath, [...command, title], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
