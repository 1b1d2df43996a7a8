// Shows that guards are needed, and that histories show when one is missing: each in turn is taken out of the sources as they are loaded, and
// histories are run until one fails. `node test/simulation/guards.ts` does all; `… engine` those of a world (guarded-worlds.ts), and `… engine epoch`
// those with a word in their titles. Each gets SIMULATION_HISTORIES at most (500). A guard without which all histories hold makes it fail.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Guard, takenOut } from "../guards/guard.ts";
import { type GuardedWorld, WORLDS } from "./guarded-worlds.ts";

const ROOT = join(import.meta.dirname, "../..");
const HISTORIES = Number(process.env["SIMULATION_HISTORIES"] ?? 500);
const RUN = "--run";

const [first, ...rest] = process.argv.slice(2);
if (first === RUN) await run(rest[0] ?? "", Number(rest[1]));
else {
  const chosen = WORLDS.filter(({ name }) => first === undefined || name === first).flatMap((world) =>
    world.guards.map((guard, index) => ({ world, guard, index })).filter(({ guard }) => guard.title.includes(rest[0] ?? "")),
  );
  const isNeeded = chosen.map(({ world, guard, index }) => isFound(world, guard, index));
  if (isNeeded.length === 0 || isNeeded.includes(false)) process.exitCode = 1;
}

function isFound({ name }: GuardedWorld, { title }: Guard, index: number): boolean {
  const { status, stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, RUN, name, `${index}`], { encoding: "utf8" });
  console.log(`${status === 0 ? "NOT NEEDED" : "needed"}: ${title} (${name})\n  ${(stdout + stderr).slice(0, 400).trim()}`);
  return status !== 0;
}

/** Without the guard: ends with 1 at the first history that fails. */
async function run(name: string, index: number): Promise<void> {
  const world = WORLDS.find((each) => each.name === name);
  const guard = world?.guards[index];
  if (world === undefined || guard === undefined) throw new Error(`${name} has no guard ${index}`);
  takeOut(guard);
  let seed = 0;
  const fails = (error: unknown) => {
    console.log(`history ${seed}: ${String(error instanceof Error ? error.message : error).slice(0, 160)}`);
    process.exit(1);
  };
  process.on("unhandledRejection", fails);
  const runHistory = await world.load(guard);
  for (seed = 1; seed <= HISTORIES; seed++) await runHistory(seed).catch(fails);
  console.log(`${HISTORIES} histories hold without it`);
  process.exit(0);
}

function takeOut({ edits }: Guard): void {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const path = join(ROOT, edit.file);
    const url = pathToFileURL(path).href;
    sources.set(url, takenOut(sources.get(url) ?? readFileSync(path, "utf8"), edit));
  }
  registerHooks({
    load: (url, context, nextLoad) => {
      const source = sources.get(url);
      return source === undefined ? nextLoad(url, context) : { format: "module-typescript", source, shortCircuit: true };
    },
  });
}
