import { expect, test } from "vitest";
import { Seldom } from "../../src/base/seldom.ts";

test("the same is said once in a while, and then with how often it was kept back", () => {
  let nowMs = 0;
  const seldom = new Seldom({ intervalMs: 100, mostKeys: 10, now: () => nowMs });
  expect([seldom.say("a"), seldom.say("a"), seldom.say("b"), seldom.say("a")]).toEqual([0, undefined, 0, undefined]);
  nowMs = 99;
  expect(seldom.say("a")).toBeUndefined();
  nowMs = 100;
  expect([seldom.say("a"), seldom.say("a")]).toEqual([3, undefined]);
});

test("of many things that which was said longest ago is forgotten", () => {
  const seldom = new Seldom({ intervalMs: 100, mostKeys: 2, now: () => 0 });
  for (const key of ["a", "b", "c"]) seldom.say(key);
  expect([seldom.say("c"), seldom.say("b"), seldom.say("a")]).toEqual([undefined, undefined, 0]);
});
