// The README's examples, run as they are written but for the address and the place of the package.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handlers } from "../../src/api/index.ts";
import { startBroker } from "../../src/index.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".cache/readme");
const examples = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```[jt]s\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
const PACKAGE: Readonly<Record<string, string>> = {
  '"odradek"': "src/index.ts",
  '"odradek/node-test"': "src/frameworks/node-test.ts",
  '"odradek/vitest"': "src/frameworks/vitest.ts",
  '"odradek/vitest/global-setup"': "src/frameworks/vitest-global-setup.ts",
};
const run = promisify(execFile);

/** The one example that has the text, with the package in its place here. */
function exampleWith(text: string): string {
  const found = examples.filter((example) => example.includes(text));
  expect(found, `examples with ${text}`).toHaveLength(1);
  return Object.entries(PACKAGE).reduce((code, [name, path]) => code.replaceAll(name, JSON.stringify(join(root, path))), found[0] ?? "");
}

/** Writes a file into a folder of its own and gives its path. */
function written(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the kafkajs example prints what it sent", async () => {
  await using broker = await startBroker();
  const program = written("kafkajs.mjs", exampleWith("localhost:9092").replace("localhost:9092", broker.bootstrapServers));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "ignore"] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) continue;
    lines.push(line);
    break;
  }
  child.kill();
  expect(lines).toEqual(["en: hello"]);
});

test("the embedding example starts and stops a broker", async () => {
  const program = written("embedded.mts", `${exampleWith("await broker.stop();")}\nconsole.log(broker.bootstrapServers);`);
  expect((await run(process.execPath, [program])).stdout).toMatch(/^localhost:\d+\n$/);
});

test("the README lists the APIs that are served, and no other", () => {
  const served = handlers.map(
    ({ api, versions: { lowest, highest } }) => `${api.name} ${lowest === highest ? lowest : `${lowest}–${highest}`}`,
  );
  expect(readFileSync(join(root, "README.md"), "utf8").replaceAll(/\s+/g, " ")).toContain(`${served.join(", ")}.`);
});

test("the example for node:test passes", async () => {
  const program = written("node-test.mts", exampleWith("odradek/node-test"));
  expect((await run(process.execPath, ["--test-reporter=spec", program], LIMIT)).stdout).toMatch(/pass 1\n/);
});

test("the example for vitest passes", async () => {
  written("fixture/orders.test.ts", exampleWith('from "odradek/vitest"'));
  expect(await vitest("fixture")).toMatch(/Tests\s+1 passed/);
});

test("the example for a broker of vitest's whole run passes", async () => {
  written("whole-run/vitest.config.ts", exampleWith("globalSetup"));
  written("whole-run/broker.test.ts", exampleWith("inject"));
  expect(await vitest("whole-run")).toMatch(/Tests\s+1 passed/);
});

test("the example of waits and events runs", async () => {
  const { stdout } = await run(process.execPath, [written("waits.mts", exampleWith("until.idle"))], LIMIT);
  expect(stdout).toMatch(/^shipping is at orders-\d@\d$/m);
});

test("the example of faults of requests runs, and its faults strike", async () => {
  const text = `${exampleWith("held.arrived")}\nconsole.log((await broker.read("orders")).length);`;
  const { stdout } = await run(process.execPath, [written("faults.mts", text)], LIMIT);
  // Seven are sent, and the one whose connection ends after the effect is there twice.
  expect(stdout).toBe("1 0 []\n8\n");
});

test("the example of faults of the cluster runs", async () => {
  const { stdout } = await run(process.execPath, [written("cluster.mts", exampleWith("partitionNetwork"))], { timeout: 60_000 });
  expect(stdout).toMatch(/\S/);
}, 70_000);

const LIMIT = { timeout: 20_000 };

/** Runs vitest on a folder, apart from the run that this is a part of. */
async function vitest(name: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^VITEST|^NODE_ENV|^TEST$/.test(key)));
  const program = join(root, "node_modules/vitest/vitest.mjs");
  return (await run(process.execPath, [program, "run", "--root", join(folder, name)], { ...LIMIT, env: { ...env, NO_COLOR: "1" } })).stdout;
}
