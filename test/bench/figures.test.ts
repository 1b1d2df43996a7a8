// Figures of the benchmark: medians, ratios, what failed, and what the README makes of them.

import { expect, test } from "vitest";
import { chart } from "../../scripts/bench/chart.ts";
import { type Figure, median, summarize } from "../../scripts/bench/figures.ts";
import { table } from "../../scripts/bench/table.ts";
import { aimsOf } from "../../scripts/bench/targets.ts";

const figure = (contender: Figure["contender"], value: number, what = "idle memory", unit = "MB"): Figure => {
  return { scenario: "start", contender, what, unit, value };
};

test.each([
  { values: [3, 1, 2], middle: 2 },
  { values: [4, 1, 3, 2], middle: 2.5 },
  { values: [7], middle: 7 },
])("the median of $values is $middle", ({ values, middle }) => expect(median(values)).toBe(middle));

test("a row has the spread of the rounds, and ratios of the medians", () => {
  const figures = [figure("odradek", 30), figure("kafka", 100), figure("odradek", 10), figure("kafka", 300), figure("odradek", 20)];
  const [row] = summarize([...figures, figure("sink", 40)], []);
  expect(row).toEqual({
    scenario: "start",
    what: "idle memory",
    unit: "MB",
    values: {
      odradek: { lowest: 10, median: 20, highest: 30 },
      kafka: { lowest: 100, median: 200, highest: 300 },
      sink: { lowest: 40, median: 40, highest: 40 },
    },
    ratio: 0.1,
    ratioToSink: 0.5,
  });
});

test("what failed is a row too, with the reason in its cell", () => {
  const failure = { scenario: "start", contender: "kafka", what: "idle memory", reason: "it ended" } as const;
  const rows = summarize([figure("odradek", 20)], [failure]);
  expect(rows[0]?.ratio).toBeUndefined();
  expect(table(rows)).toContain("| idle memory | MB | 20 | failed: it ended |");
});

test("a target counts downwards for costs and upwards for rates", () => {
  const what = "producer-perf-test, 16 KB batches";
  const rows = summarize(
    [figure("odradek", 19), figure("kafka", 100), figure("odradek", 120, what, "MB/s"), figure("kafka", 100, what, "MB/s")],
    [],
  );
  const aims = aimsOf(rows);
  expect(aims.map(({ row, reached, ratio, isMet }) => [row.what, reached, ratio, isMet])).toEqual([
    [what, 1.2, 1.3, false],
    ["idle memory", 0.19, 0.2, true],
  ]);
});

test("the chart draws what is better to the right of 1, whatever the unit, and what is worse to its left", () => {
  const worse = { what: "one-record round trips, 1 connection", unit: "1/s" };
  const figures = [figure("odradek", 20), figure("kafka", 100), figure("odradek", 10, worse.what, worse.unit)];
  const svg = chart(aimsOf(summarize([...figures, figure("kafka", 20, worse.what, worse.unit)], [])), "a <title>");
  expect(svg).toContain("a &lt;title&gt;");
  expect(svg).toContain(">5.0 ×<");
  expect(svg).toContain(">0.50 ×<");
  const at = (fill: string) => Number(new RegExp(`<rect x="([\\d.]+)"[^>]*fill="${fill}"`).exec(svg)?.[1]);
  expect(at("#c2603a")).toBeLessThan(at("#2f7d5b"));
});
