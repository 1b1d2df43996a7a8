// The command as a process of its own whose output nobody reads, as it happens under supervisors, in pipes and on full disks.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apiVersions } from "../../protocol/messages/18-api-versions.ts";
import { produceLines } from "../../src/cli/produce.ts";
import { RawClient } from "../support/raw-client.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const COMMAND = join(import.meta.dirname, "../../scripts/odradek.cjs");
/** More than pipes and sockets hold by themselves, and than waits in memory. */
const LOGGED_REQUESTS = 15_000;
const IN_FLIGHT = 100;

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-unread-"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

type Stdout = "pipe" | "ignore" | number;

function command(args: readonly string[], stdout: Stdout, stderr: Stdout = "ignore"): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", stdout, stderr] });
  children.push(child);
  return child;
}

async function startBroker(
  args: readonly string[],
  stdout: Stdout,
  stderr: Stdout = "ignore",
): Promise<{ child: ChildProcess; port: number }> {
  const portsFile = join(folder, "ports.json");
  const child = command(["start", "--memory", "--port", "auto", "--ports-file", portsFile, ...args], stdout, stderr);
  return { child, port: await until(() => JSON.parse(readFileSync(portsFile, "utf8")).ports[0]) };
}

async function until<Value>(attempt: () => Value): Promise<Value> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Each request is a line of the log; every one must be answered. */
async function fillLog(port: number): Promise<void> {
  const client = await RawClient.connect(port, "localhost");
  for (let count = 0; count < LOGGED_REQUESTS; count += IN_FLIGHT) {
    const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, () => client.call(apiVersions, 0, {})));
    expect(answers).not.toContain(undefined);
  }
  client.socket.destroy();
}

async function exitCodeAfter(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, "exit");
  child.kill(signal);
  const [exitCode] = await Promise.race([exit, new Promise<string[]>((resolve) => setTimeout(resolve, 8000, ["still there"]))]);
  return exitCode;
}

/** A pipe of the system's; Node's own between processes are sockets. */
function systemPipe(): { readEnd: number; writeEnd: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
}

describe.skipIf(process.platform === "win32")(
  "a log that nobody takes holds up neither the broker nor its stop",
  { timeout: 60_000 },
  () => {
    test.each([
      ["as JSON", ["--json"]],
      ["for people", []],
    ])("%s, into a pipe", async (_, args) => {
      const { readEnd, writeEnd } = systemPipe();
      const { child, port } = await startBroker(["--log-level", "debug", ...args], writeEnd, writeEnd);
      closeSync(writeEnd);
      await fillLog(port);
      expect(await exitCodeAfter(child, "SIGTERM")).toBe(0);
      closeSync(readEnd);
    });

    test("into a socket", async () => {
      const { child, port } = await startBroker(["--log-level", "debug", "--json"], "pipe");
      child.stdout?.pause();
      await fillLog(port);
      expect(await exitCodeAfter(child, "SIGTERM")).toBe(0);
    });

    test("and it goes on, when the reader reads again, with how much was lost", async () => {
      const { child, port } = await startBroker(["--log-level", "debug", "--json"], "pipe");
      await fillLog(port);
      let output = "";
      child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
      await until(() => expect(output).toContain("log lines were lost"));
      const lines = output
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      const [told] = lines.filter(({ msg }) => msg?.startsWith("log lines were lost"));
      expect(told.lines).toBeGreaterThan(0);
      expect(await exitCodeAfter(child, "SIGTERM")).toBe(0);
    });

    test("the reader gone, after it read nothing", async () => {
      const { readEnd, writeEnd } = systemPipe();
      const { child, port } = await startBroker(["--log-level", "debug", "--json"], writeEnd, writeEnd);
      closeSync(writeEnd);
      await fillLog(port);
      closeSync(readEnd);
      expect(await exitCodeAfter(child, "SIGTERM")).toBe(0);
    });

    test.skipIf(process.platform !== "linux")("on a full disk", async () => {
      const full = openSync("/dev/full", "w");
      const { child, port } = await startBroker(["--log-level", "debug"], full, full);
      closeSync(full);
      await fillLog(port);
      expect(await exitCodeAfter(child, "SIGTERM")).toBe(0);
    });
  },
);

describe.skipIf(process.platform === "win32")("what consume prints", () => {
  let broker: { child: ChildProcess; port: number };
  let consumer: ChildProcess;
  beforeEach(async () => {
    broker = await startBroker([], "ignore");
    const stdin = `${"x".repeat(10_000)}\n`.repeat(2000);
    await produceLines("big", { bootstrapServer: `localhost:${broker.port}` }, new FakeTerminal({ stdin }));
    consumer = command(
      ["consume", "big", "--from-beginning", "--bootstrap-server", `localhost:${broker.port}`, "--max-messages", "2000"],
      "pipe",
    );
  });

  test("waits for its reader, who gets all of it", async () => {
    const { stdout } = consumer;
    if (stdout === null) throw new Error("there is no pipe");
    await once(stdout, "readable");
    let received = 0;
    for await (const chunk of stdout) received += chunk.length;
    expect(received).toBe(2000 * 10_001);
  });

  test("does not keep it from ending at a signal", async () => {
    const { stdout } = consumer;
    if (stdout === null) throw new Error("there is no pipe");
    await once(stdout, "readable");
    expect(await exitCodeAfter(consumer, "SIGTERM")).toBe(0);
  });
});
