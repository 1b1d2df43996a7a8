// Shows that what guards the rules of groups is needed: each guard in turn is taken out of a copy of the sources, and histories are run on it
// until one fails. `node test/simulation/groups/guards.ts` does all, with a part of a title only those; the number of histories that each is
// given at most comes from SIMULATION_HISTORIES (500). A guard without which all histories hold makes it fail.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GUARDS, type Guard } from "./guard-list.ts";

const root = join(import.meta.dirname, "../../..");
const COPIED = ["src", "protocol", "test/simulation", "test/support", "test/coordinator/support", "test/log", "package.json"];
const [first, histories] = process.argv.slice(2);

if (first === "--run") await run(Number(histories));
else if (GUARDS.filter(({ title }) => title.includes(first ?? "")).filter((guard) => !isNeeded(guard)).length > 0) process.exitCode = 1;

/** In a copy: ends with 1 at the first history that fails. */
async function run(count: number): Promise<void> {
  const { runGroupsHistory } = await import("./groups-history.ts");
  for (let seed = 1; seed <= count; seed++) {
    try {
      await runGroupsHistory(seed);
    } catch (error) {
      console.log(`history ${seed}: ${String(error instanceof Error ? error.message : error).slice(0, 160)}`);
      process.exit(1);
    }
  }
}

function isNeeded({ title, file, code, without }: Guard): boolean {
  const copy = mkdtempSync(join(tmpdir(), "guards-"));
  try {
    for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const path = join(copy, "src/coordinator", file);
    const source = readFileSync(path, "utf8");
    if (source.split(code).length !== 2) throw new Error(`${file} has no longer once: ${code}`);
    writeFileSync(
      path,
      source.replace(code, () => without),
    );
    const script = join(copy, "test/simulation/groups/guards.ts");
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, "--run", process.env["SIMULATION_HISTORIES"] ?? "500"], {
      encoding: "utf8",
    });
    console.log(
      `${status === 0 ? "NOT NEEDED" : "needed"}: ${title}\n  ${status === 0 ? "all histories hold without it" : (stdout + stderr).slice(0, 400).trim()}`,
    );
    return status !== 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
