// The budget of the benchmark: what counts as dearer.

import { expect, test } from "vitest";
import { budgetTable, cheaper, dearestButOne, judge, type PathCost, withDearer } from "../../scripts/bench/budget.ts";

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

test("of several pairs of processes the ratio decides, not what either costs", () => {
  const [one, other] = [cost(3, 2), cost(2, 1)];
  expect(dearestButOne([other, cost(1, 1), cost(9, 1), one])).toEqual(other);
  expect([cheaper(one, other), cheaper(other, one)]).toEqual([one, one]);
});

test("on another machine what is dearer there is accepted too, and what is cheaper stays", () => {
  const accepted = { produce: cost(2, 1), fetch: cost(2, 1), gone: cost(1, 1) };
  const now = { produce: cost(3, 1), fetch: cost(1, 1), made: cost(4, 1) };
  expect(withDearer(accepted, now)).toEqual({ produce: cost(3, 1), fetch: cost(2, 1), made: cost(4, 1) });
});

test("the table names the path that is too dear, and by how much", () => {
  const table = budgetTable([judge(path, cost(1.5, 1), cost(1, 1)), judge({ ...path, name: "fetch" }, cost(1, 1), cost(1, 1))]);
  expect(table).toMatch(/produce .*1\.50 .*1\.00 +\+50 % +TOO DEAR/);
  expect(table).toMatch(/fetch .*0 % +ok/);
});
