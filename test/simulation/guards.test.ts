// What guards.ts shows of every guard, of two of them: histories without it do not hold. And of every one that the sources have it still.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { takenOut } from "./guard.ts";
import { WORLDS } from "./guarded-worlds.ts";

const ROOT = join(import.meta.dirname, "../..");
const GUARDS = WORLDS.flatMap(({ name, guards }) => guards.map((guard) => ({ name, ...guard })));

test.each(GUARDS)("the sources have once what guards that $title ($name)", ({ edits }) => {
  for (const edit of edits) expect(takenOut(readFileSync(join(ROOT, edit.file), "utf8"), edit)).not.toBe("");
});

test.each(["an answer waits", "not stable before"])("without the guard that %s … histories do not hold", async (title) => {
  const found = new Promise<string>((resolve, reject) => {
    const script = join(import.meta.dirname, "guards.ts");
    execFile(
      process.execPath,
      [script, "engine", title],
      { env: { ...process.env, SIMULATION_HISTORIES: "20" } },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${stdout}${stderr}`, { cause: error }));
      },
    );
  });
  expect(await found).toMatch(/^needed/);
});
