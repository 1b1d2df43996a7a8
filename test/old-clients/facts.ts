// What Apache Kafka 3.9 answered in each scenario, as it is kept in test/facts/old-clients.json: the last line that served these versions.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { runOrThrow } from "../interop/processes.ts";
import { type Courses, play } from "./play.ts";
import { SCENARIOS } from "./scenarios.ts";

const FACTS_PATH = join(import.meta.dirname, "../facts/old-clients.json");
const START_DEADLINE_MS = 120_000;
const DEADLINE_MS = 60_000;
export const OLD_KAFKA = "3.9.1";

export function readFacts(): Courses {
  return JSON.parse(readFileSync(FACTS_PATH, "utf8")) as Courses;
}

export function writeFacts(facts: Courses): void {
  writeFileSync(FACTS_PATH, `${JSON.stringify(facts, undefined, 1)}\n`);
}

/** Starts Apache Kafka 3.9 on `port`, which takes the one above too, and plays the scenarios there. */
export async function askKafka(port: number): Promise<Courses> {
  const env = { KAFKA_REFERENCE_VERSION: OLD_KAFKA };
  const settings = ["--set", "auto.create.topics.enable=false"];
  await runOrThrow(KAFKA_REFERENCE, ["start", "--port", `${port}`, ...settings], { deadlineMs: START_DEADLINE_MS, env });
  try {
    return await play(port, SCENARIOS);
  } finally {
    await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", `${port}`], { deadlineMs: DEADLINE_MS, env });
  }
}
