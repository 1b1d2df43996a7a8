// The line that tells how far long work is: on a terminal only, rewritten, and gone at the end.

import { expect, test } from "vitest";
import { Progress, type ProgressOptions } from "../../src/cli/progress.ts";
import { FakeTerminal } from "./fake-terminal.ts";

/** Ten steps of 100 ms, 1,000 more each time. */
function watched(terminal: FakeTerminal, options: Partial<ProgressOptions> = {}): string[] {
  let nowMs = 0;
  const progress = new Progress(terminal, { what: "records sent", now: () => nowMs, ...options });
  for (let step = 1; step <= 10; step++) {
    nowMs += 100;
    progress.at(step * 1000);
    progress.at(step * 1000 + 1);
  }
  progress.end();
  progress.end();
  return terminal.errors.split("\r\x1b[K");
}

test("work that lasts is told of on one line, ten times a second, which is cleared at the end", () => {
  const terminal = new FakeTerminal({ hasTerminal: true });
  const counts = ["3,000", "4,000", "5,000", "6,000", "7,000", "8,000", "9,000", "10,000"];
  expect(watched(terminal)).toEqual(["", ...counts.map((count) => `${count} records sent`), ""]);
  expect(terminal.output).toBe("");
});

test("where the end is known, it says how far that is", () => {
  const terminal = new FakeTerminal({ hasTerminal: true });
  expect(watched(terminal, { what: "topics deleted", total: 20_000 })[1]).toBe("3,000 of 20,000 (15 %) topics deleted");
});

test.each([
  ["without a terminal", new FakeTerminal(), {}],
  ["on a dumb terminal", new FakeTerminal({ hasTerminal: true, environment: { TERM: "dumb" } }), {}],
  ["when asked to be quiet", new FakeTerminal({ hasTerminal: true }), { isQuiet: true }],
])("%s it says nothing", (_, terminal, options) => {
  expect(watched(terminal, options)).toEqual([""]);
});
