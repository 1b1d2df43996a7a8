import { expect, test } from "vitest";
import { nearestName } from "../../src/config/nearest-name.ts";

test.each([
  ["strat", "start"],
  ["prodcue", "produce"],
  ["consum", "consume"],
  ["zebra", undefined],
  ["", undefined],
])("%s is nearest to %s", (name, nearest) => {
  expect(nearestName(name, ["start", "produce", "consume"])).toBe(nearest);
});
