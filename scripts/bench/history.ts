// Results that are committed: one file for each run, history/DATE-TIME-COMMIT.json, small enough to be kept.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import type { Row, Spread } from "./figures.ts";

export const HISTORY = join(import.meta.dirname, "history");

/** What a result is a result of. */
export interface Origin {
  /** UTC, to the minute, as YYYY-MM-DD hh:mm. */
  readonly date: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGib: number;
    readonly os: string;
    readonly node: string;
  };
}

export interface RunResult extends Origin {
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export function originOfRun(): Origin {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "",
      cores: cpus().length,
      memoryGib: Math.round(totalmem() / 1024 ** 3),
      os: `${type()} ${release()}`,
      node: process.version,
    },
  };
}

export function saveResult(rounds: number, rows: readonly Row[]): void {
  const result: RunResult = { ...originOfRun(), rounds, rows: rows.map(rounded) };
  mkdirSync(HISTORY, { recursive: true });
  // A row a line: lines are what one compares.
  const text = JSON.stringify({ ...result, rows: [] }, null, 2).replace(
    '"rows": []',
    `"rows": [\n    ${result.rows.map((row) => JSON.stringify(row)).join(",\n    ")}\n  ]`,
  );
  const name = `${result.date.replace(" ", "-").replace(":", "")}-${result.commit}`;
  writeFileSync(join(HISTORY, `${name}.json`), `${text}\n`);
}

export interface LatestRow extends Row {
  readonly origin: Origin & { readonly rounds: number };
}

/** Of every scenario the rows of the newest run that measured it. */
export function latestRows(scenarios: readonly string[]): LatestRow[] {
  const results = readdirSync(HISTORY)
    .filter((name) => /^\d{4}-.*\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(HISTORY, name), "utf8")) as RunResult)
    .toSorted((a, b) => b.date.localeCompare(a.date));
  return scenarios.flatMap((scenario) => {
    const newest = results.find(({ rows }) => rows.some((row) => row.scenario === scenario));
    if (newest === undefined) return [];
    const { rows, ...origin } = newest;
    return rows.filter((row) => row.scenario === scenario).map((row) => ({ ...row, origin }));
  });
}

function rounded(row: Row): Row {
  const digits = (value: number) => Number(value.toPrecision(4));
  const values = Object.fromEntries(
    Object.entries(row.values).map(([name, { lowest, median, highest }]: [string, Spread]) => [
      name,
      { lowest: digits(lowest), median: digits(median), highest: digits(highest) },
    ]),
  );
  return {
    ...row,
    values,
    ...(row.ratio === undefined ? {} : { ratio: digits(row.ratio) }),
    ...(row.ratioToSink === undefined ? {} : { ratioToSink: digits(row.ratioToSink) }),
  };
}
