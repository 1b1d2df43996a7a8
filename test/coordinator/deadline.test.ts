import { expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { Deadline } from "../../src/coordinator/deadline.ts";

it("passes at its time, not before, however often it was moved", async () => {
  const clock = new VirtualClock();
  let passed = 0;
  const deadline = new Deadline(clock, () => passed++);
  deadline.set(100);
  await clock.advance(90);
  deadline.set(100);
  await clock.advance(99);
  expect(passed).toBe(0);
  expect(deadline.isSet).toBe(true);
  await clock.advance(1);
  expect(passed).toBe(1);
  await clock.advance(1000);
  expect(passed).toBe(1);
});

it("can be moved nearer, and cleared", async () => {
  const clock = new VirtualClock();
  let passed = 0;
  const deadline = new Deadline(clock, () => passed++);
  deadline.set(1000);
  deadline.set(10);
  await clock.advance(10);
  expect(passed).toBe(1);
  deadline.set(10);
  deadline.clear();
  await clock.advance(1000);
  expect(passed).toBe(1);
  expect(deadline.isSet).toBe(false);
});
