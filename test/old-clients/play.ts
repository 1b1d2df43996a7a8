// Plays scenarios of old clients on a broker, several at a time.

import { setTimeout } from "node:timers/promises";
import { OldStage } from "./old-stage.ts";
import type { OldScenario } from "./scenarios.ts";

export type Courses = Readonly<Record<string, readonly string[]>>;

const AT_A_TIME = 6;
const DEADLINE_MS = 30_000;

/** By name of the scenario: a line for each thing that was asked. */
export async function play(port: number, scenarios: readonly OldScenario[]): Promise<Courses> {
  const courses: (readonly string[])[] = [];
  // A broker may have been played on before.
  const tag = Date.now().toString(36);
  const waiting = [...scenarios.entries()];
  const playNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scenario] = next;
      courses[index] = await playOne(port, scenario, `old${tag}-${index}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, playNext));
  return Object.fromEntries(scenarios.map(({ name }, index) => [name, courses[index] ?? []]));
}

async function playOne(port: number, scenario: OldScenario, topic: string): Promise<readonly string[]> {
  const stage = await OldStage.open(port, topic);
  try {
    await Promise.race([scenario.play(stage), late()]);
  } catch (error) {
    stage.note(`failed: ${error instanceof Error ? error.message : error}`);
  } finally {
    stage.close();
  }
  return stage.lines;
}

async function late(): Promise<never> {
  await setTimeout(DEADLINE_MS, undefined, { ref: false });
  throw new Error(`not done after ${DEADLINE_MS} ms`);
}
