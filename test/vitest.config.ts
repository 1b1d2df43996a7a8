// Every test but those that need Apache Kafka or other languages' clients beside us (test/interop).

import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** More than the two cores that most of us have: many tests wait for a client most of their time. */
const WORKERS = 3;

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: { include: ["test/**/*.test.ts"], exclude: ["test/interop/**"], testTimeout: 20_000, maxWorkers: WORKERS },
});
