// What is published: the package is packed, installed into a fresh folder outside the repository, and the pages' examples for tests are run
// there as they are written, with vitest, jest (CommonJS) and node:test; then the clients that are not part of the repository's own tests.
// @confluentinc/kafka-javascript is native: where its ready-made binary cannot be had it is built, with the system's libraries and Node's
// headers, once; where that cannot be either, its test is skipped and says so.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleIn, examplesIn, PAGES } from "../support/pages.ts";
import { NODE, ROOT } from "./broker-under-test.ts";
import { nativePackage } from "./javascript-packages.ts";
import { run, runOrThrow } from "./processes.ts";

const PACKAGES = ["vitest@5.1.1", "jest@30.5.2", "kafkajs@2.2.4", "@platformatic/kafka@2.12.1", "@types/node@24.19.2"];
const CONFLUENT = "@confluentinc/kafka-javascript";
const NPM_OPTIONS = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
const TESTS = "src/embed/README.md";
const INSTALL_MS = 300_000;
const BUILD_MS = 900_000;

const folder = mkdtempSync(join(tmpdir(), "odradek-packed-"));
/** The pinned Node comes first, also for what npm starts; none of this run's own variables of vitest is handed on. */
const env = { PATH: `${dirname(NODE)}${delimiter}${process.env["PATH"] ?? ""}`, NO_COLOR: "1", VITEST: "", NODE_ENV: "" };

const isSkipped = process.env["INTEROP_ONLY"] === "kafka";

beforeAll(async () => {
  if (isSkipped) return;
  await npm(ROOT, ["pack", "--pack-destination", folder]);
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  project(".", { "package.json": JSON.stringify({ name: "fresh", private: true }) });
  await npm(folder, ["install", ...NPM_OPTIONS, `./${tarball}`, ...PACKAGES]);
}, INSTALL_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(isSkipped)("the examples for vitest pass: a broker for a file, and one for the whole run", async () => {
  const fixture = project("fixture", { "orders.test.js": exampleIn(TESTS, "toHaveLag") });
  expect(await passed("vitest/vitest.mjs", ["run", "--root", fixture])).toMatch(/Tests\s+1 passed/);
  const wholeRun = project("whole-run", {
    "vitest.config.js": exampleIn(TESTS, "globalSetup"),
    "broker.test.ts": exampleIn(TESTS, "inject"),
  });
  expect(await passed("vitest/vitest.mjs", ["run", "--root", wholeRun])).toMatch(/Tests\s+1 passed/);
});

test.skipIf(isSkipped)("the example for jest passes, in CommonJS", async () => {
  const at = project("jest", { "package.json": JSON.stringify({ jest: {} }), "orders.test.js": exampleIn(TESTS, "odradek/jest") });
  expect(await passed("jest/bin/jest.js", ["--rootDir", at])).toMatch(/Tests:\s+1 passed/);
});

test.skipIf(isSkipped)("a broker goes on with jest's fake timers, whatever comes first", async () => {
  const at = project("jest-timers", { "package.json": JSON.stringify({ jest: {} }), "timers.test.js": JEST_TIMERS });
  expect(await passed("jest/bin/jest.js", ["--rootDir", at])).toMatch(/Tests:\s+3 passed/);
  const everywhere = project("jest-timers-everywhere", {
    "package.json": JSON.stringify({ jest: { fakeTimers: { enableGlobally: true } } }),
    "orders.test.js": exampleIn(TESTS, "odradek/jest"),
  });
  expect(await passed("jest/bin/jest.js", ["--rootDir", everywhere])).toMatch(/Tests:\s+1 passed/);
});

/** Also the Node that the machine has otherwise, where that is too old; one that says so is there in any case. */
test.skipIf(isSkipped)("a Node that is too old is told so when it imports or requires the package", async () => {
  const asOld = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
  const own = await run("node", ["--version"], { cwd: folder, env: { PATH: process.env["PATH"] ?? "" } });
  const programs: [string, readonly string[]][] = [[NODE, ["--import", `data:text/javascript,${asOld}`]]];
  if (/^v(20|21|22\.([0-9]|1[0-4]))\./.test(own.stdout)) programs.push(["node", []]);
  for (const [program, args] of programs) {
    for (const entry of ["odradek", "odradek/jest", "odradek/node-test"]) {
      for (const code of [
        `require("${entry}")`,
        `import("${entry}").catch((error) => { console.error(String(error)); process.exit(1); })`,
      ]) {
        const ended = await run(program, [...args, "-e", code], { cwd: folder, env: { PATH: process.env["PATH"] ?? "" } });
        expect(ended.exitCode, `${program} ${code}`).toBe(1);
        expect(ended.stderr).toMatch(/Error: odradek: Node 22\.15 or newer is needed; this is Node 2\d\.\d+\.\d+\.$/m);
      }
    }
  }
});

test.skipIf(isSkipped)("the example for node:test passes", async () => {
  const at = project("node-test", { "orders.test.mjs": exampleIn(TESTS, "odradek/node-test") });
  expect(await outputOf([join(at, "orders.test.mjs"), "--test-reporter=spec"])).toContain("a producer gets over");
});

/** What is live goes on until it is ended. */
function request(line: string): string {
  const asked = line.replace("curl", "curl --silent --show-error --fail").replace(/('?)localhost:9092/, '"$KAFKA_BROKERS"$1');
  const [command = ""] = asked.split(" #");
  return asked.includes("live=true") ? `timeout 1 ${command} || test $? = 124` : asked;
}

test.skipIf(isSkipped)("the examples of the command line run, one after another on one broker", async () => {
  // Those that start brokers are run by issued-certificates.interop.ts; at the database of an example is none.
  const isForAnyBroker = (text: string) => !text.includes("odradek start") && !text.includes("--cluster postgres:");
  const examples = PAGES.flatMap((page) => examplesIn(page, ["sh"])).filter(isForAnyBroker);
  const commands = examples.join("\n");
  const script = commands
    .replaceAll(/^.*\bodradek\b.*$/gm, (line) => `${line} --bootstrap-server "$KAFKA_BROKERS"`)
    .replaceAll(/^curl .*$/gm, (line) => request(line));
  const at = project("commands", { "commands.sh": script });
  const path = `${join(folder, "node_modules/.bin")}${delimiter}${env.PATH}`;
  const { exitCode, stdout, stderr } = await run("npx", ["odradek", "run", "--", "bash", "-eux", join(at, "commands.sh")], {
    cwd: folder,
    env: { ...env, PATH: path },
    deadlineMs: 60_000,
  });
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toContain("hello");
});

test.skipIf(isSkipped)("the examples have the types that editors are told of", async () => {
  const at = project("types", {
    "package.json": MODULES,
    "fixture.ts": exampleIn(TESTS, "toHaveLag"),
    "whole-run.ts": exampleIn(TESTS, "inject"),
    "node-test.ts": exampleIn(TESTS, "odradek/node-test"),
    "wrong.ts": 'import { startBroker } from "odradek";\n// @ts-expect-error\nawait startBroker({ topic: "orders" });\n',
    "commonjs.cts": 'import odradek = require("odradek/jest");\nexport const handle = odradek.useBroker({ topics: ["orders"] });\n',
  });
  const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--skipLibCheck", "--types", "node"];
  const files = readdirSync(at).filter((name) => /ts$/.test(name));
  await runOrThrow(NODE, [join(ROOT, "node_modules/typescript/bin/tsc"), ...options, ...files], { cwd: at, env });
});

test.skipIf(isSkipped)("a test with @platformatic/kafka produces and consumes", async () => {
  const at = project("platformatic", { "orders.mjs": PLATFORMATIC });
  expect(await outputOf([join(at, "orders.mjs")])).toContain("42 spool");
});

test.skipIf(isSkipped)("the example of consumer groups runs, with @platformatic/kafka", async () => {
  const at = project("consumer-groups", { "groups.mjs": exampleIn(TESTS, "groupProtocol") });
  const output = await outputOf([join(at, "groups.mjs")]);
  expect(output).toMatch(/^(one|two) has \[/m);
  expect(output).toMatch(/^consumer Stable \d uniform$/m);
  expect(output).toMatch(/^got spool$/m);
  expect(output).toMatch(/^(one|two) is no member: FENCED_MEMBER_EPOCH$/m);
});

test.skipIf(isSkipped)(
  "a test with @confluentinc/kafka-javascript produces and consumes",
  async ({ skip }) => {
    const missing = await installConfluent();
    if (missing !== undefined) {
      console.warn(`interop: ${CONFLUENT} could not be had here: ${missing}`);
      skip(missing);
    }
    const at = project("confluent", { "orders.mjs": CONFLUENT_PROGRAM });
    expect(await outputOf([join(at, "orders.mjs")])).toContain("42 spool");
  },
  INSTALL_MS + BUILD_MS,
);

const MODULES = JSON.stringify({ type: "module" });

const JEST_TIMERS = `
test.each(["before", "after", "legacy"])("fake timers that were installed %s the package was required", async (order) => {
  jest.resetModules();
  if (order !== "after") jest.useFakeTimers({ legacyFakeTimers: order === "legacy" });
  const { startBroker } = require("odradek");
  const { Kafka, logLevel } = require("kafkajs");
  if (order === "after") jest.useFakeTimers();
  const broker = await startBroker({ topics: ["orders"] });
  const consumer = new Kafka({ ...broker.connection.kafkajs(), logLevel: logLevel.NOTHING }).consumer({ groupId: "shipping" });
  await consumer.connect();
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  await consumer.run({ eachMessage: async () => {} });
  await broker.until.stable("shipping", { members: 1 });
  await broker.produce("orders", "spool");
  await broker.until.consumed({ group: "shipping", topic: "orders" });
  await expect(broker.until.records("orders", 2, { timeoutMs: 50 })).rejects.toThrow("Waited 50 ms");
  await consumer.disconnect();
  await broker.stop();
  jest.useRealTimers();
});
`;

const PLATFORMATIC = `
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { startBroker } from "odradek";

await using broker = await startBroker({ topics: ["orders"] });
const producer = new Producer({ ...broker.connection.platformatic(), serializers: stringSerializers });
await producer.send({ messages: [{ topic: "orders", key: "42", value: "spool" }] });
await producer.close();
await broker.until.records("orders", 1);
const consumer = new Consumer({ ...broker.connection.platformatic(), groupId: "shipping", deserializers: stringDeserializers });
const stream = await consumer.consume({ topics: ["orders"], mode: "earliest", autocommit: true });
for await (const { key, value } of stream) {
  console.log(key, value);
  break;
}
await broker.until.consumed({ group: "shipping", topic: "orders" });
await consumer.close(true);
`;

const CONFLUENT_PROGRAM = `
import confluent from "@confluentinc/kafka-javascript";
import { startBroker } from "odradek";

await using broker = await startBroker({ topics: ["orders"] });
const kafka = new confluent.KafkaJS.Kafka(broker.connection.confluent());
const producer = kafka.producer();
await producer.connect();
await producer.send({ topic: "orders", messages: [{ key: "42", value: "spool" }] });
await broker.until.records("orders", 1);
const consumer = kafka.consumer({ "group.id": "shipping", "auto.offset.reset": "earliest", "auto.commit.interval.ms": 100 });
await consumer.connect();
await consumer.subscribe({ topic: "orders" });
await consumer.run({ eachMessage: async ({ message }) => console.log(String(message.key), String(message.value)) });
await broker.until.consumed({ group: "shipping", topic: "orders" });
await consumer.disconnect();
await producer.disconnect();
`;

/** Why it cannot be had, or undefined when it is linked into the folder. */
async function installConfluent(): Promise<string | undefined> {
  try {
    const home = await nativePackage(CONFLUENT);
    symlinkSync(join(home, "node_modules/@confluentinc"), join(folder, "node_modules/@confluentinc"));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(-2000) : String(error);
  }
}

function npm(cwd: string, args: readonly string[]): Promise<string> {
  return runOrThrow("npm", args, { cwd, env, deadlineMs: INSTALL_MS });
}

/** The output of a program of an installed package, which must succeed. */
function passed(program: string, args: readonly string[]): Promise<string> {
  return outputOf([join(folder, "node_modules", program), ...args]);
}

async function outputOf(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(NODE, args, { cwd: folder, env, deadlineMs: 120_000 });
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  return `${stdout}${stderr}`;
}

/** A folder of files beside the installed packages. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text);
  return at;
}
