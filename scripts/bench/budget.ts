// The budget that stays: what the broker's CPU costs on each path, as a ratio to the raw-Node sink of the same run, compared with the
// ratios that were accepted (history/budget.json). A path that became dearer by more than the tolerance fails.
//
// Noise only makes dearer, so that the lowest of several short rounds, in alternation, counts on both sides. But a pair of processes costs what
// it costs by chance and by machine, the same code up to a third more beside raw Node than another time. So what is accepted is the dearest but one
// of several pairs, on several machines the dearest of those (--accept-more); and a path that seems to fail is measured again with other pairs,
// of which the cheapest counts: what fails was too dear each time.

import { rmSync } from "node:fs";
import { BUDGET_PATHS, type BudgetPath } from "./budget-paths.ts";
import { type Contender, launch } from "./contender.ts";

/** A path may cost this much more than what was accepted. */
const TOLERANCE = 1.25;
const ROUNDS = 3;
const RETRY_ROUNDS = 6;
const MOST_RETRIES = 3;
/** Pairs of processes that are measured for what is accepted. */
const ACCEPT_TRIES = 4;

export interface PathCost {
  readonly unit: BudgetPath["unit"];
  /** CPU seconds of the broker, and of the sink, for each unit: the lowest seen. */
  readonly odradek: number;
  readonly sink: number;
}

export type Costs = { readonly [path: string]: PathCost };

export interface Verdict {
  readonly path: string;
  readonly unit: BudgetPath["unit"];
  readonly cost: PathCost;
  /** Odradek / sink: now, and as accepted (`undefined` for a new path, which does not fail). */
  readonly ratio: number;
  readonly accepted: number | undefined;
  readonly isTooDear: boolean;
}

type Progress = (text: string) => void;

/** Measures every path for what shall be accepted. */
export async function measureCosts(progress: Progress): Promise<Costs> {
  const costs: Record<string, PathCost> = {};
  for (const path of BUDGET_PATHS) {
    const tries: PathCost[] = [];
    while (tries.length < ACCEPT_TRIES) tries.push(await measurePath(path, ROUNDS, progress));
    const cost = dearestButOne(tries);
    if (cost !== undefined) costs[path.name] = cost;
  }
  return costs;
}

/** What was accepted, and where it is dearer now, that; paths that are no more are left out. */
export function withDearer(accepted: Costs, now: Costs): Costs {
  return Object.fromEntries(Object.entries(now).map(([path, cost]) => [path, dearer(accepted[path], cost)]));
}

/** Measures every path and judges it. Throws when a path cannot be measured. */
export async function judgeCosts(accepted: Costs, progress: Progress): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const path of BUDGET_PATHS) {
    let cost = await measurePath(path, ROUNDS, progress);
    let verdict = judge(path, cost, accepted[path.name]);
    for (let retry = 1; verdict.isTooDear && retry <= MOST_RETRIES; retry++) {
      progress(`${path.name}: ${verdict.ratio.toFixed(2)} instead of ${verdict.accepted?.toFixed(2)} × raw Node; measuring again`);
      cost = cheaper(cost, await measurePath(path, RETRY_ROUNDS, progress));
      verdict = judge(path, cost, accepted[path.name]);
    }
    verdicts.push(verdict);
  }
  return verdicts;
}

export function judge(path: Pick<BudgetPath, "name" | "unit">, cost: PathCost, accepted: PathCost | undefined): Verdict {
  const ratio = ratioOf(cost);
  const acceptedRatio = accepted === undefined ? undefined : ratioOf(accepted);
  const isTooDear = acceptedRatio !== undefined && ratio > acceptedRatio * TOLERANCE;
  return { path: path.name, unit: path.unit, cost, ratio, accepted: acceptedRatio, isTooDear };
}

function ratioOf({ odradek, sink }: PathCost): number {
  return odradek / sink;
}

export function dearestButOne(costs: readonly PathCost[]): PathCost | undefined {
  return costs.toSorted((one, other) => ratioOf(one) - ratioOf(other)).at(-2);
}

function dearer(one: PathCost | undefined, other: PathCost): PathCost {
  return one === undefined || ratioOf(other) > ratioOf(one) ? other : one;
}

export function cheaper(one: PathCost, other: PathCost): PathCost {
  return ratioOf(other) < ratioOf(one) ? other : one;
}

/** Of rounds of the same processes. */
function lower(one: PathCost | undefined, other: PathCost): PathCost {
  if (one === undefined) return other;
  return { unit: one.unit, odradek: Math.min(one.odradek, other.odradek), sink: Math.min(one.sink, other.sink) };
}

async function measurePath(path: BudgetPath, rounds: number, progress: Progress): Promise<PathCost> {
  progress(`${path.name}, ${rounds} rounds`);
  const launched: Contender[] = [];
  try {
    const prepare = async (name: "odradek" | "sink") => {
      const contender = await launch(name);
      launched.push(contender);
      return path.prepare(contender);
    };
    const odradek = await prepare("odradek");
    const sink = await prepare("sink");
    let cost: PathCost | undefined;
    for (let round = 0; round < rounds; round++) cost = lower(cost, { unit: path.unit, odradek: await odradek(), sink: await sink() });
    if (cost === undefined) throw new Error("no round was measured");
    return cost;
  } finally {
    for (const contender of launched) await contender.end("killed");
    for (const { folder } of launched) if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** For people: what each path costs, was allowed, and by how much it became dearer or cheaper. */
export function budgetTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ path, unit, cost, ratio, accepted, isTooDear }) => [
    path,
    unit,
    cost.odradek.toPrecision(3),
    cost.sink.toPrecision(3),
    ratio.toFixed(2),
    accepted?.toFixed(2) ?? "new",
    accepted === undefined ? "" : change(ratio / accepted),
    isTooDear ? "TOO DEAR" : "ok",
  ]);
  const titles = ["path", "unit", "Odradek", "raw Node", "ratio", "accepted", "change", ""];
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, column: number) => (column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0));
  return [titles, ...rows].map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

function change(factor: number): string {
  const percent = Math.round((factor - 1) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
