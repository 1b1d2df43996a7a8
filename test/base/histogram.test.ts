// How values are spread, told to an eighth.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram, Spread } from "../../src/base/histogram.ts";

test("quantiles are right to an eighth, and small values exactly", () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 1000; value++) histogram.record(value);
  const [middle = 0, most = 0, all = 0] = new Spread([histogram]).quantiles([0.5, 0.99, 1], 0);
  for (const [found, expected] of [
    [middle, 500],
    [most, 990],
    [all, 1000],
  ] as const)
    expect(Math.abs(found - expected) / expected).toBeLessThan(0.125);
  const small = new Histogram();
  for (const value of [0, 1, 1, 5]) small.record(value);
  expect(new Spread([small]).quantiles([0.25, 0.5, 1], 0)).toEqual([0, 1, 5]);
  expect([small.count, small.sum]).toEqual([4, 7]);
});

test("what is below a power of two is counted exactly", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 31 })), fc.integer({ min: 3, max: 30 }), (values, power) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      expect(histogram.below(2 ** power)).toBe(values.filter((value) => value < 2 ** power).length);
    }),
    { numRuns: 50 },
  );
});

test("quantiles are those of the last five to ten minutes", () => {
  const histogram = new Histogram();
  const spread = new Spread([histogram], [histogram]);
  const minute = 60_000;
  const middle = (nowMs: number) => new Spread([histogram]).quantiles([0.5], nowMs)[0] ?? 0;
  middle(0);
  for (let count = 0; count < 100; count++) histogram.record(1000);
  middle(5 * minute);
  for (let count = 0; count < 10; count++) histogram.record(5);
  expect(middle(9 * minute)).toBeGreaterThan(900);
  expect([middle(10 * minute), middle(10 * minute)]).toEqual([5, 5]);
  expect(histogram.count).toBe(110);
  // Of several as one, some of which count as 0.
  expect([spread.count, spread.sum]).toEqual([220, histogram.sum]);
  expect(spread.quantiles([0.5, 1], 10 * minute)).toEqual([0, 5]);
});
