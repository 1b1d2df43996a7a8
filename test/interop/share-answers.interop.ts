// The facts about what members of share groups are answered (test/facts/share-answers.json) are what Apache Kafka answers: every scenario is
// played again. They are recorded by scripts/record-share-answers.ts, and `npm test` holds ours to them.

import { expect, inject, it } from "vitest";
import { askKafka, readFacts } from "../share-answers/facts.ts";
import { port } from "./port.ts";

const PORT = port(19962);
const DEADLINE_MS = 180_000;

it(
  "Apache Kafka still answers as it was recorded",
  async (context) => {
    if (!inject("brokers").some(({ name }) => name === "kafka")) return context.skip("there is no Kafka reference to ask");
    expect(await askKafka(PORT)).toEqual(readFacts());
  },
  DEADLINE_MS,
);
