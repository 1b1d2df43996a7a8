// What guards.ts shows of every guard, of two of them: histories without it do not hold.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

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
