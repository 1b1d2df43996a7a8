// The configuration of `npm run interop`: one file after the other, with the brokers started once for all of them.

import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: ["test/interop/**/*.interop.ts"],
    globalSetup: ["test/interop/brokers.ts"],
    fileParallelism: false,
    // For what hangs: no test is judged by it, on however busy a machine.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
