// One client's request about thousands of partitions holds nobody up: a neighbour is answered in between.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiVersions, createTopics, deleteTopics, findCoordinator, metadata } from "../../protocol/messages/index.ts";
import { AskingBroker } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

const PARTITIONS = 5000;
/** Of which two come when nothing is done in slices: before the request is looked at, and while the metadata is written. */
const ANSWERS_BETWEEN = 5;

const data = mkdtempSync(join(tmpdir(), "odradek-slices-"));
let broker: AskingBroker;
let neighbour: RawClient;

beforeAll(async () => {
  broker = await AskingBroker.start({ data });
  neighbour = await RawClient.connect(broker.broker.port);
});

afterAll(async () => {
  neighbour.close();
  await broker.stop();
  rmSync(data, { recursive: true, force: true, maxRetries: 3 });
});

async function answersUntil(isDone: () => boolean): Promise<number> {
  let count = 0;
  while (!isDone()) {
    await neighbour.call(apiVersions, 0, {});
    count++;
  }
  return count;
}

const foldersLeft = () => readdirSync(data).filter((name) => name.startsWith("many-") && !name.endsWith("-delete"));

test("a neighbour is answered while thousands of partitions are made, and while their folders go", { timeout: 60_000 }, async () => {
  let isAnswered = false;
  const answered = () => {
    isAnswered = true;
  };
  const topic = { name: "many", numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] };
  const creation = broker.ask(createTopics, { topics: [topic], timeoutMs: 60_000, validateOnly: false }).finally(answered);
  expect(await answersUntil(() => isAnswered)).toBeGreaterThan(ANSWERS_BETWEEN);
  expect((await creation).topics.map(({ errorCode }) => errorCode)).toEqual([0]);
  expect((await broker.append("many", PARTITIONS - 1, 1)).errorCode).toBe(0);

  const deletion = await broker.ask(deleteTopics, { topicNames: ["many"], timeoutMs: 60_000 }, 5);
  expect(deletion.responses.map(({ errorCode }) => errorCode)).toEqual([0]);
  expect((await broker.append("many", PARTITIONS - 1, 1)).errorCode).toBe(3);
  expect(await answersUntil(() => foldersLeft().length === 0)).toBeGreaterThan(1);
});

const NAMES = Array.from({ length: 150_000 }, (_, index) => `name-${index}`);

test.each([
  ["coordinators of many groups", () => broker.ask(findCoordinator, { keyType: 0, coordinatorKeys: NAMES }, 4)],
  ["many topics", () => broker.ask(metadata, { topics: NAMES.map((name) => ({ name })), allowAutoTopicCreation: false }, 9)],
])("a neighbour is answered while somebody asks for %s", { timeout: 60_000 }, async (_, ask) => {
  let isAnswered = false;
  const asked = ask().finally(() => {
    isAnswered = true;
  });
  expect(await answersUntil(() => isAnswered)).toBeGreaterThan(2);
  await asked;
});
