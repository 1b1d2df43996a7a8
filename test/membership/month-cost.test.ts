import { expect, test } from "vitest";
import { monthCost, S3_PRICES } from "../../src/membership/month-cost.ts";

const HOUR_MS = 3_600_000;

test("a month is thirty days of the traffic that was measured, and what is stored for all of it", () => {
  const traffic = { putCount: 1000, listCount: 2, getCount: 5000, deleteCount: 100, putBytes: 4e6, gotBytes: 2e6, spanMs: HOUR_MS };
  const { lines, dollars, putBytes, gotBytes } = monthCost(traffic, 100 * 2 ** 30, S3_PRICES);
  expect(lines.map(({ of, amount }) => [of, amount])).toEqual([
    ["put", 720_000],
    ["list", 1440],
    ["get", 3_600_000],
    ["delete", 72_000],
    ["storage", 107_374_182_400],
  ]);
  const expected = [3.6, 0.0072, 1.44, 0, 2.3];
  for (const [index, each] of expected.entries()) expect(lines[index]?.dollars).toBeCloseTo(each, 9);
  expect(dollars).toBeCloseTo(7.3472, 9);
  expect([putBytes, gotBytes]).toEqual([2.88e9, 1.44e9]);
});
