// What Apache Kafka answered and wrote in each scenario, as it is kept in test/facts/consumer-group-answers.json: a line for each request and
// for each record, so that a difference can be read.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Course } from "./play.ts";

export type Facts = Readonly<Record<string, Course>>;

export const FACTS_PATH = join(import.meta.dirname, "../facts/consumer-group-answers.json");

export function readFacts(): Facts {
  return JSON.parse(readFileSync(FACTS_PATH, "utf8")) as Facts;
}

export function writeFacts(facts: Facts, path = FACTS_PATH): void {
  const list = (lines: readonly string[]) =>
    lines.length === 0 ? "[]" : `[\n   ${lines.map((line) => JSON.stringify(line)).join(",\n   ")}\n  ]`;
  const courses = Object.entries(facts).map(
    ([name, { lines, records }]) => ` ${JSON.stringify(name)}: {\n  "lines": ${list(lines)},\n  "records": ${list(records)}\n }`,
  );
  writeFileSync(path, `{\n${courses.join(",\n")}\n}\n`);
}
