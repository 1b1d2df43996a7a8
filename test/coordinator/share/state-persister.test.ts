// States of share partitions in a cluster of brokers: whichever asks, whoever coordinates, and after the coordinator is gone.

import { expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { MemoryFilesystem } from "../../../src/base/memory-filesystem.ts";
import { SHARE_GROUP_STATE_TOPIC } from "../../../src/cluster/topic-name.ts";
import { brokerConfig } from "../../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../../src/node.ts";

const PARTITIONS = 3;
const SETTINGS = { "share.coordinator.state.topic.num.partitions": 3, "share.coordinator.state.topic.replication.factor": 2 };
const ACKNOWLEDGED = 2;
const BATCH = { firstOffset: 5, lastOffset: 7, deliveryState: ACKNOWLEDGED, deliveryCount: 1 };

async function start(filesystem: MemoryFilesystem, brokerCount: number): Promise<RunningNode> {
  const [first, ...others] = Array.from({ length: brokerCount }, (_, index) => ({
    config: brokerConfig({ argument: { "node.id": index + 1, ...SETTINGS } }),
    host: "127.0.0.1",
    port: 0,
  }));
  if (first === undefined) throw new Error("no broker");
  return openNode({ ...first, others, data: "/data", topics: [{ name: "t", partitions: PARTITIONS }], filesystem });
}

function keys({ cluster }: RunningNode) {
  const topicId = cluster.image.topicsByName.get("t")?.id ?? "";
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ groupId: "g", topicId, partition }));
}

test("every broker reads and changes every state, and a restart finds them", async () => {
  const filesystem = new MemoryFilesystem();
  const node = await start(filesystem, 2);
  const persisters = node.brokers.map(({ services }) => services.shareStates);
  const all = keys(node);
  for (const [index, key] of all.entries()) {
    const [asking, other] = index % 2 === 0 ? persisters : persisters.toReversed();
    if (asking === undefined || other === undefined) throw new Error("there are two brokers");
    expect(await asking.initialize(key, { stateEpoch: 1, startOffset: 5 })).toBe(undefined);
    expect(await other.read(key, 2)).toEqual({ stateEpoch: 1, startOffset: 5, batches: [] });
    const change = { stateEpoch: 1, leaderEpoch: 2, startOffset: 5, deliveryCompleteCount: 3, batches: [BATCH] };
    expect(await other.write(key, change)).toBe(undefined);
    expect(await asking.write(key, { ...change, leaderEpoch: 1 })).toMatchObject({ error: Errors.FENCED_LEADER_EPOCH });
  }
  const leaders = node.cluster.image.topicsByName.get(SHARE_GROUP_STATE_TOPIC)?.partitions.map(({ leader }) => leader);
  expect(new Set(leaders).size).toBe(2);
  await node.stop();

  const again = await start(filesystem, 1);
  const persister = again.broker.services.shareStates;
  const [first = { groupId: "", topicId: "", partition: -1 }, ...others] = all;
  for (const key of all) {
    expect(await persister.readSummary(key, -1)).toEqual({ stateEpoch: 1, leaderEpoch: 2, startOffset: 5, deliveryCompleteCount: 3 });
    expect(await persister.read(key, 2)).toEqual({ stateEpoch: 1, startOffset: 5, batches: [BATCH] });
  }
  expect(await persister.delete(first)).toBe(undefined);
  expect(await persister.read(first, 3)).toMatchObject({ error: Errors.INVALID_REQUEST });
  await again.broker.services.topics.delete([{ name: "t" }]);
  for (const key of others) expect(await persister.read(key, 3)).toMatchObject({ error: Errors.INVALID_REQUEST });
  await again.stop();
});

test("a change outlives the broker that coordinates it, also one that is asked for while it goes", async () => {
  const node = await start(new MemoryFilesystem(), 2);
  const [staying, leaving] = node.brokers;
  if (staying === undefined || leaving === undefined) throw new Error("there are two brokers");
  const all = keys(node);
  const persister = staying.services.shareStates;
  const initialized = await Promise.all(all.map((key) => persister.initialize(key, { stateEpoch: 1, startOffset: 0 })));
  expect(initialized).toEqual(all.map(() => undefined));
  const stopping = node.killBroker(leaving.id);
  const change = { stateEpoch: 1, leaderEpoch: 0, startOffset: 1, deliveryCompleteCount: 0, batches: [BATCH] };
  const written = await Promise.all(all.map((key) => persister.write(key, change)));
  expect(written).toEqual(all.map(() => undefined));
  await stopping;
  for (const key of all) expect(await persister.read(key, 0)).toEqual({ stateEpoch: 1, startOffset: 1, batches: [BATCH] });
  await node.stop();
});
