// The configuration of `npm run interop`: one file after the other, with the brokers started once for all of them.

import { resolve } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import { isDisklessRun } from "./diskless-storage.ts";

const OF_ITS_OWN = "has what it needs whatever the engine: the usual run has it";

/** Files that INTEROP_ENGINE=diskless leaves out, and why. Single scenarios say it themselves (`CompareOptions`). */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "log-folder": "is about folders that go from one broker to another",
  kill: "kills a broker on a folder, at once started again: machines has the same for brokers over the services",
  cluster: "is about brokers of one process: machines has those of many",
  "issued-certificates": "is about an authority in the data folder, without which --tls needs a key store",
  ...Object.fromEntries(
    ["access-rules", "assignors", "console", "consumer-group-answers", "diskless-*", "machines*", "packed", "registry"].map((name) => [
      name,
      OF_ITS_OWN,
    ]),
  ),
};

export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: ["test/interop/**/*.interop.ts"],
    exclude: [
      ...configDefaults.exclude,
      ...(isDisklessRun() ? Object.keys(LEFT_OUT).map((name) => `test/interop/${name}.interop.ts`) : []),
    ],
    globalSetup: ["test/interop/brokers.ts"],
    fileParallelism: false,
    // Of the matrix: clients wait most of the time.
    maxConcurrency: 6,
    // For what hangs: no test is judged by it, on however busy a machine.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
