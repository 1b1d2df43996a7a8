// Every answer that Apache Kafka 4.3.1 gave to the probe (probe.ts, exhausted-epochs.ts), kept in kafka-observed.json; ours must be the
// same. The interop scenarios "every request of transactions in every state" ask both brokers again.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningBroker, startBroker } from "../../../src/index.ts";
import { slowScenarios } from "./exhausted-epochs.ts";
import { probe, scenarios } from "./probe.ts";

const observed = JSON.parse(readFileSync(join(import.meta.dirname, "kafka-observed.json"), "utf8")) as Record<string, unknown>;

let broker: RunningBroker;

beforeAll(async () => {
  broker = await startBroker({
    settings: { "transaction.abort.timed.out.transaction.cleanup.interval.ms": 50, "transaction.state.log.num.partitions": 5 },
  });
});
afterAll(() => broker.stop());

test.each(Object.keys({ ...scenarios, ...slowScenarios }).map((title, index) => [title, index]))(
  "as on Kafka: %s",
  async (title, index) => {
    expect(await probe(broker.port, title, `probe-${index}`)).toEqual(observed[title]);
  },
  30_000,
);
