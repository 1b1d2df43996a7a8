// That what the guards of clusters of processes are taken out of (../interop/machines/guards.ts) is still as they know it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUARDS } from "../interop/machines/guard-list.ts";
import { takenOut } from "../simulation/guard.ts";

test.each(GUARDS)("the sources have once what guards that $title", ({ edits }) => {
  for (const edit of edits) expect(takenOut(readFileSync(join(import.meta.dirname, "../..", edit.file), "utf8"), edit)).not.toBe("");
});
