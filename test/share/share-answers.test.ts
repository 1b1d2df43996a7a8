// What members of share groups are answered in each scenario of test/share-answers, and what is stored, is what Apache Kafka 4.3.1 answered and
// stored, which scripts/record-share-answers.ts records.

import { expect, test } from "vitest";
import { readFacts } from "../share-answers/facts.ts";
import { SCENARIOS } from "../share-answers/scenarios.ts";

const facts = readFacts();

test("there are facts about each scenario, and no others", () => {
  expect(Object.keys(facts)).toEqual(SCENARIOS.map(({ name }) => name));
  expect(Object.values(facts).flatMap((lines) => lines.filter((line) => line.startsWith("failed")))).toEqual([]);
});
