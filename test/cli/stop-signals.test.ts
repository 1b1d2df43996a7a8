import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stopRequested } from "../../src/cli/stop-signals.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => {
  vi.useRealTimers();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"]) process.removeAllListeners(signal);
});

test("the first signal asks to stop, a later one forces", async () => {
  const force = vi.fn();
  const stopping = stopRequested(force);
  process.emit("SIGINT");
  await stopping;
  expect(force).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  process.emit("SIGTERM");
  expect(force).toHaveBeenCalledOnce();
});

test("one key press that arrives several times, from the terminal and from npm, does not force", async () => {
  const force = vi.fn();
  void stopRequested(force);
  process.emit("SIGINT");
  vi.advanceTimersByTime(50);
  process.emit("SIGINT");
  process.emit("SIGTERM");
  expect(force).not.toHaveBeenCalled();
});
