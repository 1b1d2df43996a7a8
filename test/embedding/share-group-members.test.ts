// The kit and share groups (KIP-932): what it shows of them, what it does to them, and what waits say of them.

import { expect, onTestFinished, test } from "vitest";
import { alterShareGroupOffsets, findCoordinator, shareGroupHeartbeat } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

async function brokerWithOrders(): Promise<RunningBroker> {
  const broker = await startBroker({ topics: [{ name: "orders", partitions: 2 }] });
  onTestFinished(() => broker.stop());
  return broker;
}

/** Heartbeats as often as it is asked to, until the test is over. */
async function sharer(broker: RunningBroker, memberId: string): Promise<{ stop: () => Promise<void> }> {
  const client = await RawClient.connect(broker.port);
  await client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: ["g"] });
  let epoch = 0;
  let isRunning = true;
  const beat = async (memberEpoch: number) => {
    const subscribed = memberEpoch === 0 ? { subscribedTopicNames: ["orders"] } : {};
    return client.call(shareGroupHeartbeat, 1, { groupId: "g", memberId, memberEpoch, ...subscribed });
  };
  const running = (async () => {
    while (isRunning) {
      const answer = await beat(epoch);
      epoch = answer?.memberEpoch ?? 0;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, answer?.heartbeatIntervalMs ?? 50)));
    }
    await beat(-1);
    client.close();
  })();
  const stop = () => {
    isRunning = false;
    return running;
  };
  onTestFinished(stop);
  return { stop };
}

test("members of a share group are shown with what they share", async () => {
  const broker = await brokerWithOrders();
  const members = [await sharer(broker, "a"), await sharer(broker, "b"), await sharer(broker, "c")];
  const group = await broker.until.stable("g", { members: 3 });
  expect(group).toMatchObject({ id: "g", type: "share", state: "Stable", assignor: "simple" });
  expect(group.epoch).toBe(group.targetEpoch);
  for (const member of group.members) {
    expect(member).toMatchObject({
      protocol: "share",
      instanceId: null,
      epoch: group.epoch,
      subscription: { topics: ["orders"], regex: null },
    });
    expect(member.assignment[0]?.partitions.length).toBeGreaterThan(0);
    expect(member.target).toEqual(member.assignment);
  }
  expect(broker.groups.list()).toEqual(["g"]);
  await Promise.all(members.map(({ stop }) => stop()));
  expect(await broker.groups.get("g")).toMatchObject({ type: "share", state: "Empty", members: [] });
});

test("a test removes a member of a share group, and has the others share anew", async () => {
  const broker = await brokerWithOrders();
  await sharer(broker, "a");
  const { epoch } = await broker.until.stable("g", { members: 1 });
  await broker.groups.rebalance("g");
  await expect.poll(async () => (await broker.until.stable("g")).epoch).toBeGreaterThan(epoch);
  await broker.groups.expire("g", "a");
  expect((await broker.groups.get("g")).members).toEqual([]);
});

test("where a share group starts is shown as what it has committed", async () => {
  const broker = await brokerWithOrders();
  await broker.produce(
    "orders",
    ["x", "y", "z"].map((value) => ({ value, partition: 0 })),
  );
  const member = await sharer(broker, "a");
  await broker.until.stable("g");
  expect((await broker.groups.get("g")).offsets).toMatchObject([
    { committed: undefined, end: 3 },
    { committed: undefined, end: 0 },
  ]);
  await member.stop();
  const client = await RawClient.connect(broker.port);
  onTestFinished(() => client.close());
  const topics = [{ topicName: "orders", partitions: [{ partitionIndex: 0, startOffset: 1 }] }];
  await client.call(alterShareGroupOffsets, 0, { groupId: "g", topics });
  const { offsets } = await broker.groups.get("g");
  expect(offsets[0]).toMatchObject({ topic: "orders", partition: 0, committed: 1, end: 3, lag: 2 });
});

test("a wait for a share group says what its members wait for", async () => {
  const broker = await brokerWithOrders();
  await sharer(broker, "a");
  await expect(broker.until.stable("g", { members: 2, timeoutMs: 300 })).rejects.toThrow("group g to be stable with 2 members");
});
