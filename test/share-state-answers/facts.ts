// What Apache Kafka answered and wrote to the requests of requests.ts, as it is kept in test/facts/share-state-answers.json.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PATH = join(import.meta.dirname, "../facts/share-state-answers.json");

export function readFacts(): readonly string[] {
  return JSON.parse(readFileSync(PATH, "utf8")) as readonly string[];
}

export function writeFacts(lines: readonly string[]): void {
  writeFileSync(PATH, `${JSON.stringify(lines, undefined, 1)}\n`);
}
