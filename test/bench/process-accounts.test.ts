// What the benchmark reads of processes that it has not started itself.

import { spawnSync } from "node:child_process";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { cpuSecondsOf, cpuSecondsOfFamily, listenerOn } from "../../scripts/bench/process-accounts.ts";

const hasAccounts = cpuSecondsOf(process.pid) !== undefined;

test.runIf(hasAccounts)("the process that listens on a port is found, and nobody when none does", async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(listenerOn(port)).toBe(process.pid);
  await new Promise((resolve) => server.close(resolve));
  expect(listenerOn(port)).toBeUndefined();
});

test.runIf(hasAccounts)("what a child took counts for its family when it has ended", () => {
  const before = cpuSecondsOfFamily(process.pid) ?? Number.NaN;
  const ownBefore = cpuSecondsOf(process.pid) ?? Number.NaN;
  const burn = "while (process.cpuUsage().user < 200_000) for (let i = 0; i < 1e6; i++);";
  spawnSync(process.execPath, ["--eval", burn]);
  const own = (cpuSecondsOf(process.pid) ?? Number.NaN) - ownBefore;
  expect((cpuSecondsOfFamily(process.pid) ?? Number.NaN) - before - own).toBeGreaterThan(0.15);
});
