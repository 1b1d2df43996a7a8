// The kit and streams groups (KIP-1071): what it shows of them, and what waits and events say.

import { expect, onTestFinished, test, vi } from "vitest";
import { findCoordinator, streamsGroupHeartbeat } from "../../protocol/messages/index.ts";
import { type BrokerEvents, type RunningBroker, startBroker } from "../../src/index.ts";
import { streamsTopology } from "../coordinator/support/group-bench.ts";
import { RawClient } from "../support/raw-client.ts";

const soon = { timeoutMs: 50 };

async function brokerWith(settings: Readonly<Record<string, number>> = {}): Promise<RunningBroker> {
  const broker = await startBroker({ topics: [{ name: "orders", partitions: 2 }], settings });
  onTestFinished(() => broker.stop());
  return broker;
}

async function beat(broker: RunningBroker, memberId: string, memberEpoch: number, more: object = {}) {
  const client = await RawClient.connect(broker.port, "127.0.0.1", "app");
  onTestFinished(() => client.close());
  await client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: ["app"] });
  const nothing = { activeTasks: [], standbyTasks: [], warmupTasks: [] };
  const topology = streamsTopology(["orders"], ["app-store-changelog"]);
  const first = memberEpoch === 0 ? { rebalanceTimeoutMs: 60_000, processId: memberId, topology, ...nothing } : {};
  const whole = { groupId: "app", memberId, memberEpoch, endpointInformationEpoch: 0, ...first, ...more };
  const answer = await client.call(streamsGroupHeartbeat, 0, whole);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

test("groups.get shows members of a streams group with their tasks, and a wait for it ends", async () => {
  const broker = await brokerWith();
  const heard: BrokerEvents["assignment"][] = [];
  broker.on("assignment", (event) => heard.push(event));
  const joined = await beat(broker, "a", 0);
  expect(joined.activeTasks).toEqual([]);
  await vi.waitFor(() => expect(broker.topics.list()).toContain("app-store-changelog"));
  const told = await beat(broker, "a", joined.memberEpoch);
  expect(told.activeTasks).toEqual([{ subtopologyId: "0", partitions: [0, 1] }]);
  await broker.until.stable("app", { members: 1 });
  const group = await broker.groups.get("app");
  expect(group).toMatchObject({ type: "streams", state: "Stable", assignor: "sticky", lag: 0 });
  expect(group.members).toMatchObject([
    {
      id: "a",
      clientId: "app",
      protocol: "streams",
      assignment: [{ topic: "orders", partitions: [0, 1] }],
      tasks: { assigned: { active: [{ subtopology: "0", partitions: [0, 1] }] } },
    },
  ]);
  expect(heard.at(-1)).toMatchObject({ group: "app", memberId: "a", assignment: [{ topic: "orders", partitions: [0, 1] }] });
});

test("a wait for a streams group says which topics it lacks", async () => {
  const broker = await brokerWith();
  const joined = await beat(broker, "a", 0, { topology: streamsTopology(["nothing"]) });
  await beat(broker, "a", joined.memberEpoch);
  await expect(broker.until.stable("app", soon)).rejects.toThrow("Source topics nothing are missing.");
});
