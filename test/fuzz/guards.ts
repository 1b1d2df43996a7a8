// Shows that what keeps hostile input harmless is needed, and that the fuzzer sees it when it is gone: each guard in turn is taken out of a copy of
// the sources, and the fuzzer is run there until it fails. `node test/fuzz/guards.ts` does all, with a part of a title only those; each gets
// REQUESTS at most (60 000). A guard without which nothing fails makes it fail.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Guard, takenOut } from "../guards/guard.ts";
import { GUARDS } from "./guard-list.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["src", "protocol", "scripts", "test/fuzz", "test/support", "test/golden", "package.json"];
const REQUESTS = process.env["REQUESTS"] ?? "60000";
const SHOWN = 1000;

const chosen = GUARDS.filter(({ title }) => title.includes(process.argv[2] ?? ""));
const isNeeded = chosen.map(isFound);
if (isNeeded.length === 0 || isNeeded.includes(false)) process.exitCode = 1;

function isFound({ title, edits }: Guard): boolean {
  const copy = mkdtempSync(join(tmpdir(), "fuzz-guards-"));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const edit of edits) {
      const path = join(copy, edit.file);
      writeFileSync(path, takenOut(readFileSync(path, "utf8"), edit));
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/fuzz.ts", "--requests", REQUESTS], {
      cwd: copy,
      encoding: "utf8",
    });
    const at = stdout.indexOf("\nFAILED: ");
    console.log(`${status === 0 ? "NOT NEEDED" : "needed"}: ${title}\n  ${(at < 0 ? stderr : stdout.slice(at)).slice(0, SHOWN).trim()}`);
    return status !== 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
