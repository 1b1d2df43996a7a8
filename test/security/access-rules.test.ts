// Every API in every situation of the matrix (test/access-rules), with the answers that Apache Kafka 4.3.1 gave, which
// scripts/record-access-rules.ts records.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { handlers } from "../../src/api/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { nameOf, readFacts } from "../access-rules/facts.ts";
import { type Cell, Matrix, OLD_PROBES, PROBES } from "../access-rules/matrix.ts";
import { authorizerSettings, type Policy, SITUATIONS } from "../access-rules/situations.ts";

/** Thousands of requests, on a machine that may have other work. */
const DEADLINE_MS = 60_000;
const MOST_DIFFERENCES_SHOWN = 5;
const facts = new Map(readFacts().map((cell) => [nameOf(cell), cell]));

describe.each<Policy>(["strict", "open"])("where the policy is %s", (policy) => {
  let broker: RunningBroker;
  let cells: readonly Cell[];

  beforeAll(async () => {
    const own = { listeners: "SASL_PLAINTEXT://127.0.0.1:0", "node.id": 1, "odradek.old.protocol.versions": true };
    const settings = { ...authorizerSettings(policy), ...own };
    broker = await startBroker({ like: "kafka", settings });
    cells = await Matrix.run({ port: broker.port, policy }, [...PROBES, ...OLD_PROBES]);
  }, DEADLINE_MS);
  afterAll(() => broker.stop());

  test.each(PROBES.map(({ name }) => name))("%s is answered as by Kafka", (name) => {
    const ours = cells.filter(({ probe }) => probe === name);
    const different = ours.filter((cell) => JSON.stringify(cell.answers) !== JSON.stringify(facts.get(nameOf(cell))?.answers));
    for (const cell of different.slice(0, MOST_DIFFERENCES_SHOWN)) {
      expect.soft(cell.answers, nameOf(cell)).toEqual(facts.get(nameOf(cell))?.answers);
    }
    expect(different.map(nameOf)).toEqual([]);
  });
});

test("there are facts about each cell, at least 1500 in all", () => {
  const names = new Set(SITUATIONS.map(({ name }) => name));
  expect([...facts.values()].filter(({ situation }) => !names.has(situation.replace(/, before$/, ""))).map(nameOf)).toEqual([]);
  expect(facts.size).toBeGreaterThanOrEqual(1500);
});

/** Versions that no Kafka without ZooKeeper serves: they keep offsets there. */
const NOWHERE_SERVED = ["OffsetCommit 0", "OffsetFetch 0"];

/** Of share partitions, by members and by brokers: what these ask for is held elsewhere, see the list in ../api/needs.test.ts. */
const HELD_ELSEWHERE = /^(ShareFetch|ShareAcknowledge|\w+ShareGroupState\w*) /;

test("every API that the broker serves is asked in its lowest and its highest version", () => {
  const asked = new Set(
    PROBES.flatMap(({ api, versions, oldVersions }) => [...versions, ...oldVersions].map((version) => `${api.name} ${version}`)),
  );
  const served = handlers.flatMap(({ api, versions }) => [`${api.name} ${versions.lowest}`, `${api.name} ${versions.highest}`]);
  expect(served.filter((one) => !asked.has(one) && !NOWHERE_SERVED.includes(one) && !HELD_ELSEWHERE.test(one))).toEqual([]);
});
