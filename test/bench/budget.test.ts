// The budget of the benchmark: what counts as dearer.

import { expect, test } from "vitest";
import { budgetTable, judge, type PathCost } from "../../scripts/bench/budget.ts";

const path = { name: "produce", unit: "s/GB" } as const;
const cost = (odradek: number, sink: number): PathCost => ({ unit: "s/GB", odradek, sink });

test.each([
  { now: cost(1.24, 1), isTooDear: false, why: "a quarter more is permitted" },
  { now: cost(1.26, 1), isTooDear: true, why: "more than a quarter more is not" },
  { now: cost(2.6, 2), isTooDear: true, why: "also on a slower machine" },
  { now: cost(2.4, 2), isTooDear: false, why: "a slower machine, which makes raw Node as much dearer, changes nothing" },
  { now: cost(0.5, 1), isTooDear: false, why: "cheaper is fine" },
])("$now.odradek beside $now.sink, where 1 beside 1 was accepted: $why", ({ now, isTooDear }) => {
  expect(judge(path, now, cost(1, 1)).isTooDear).toBe(isTooDear);
});

test("a path that was never accepted does not fail", () => {
  expect(judge(path, cost(9, 1), undefined)).toMatchObject({ isTooDear: false, accepted: undefined, ratio: 9 });
});

test("the table names the path that is too dear, and by how much", () => {
  const table = budgetTable([judge(path, cost(1.5, 1), cost(1, 1)), judge({ ...path, name: "fetch" }, cost(1, 1), cost(1, 1))]);
  expect(table).toMatch(/produce .*1\.50 .*1\.00 +\+50 % +TOO DEAR/);
  expect(table).toMatch(/fetch .*0 % +ok/);
});
