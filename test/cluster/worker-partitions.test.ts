// What brokers of worker threads have after another number of them was started.

import { describe, expect, test } from "vitest";
import { applyChanges, type Change, type ClusterImage, compactChanges, emptyImage } from "../../src/cluster/image.ts";
import { goneWorkers, spreadOverWorkers, withoutWorkers } from "../../src/cluster/worker-partitions.ts";

const broker = (id: number, isWorker: boolean): Change => ({ type: "broker", id, rack: null, endpoints: [], epoch: id, isWorker });
const topic = (name: string, replicas: readonly number[][]): Change => ({
  type: "topic",
  name,
  id: `id-${name}`,
  partitions: replicas.map((ids) => ({ leader: ids[0] ?? -1, leaderEpoch: 5, replicas: ids, inSyncReplicas: ids })),
  configs: {},
});
const image = (...changes: Change[]) => applyChanges(emptyImage("c"), changes);
const workers = [broker(1, false), broker(2, true), broker(3, true)];
const replicasOf = (of: ClusterImage, name: string) => of.topicsByName.get(name)?.partitions.map(({ replicas }) => replicas);

describe("fewer workers", () => {
  test("are noticed, also from a shortened history, and brokers that are none are not", () => {
    const before = image(...workers, broker(4, false));
    for (const known of [before, image(...compactChanges([...workers, broker(4, false)]))]) {
      expect(goneWorkers(known, [1, 2])).toEqual([3]);
      expect(goneWorkers(known, [1, 2, 3])).toEqual([]);
    }
    expect(goneWorkers(applyChanges(before, [{ type: "brokerStopped", id: 3 }]), [1])).toEqual([2, 3]);
  });

  test("take over what those that are gone had, in turn, and keep their own", () => {
    const before = image(...workers, topic("t", [[1], [2], [3], [3], [3]]));
    const after = applyChanges(before, withoutWorkers(before, [3], [1, 2]));
    expect(replicasOf(after, "t")).toEqual([[1], [2], [1], [2], [1]]);
    expect(after.topicsByName.get("t")?.partitions[2]).toEqual({ leader: 1, leaderEpoch: 6, replicas: [1], inSyncReplicas: [1] });
    expect(after.topicsByName.get("t")?.partitions[0]?.leaderEpoch).toBe(5);
    expect([...after.brokers.keys()]).toEqual([1, 2]);
  });

  test("hold as many replicas as there are brokers for; a leader that is there stays", () => {
    const before = image(
      ...workers,
      topic("t", [
        [1, 2, 3],
        [2, 3],
        [3, 1],
      ]),
    );
    const after = applyChanges(before, withoutWorkers(before, [3], [1, 2]));
    expect(replicasOf(after, "t")).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
    ]);
    expect(after.topicsByName.get("t")?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])).toEqual([
      [1, 5],
      [2, 5],
      [1, 6],
    ]);
  });

  test("change nothing where none is gone", () => {
    expect(withoutWorkers(image(...workers, topic("t", [[1]])), [], [1, 2, 3])).toEqual([]);
  });
});

describe("further workers", () => {
  test("get their part of every topic, and no more is moved than that takes", () => {
    const before = image(...workers, topic("t", [[1], [1], [2], [1], [2], [2], [1]]));
    const changes = spreadOverWorkers(before, [1, 2, 3]);
    const after = replicasOf(applyChanges(before, changes), "t")?.flat() ?? [];
    expect(changes).toHaveLength(2);
    expect([1, 2, 3].map((id) => after.filter((led) => led === id).length).toSorted()).toEqual([2, 2, 3]);
  });

  test("get their part of topics of one partition", () => {
    const before = image(...workers, ...Array.from({ length: 9 }, (_, index) => topic(`t${index}`, [[1]])));
    const after = applyChanges(before, spreadOverWorkers(before, [1, 2, 3]));
    const led = [...after.topicsByName.values()].map(({ partitions }) => partitions[0]?.leader);
    expect([1, 2, 3].map((id) => led.filter((leader) => leader === id).length)).toEqual([3, 3, 3]);
  });

  test("leave replicated partitions where they are, and all where it is even", () => {
    const before = image(
      ...workers,
      topic("replicated", [
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
      topic("even", [[1], [2], [3]]),
      topic("one", [[2]]),
    );
    expect(spreadOverWorkers(before, [1, 2, 3])).toEqual([]);
  });
});
