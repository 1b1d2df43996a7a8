// The facts about groups of the consumer protocol (test/facts/consumer-group-answers.json) are what Apache Kafka answers and writes: a sample
// of the scenarios is played again. All of them are recorded by scripts/record-consumer-groups.ts, and `npm test` holds ours to them.

import { expect, inject, it } from "vitest";
import { readFacts } from "../consumer-group-answers/facts.ts";
import { askKafka } from "../consumer-group-answers/kafka.ts";
import { SCENARIOS } from "../consumer-group-answers/scenarios.ts";
import { port } from "./port.ts";

const PORT = port(19952);
const ONE_IN = 5;

it("Apache Kafka still answers as it was recorded", async (context) => {
  if (!inject("brokers").some(({ name }) => name === "kafka")) return context.skip("there is no Kafka reference to ask");
  const kept = readFacts();
  const facts = await askKafka(
    PORT,
    SCENARIOS.filter((_, index) => index % ONE_IN === 0),
  );
  expect(facts).toEqual(Object.fromEntries(Object.keys(facts).map((name) => [name, kept[name]])));
});
