// Shows that what keeps clusters of processes and lone brokers right is needed, and that the checker sees it when it is gone: each guard in turn is taken out of a
// copy of the sources, and seeds are run with brokers of that copy until one fails. `node test/interop/machines/guards.ts` does all, with a
// part of a title only those; each gets SEEDS at most ("1-10"). A guard without which all seeds hold makes it fail.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takenOut } from "../../guards/guard.ts";
import { ROOT } from "../broker-under-test.ts";
import { seedsOf } from "../seeds.ts";
import { GUARDS, type MachinesGuard } from "./guard-list.ts";
import { runLoneSeed } from "./lone.ts";
import type { Outcome } from "./scenario.ts";
import { DATABASE_PORT, runSeed, STORE_PORT } from "./seed.ts";
import { startDatabase, startObjectStore } from "./services.ts";

const COPIED = ["src", "protocol", "package.json"];
const FEW = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const SHOWN = 3;
/** So that of two objects the one that was put last may be there first. */
const LATENCY_MS = "5-150";

type Play = (seed: number, guard: MachinesGuard, root: string) => Promise<Outcome>;

const chosen = GUARDS.filter(({ title }) => title.includes(process.argv[2] ?? ""));
const onLone: Play = (seed, { deeds }, root) => runLoneSeed(seed, { root, title: "guard", deeds });
for (const guard of chosen.filter(({ isLone }) => isLone)) if (!(await isNeeded(guard, onLone))) process.exitCode = 1;
const ofClusters = chosen.filter(({ isLone }) => isLone === undefined);
if (ofClusters.length > 0) await tryOnClusters(ofClusters);
// Of seeds that failed clients may still be at work.
process.exit();

async function tryOnClusters(guards: readonly MachinesGuard[]): Promise<void> {
  const database = await startDatabase(DATABASE_PORT);
  const store = await startObjectStore(STORE_PORT, LATENCY_MS);
  const play: Play = (seed, { deeds }, root) => runSeed(seed, { database, store, root, title: "guard", deeds, hasOwnIds: true });
  try {
    for (const guard of guards) if (!(await isNeeded(guard, play))) process.exitCode = 1;
  } finally {
    await database.stop();
    await store.stop();
  }
}

async function isNeeded(guard: MachinesGuard, play: Play): Promise<boolean> {
  const copy = mkdtempSync(join(tmpdir(), "machine-guards-"));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const edit of guard.edits) takeOut(copy, edit);
    for (const seed of seedsOf(process.env["SEEDS"], FEW)) {
      const complaints = await complaintsOf(play(seed, guard, copy));
      if (complaints.length === 0) continue;
      const shown = complaints.slice(0, SHOWN).map((complaint) => `  ${complaint.slice(0, 300)}\n`);
      console.log(`needed: ${guard.title}\n  seed ${seed}, ${complaints.length} complaints:\n${shown.join("")}`);
      return true;
    }
    console.log(`NOT NEEDED: ${guard.title}\n  all seeds hold without it`);
    return false;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function takeOut(copy: string, edit: MachinesGuard["edits"][number]): void {
  const path = join(copy, edit.file);
  writeFileSync(path, takenOut(readFileSync(path, "utf8"), edit));
}

async function complaintsOf(playing: Promise<Outcome>): Promise<readonly string[]> {
  try {
    return (await playing).complaints;
  } catch (error) {
    return [`${error}`];
  }
}
