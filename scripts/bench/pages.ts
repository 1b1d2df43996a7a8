// Writes what the history holds, between marks: everything into the page of figures, a few rows into the README, and the chart.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chart } from "./chart.ts";
import { isBetterHigh } from "./figures.ts";
import { HISTORY, type LatestRow, latestRows } from "./history.ts";
import { SCENARIOS } from "./scenarios.ts";
import { short, spreadText, table, times } from "./table.ts";
import { type Aim, aimsOf } from "./targets.ts";

const PAGE = resolve(import.meta.dirname, "README.md");
const README = resolve(import.meta.dirname, "../../README.md");

/** What a stranger wants to know first. */
const FIRST_FIGURES = [
  "process start to first produce",
  "idle memory",
  "producer-perf-test, 16 KB batches",
  "broker CPU for a GB produced, batches of 16 KB",
  "one-record round trips, 16 connections",
  "in process: start to first produce, median of 200",
];

/** Throws when a page has no marks. */
export function writePages(): void {
  const rows = latestRows(SCENARIOS.map(({ name }) => name));
  const aims = aimsOf(rows);
  writeFileSync(join(HISTORY, "chart.svg"), chart(aims, "How many times better than Apache Kafka (mark: the target)"));
  const all = [originsText(rows), "![ratios to Apache Kafka](history/chart.svg)", targetTable(aims), details(rows)].join("\n\n");
  writeBetween(PAGE, "bench", all);
  writeBetween(README, "figures", firstFigures(rows));
}

function writeBetween(page: string, mark: string, section: string): void {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page} has no ${begin} … ${end}`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${section}\n${text.slice(to)}`);
}

function firstFigures(rows: readonly LatestRow[]): string {
  const lines = FIRST_FIGURES.flatMap((what) => {
    const { unit, values } = rows.find((row) => row.what === what) ?? { unit: "", values: {} };
    if (values.odradek === undefined) return [];
    const kafka = values.kafka === undefined ? "" : `${short(values.kafka.median)} ${unit}`;
    return [`| ${what} | **${short(values.odradek.median)} ${unit}** | ${kafka} |`];
  });
  return ["| | Odradek | Apache Kafka |", "|---|---|---|", ...lines].join("\n");
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
