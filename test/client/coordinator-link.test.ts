// What a member asks its coordinator while that is away, or another broker has yet to find out that it is gone.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { CoordinatorLink } from "../../src/client/coordinator-link.ts";
import { Refusal } from "../../src/client/refusal.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Refused until then, with this error. */
function askedUntil(laterMs: number, errorCode: number): Promise<string> {
  const link = new CoordinatorLink(new Brokers("127.0.0.1:1"), "a group");
  const untilMs = Date.now() + laterMs;
  return link.asked(async () => {
    if (Date.now() < untilMs) throw new Refusal(errorCode, "group", null);
    return "done";
  });
}

test("a coordinator that is found after as long as a takeover takes does what it was asked", async () => {
  const asked = askedUntil(25_000, Errors.NOT_COORDINATOR);
  await vi.advanceTimersByTimeAsync(26_000);
  expect(await asked).toBe("done");
});

test.each([
  ["a coordinator that is away for good", 60_000, Errors.NOT_COORDINATOR, 31_000],
  ["what another attempt cannot mend", 60_000, Errors.GROUP_AUTHORIZATION_FAILED, 0],
])("%s is told", async (_, laterMs, errorCode, waitedMs) => {
  const asked = expect(askedUntil(laterMs, errorCode)).rejects.toMatchObject({ errorCode });
  await vi.advanceTimersByTimeAsync(waitedMs);
  await asked;
});
