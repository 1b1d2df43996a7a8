// The facts about groups of the consumer protocol (test/facts/consumer-group-answers.json) are what Apache Kafka answers and writes: a sample
// of the scenarios is played again. All of them are recorded by scripts/record-consumer-groups.ts, and `npm test` holds ours to them.

import { expect, inject, it } from "vitest";
import { readFacts } from "../consumer-group-answers/facts.ts";
import { askKafka } from "../consumer-group-answers/kafka.ts";
import type { Profile } from "../consumer-group-answers/scenario.ts";
import { SCENARIOS } from "../consumer-group-answers/scenarios.ts";
import { port } from "./port.ts";

const PORT = port(19952);
const ONE_IN = 5;
/** A Kafka is started for each. */
const ASKED_AGAIN: readonly Profile[] = ["usual", "limited"];
const DEADLINE_MS = 120_000;

it(
  "Apache Kafka still answers as it was recorded",
  async (context) => {
    if (!inject("brokers").some(({ name }) => name === "kafka")) return context.skip("there is no Kafka reference to ask");
    const kept = readFacts();
    const facts = await askKafka(
      PORT,
      SCENARIOS.filter(({ profile }) => ASKED_AGAIN.includes(profile)).filter((_, index) => index % ONE_IN === 0),
    );
    expect(Object.keys(facts).length).toBeGreaterThan(15);
    expect(facts).toEqual(Object.fromEntries(Object.keys(facts).map((name) => [name, kept[name]])));
  },
  DEADLINE_MS,
);
