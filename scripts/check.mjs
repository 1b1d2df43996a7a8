// `npm run check`: format and lint, types, unused code, and the rules that a test keeps, side by side. Prints what failed in full and
// one line for each.

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build.mjs";

const packages = join(root, "node_modules");

/** Gives the exit code. */
export async function check(node) {
  const checks = [
    { name: "format and lint", args: [join(packages, "@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings"] },
    { name: "types", args: [join(packages, "typescript", "bin", "tsc"), "-p", "."] },
    { name: "types of the console", args: [join(packages, "typescript", "bin", "tsc"), "-p", "src/console"] },
    { name: "unused code", args: [join(packages, "knip", "bin", "knip.js"), "--config", ".knip.json", "--no-progress"] },
    {
      name: "house rules",
      args: [join(packages, "vitest", "vitest.mjs"), "run", "--config", "test/vitest.config.ts", "test/tidy.test.ts"],
    },
  ];
  const results = await Promise.all(checks.map((one) => run(node, one)));
  for (const { isPassed, output } of results) if (!isPassed) process.stdout.write(`${output.trimEnd()}\n\n`);
  for (const { name, isPassed, tookMs } of results)
    console.log(`${isPassed ? "ok    " : "FAILED"} ${name} (${(tookMs / 1000).toFixed(1)} s)`);
  const passed = results.filter(({ isPassed }) => isPassed).length;
  mkdirSync(join(root, ".cache"), { recursive: true });
  writeFileSync(join(root, ".cache", "check.json"), JSON.stringify({ numPassedTests: passed, numFailedTests: results.length - passed }));
  return passed === results.length ? 0 : 1;
}

function run(node, { name, args }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(node, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => (output += error.message));
    child.on("close", (code) => resolve({ name, output, isPassed: code === 0, tookMs: performance.now() - began }));
  });
}
