// `npm start` as people and supervisors run and end it. npm's shell passes no signal on, so the broker has to see by itself that npm is gone.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

let folder: string;
let npm: ChildProcess | undefined;
let brokerId: number | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-npm-"));
});
afterEach(() => {
  for (const id of [npm?.pid, brokerId]) if (id !== undefined && isRunning(id)) process.kill(id, "SIGKILL");
  rmSync(folder, { recursive: true });
});

/** In a process group of its own, as under a supervisor. Resolves when the broker is ready. */
async function npmStart(port: string, nodeOptions: string): Promise<{ port: string; pid: number }> {
  npm = spawn("npm", ["start", "--silent", "--", "--json", "--data", join(folder, "data"), "--port", port], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  const [firstBytes] = await once(npm.stdout ?? expect.fail("npm has no output"), "data");
  const ready = JSON.parse(String(firstBytes).split("\n")[0] ?? "");
  npm.stdout?.resume();
  brokerId = ready.pid;
  return { port: ready.bootstrapServers.split(":").at(-1), pid: ready.pid };
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    // Whoever has ended but was not asked about by its parent answers, too.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${id}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ended(id: number): Promise<void> {
  const deadlineMs = performance.now() + 8000;
  while (isRunning(id)) {
    if (performance.now() > deadlineMs) expect.fail(`process ${id} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.platform !== "linux")("a broker of npm start", { timeout: 60_000 }, () => {
  test.each([
    ["SIGTERM", "takes the place of the runner", true],
    ["SIGKILL", "takes the place of the runner", true],
    ["SIGTERM", "stands beside the runner, as on older Nodes", false],
    ["SIGKILL", "stands beside the runner, as on older Nodes", false],
  ] as const)("ends when npm gets %s and it %s; the next start has its port and folder", async (signal, _, canBecome) => {
    const disabling = join(folder, "without-execve.cjs");
    writeFileSync(disabling, "process.execve = undefined;");
    const nodeOptions = canBecome ? "" : `--require ${disabling}`;
    const first = await npmStart("auto", nodeOptions);
    const runner = parentOf(first.pid);
    expect(readFileSync(`/proc/${runner}/cmdline`, "utf8").includes("scripts/run.mjs\0start")).toBe(!canBecome);
    npm?.kill(signal);
    await ended(first.pid);
    if (!canBecome) await ended(runner);
    const second = await npmStart(first.port, nodeOptions);
    expect(second.port).toBe(first.port);
    npm?.kill("SIGTERM");
    await ended(second.pid);
  });
});

function parentOf(id: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]);
}
