// That what the guards of clusters of processes are taken out of (../interop/machines/guards.ts) is still as they know it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUARDS } from "../interop/machines/guard-list.ts";

const EDITS = GUARDS.flatMap(({ title, edits }) => edits.map(({ file, code }) => ({ title, file, code })));

test.each(EDITS)("the sources have once what guards that $title", ({ file, code }) => {
  const source = readFileSync(join(import.meta.dirname, "../../src", file), "utf8");
  expect(source.split(code)).toHaveLength(2);
});
