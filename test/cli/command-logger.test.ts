import { expect, test } from "vitest";
import { CommandLogger } from "../../src/cli/command-logger.ts";
import type { LogLevel } from "../../src/cli/log-level.ts";
import { painter } from "../../src/cli/terminal.ts";
import { FakeTerminal } from "./fake-terminal.ts";

function open(level: LogLevel) {
  const terminal = new FakeTerminal();
  return { terminal, log: new CommandLogger({ level, isJson: false, terminal, paint: painter(terminal) }) };
}

test("a line is the time, the level, the phrase and the facts", async () => {
  const { terminal, log } = open("info");
  await log.ready();
  log.logger.child({ component: "log" }).warn({ topic: "a b", error: new Error("disk full"), count: 3 }, "append failed");
  expect(terminal.errors).toMatch(/^\d\d:\d\d:\d\d warn {2}append failed {2}component=log topic="a b" error="disk full" count=3\n$/);
});

test("names that clients choose are shown, and not obeyed by the terminal", async () => {
  const { terminal, log } = open("info");
  await log.ready();
  const names = ["\x1b[2J", "\u009b2J", "\u202eorders", "orders\nwarn", "Übung"];
  log.logger.info({ names, error: new Error("no \u009b") }, "denied");
  for (const name of names) log.logger.info({ name }, "denied");
  expect(terminal.errors).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(terminal.errors.match(/(?<= name=).*/g)).toEqual(['"\\u001b[2J"', '"\\u{9b}2J"', '"\\u{202e}orders"', '"orders\\nwarn"', "Übung"]);
});

test("before the broker is ready only what went wrong is said: the banner says the rest", async () => {
  const { terminal, log } = open("info");
  log.logger.info({}, "became leader");
  log.logger.error({}, "no space left");
  await log.ready();
  log.logger.info({}, "group is stable");
  expect(terminal.errors.match(/(no space left|became leader|group is stable)/g)).toEqual(["no space left", "group is stable"]);
});

test("lines below the level are dropped, and isDebugging tells whether debug lines are kept", async () => {
  const { terminal, log } = open("warn");
  await log.ready();
  log.logger.info({}, "no");
  log.logger.debug({}, "no");
  expect(terminal.errors).toBe("");
  expect([log.logger.isDebugging, open("debug").log.logger.child({}).isDebugging]).toEqual([false, true]);
});

test("colours need a terminal and the absence of NO_COLOR", () => {
  expect(painter({ hasTerminal: true, environment: {} })("red", "x")).toBe("\x1b[31mx\x1b[0m");
  expect(painter({ hasTerminal: true, environment: { NO_COLOR: "1" } })("red", "x")).toBe("x");
  expect(painter({ hasTerminal: false, environment: {} })("red", "x")).toBe("x");
});
