// What `odradek cluster` says of a cluster of machines.

import { expect, test } from "vitest";
import { applyChanges, type Change, emptyImage } from "../../src/cluster/image.ts";
import { overviewOf } from "../../src/membership/overview.ts";

const endpoint = (host: string | null) => [{ listener: "PLAINTEXT", host, port: 9092 }];
const broker = (id: number, host: string | null, rack: string | null = null): Change => {
  return { type: "broker", id, rack, endpoints: endpoint(host), epoch: id, incarnation: 10 + id };
};
const partition = (leader: number) => ({ leader, leaderEpoch: 0, replicas: [leader === -1 ? 4 : leader], inSyncReplicas: [leader] });

test("brokers have their leases and their parts, and what waits is said", () => {
  const image = applyChanges(emptyImage("cluster"), [
    broker(1, "10.0.0.1", "east"),
    broker(2, "fd00::2"),
    broker(4, null),
    { type: "brokerStopped", id: 4 },
    { type: "topic", name: "t", id: "t", partitions: [1, 1, 2, -1].map(partition), configs: {} },
  ]);
  const lease = (brokerId: number, remainingMs: number, isEnded = false) => ({ brokerId, number: 10 + brokerId, remainingMs, isEnded });
  const { brokers, waiting } = overviewOf(image, [lease(1, 5000), lease(2, -300), lease(3, 8000), lease(4, -9000, true)]);
  expect(
    brokers.map(({ broker: id, address, rack, state, incarnation, leaseRemainingMs, leads, replicas }) => [
      ...[id, address, rack, state, incarnation, leaseRemainingMs, leads, replicas],
    ]),
  ).toEqual([
    [1, "10.0.0.1:9092", "east", "serves", 11, 5000, 2, 2],
    [2, "[fd00::2]:9092", null, "lapsed", 12, -300, 1, 1],
    [3, undefined, null, "starts", 13, 8000, 0, 0],
    [4, "*:9092", null, "gone", 14, undefined, 0, 1],
  ]);
  expect(waiting).toEqual([
    "Broker 2 is silent; 1 partition waits for others to take over.",
    "Broker 3 has a lease and has not registered yet.",
    "A partition has no leader; the next broker that starts leads what it finds so.",
  ]);
});

test("nothing waits where all is well", () => {
  const image = applyChanges(emptyImage("cluster"), [
    broker(1, "a"),
    { type: "topic", name: "t", id: "t", partitions: [partition(1)], configs: {} },
  ]);
  expect(overviewOf(image, [{ brokerId: 1, number: 11, remainingMs: 100, isEnded: false }]).waiting).toEqual([]);
});
