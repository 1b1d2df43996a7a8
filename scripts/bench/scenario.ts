// What a scenario is and what it is given. A file of this folder exports one `Scenario` or several; `scenarios.ts` lists them.
//
//   export const idle: Scenario = {
//     name: "idle",
//     about: "memory of a broker without work",
//     contenders: BROKERS,
//     async measure(run) {
//       const broker = await run.launch();
//       run.add("idle memory", "MB", broker.memoryMb()?.now);
//     },
//   };
//
// `measure` is one round on one contender; the runner calls it for the contenders in alternation, round after round, and takes medians
// of the figures that carry the same words. What it launches is ended, and what it left on disk removed, once it returns or throws. If
// it throws, what it recorded until then counts, the scenario is marked as failed with the reason, and the run goes on.

import type { Contender, LaunchOptions } from "./contender.ts";
import type { ContenderName } from "./contender-name.ts";

/** What can be asked everything that a broker is asked. */
export const BROKERS: readonly ContenderName[] = ["odradek", "kafka", "against"];

export interface Scenario {
  /** The word for the command line. */
  readonly name: string;
  /** A phrase for `--list`. */
  readonly about: string;
  /** Which contenders it can measure; those that are there take part. */
  readonly contenders: readonly ContenderName[];
  /** Takes very long or needs much room: runs only with `--heavy`. */
  readonly isHeavy?: boolean;
  /** No more rounds than that, whatever `--rounds` says. */
  readonly mostRounds?: number;
  readonly measure: (run: Run) => Promise<void>;
}

/** One round of one scenario on one contender. */
export interface Run {
  readonly contender: ContenderName;
  /** `count` times `--scale` (1 unless a try-out is wanted), rounded, at least `least` (default 1). */
  scaled(count: number, least?: number): number;
  /** Starts the contender; throws when it does not listen within a minute. */
  launch(options?: LaunchOptions): Promise<Contender>;
  /**
   * Records a figure. `what` says what was measured, without the contender's name, alike in every round and for every contender; it is
   * the row of the table. Units that end in "/s" are better high, all others low. `undefined` and NaN, "cannot be known here", are
   * left out (the CPU of a broker that somebody else runs).
   */
  add(what: string, unit: string, value: number | undefined): void;
  /** Does a part of the scenario. If it throws, its row `what` is marked as failed with the reason, and the scenario goes on. */
  attempt(what: string, part: () => Promise<void>): Promise<void>;
}
