// Kafka's own assignors, from its jars, asked anew: a sample of what is recorded of them (test/facts/assignments.json), and chains of changes that
// are not in the table, in which members have what ours assigned.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHAINS, seeded } from "../assignors/chains.ts";
import { ASSIGNORS, askKafka, readFacts } from "../assignors/facts.ts";
import { withParts } from "../assignors/group.ts";
import { KafkaAssignors } from "../assignors/kafka.ts";
import { faultsOf, isAsEven, loadsOf, movesOf } from "../assignors/measures.ts";
import { assignOurs } from "../assignors/ours.ts";
import { hasKafkaReference } from "./broker-under-test.ts";

/** Every so many chains of the table. */
const SAMPLE = 4;
const FIRST_SEED = 1000;
const SEEDS = Array.from({ length: 60 }, (_, index) => FIRST_SEED + index);

describe.skipIf(!hasKafkaReference())("Kafka's assignors", () => {
  let kafka: KafkaAssignors;
  beforeAll(() => {
    kafka = new KafkaAssignors();
  });
  afterAll(() => kafka.close());

  test("make of a sample of the table what is recorded", async () => {
    const chains = CHAINS.filter((_, index) => index % SAMPLE === 0);
    const asked = await askKafka(kafka, chains);
    const kept = readFacts();
    for (const assignor of ASSIGNORS) {
      for (const { name } of chains) expect(asked[assignor][name], `${assignor}, ${name}`).toEqual(kept[assignor][name]);
    }
  });

  test.each(ASSIGNORS)("are not more even than ours and do not move less: %s", async (assignor) => {
    for (const seed of SEEDS) {
      const { name, start, changes } = seeded(seed);
      let group = start();
      for (const [index, change] of changes.entries()) {
        const changed = change.apply(group);
        const [ours, theirs] = [assignOurs(assignor, changed), await kafka.assign(assignor, changed)];
        const label = `${name}, ${index}: ${change.name}`;
        expect(faultsOf(changed, ours), label).toEqual([]);
        expect(isAsEven(loadsOf(ours), loadsOf(theirs)), label).toBe(true);
        expect(movesOf(changed, ours), label).toBeLessThanOrEqual(movesOf(changed, theirs));
        group = withParts(changed, ours);
      }
    }
  });
});
