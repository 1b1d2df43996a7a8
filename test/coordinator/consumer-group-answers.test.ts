// Groups of the consumer protocol in each scenario of test/consumer-group-answers: what clients are answered, and what is written, is what
// Apache Kafka 4.3.1 answered and wrote, which scripts/record-consumer-groups.ts records.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { comparable } from "../consumer-group-answers/compare.ts";
import { type Facts, readFacts } from "../consumer-group-answers/facts.ts";
import { play } from "../consumer-group-answers/play.ts";
import { PROFILES, type Profile, rackOf } from "../consumer-group-answers/scenario.ts";
import { SCENARIOS } from "../consumer-group-answers/scenarios.ts";

/** On a machine that may have other work. */
const DEADLINE_MS = 60_000;
/** Most of them wait most of the time. */
const AT_A_TIME = 40;
const facts = readFacts();

const profiles = (Object.keys(PROFILES) as Profile[]).filter((name) => SCENARIOS.some(({ profile }) => profile === name));

describe.each(profiles)("a broker set up as %s", (profile) => {
  const own = SCENARIOS.filter((scenario) => scenario.profile === profile);
  let broker: RunningBroker;
  let ours: Facts;

  beforeAll(async () => {
    broker = await startBroker({ like: "kafka", settings: PROFILES[profile] });
    ours = await play({ port: broker.port, settles: false, rack: rackOf(profile) }, own, AT_A_TIME);
  }, DEADLINE_MS);
  afterAll(() => broker.stop());

  test.each(own.map((scenario) => [scenario.name, scenario] as const))("%s: as with Kafka", (name, scenario) => {
    const [kafkas, own] = [facts[name], ours[name]].map((course) => course && comparable(scenario, course));
    expect(own?.lines).toEqual(kafkas?.lines);
    expect(own?.records).toEqual(kafkas?.records);
  });
});

test("there are facts about each scenario, and no others", () => {
  expect(Object.keys(facts)).toEqual(SCENARIOS.map(({ name }) => name));
  expect(Object.values(facts).flatMap(({ lines }) => lines.filter((line) => /^(failed|not within)/.test(line)))).toEqual([]);
});
