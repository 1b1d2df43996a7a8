// kill -9, for real: a process appends and is killed; whatever it acknowledged is there afterwards, in order, and once.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { append, batchOf, readAll, spec } from "./support.ts";

/** Appends for as long as it lives, and says what was acknowledged. */
const PRODUCER = `
  import { writeSync } from "node:fs";
  const { nodeFilesystem } = await import(${JSON.stringify(import.meta.resolve("../../src/base/node-filesystem.ts"))});
  const { openSegmentedEngine } = await import(${JSON.stringify(import.meta.resolve("../../src/log/segmented-engine.ts"))});
  const { append, batchOf, spec } = await import(${JSON.stringify(import.meta.resolve("./support.ts"))});
  const [directory, first] = process.argv.slice(1);
  const engine = openSegmentedEngine({ filesystem: nodeFilesystem, directory, brokerId: 1 });
  const log = engine.open(spec({ "internal.segment.bytes": "20000", "index.interval.bytes": "200" }));
  for (let number = Number(first); ; number++) {
    const batch = batchOf([String(number)], { producerId: 1, producerEpoch: 0, baseSequence: number });
    writeSync(1, append(log, batch).baseOffset + " " + number + "\\n");
    if (number % 500 === 499) await engine.checkpoint();
  }`;

/** Runs the producer until it has acknowledged so many records, then kills it; gives its last words. */
async function runUntilKilled(directory: string, first: number, count: number): Promise<{ offset: number; number: number }> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PRODUCER, directory, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (data: Buffer) => {
    said += data.toString();
    if (said.split("\n").length > count) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  const last = said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1) ?? "";
  const [offset = -1, number = -1] = last.split(" ").map(Number);
  return { offset, number };
}

test("a process that is killed while it appends loses nothing that it acknowledged", async () => {
  const directory = mkdtempSync(join(tmpdir(), "odradek-kill-"));
  let next = 0;
  for (const count of [300, 1, 777]) {
    const acknowledged = await runUntilKilled(directory, next, count);
    expect(acknowledged.number).toBeGreaterThanOrEqual(next + count - 1);
    const engine = openSegmentedEngine({ filesystem: nodeFilesystem, directory, brokerId: 1 });
    const log = engine.open(spec());
    const found = await readAll(log);
    expect(found.map(({ value }) => Number(value))).toEqual(found.map((_, index) => index));
    expect(found.length).toBeGreaterThan(acknowledged.offset);
    expect(found[acknowledged.offset]?.value).toBe(String(acknowledged.number));
    // Its producer is known: what was not acknowledged and is there all the same is not taken twice.
    const last = found.length - 1;
    expect(append(log, batchOf([String(last)], { producerId: 1, producerEpoch: 0, baseSequence: last }))).toMatchObject({
      isDuplicate: true,
    });
    next = found.length;
    await engine.close();
  }
  rmSync(directory, { recursive: true });
}, 20_000);
