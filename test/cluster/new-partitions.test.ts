// New topics are made in slices: what happens meanwhile, and what a stop in their midst leaves.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Cluster } from "../../src/cluster/cluster.ts";
import type { TopicWish } from "../../src/cluster/create-topics.ts";
import { type Change, compactChanges } from "../../src/cluster/image.ts";
import { isRefusal } from "../../src/cluster/refusal.ts";
import { SharedLogs } from "../../src/cluster/shared-logs.ts";
import { Topics } from "../../src/cluster/topics.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openJournalMetadataStore } from "../../src/log/journal-metadata-store.ts";
import { openMemoryEngine } from "../../src/log/segmented-engine.ts";
import { SlowClock } from "../support/slow-clock.ts";

const COUNT = 200;
const broker = (id: number): Change => ({ type: "broker", id, rack: null, endpoints: [], epoch: id });
const wish = (name: string, partitionCount = COUNT): TopicWish => ({
  name,
  partitionCount,
  replicationFactor: 1,
  assignments: [],
  configs: [],
});

async function slowTopics() {
  const clock = new SlowClock();
  const engine = openMemoryEngine({ brokerId: 1, clock });
  const store = openJournalMetadataStore<Change>({ filesystem: new MemoryFilesystem(), path: "/journal", compact: compactChanges });
  const cluster = await Cluster.open(store, "c");
  const logs = new SharedLogs(engine);
  const commit = (...changes: Change[]) => cluster.transact(() => ({ changes, result: undefined }));
  await commit(broker(1));
  const topics = new Topics({ cluster, config: brokerConfig(), clock, random: systemRandom, logger: silentLogger, logs });
  const begun = async () => {
    while (engine.list().length < 3) await new Promise((resolve) => setImmediate(resolve));
  };
  const leadersOf = (name: string) => new Set(cluster.image.topicsByName.get(name)?.partitions.map(({ leader }) => leader));
  return { engine, cluster, logs, commit, topics, begun, leadersOf };
}

test("other changes are committed while the logs of a topic are made", async () => {
  const { engine, cluster, commit, topics, begun } = await slowTopics();
  const created = topics.create([wish("many")]);
  await begun();
  await commit({ type: "producerIds", next: 1000 });
  expect(engine.list().length).toBeLessThan(COUNT);
  expect(cluster.image.topicsByName.has("many")).toBe(false);
  const [outcome] = await created;
  expect(outcome).toMatchObject({ name: "many" });
  expect(cluster.image.topicsByName.get("many")?.partitions).toHaveLength(COUNT);
  expect(engine.list()).toHaveLength(COUNT);
});

test("a topic is decided on anew when other brokers came while its logs were made", async () => {
  const { engine, cluster, commit, topics, begun, leadersOf } = await slowTopics();
  const created = topics.create([wish("many")]);
  await begun();
  await commit(broker(2));
  await created;
  expect(leadersOf("many")).toEqual(new Set([1, 2]));
  const { id } = cluster.image.topicsByName.get("many") ?? {};
  expect(engine.list().every(({ topicId }) => topicId === id)).toBe(true);
  expect(engine.list()).toHaveLength(COUNT);
});

test("partitions are not added to a topic that was deleted while their logs were made", async () => {
  const { engine, cluster, topics, begun } = await slowTopics();
  await topics.create([wish("many", 1)]);
  const added = topics.addPartitions([{ name: "many", count: COUNT, assignments: null }]);
  await begun();
  await topics.delete([{ name: "many" }]);
  expect(await added).toEqual([{ error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "" }]);
  expect(cluster.image.topicsByName.size).toBe(0);
  // Nobody led the first one here, who would delete its log.
  expect(engine.list().map(({ partition }) => partition)).toEqual([0]);
});

test("of a topic in the making nothing is left when the broker stops", async () => {
  const { engine, cluster, logs, topics, begun } = await slowTopics();
  const created = topics.create([wish("many")]);
  const next = topics.create([wish("other")]);
  await begun();
  await logs.close();
  for (const [outcome] of await Promise.all([created, next])) {
    expect(outcome !== undefined && isRefusal(outcome) && outcome.error).toBe(Errors.KAFKA_STORAGE_ERROR);
  }
  expect(cluster.image.topicsByName.size).toBe(0);
  expect(engine.list()).toEqual([]);
});
