// What members of share groups are answered in each scenario of test/share-answers, and what is stored, is what Apache Kafka 4.3.1 answered and
// stored, which scripts/record-share-answers.ts records.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { readFacts } from "../share-answers/facts.ts";
import { type Courses, play, SETTINGS } from "../share-answers/play.ts";
import { SCENARIOS } from "../share-answers/scenarios.ts";

/** On a machine that may have other work. */
const DEADLINE_MS = 60_000;
/** Most of them wait most of the time. */
const AT_A_TIME = 40;
const facts = readFacts();

let broker: RunningBroker;
let ours: Courses;

beforeAll(async () => {
  broker = await startBroker({ like: "kafka", settings: SETTINGS });
  ours = await play(broker.port, SCENARIOS, AT_A_TIME);
}, DEADLINE_MS);
afterAll(() => broker.stop());

test.each(SCENARIOS.map(({ name }) => name))("%s: as with Kafka", (name) => {
  expect(ours[name]).toEqual(facts[name]);
});

test("there are facts about each scenario, and no others", () => {
  expect(Object.keys(facts)).toEqual(SCENARIOS.map(({ name }) => name));
  expect(Object.values(facts).flatMap((lines) => lines.filter((line) => line.startsWith("failed")))).toEqual([]);
});
