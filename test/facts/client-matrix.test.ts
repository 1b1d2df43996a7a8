// The table of clients in the README of test/interop says what the kept results say.

import { expect, test } from "vitest";
import { readmeByResults } from "../interop/matrix/results.ts";

test("the table of clients is that of the kept results", () => {
  const { text, wanted } = readmeByResults();
  expect(text).toBe(wanted);
});
