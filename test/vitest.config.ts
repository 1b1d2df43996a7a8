// Every test but those that need Apache Kafka or other languages' clients beside us (test/interop).

import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** More than the two cores that most of us have: many tests wait for a client most of their time. */
const WORKERS = 3;

const root = join(import.meta.dirname, "..");

/** What Node makes of the sources is kept for the next process: brokers and commands that tests start are up in a third of the time. */
process.env["NODE_COMPILE_CACHE"] = join(root, ".cache", "compiled");

export default defineConfig({
  root,
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**"],
    globalSetup: ["test/support/built.mjs"],
    // For what hangs: no test is judged by these, on however busy a machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: WORKERS,
    // A worker loads the sources once, for all the files that it runs: no module of ours has state that one could leave to the next.
    isolate: false,
  },
});
