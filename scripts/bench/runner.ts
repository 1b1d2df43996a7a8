// Runs scenarios: rounds, alternation of contenders, cleaning up, and what happens when something fails.

import { rmSync } from "node:fs";
import { type Against, type Contender, isAvailable, launch } from "./contender.ts";
import { CONTENDERS, type ContenderName } from "./contender-name.ts";
import type { Failure, Figure } from "./figures.ts";
import type { Run, Scenario } from "./scenario.ts";

export interface RunnerOptions {
  readonly rounds: number;
  readonly scale: number;
  readonly against?: Against;
  /** Only these, where given. */
  readonly only?: readonly ContenderName[];
  /** Told of every round before it begins. */
  readonly progress: (text: string) => void;
}

export interface Results {
  readonly figures: Figure[];
  readonly failures: Failure[];
}

export async function runScenarios(scenarios: readonly Scenario[], options: RunnerOptions): Promise<Results> {
  const results: Results = { figures: [], failures: [] };
  const wanted = CONTENDERS.filter((name) => options.only?.includes(name) ?? scenarios.some(({ contenders }) => contenders.includes(name)));
  const present = wanted.filter((name) => isAvailable(name, options.against));
  for (const scenario of scenarios) {
    const rounds = Math.min(options.rounds, scenario.mostRounds ?? Number.POSITIVE_INFINITY);
    for (let round = 1; round <= rounds; round++) {
      for (const contender of present.filter((name) => scenario.contenders.includes(name))) {
        options.progress(`${scenario.name}, round ${round} of ${rounds}, ${contender}`);
        await measure(scenario, contender, options, results);
      }
    }
  }
  return results;
}

async function measure(scenario: Scenario, contender: ContenderName, options: RunnerOptions, results: Results): Promise<void> {
  const launched: Contender[] = [];
  const fail = (what: string, error: unknown) => {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    options.progress(`${scenario.name}, ${contender}: ${what} FAILED: ${reason}`);
    results.failures.push({ scenario: scenario.name, contender, what, reason });
  };
  const run: Run = {
    contender,
    scaled: (count, least = 1) => Math.max(least, Math.round(count * options.scale)),
    async launch(launchOptions) {
      const one = await launch(contender, launchOptions, options.against);
      launched.push(one);
      return one;
    },
    add(what, unit, value) {
      if (value === undefined || Number.isNaN(value)) return;
      results.figures.push({ scenario: scenario.name, contender, what, unit, value });
    },
    attempt: (what, part) => part().catch((error: unknown) => fail(what, error)),
  };
  try {
    await scenario.measure(run);
  } catch (error) {
    fail("the scenario", error);
  } finally {
    for (const one of launched) await one.end("killed");
    for (const { folder } of launched) if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
