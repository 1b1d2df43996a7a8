// The scenarios on Apache Kafka: started once for each profile, and stopped again.

import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { runOrThrow } from "../interop/processes.ts";
import type { Facts } from "./facts.ts";
import { play } from "./play.ts";
import { PROFILES, type Profile, rackOf, type Scenario } from "./scenario.ts";

const AT_A_TIME = 4;
const START_DEADLINE_MS = 120_000;
const DEADLINE_MS = 60_000;

/** Takes `port` and the one above. */
export async function askKafka(port: number, scenarios: readonly Scenario[]): Promise<Facts> {
  const facts: Record<string, Facts[string]> = {};
  for (const profile of Object.keys(PROFILES) as Profile[]) {
    const own = scenarios.filter((scenario) => scenario.profile === profile);
    if (own.length > 0) Object.assign(facts, await askUnder(profile, port, own));
  }
  return Object.fromEntries(scenarios.map(({ name }) => [name, facts[name] ?? { lines: [], records: [] }]));
}

async function askUnder(profile: Profile, port: number, scenarios: readonly Scenario[]): Promise<Facts> {
  const settings = Object.entries(PROFILES[profile]).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  await runOrThrow(KAFKA_REFERENCE, ["start", "--port", `${port}`, ...settings], { deadlineMs: START_DEADLINE_MS });
  try {
    return await play({ port, settles: true, rack: rackOf(profile) }, scenarios, AT_A_TIME);
  } finally {
    await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", `${port}`], { deadlineMs: DEADLINE_MS });
  }
}
