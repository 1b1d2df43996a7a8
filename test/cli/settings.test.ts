// `odradek settings`: what the tables of settings say, to people and to scripts.

import { expect, test } from "vitest";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { brokerSettingTable } from "../../src/config/broker-settings.ts";
import { FakeTerminal } from "./fake-terminal.ts";

async function settings(...args: readonly string[]) {
  const terminal = new FakeTerminal();
  const exitCode = await runToolCommand(["settings", ...args], { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

test("one setting is explained: what it does, its type, default and permitted values, and whether it has effect", async () => {
  expect((await settings("compression.gzip.level")).out).toMatch(/^compression\.gzip\.level \(broker\)\n {2}\S.*\n {2}type {6}int\n/);
  const { out } = await settings("cleanup.policy");
  expect(out).toContain("  default   delete\n  permitted compact, delete\n  altered   while the broker runs\n  effect    honoured\n");
  expect((await settings("group.initial.rebalance.delay.ms")).out).toContain("(Kafka: 3000)");
  const unhonoured = Object.entries(brokerSettingTable).find(([, { rules }]) => rules.honoured !== true)?.[0] ?? "";
  expect((await settings(unhonoured)).out).toMatch(/\n {2}effect {4}none: \S/);
});

test("a part of a name, or a pattern, lists what fits", async () => {
  const lines = (await settings("*.session.timeout.ms")).out.trim().split("\n");
  expect(lines[0]).toMatch(/^setting +of +type +default +effect$/);
  expect(lines.slice(1).every((line) => /^\S*\.session\.timeout\.ms /.test(line))).toBe(true);
  expect((await settings("session.timeout")).out.split("\n").length).toBeGreaterThan(lines.length - 1);
  const honoured = JSON.parse((await settings("--json", "--honoured")).out);
  const all = JSON.parse((await settings("--json")).out);
  expect(all.length).toBeGreaterThan(honoured.length);
  expect(honoured.every((row: { honoured: boolean }) => row.honoured)).toBe(true);
  expect(all.filter((row: { of: string }) => row.of === "broker")).toHaveLength(Object.keys(brokerSettingTable).length);
});

test("what there is not is an error that names the nearest", async () => {
  expect(await settings("log.retention.mss")).toEqual({
    exitCode: 1,
    out: "",
    err: "odradek: There is no setting log.retention.mss; did you mean log.retention.ms?\n",
  });
});
