// The README's examples, run as they are written but for the address and the place of the package.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handlers } from "../../src/api/index.ts";
import { startBroker } from "../../src/index.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".cache/readme");
const examples = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the kafkajs example prints what it sent", async () => {
  await using broker = await startBroker();
  const program = join(folder, "kafkajs.mjs");
  writeFileSync(program, (examples[0] ?? "").replace("localhost:9092", broker.bootstrapServers));
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
  const program = join(folder, "embedded.mts");
  writeFileSync(
    program,
    `${(examples[1] ?? "").replace('"odradek"', JSON.stringify(join(root, "src/index.ts")))}\nconsole.log(broker.bootstrapServers);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  expect(stdout).toMatch(/^localhost:\d+\n$/);
});

test("the README lists the APIs that are served, and no other", () => {
  const served = handlers.map(
    ({ api, versions: { lowest, highest } }) => `${api.name} ${lowest === highest ? lowest : `${lowest}–${highest}`}`,
  );
  expect(readFileSync(join(root, "README.md"), "utf8").replaceAll(/\s+/g, " ")).toContain(`${served.join(", ")}.`);
});

test("the node:test example passes, and the cluster example runs", async () => {
  const nodeTest = examples.find((example) => example.includes("odradek/node-test")) ?? "";
  const cluster = examples.find((example) => example.includes("startCluster")) ?? "";
  const program = join(folder, "in-tests.mts");
  writeFileSync(program, nodeTest.replace('"odradek/node-test"', JSON.stringify(join(root, "src/frameworks/node-test.ts"))));
  const { stdout } = await promisify(execFile)(process.execPath, ["--test-reporter=spec", program], { timeout: 20_000 });
  expect(stdout).toMatch(/pass 1\n/);
  const clusterProgram = join(folder, "cluster.mts");
  writeFileSync(clusterProgram, `${cluster.replace('"odradek"', JSON.stringify(join(root, "src/index.ts")))}\nconsole.log("ran");`);
  expect((await promisify(execFile)(process.execPath, [clusterProgram], { timeout: 20_000 })).stdout).toBe("ran\n");
});
