// A few rounds of scripts/kill-under-load.ts; `npm run interop` runs a hundred.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = join(import.meta.dirname, "../../scripts/kill-under-load.ts");

test("what a broker acknowledged is there once, in order, after it was killed under load", { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--rounds", "4"], { timeout: 50_000 });
  expect(stdout).toContain("4 rounds passed");
});
