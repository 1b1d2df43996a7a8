// Objects are as few as they were meant to be in the long run, and nobody waits for others while there is no need.

import { expect, test } from "vitest";
import { ObjectPace } from "../../src/diskless/object-pace.ts";

test("what was gathered leaves at once while nothing is under way, until what was saved up is used up", () => {
  const pace = new ObjectPace(() => 250);
  expect(pace.waitMs(1_000_000, false)).toBe(2);
  expect(pace.waitMs(1_000_000, true)).toBe(250);
  let nowMs = 1_000_000;
  let count = 0;
  while (pace.waitMs(nowMs, false) === 2) {
    pace.made(nowMs, 0);
    nowMs += 10;
    count++;
  }
  expect(count).toBeGreaterThan(1200);
  expect(count).toBeLessThan(1300);
});

test("in the long run there is one object a linger", () => {
  const pace = new ObjectPace(() => 100);
  let nowMs = 0;
  let count = 0;
  const untilMs = 3_600_000;
  while (nowMs < untilMs) {
    nowMs += pace.waitMs(nowMs, false);
    pace.made(nowMs, 0);
    nowMs += 5;
    count++;
  }
  expect(count).toBeLessThan(untilMs / 100 + 1300);
});

test("who paused has saved some up again", () => {
  const pace = new ObjectPace(() => 100);
  for (let count = 0; count < 2000; count++) pace.made(0, 0);
  expect(pace.waitMs(0, false)).toBe(100);
  expect(pace.waitMs(200_000, false)).toBe(2);
});

test("large objects are made as they come", () => {
  const pace = new ObjectPace(() => 100);
  for (let count = 0; count < 5000; count++) pace.made(count, 128 * 1024);
  expect(pace.waitMs(5000, false)).toBe(2);
});
