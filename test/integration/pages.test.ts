// The pages for people: their examples, run as they are written but for the address, with the package as it is published; their links; and what
// they say of what is served. The examples for jest, of @platformatic/kafka and of the command line are run with the packed package (npm run
// interop).

import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handlers } from "../../src/api/index.ts";
import { startBroker } from "../../src/index.ts";
import { exampleIn, examplesIn, PAGES, readPage, root } from "../support/pages.ts";

const folder = join(root, ".cache/pages");
const TESTS = "src/embed/README.md";
const run = promisify(execFile);

const ran = new Set<string>();

/** The one example of the page that has the text. */
function example(page: string, text: string): string {
  const found = exampleIn(page, text);
  ran.add(found);
  return found;
}

/** Writes a file into a folder of its own and gives its path. */
function written(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** With the package where who writes such programs has it. */
beforeAll(() => {
  const installed = join(folder, "node_modules/odradek");
  for (const name of ["package.json", ".dist"]) cpSync(join(root, name), join(installed, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

test("the kafkajs example prints what it sent", async () => {
  await using broker = await startBroker();
  const program = written("kafkajs.mjs", example("README.md", "localhost:9092").replace("localhost:9092", broker.bootstrapServers));
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

test("the embedding example starts and stops a broker and a cluster", async () => {
  const program = written("embedded.mts", `${example("README.md", "await broker.stop();")}\nconsole.log(broker.bootstrapServers);`);
  expect((await run(process.execPath, [program])).stdout).toMatch(/^localhost:\d+\n$/);
});

test("the page of APIs lists those that are served, and no other", () => {
  const served = handlers.map(
    ({ api, versions: { lowest, highest } }) => `${api.name} ${lowest === highest ? lowest : `${lowest}–${highest}`}`,
  );
  expect(readPage("src/api/README.md").replaceAll(/\s+/g, " ")).toContain(`${served.join(", ")}.`);
});

test("the README is short, and its links and those of all pages lead somewhere", () => {
  expect(Buffer.byteLength(readPage("README.md"))).toBeLessThanOrEqual(24 * 1024);
  const broken = PAGES.flatMap((page) =>
    linksIn(page)
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every page is reached from the README, and is in the package", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) for (const link of linksIn(page)) if (/\.md(#|$)/.test(link)) reached.add(targetOf(page, link));
  expect([...PAGES].filter((page) => !reached.has(page))).toEqual([]);
  const { files }: { files: string[] } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect([...reached].filter((page) => page !== "README.md" && !files.includes(page))).toEqual([]);
});

test("the example for node:test passes", async () => {
  const program = written("node-test.mts", example(TESTS, "odradek/node-test"));
  expect((await run(process.execPath, ["--test-reporter=spec", program], LIMIT)).stdout).toMatch(/pass 1\n/);
});

test("the examples for vitest pass: of the README, of a broker for each test, of fake timers", async () => {
  written("files/greeting.test.ts", example("README.md", 'from "odradek/vitest"'));
  written("files/fixture.test.ts", example(TESTS, "toHaveLag"));
  written("files/fake-timers.test.ts", example(TESTS, "useFakeTimers"));
  expect(await vitest("files")).toMatch(/Test Files\s+3 passed[\s\S]*Tests\s+3 passed/);
});

test("the example for a broker of vitest's whole run passes", async () => {
  written("whole-run/vitest.config.ts", example(TESTS, "globalSetup"));
  written("whole-run/broker.test.ts", example(TESTS, "inject"));
  expect(await vitest("whole-run")).toMatch(/Tests\s+1 passed/);
});

test("the example of waits and events runs", async () => {
  const { stdout } = await run(process.execPath, [written("waits.mts", example(TESTS, "until.idle"))], LIMIT);
  expect(stdout).toMatch(/^shipping is at orders-\d@\d$/m);
});

test("the example of share groups runs, and nobody has a record yet", async () => {
  const { stdout } = await run(process.execPath, [written("share-groups.mts", example(TESTS, "expireLock"))], LIMIT);
  expect(stdout).toBe("no member of group shipping has a record of orders that fits\n");
});

test("the example of tokens runs, and only the token that is right would get in", async () => {
  const shows = `
const tries = [token, expired, elsewhere].map(async (value) => {
  const sasl = { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value }) };
  const admin = new Kafka({ ...broker.connection.kafkajs(), sasl, logLevel: 0, retry: { retries: 0 } }).admin();
  return admin.connect().then(() => admin.listTopics()).catch(() => "refused").finally(() => admin.disconnect());
});
console.log(JSON.stringify(await Promise.all(tries)), [issuer, jwksUrl, tokenUrl].every((url) => URL.canParse(url)));`;
  const { stdout } = await run(process.execPath, [written("tokens.mts", example(TESTS, "broker.oauth.token") + shows)], LIMIT);
  expect(stdout).toBe('[["orders"],"refused","refused"] true\n');
});

test("the example of quotas runs, and its producer waits", async () => {
  const { stdout } = await run(process.execPath, [written("quotas.mjs", example(TESTS, "broker.setQuota"))], LIMIT);
  expect(Number(stdout)).toBeGreaterThan(400);
});

test("the example of faults of requests runs, and its faults strike", async () => {
  const text = `${example(TESTS, "held.arrived")}\nconsole.log((await broker.read("orders")).length);`;
  const { stdout } = await run(process.execPath, [written("faults.mts", text)], LIMIT);
  // Seven are sent, and the one whose connection ends after the effect is there twice.
  expect(stdout).toBe("1 0 []\n8\n");
});

test("the example of faults of the cluster runs", async () => {
  const { stdout } = await run(process.execPath, [written("cluster.mts", example(TESTS, "partitionNetwork"))], LIMIT);
  expect(stdout).toMatch(/\S/);
});

test("the example of a login over TLS with access rules runs", async () => {
  const text = example("src/security/README.md", "acls:").replace(
    "await broker.stop",
    "console.log(broker.topics.list().join());\nawait broker.stop",
  );
  expect((await run(process.execPath, [written("secured.mts", text)], LIMIT)).stdout).toBe("orders\n");
});

test("no other example in JavaScript stands on any page", () => {
  const inInterop = [exampleIn(TESTS, "odradek/jest"), exampleIn(TESTS, "groupProtocol")];
  expect(PAGES.flatMap((page) => examplesIn(page)).filter((text) => !ran.has(text) && !inInterop.includes(text))).toEqual([]);
});

const LIMIT = { timeout: 50_000 };

/** Runs vitest on a folder, apart from the run that this is a part of. */
async function vitest(name: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^VITEST|^NODE_ENV|^TEST$/.test(key)));
  const program = join(root, "node_modules/vitest/vitest.mjs");
  return (await run(process.execPath, [program, "run", "--root", join(folder, name)], { ...LIMIT, env: { ...env, NO_COLOR: "1" } })).stdout;
}

/** Of Markdown, without those to other sites. */
function linksIn(page: string): string[] {
  const prose = readPage(page)
    .replaceAll(/^```[\s\S]*?^```$/gm, "")
    .replaceAll(/`[^`]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
}

function targetOf(page: string, link: string): string {
  const [path = ""] = link.split("#");
  return path === "" ? page : posix.join(posix.dirname(page), path);
}

function leadsSomewhere(page: string, link: string): boolean {
  const target = targetOf(page, link);
  if (!existsSync(join(root, target))) return false;
  const [, anchor] = link.split("#");
  return anchor === undefined || headingsOf(target).includes(anchor);
}

/** As links name them. */
function headingsOf(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
