// The facts about access rules (test/facts/access-rules.json) are what Apache Kafka answers: a sample of them is asked for again. All of them
// are recorded by scripts/record-access-rules.ts, and `npm test` holds ours to them.

import { expect, inject, it } from "vitest";
import { nameOf, readFacts } from "../access-rules/facts.ts";
import { askKafka } from "../access-rules/kafka.ts";
import { PROBES } from "../access-rules/matrix.ts";
import { port } from "./port.ts";

const PORT = port(19932);
const ONE_IN = 5;

it("Apache Kafka still answers as it was recorded", async (context) => {
  if (!inject("brokers").some(({ name }) => name === "kafka")) return context.skip("there is no Kafka reference to ask");
  const facts = new Map(readFacts().map((cell) => [nameOf(cell), cell.answers]));
  const sample = PROBES.filter((_, index) => index % ONE_IN === 0);
  const cells = await askKafka(PORT, sample);
  expect(cells.length).toBeGreaterThan(facts.size / (2 * ONE_IN));
  expect(Object.fromEntries(cells.map((cell) => [nameOf(cell), cell.answers]))).toEqual(
    Object.fromEntries(cells.map((cell) => [nameOf(cell), facts.get(nameOf(cell))])),
  );
});
