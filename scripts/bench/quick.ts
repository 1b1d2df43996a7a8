// `npm run bench -- --quick`: holds the budget; `--quick --accept` makes what is measured now the budget, and `--quick --accept-more` what is
// dearer now than what was accepted: for another machine, where the same code costs more beside raw Node.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { budgetTable, type Costs, judgeCosts, measureCosts, withDearer } from "./budget.ts";
import { HISTORY, type Origin, originOfRun } from "./history.ts";
import { cpuSecondsOf } from "./process-accounts.ts";

const BUDGET = join(HISTORY, "budget.json");

export type Mode = "hold" | "accept" | "accept more";

interface Budget extends Origin {
  readonly costs: Costs;
}

/** Gives the exit code; leaves counts for CI, as one test, beside those of the other steps. */
export async function quick(mode: Mode, progress: (text: string) => void): Promise<number> {
  if (cpuSecondsOf(process.pid) === undefined) {
    console.log("bench: this system does not say what a process costs; nothing is compared");
    return leaveCounts(0, 0);
  }
  if (mode !== "hold") {
    const measured = rounded(await measureCosts(progress));
    const budget: Budget = { ...originOfRun(), costs: mode === "accept" ? measured : withDearer(readBudget().costs, measured) };
    writeFileSync(BUDGET, `${JSON.stringify(budget, null, 2)}\n`);
    console.log(budgetTable(Object.entries(budget.costs).map(([path, cost]) => acceptedVerdict(path, cost))));
    return 0;
  }
  if (!existsSync(BUDGET)) {
    console.log("bench: nothing was accepted yet: npm run bench -- --quick --accept");
    return leaveCounts(0, 1);
  }
  const { costs, date, commit } = readBudget();
  const verdicts = await judgeCosts(costs, progress);
  const tooDear = verdicts.filter(({ isTooDear }) => isTooDear);
  console.log(`CPU of the broker, compared with what was accepted on ${date} (${commit}), as ratios to raw Node:\n`);
  console.log(budgetTable(verdicts));
  if (tooDear.length === 0) return leaveCounts(1, 0);
  console.log(`\nbench: became more than 25 % dearer: ${tooDear.map(({ path }) => path).join("; ")}`);
  console.log("bench: if that is meant to be, accept it: npm run bench -- --quick --accept");
  console.log("bench: if the code is as it was accepted, accept what it costs here too: npm run bench -- --quick --accept-more");
  return leaveCounts(0, 1);
}

function readBudget(): Budget {
  return JSON.parse(readFileSync(BUDGET, "utf8")) as Budget;
}

function acceptedVerdict(path: string, cost: Costs[string]) {
  const ratio = cost.odradek / cost.sink;
  return { path, unit: cost.unit, cost, ratio, accepted: ratio, isTooDear: false };
}

function rounded(costs: Costs): Costs {
  const three = (value: number) => Number(value.toPrecision(3));
  return Object.fromEntries(
    Object.entries(costs).map(([path, { unit, odradek, sink }]) => [path, { unit, odradek: three(odradek), sink: three(sink) }]),
  );
}

function leaveCounts(numPassedTests: number, numFailedTests: number): number {
  const folder = resolve(import.meta.dirname, "../../.cache");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bench.json"), JSON.stringify({ numPassedTests, numFailedTests }));
  return numFailedTests === 0 ? 0 : 1;
}
