// The share coordinator answers each request of test/share-state-answers as Apache Kafka 4.3.1 did, and writes the same records, to the byte
// (scripts/record-share-state.ts records what Kafka does).

import { expect, test } from "vitest";
import { startBroker } from "../../../src/index.ts";
import { readFacts } from "../../share-state-answers/facts.ts";
import { play } from "../../share-state-answers/play.ts";
import { SETTINGS } from "../../share-state-answers/requests.ts";

test("requests about the state of share partitions are answered and stored as by Kafka", async () => {
  const broker = await startBroker({ settings: SETTINGS });
  const lines = await play(broker.port).finally(() => broker.stop());
  expect(lines).toEqual(readFacts());
});
