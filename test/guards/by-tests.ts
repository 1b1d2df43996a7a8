// Shows that guards are needed, and that a test sees it when one is gone: each in turn is taken out of a copy of the sources, and its tests are
// run there. `node test/guards/by-tests.ts` does all, with a part of a title only those. A guard without which all of its tests pass makes
// it fail.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestedGuard, takenOut } from "./guard.ts";
import { TESTED_GUARDS } from "./tested.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["src", "protocol", "test", "scripts", "package.json", "tsconfig.json"];
/** Of the copy: nothing is built for it. */
const CONFIG = "guards.config.mjs";
const REPORT = "guards.json";
/** A test that waits for what never comes need not wait long. */
const TIMES = { testTimeout: 40_000, hookTimeout: 40_000, isolate: false, expect: { poll: { timeout: 10_000 } } };
const MOST_MS = 600_000;

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[];
}

const copy = mkdtempSync(join(tmpdir(), "guards-"));
try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, CONFIG), `export default ${JSON.stringify({ test: TIMES })};`);
  for (const guard of TESTED_GUARDS.filter(({ title }) => title.includes(process.argv[2] ?? "")))
    if (!isNeeded(guard)) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function isNeeded({ title, edits, tests }: TestedGuard): boolean {
  for (const edit of edits) writeFileSync(join(copy, edit.file), takenOut(readFileSync(join(copy, edit.file), "utf8"), edit));
  const failed = failedTests(tests);
  for (const { file } of edits) cpSync(join(ROOT, file), join(copy, file));
  console.log(failed.length > 0 ? `needed: ${title}\n${failed.map((name) => `  ${name}\n`).join("")}` : `NOT NEEDED: ${title}`);
  return failed.length > 0;
}

/** Their titles; what ended the tests, where none could fail any more. */
function failedTests(tests: readonly string[]): string[] {
  const report = ["--reporter=json", `--outputFile.json=${REPORT}`];
  const command = [join("node_modules", "vitest", "vitest.mjs"), "run", "--config", CONFIG, ...report, ...tests];
  rmSync(join(copy, REPORT), { force: true });
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: copy, timeout: MOST_MS, encoding: "utf8" });
  if (!existsSync(join(copy, REPORT))) throw new Error(`the tests did not run: ${stderr}`);
  const { testResults } = JSON.parse(readFileSync(join(copy, REPORT), "utf8")) as Report;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.filter((result) => result.status === "failed").map(({ fullName }) => fullName);
  return failed.length === 0 && status !== 0 ? ["the run of the tests broke off"] : failed;
}
