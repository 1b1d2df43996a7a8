// Plays scenarios of share groups on a broker, several at a time.

import type { ShareScenario } from "./scenarios.ts";
import { ShareStage } from "./share-stage.ts";

export type Courses = Readonly<Record<string, readonly string[]>>;

/** Groups may ask for locks that are no longer than a test has time for. */
export const SETTINGS = {
  "group.share.min.record.lock.duration.ms": 1000,
  "auto.create.topics.enable": false,
  "share.coordinator.state.topic.num.partitions": 2,
} as const;

/** By name of the scenario: a line for each thing that was asked. */
export async function play(port: number, scenarios: readonly ShareScenario[], atATime: number): Promise<Courses> {
  const courses: (readonly string[])[] = [];
  // A broker may have been played on before.
  const tag = Date.now().toString(36);
  const waiting = [...scenarios.entries()];
  const playNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, scenario] = next;
      courses[index] = await playOne(port, scenario, `s${tag}-${index}-`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, playNext));
  return Object.fromEntries(scenarios.map(({ name }, index) => [name, courses[index] ?? []]));
}

async function playOne(port: number, scenario: ShareScenario, prefix: string): Promise<readonly string[]> {
  const stage = await ShareStage.open(port, prefix);
  try {
    await scenario.play(stage);
  } catch (error) {
    stage.note(`failed: ${error instanceof Error ? error.message : error}`);
  } finally {
    stage.close();
  }
  return stage.lines;
}
