// Plays scenarios of one profile on a broker, several at a time, and reads in the end what its coordinator wrote.

import { setTimeout as delay } from "node:timers/promises";
import { findCoordinator } from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { untilLoaded, untilSharing } from "./coordinator-view.ts";
import { RecordsSince, showRecords } from "./group-records.ts";
import type { Scenario } from "./scenario.ts";
import { type Line, type Place, Stage } from "./stage.ts";

export interface Course {
  readonly lines: readonly Line[];
  readonly records: readonly string[];
}

const DEADLINE_MS = 20_000;
const PAUSE_MS = 20;

/** By name of the scenario. `tag`: what tells a second play on the same broker from the first. */
export async function play(
  place: Place,
  scenarios: readonly Scenario[],
  atATime: number,
  tag = "s",
): Promise<Readonly<Record<string, Course>>> {
  await untilCoordinated(
    place,
    scenarios.some(({ profile }) => profile.startsWith("share")),
  );
  const courses: Course[] = [];
  const waiting = [...scenarios.entries()];
  const playNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next;
      courses[index] = await playOne(place, one, `${tag}${index}-`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, playNext));
  return Object.fromEntries(scenarios.map(({ name }, index) => [name, courses[index] ?? { lines: [], records: [] }]));
}

async function playOne(place: Place, one: Scenario, prefix: string): Promise<Course> {
  const records = await RecordsSince.open(place);
  const stage = await Stage.open(place, prefix);
  try {
    await one.play(stage);
  } catch (error) {
    stage.note(`failed: ${stage.names.in(error instanceof Error ? error.message : `${error}`)}`);
  } finally {
    stage.close();
  }
  return { lines: stage.lines, records: showRecords(await records.read(), stage) };
}

async function untilCoordinated({ port, settles }: Place, shares: boolean): Promise<void> {
  const client = await RawClient.connect(port);
  try {
    const endMs = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = await client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: ["any"] });
      if (found?.coordinators[0]?.errorCode === 0) break;
      if (Date.now() > endMs) throw new Error("there is no group coordinator");
      await delay(PAUSE_MS);
    }
    if (settles) await untilLoaded(client);
    if (settles && shares) await untilSharing(client);
  } finally {
    client.close();
  }
}
