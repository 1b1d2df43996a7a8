// What Apache Kafka answered and stored in each scenario, as it is kept in test/facts/share-answers.json.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { runOrThrow } from "../interop/processes.ts";
import { type Courses, play, SETTINGS } from "./play.ts";
import { SCENARIOS } from "./scenarios.ts";

const FACTS_PATH = join(import.meta.dirname, "../facts/share-answers.json");
const AT_A_TIME = 6;
const START_DEADLINE_MS = 120_000;
const DEADLINE_MS = 60_000;

export function readFacts(): Courses {
  return JSON.parse(readFileSync(FACTS_PATH, "utf8")) as Courses;
}

export function writeFacts(facts: Courses): void {
  writeFileSync(FACTS_PATH, `${JSON.stringify(facts, undefined, 1)}\n`);
}

/** Starts Apache Kafka on `port`, which takes the one above too, and plays the scenarios there. */
export async function askKafka(port: number): Promise<Courses> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  await runOrThrow(KAFKA_REFERENCE, ["start", "--port", `${port}`, ...settings], { deadlineMs: START_DEADLINE_MS });
  try {
    return await play(port, SCENARIOS, AT_A_TIME);
  } finally {
    await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", `${port}`], { deadlineMs: DEADLINE_MS });
  }
}
