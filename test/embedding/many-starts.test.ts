// Starts in a row, as a suite of tests makes them. Ten thousand: `npm run soak -- --starts 10000`.

import { join } from "node:path";
import { expect, test } from "vitest";
import { starts } from "../soak/starts.ts";

test("brokers that start one after the other leave nothing behind", { timeout: 60_000 }, async () => {
  const root = join(import.meta.dirname, "../..");
  expect(await starts({ root, count: 24, processEvery: 0, sampleEvery: 3, print: () => undefined })).toEqual([]);
});
