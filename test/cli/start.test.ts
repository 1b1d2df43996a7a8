import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandError, ExitCode } from "../../src/cli/command-error.ts";
import { type BrokerOrder, type RunningBroker, start } from "../../src/cli/start.ts";
import type { StartArguments } from "../../src/cli/start-plan.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let folder: string;
let workingFolder: string;
beforeEach(() => {
  workingFolder = process.cwd();
  folder = mkdtempSync(join(tmpdir(), "odradek-start-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true });
});

/** Starts with a broker that only says where it is, and stops it by a signal once it is ready. */
async function startAndStop(given: StartArguments, startBroker = fakeBroker) {
  const terminal = new FakeTerminal();
  let orders = 0;
  const ready = async (order: BrokerOrder) => {
    orders++;
    const broker = await startBroker(order);
    setImmediate(() => process.emit("SIGTERM"));
    return broker;
  };
  try {
    const exitCode = await start(given, { terminal, startBroker: ready });
    return { exitCode, orders, ...terminal };
  } finally {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"]) process.removeAllListeners(signal);
  }
}

let stops = 0;
async function fakeBroker(order: BrokerOrder): Promise<RunningBroker> {
  if (order.data !== "memory") mkdirSync(order.data, { recursive: true });
  order.logger.info({ topic: "a" }, "became leader");
  return {
    bootstrapServers: `localhost:${order.port || 40_000}`,
    clusterId: "cluster",
    failure: new Promise(() => undefined),
    stop: async () => {
      stops++;
    },
  };
}

test("a worker thread that ends stops the broker, and the command says why it failed", async () => {
  stops = 0;
  const failing = async (order: BrokerOrder) => ({ ...(await fakeBroker(order)), failure: Promise.resolve(new Error("out of memory")) });
  const failure = startAndStop({ data: "mine", workers: "2" }, failing);
  await expect(failure).rejects.toMatchObject({ message: expect.stringContaining("A worker thread ended (out of memory)"), exitCode: 1 });
  expect(stops).toBe(1);
});

test("people get a banner with the address, the data folder, a line of code and how to stop", async () => {
  stops = 0;
  const { exitCode, output, errors } = await startAndStop({ data: "mine" });
  expect(exitCode).toBe(ExitCode.OK);
  expect(stops).toBe(1);
  for (const words of ["is ready on localhost:9092", "mine", 'new Kafka({ brokers: ["localhost:9092"] })', "Ctrl-C"])
    expect(output).toContain(words);
  expect(output).not.toContain("\x1b");
  expect(errors).toBe("\n  Stopping; press Ctrl-C again to force.\n");
});

test("machines get one ready event with --json", async () => {
  const { output, errors } = await startAndStop({ memory: true, port: "auto", json: true, logLevel: "error" });
  expect(output.split("\n")).toHaveLength(2);
  expect(JSON.parse(output)).toMatchObject({ event: "ready", bootstrapServers: "localhost:40000", clusterId: "cluster", data: "memory" });
  expect(errors).toBe("");
});

test("--quiet says nothing", async () => {
  expect(await startAndStop({ memory: true, quiet: true })).toMatchObject({ output: "", errors: "" });
});

test("the default data folder is hidden from git; one that was named is left alone", async () => {
  await startAndStop({ quiet: true });
  expect(readFileSync(join(folder, ".odradek/.gitignore"), "utf8")).toBe("*\n");
  await startAndStop({ quiet: true, data: "mine" });
  expect(existsSync(join(folder, "mine/.gitignore"))).toBe(false);
});

test("the ports file is written when the broker is ready", async () => {
  await startAndStop({ memory: true, port: "auto", quiet: true, portsFile: "ports.json" });
  expect(JSON.parse(readFileSync("ports.json", "utf8"))).toEqual({ bootstrapServers: "localhost:40000", ports: [40_000] });
});

test("settings without effect are said once", async () => {
  const { errors } = await startAndStop({ memory: true, set: ["num.io.threads=3"] });
  expect(errors).toContain('settings without effect here  settings=["num.io.threads"]');
});

test("wrong arguments touch nothing", async () => {
  await expect(startAndStop({ set: ["foo=1"] })).rejects.toMatchObject({ exitCode: ExitCode.USAGE });
  expect(existsSync(join(folder, ".odradek"))).toBe(false);
});

test("a port in use is said with who holds it, and has an exit code of its own", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const taken = () => Promise.reject(Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE", syscall: "listen", port }));
  const failure = startAndStop({ memory: true, port: `${port}` }, taken);
  await expect(failure).rejects.toMatchObject({ exitCode: ExitCode.PORT_IN_USE });
  await expect(failure).rejects.toThrow(process.platform === "linux" ? `(process ${process.pid})` : `Port ${port} is in use`);
  server.close();
});

test.each([
  ["DIRECTORY_IN_USE", "is in use by another broker"],
  ["DIRECTORY_TOO_NEW", "was written by a newer version of Odradek; update Odradek"],
  ["DIRECTORY_UNWRITABLE", "cannot be written to; change its permissions"],
  ["SEGMENT_CORRUPT", "cannot be used (a bad segment)"],
] as const)("a data folder that is %s is said in one sentence", async (code, words) => {
  const failure = startAndStop({ data: "mine" }, () => Promise.reject(new StorageError(code, "a bad segment")));
  await expect(failure).rejects.toBeInstanceOf(CommandError);
  await expect(failure).rejects.toThrow(words);
});
