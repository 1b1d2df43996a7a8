// That the sources still have what is taken out of them to show that it is needed (`npm run guards`).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUARDS as FUZZ_GUARDS } from "../fuzz/guard-list.ts";
import { GUARDS as MACHINES_GUARDS } from "../interop/machines/guard-list.ts";
import { WORLDS } from "../simulation/guarded-worlds.ts";
import { takenOut } from "./guard.ts";
import { TESTED_GUARDS } from "./tested.ts";

const ROOT = join(import.meta.dirname, "../..");
const GUARDS = [...TESTED_GUARDS, ...FUZZ_GUARDS, ...MACHINES_GUARDS, ...WORLDS.flatMap(({ guards }) => guards)];

test.each(GUARDS)("the sources have once what guards that $title", ({ edits }) => {
  for (const edit of edits) expect(takenOut(readFileSync(join(ROOT, edit.file), "utf8"), edit)).not.toBe("");
});
