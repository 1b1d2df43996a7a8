// The facts about the state of share partitions (test/facts/share-state-answers.json) are what the share coordinator of Apache Kafka answers and
// writes: it is asked again. `npm test` holds ours to them.

import { expect, inject, it } from "vitest";
import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { readFacts } from "../share-state-answers/facts.ts";
import { play } from "../share-state-answers/play.ts";
import { SETTINGS } from "../share-state-answers/requests.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";

const PORT = port(19962);
const DEADLINE_MS = 120_000;

it(
  "Apache Kafka still answers about states of share partitions as it was recorded",
  async (context) => {
    if (!inject("brokers").some(({ name }) => name === "kafka")) return context.skip("there is no Kafka reference to ask");
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    await runOrThrow(KAFKA_REFERENCE, ["start", "--port", `${PORT}`, ...settings], { deadlineMs: DEADLINE_MS });
    try {
      expect(await play(PORT)).toEqual(readFacts());
    } finally {
      await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", `${PORT}`], { deadlineMs: DEADLINE_MS });
    }
  },
  DEADLINE_MS,
);
