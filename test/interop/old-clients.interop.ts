// Clients from before Kafka 0.11 find the same on Odradek as on Apache Kafka 3.9, the last line that served them: what they have produced with
// each of their codecs, what clients of today have produced, groups and what these have committed. And 3.9 still answers bare requests as it
// was recorded (test/facts/old-clients.json), to which `npm test` holds ours.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { OLD_KAFKA, readFacts } from "../old-clients/facts.ts";
import { play } from "../old-clients/play.ts";
import { SCENARIOS } from "../old-clients/scenarios.ts";
import { type BrokerName, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { observed } from "./old-client-course.ts";
import { OLD_CLIENTS } from "./old-client-programs.ts";
import { port } from "./port.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(20070), odradek: port(20072) };
const hasBoth = ["kafka", "odradek"].every((name) => inject("brokers").some((broker) => broker.name === name));
const brokers: RunningBroker[] = [];

beforeAll(async () => {
  if (!hasBoth) return;
  const started = (["kafka", "odradek"] as const).map((name) => {
    const dataFolder = join(CACHE, "data", `old-clients-${name}`);
    rmSync(dataFolder, { recursive: true, force: true });
    const settings = { "auto.create.topics.enable": "false" };
    return startBroker(name, { port: PORTS[name], dataFolder, settings, version: OLD_KAFKA, isDiskless: false });
  });
  brokers.push(...(await Promise.all(started)));
});

afterAll(() => Promise.all(brokers.map((broker) => broker.stop())));

test.skipIf(!hasBoth)("Apache Kafka 3.9 still answers old clients as it was recorded", async () => {
  expect(await play(PORTS.kafka, SCENARIOS)).toEqual(readFacts());
});

for (const client of OLD_CLIENTS) {
  test.skipIf(!hasBoth).concurrent(`${client.name} finds the same on both`, async (context) => {
    try {
      await client.command();
    } catch (error) {
      return context.skip(`it cannot be had here: ${error}`);
    }
    const [kafka, odradek] = await Promise.all(brokers.map(({ bootstrap }) => observed(client, bootstrap)));
    context.expect(odradek).toEqual(kafka);
    context.expect(JSON.stringify(odradek)).not.toContain('"refused"');
  });
}
