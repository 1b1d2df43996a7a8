// Strange records in internal topics, written between two starts: the next start says where they lie, and goes on with the rest.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { findCoordinator, initProducerId, listGroups, listTransactions, offsetCommit, offsetFetch } from "../../protocol/messages/index.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode } from "../../src/node.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { Chance } from "./chance.ts";
import { Persona, TopicIds } from "./persona.ts";
import { writeStrangeRecords } from "./strange-segments.ts";

const SEEDS = [1, 2, 3];
const FOLDER = "/data";
const settings = ["offsets.topic.num.partitions", "transaction.state.log.num.partitions", "share.coordinator.state.topic.num.partitions"];
const config = brokerConfig({ argument: Object.fromEntries(settings.map((name) => [name, 2])) });

async function onBroker(filesystem: Filesystem, lines: RecordedLine[], act: (client: RawClient) => Promise<void>): Promise<void> {
  const logger = recordingLogger(lines);
  const node = await openNode({ config, host: "127.0.0.1", port: 0, data: FOLDER, topics: [{ name: "fuzz-0" }], filesystem, logger });
  const client = await RawClient.connect(node.broker.port);
  await act(client);
  client.close();
  await node.stop();
}

async function live(client: RawClient): Promise<void> {
  for (const [keyType, key] of ["kept", "kept", "kept:AAAAAAAAAAAAAAAAAAAAAg:0"].entries())
    await client.call(findCoordinator, 6, { keyType, coordinatorKeys: [key] });
  const topics = [{ name: "fuzz-0", partitions: [{ partitionIndex: 0, committedOffset: 42, committedMetadata: "" }] }];
  const committed = await client.call(offsetCommit, 7, { groupId: "kept", topics });
  expect(committed?.topics[0]?.partitions[0]?.errorCode).toBe(Errors.NONE);
  const given = await client.call(initProducerId, 4, { transactionalId: "kept", transactionTimeoutMs: 1000 });
  expect(given?.errorCode).toBe(Errors.NONE);
}

async function expectKept(client: RawClient): Promise<void> {
  const fetch = () => client.call(offsetFetch, 5, { groupId: "kept", topics: [{ name: "fuzz-0", partitionIndexes: [0] }] });
  await expect.poll(async () => (await fetch())?.errorCode, { interval: 1 }).toBe(Errors.NONE);
  expect((await fetch())?.topics[0]?.partitions[0]).toMatchObject({ errorCode: Errors.NONE, committedOffset: 42 });
  const groups = await client.call(listGroups, 5, { statesFilter: [], typesFilter: [] });
  expect(groups?.groups.map(({ groupId }) => groupId)).toContain("kept");
  const listed = () => client.call(listTransactions, 1, { stateFilters: [], producerIdFilters: [], durationFilter: -1 });
  await expect.poll(async () => (await listed())?.errorCode, { interval: 1 }).toBe(Errors.NONE);
  expect((await listed())?.transactionStates).toContainEqual(
    expect.objectContaining({ transactionalId: "kept", transactionState: "Empty" }),
  );
}

test("a broker starts over strange records in its internal topics, says where they lie, and has the rest", async () => {
  for (const seed of SEEDS) {
    const filesystem = new MemoryFilesystem();
    await onBroker(filesystem, [], live);
    const chance = new Chance(seed, 0);
    writeStrangeRecords(filesystem, FOLDER, { persona: new Persona(chance, new TopicIds()), chance });
    const lines: RecordedLine[] = [];
    await onBroker(filesystem, lines, expectKept);
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
    const skipped = lines.filter(({ message }) => message === "skipped records that no coordinator can read");
    expect(skipped.length).toBeGreaterThan(0);
    for (const { facts } of skipped) {
      expect(facts).toMatchObject({ topic: expect.stringMatching(/^__/), partition: expect.any(Number) });
      expect(facts["offsets"]).toContainEqual(expect.stringMatching(/^\d+: ./));
    }
  }
});
