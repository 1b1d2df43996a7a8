// The topic of committed offsets is compacted like any other: what groups committed is there after a restart, from a log that holds little else.

import { expect, test } from "vitest";
import { findCoordinator, offsetCommit, offsetFetch } from "../../protocol/messages/index.ts";
import { GROUP_OFFSETS_TOPIC } from "../../src/cluster/topic-name.ts";
import { EffectBench, turns } from "../config/effect-bench.ts";

const SETTINGS = { "offsets.topic.num.partitions": 1, "offsets.topic.segment.bytes": 1_048_576, "num.partitions": 1 };
const PARTITIONS = 100;

async function commit({ asking }: EffectBench, group: string, offset: number): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: offset + partitionIndex,
    committedMetadata: `${offset} `.padEnd(4000, "+"),
  }));
  const answer = await asking.ask(offsetCommit, { groupId: group, topics: [{ name: "wide", partitions }] }, 8);
  expect(new Set(answer.topics[0]?.partitions.map(({ errorCode }) => errorCode))).toEqual(new Set([0]));
}

async function committed({ asking }: EffectBench, group: string): Promise<(number | undefined)[]> {
  const partitionIndexes = Array.from({ length: PARTITIONS }, (_, index) => index);
  const { topics } = await asking.ask(offsetFetch, { groupId: group, topics: [{ name: "wide", partitionIndexes }] }, 7);
  return partitionIndexes.map((index) => topics?.[0]?.partitions.find(({ partitionIndex }) => partitionIndex === index)?.committedOffset);
}

test("committed offsets outlive the compaction of their topic", async () => {
  const first = await EffectBench.start({ settings: SETTINGS });
  await first.asking.createTopic("wide", { partitions: PARTITIONS });
  // The topic is made with the first who asks.
  await first.asking.ask(findCoordinator, { key: "rare" }, 3);
  await turns(20);
  for (let round = 0; round < 24; round++) await commit(first, round % 3 === 0 ? "rare" : "often", round * 1000);
  const log = first.node.broker.services.partitions.get(GROUP_OFFSETS_TOPIC, 0)?.log;
  const before = log?.sizeBytes ?? 0;
  expect(before).toBeGreaterThan(9_000_000);
  for (let round = 0; round < 20; round++) {
    await first.clock.advance(15_000);
    await turns(50);
  }
  expect(log?.sizeBytes).toBeLessThan(before / 4);
  const expected = [await committed(first, "rare"), await committed(first, "often")];
  expect(expected.map(([of0]) => of0)).toEqual([21_000, 23_000]);
  await first[Symbol.asyncDispose]();

  await using second = await EffectBench.start({ settings: SETTINGS, filesystem: first.filesystem, clock: first.clock });
  expect([await committed(second, "rare"), await committed(second, "often")]).toEqual(expected);
}, 30_000);
