// Writes what the history holds into the README, between its marks, and the chart: targets first, then everything.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chart } from "./chart.ts";
import { isBetterHigh } from "./figures.ts";
import { HISTORY, type LatestRow, latestRows } from "./history.ts";
import { SCENARIOS } from "./scenarios.ts";
import { spreadText, table, times } from "./table.ts";
import { type Aim, aimsOf } from "./targets.ts";

const README = resolve(import.meta.dirname, "../../README.md");
const BEGIN = "<!-- bench -->";
const END = "<!-- /bench -->";

/** Throws when the README has no marks. */
export function writeReadme(): void {
  const rows = latestRows(SCENARIOS.map(({ name }) => name));
  const aims = aimsOf(rows);
  writeFileSync(join(HISTORY, "chart.svg"), chart(aims, "How many times better than Apache Kafka (mark: the target)"));
  const text = readFileSync(README, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  const section = [originsText(rows), "![ratios to Apache Kafka](scripts/bench/history/chart.svg)", targetTable(aims), details(rows)].join(
    "\n\n",
  );
  writeFileSync(README, `${text.slice(0, begin + BEGIN.length)}\n${section}\n${text.slice(end)}`);
}

function originsText(rows: readonly LatestRow[]): string {
  const texts = rows.map(({ origin: { date, commit, machine, rounds } }) => {
    const { cpu, cores, memoryGib, os, node } = machine;
    return `${date}, commit ${commit}: ${cores} cores (${cpu}), ${memoryGib} GiB, ${os}, Node ${node}; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}`;
  });
  return `Measured on ${[...new Set(texts)].join("; ")}, in brackets the lowest and the highest.`;
}

function targetTable(aims: readonly Aim<LatestRow>[]): string {
  const lines = aims.map(({ row, to, ratio, reached, isMet }) => {
    const other = row.values[to];
    const value = [row.values.odradek, other].map((spread) => (spread === undefined ? "" : spreadText(spread)));
    const against = to === "kafka" ? "Apache Kafka" : "raw Node";
    const sign = isBetterHigh(row.unit) ? "≥" : "≤";
    return `| ${row.what} | ${row.unit} | ${value[0]} | ${against}: ${value[1]} | ${times(reached)} | ${sign} ${ratio} × | ${isMet ? "✓" : "missed"} |`;
  });
  return ["| what | unit | Odradek | beside it | ratio | target | |", "|---|---|---|---|---|---|---|", ...lines].join("\n");
}

function details(rows: readonly LatestRow[]): string {
  return SCENARIOS.flatMap(({ name, about }) => {
    const own = rows.filter(({ scenario }) => scenario === name);
    return own.length === 0 ? [] : [`<details>\n<summary>${name}: ${about}</summary>\n\n${table(own)}\n\n</details>`];
  }).join("\n\n");
}
