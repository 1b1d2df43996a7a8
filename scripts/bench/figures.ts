// Figures of a bench run: recorded per contender and round, summarized as medians, spreads and ratios.

import type { ContenderName } from "./contender-name.ts";

export interface Figure {
  readonly scenario: string;
  readonly contender: ContenderName;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
}

/** A scenario, or the part of it that would have made row `what`, threw. */
export interface Failure {
  readonly scenario: string;
  readonly contender: ContenderName;
  readonly what: string;
  readonly reason: string;
}

export interface Spread {
  readonly lowest: number;
  readonly median: number;
  readonly highest: number;
}

export interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly unit: string;
  /** Only those that were measured. */
  readonly values: { readonly [Name in ContenderName]?: Spread };
  /** Why it has no value, for those that failed. */
  readonly failures?: { readonly [Name in ContenderName]?: string };
  /** Odradek / Apache Kafka, of the medians. */
  readonly ratio?: number;
  /** Odradek / raw Node, of the medians. */
  readonly ratioToSink?: number;
}

export function isBetterHigh(unit: string): boolean {
  return unit.endsWith("/s");
}

/** One row for each scenario and `what`, in the order in which they first came. */
export function summarize(figures: readonly Figure[], failures: readonly Failure[]): Row[] {
  const all = [...figures, ...failures];
  const keys = new Map(all.map(({ scenario, what }) => [`${scenario}\n${what}`, { scenario, what }]));
  return [...keys.values()].map(({ scenario, what }) => {
    const isOfRow = (one: Figure | Failure) => one.scenario === scenario && one.what === what;
    return summarizeRow(scenario, what, figures.filter(isOfRow), failures.filter(isOfRow));
  });
}

function summarizeRow(scenario: string, what: string, figures: readonly Figure[], failures: readonly Failure[]): Row {
  const names = new Set(figures.map(({ contender }) => contender));
  const valuesOf = (name: ContenderName) => figures.filter(({ contender }) => contender === name).map(({ value }) => value);
  const values: Row["values"] = Object.fromEntries([...names].map((name) => [name, spread(valuesOf(name))]));
  const ratio = quotient(values.odradek, values.kafka);
  const ratioToSink = quotient(values.odradek, values.sink);
  return {
    scenario,
    what,
    unit: figures[0]?.unit ?? "",
    values,
    ...(failures.length === 0 ? {} : { failures: Object.fromEntries(failures.map(({ contender, reason }) => [contender, reason])) }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(ratioToSink === undefined ? {} : { ratioToSink }),
  };
}

function quotient(over: Spread | undefined, under: Spread | undefined): number | undefined {
  return over === undefined || under === undefined || under.median === 0 ? undefined : over.median / under.median;
}

/** Of at least one value. */
function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { lowest: at(0), median: median(sorted), highest: at(sorted.length - 1) };
}

/** The mean of the two in the middle of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (low + high) / 2;
}
