// Who leads what when workers or machines come and go.

import { describe, expect, test } from "vitest";
import { applyChanges, type Change, type ClusterImage, compactChanges, emptyImage } from "../../src/cluster/image.ts";
import { fairParts, goneWorkers, newLeaders, partOf, withoutBrokers } from "../../src/cluster/leaderships.ts";

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
    const after = applyChanges(before, withoutBrokers(before, [3], [1, 2]));
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
    const after = applyChanges(before, withoutBrokers(before, [3], [1, 2]));
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
    expect(withoutBrokers(image(...workers, topic("t", [[1]])), [], [1, 2, 3])).toEqual([]);
  });
});

describe("further workers", () => {
  test("get their part of every topic, and no more is moved than that takes", () => {
    const before = image(...workers, topic("t", [[1], [1], [2], [1], [2], [2], [1]]));
    const changes = fairParts(before, [1, 2, 3]);
    const after = replicasOf(applyChanges(before, changes), "t")?.flat() ?? [];
    expect(changes).toHaveLength(2);
    expect([1, 2, 3].map((id) => after.filter((led) => led === id).length).toSorted()).toEqual([2, 2, 3]);
  });

  test("get their part of topics of one partition", () => {
    const before = image(...workers, ...Array.from({ length: 9 }, (_, index) => topic(`t${index}`, [[1]])));
    const after = applyChanges(before, fairParts(before, [1, 2, 3]));
    const led = [...after.topicsByName.values()].map(({ partitions }) => partitions[0]?.leader);
    expect([1, 2, 3].map((id) => led.filter((leader) => leader === id).length)).toEqual([3, 3, 3]);
  });

  test("lead their part of replicated partitions, as the first of the replicas", () => {
    const before = image(
      ...workers,
      topic(
        "t",
        [
          [1, 2],
          [1, 2],
          [1, 3],
        ].map((ids) => [...ids]),
      ),
    );
    const after = applyChanges(before, fairParts(before, [1, 2, 3]));
    expect(
      replicasOf(after, "t")
        ?.map(([first]) => first)
        .toSorted(),
    ).toEqual([1, 2, 3]);
    expect(replicasOf(after, "t")?.every((ids) => ids.length === 2)).toBe(true);
  });

  test("get nothing where it is even", () => {
    const before = image(...workers, topic("even", [[1], [2], [3]]), topic("one", [[2]]));
    expect(fairParts(before, [1, 2, 3])).toEqual([]);
  });
});

const machines = [broker(1, false), broker(2, false), broker(3, false)];
const partitionsOf = (of: ClusterImage, name = "t") => of.topicsByName.get(name)?.partitions ?? [];
const leadersOf = (of: ClusterImage, name = "t") => partitionsOf(of, name).map(({ leader }) => leader);
/** Goes as a machine does: with new leaders in the same unit. */
const without = (before: ClusterImage, ...ids: number[]) => {
  const gone = applyChanges(
    before,
    ids.map((id): Change => ({ type: "brokerStopped", id })),
  );
  return applyChanges(gone, newLeaders(gone));
};
const withMachine = (before: ClusterImage, id: number) => {
  const joined = applyChanges(before, [{ ...broker(id, false), epoch: 9 } as Change]);
  const led = applyChanges(joined, newLeaders(joined));
  return applyChanges(led, partOf(led, id));
};

describe("a machine that goes", () => {
  test("is followed by replicas that are there, as on Kafka, without a change of replicas", () => {
    const before = image(
      ...machines,
      topic(
        "t",
        [
          [1, 2, 3],
          [2, 3, 1],
          [3, 1, 2],
        ].map((ids) => [...ids]),
      ),
    );
    const after = without(before, 1);
    expect(leadersOf(after)).toEqual([2, 2, 3]);
    expect(replicasOf(after, "t")).toEqual(replicasOf(before, "t"));
    expect(partitionsOf(after)[0]).toEqual({ leader: 2, leaderEpoch: 6, replicas: [1, 2, 3], inSyncReplicas: [2, 3] });
    expect(partitionsOf(after)[1]?.leaderEpoch).toBe(5);
  });

  test("has its places taken where it was the last replica, in turn, by those that lead least", () => {
    const before = image(...machines, topic("t", [[1], [1], [1], [1], [2]]));
    const after = without(before, 1);
    expect(leadersOf(after).toSorted()).toEqual([2, 2, 2, 3, 3]);
    expect(
      partitionsOf(after).every(
        ({ leader, replicas, inSyncReplicas }) => `${replicas}` === `${leader}` && `${inSyncReplicas}` === `${leader}`,
      ),
    ).toBe(true);
  });

  test("is led in by a replica that had been away, too: all have the bytes", () => {
    const nobody = { leader: -1, leaderEpoch: 5, replicas: [1, 2], inSyncReplicas: [1] };
    const before = image(broker(2, false), { type: "topic", name: "t", id: "id-t", partitions: [nobody], configs: {} });
    const after = applyChanges(before, newLeaders(before));
    expect(partitionsOf(after)).toEqual([{ leader: 2, leaderEpoch: 6, replicas: [1, 2], inSyncReplicas: [2] }]);
  });

  test("has its place taken, not that of a replica that went before it", () => {
    const before = image(...machines, topic("t", [[1, 2]]));
    expect(partitionsOf(without(before, 1, 2))[0]).toMatchObject({ leader: 3, replicas: [3, 1], inSyncReplicas: [3] });
  });

  test("and does not come back is a replica no more once another has come, so that enough are in sync", () => {
    const before = image(...machines, topic("t", [[1, 2, 3]]));
    const replaced = withMachine(without(withMachine(without(before, 1), 4), 3), 5);
    expect(partitionsOf(replaced)[0]?.replicas.toSorted()).toEqual([2, 4, 5]);
    expect(partitionsOf(replaced)[0]?.inSyncReplicas.toSorted()).toEqual([2, 4, 5]);
  });

  test("as the last of all leaves partitions without a leader, which the next that comes leads, whoever it is", () => {
    const before = image(...machines, topic("t", [[1], [2, 3], [3]]));
    const none = without(before, 1, 2, 3);
    expect(leadersOf(none)).toEqual([-1, -1, -1]);
    expect(leadersOf(withMachine(none, 7))).toEqual([7, 7, 7]);
    const back = withMachine(none, 2);
    expect(leadersOf(back)).toEqual([2, 2, 2]);
    expect(replicasOf(back, "t")).toEqual([[2], [2, 3], [2]]);
  });
});

describe("a machine that comes", () => {
  test("leads again what it is the preferred leader of", () => {
    const before = image(
      ...machines,
      topic(
        "t",
        [
          [1, 2],
          [2, 1],
          [1, 3],
        ].map((ids) => [...ids]),
      ),
    );
    const back = withMachine(without(before, 1), 1);
    expect(leadersOf(back)).toEqual(leadersOf(before));
    expect(replicasOf(back, "t")).toEqual(replicasOf(before, "t"));
    expect(partitionsOf(back).every(({ replicas, inSyncReplicas }) => replicas.length === inSyncReplicas.length)).toBe(true);
  });

  test("gets its fair part of every topic, as first replica, from those that have most, and the others keep what they have", () => {
    const before = image(
      ...machines,
      topic(
        "t",
        Array.from({ length: 12 }, (_, index) => [1 + (index % 3)]),
      ),
    );
    const after = withMachine(before, 4);
    const moved = leadersOf(after).filter((leader, index) => leader !== leadersOf(before)[index]);
    expect(moved).toEqual([4, 4, 4]);
    expect([1, 2, 3].map((id) => leadersOf(after).filter((leader) => leader === id).length)).toEqual([3, 3, 3]);
  });

  test("gets its part of many topics of one partition, and keeps their factors", () => {
    const before = image(
      ...machines,
      ...Array.from({ length: 12 }, (_, index) => topic(`t${index}`, [[1 + (index % 3), 1 + ((index + 1) % 3)]])),
    );
    const after = withMachine(before, 4);
    const leaders = [...after.topicsByName.values()].map(({ partitions }) => partitions[0]);
    expect(leaders.filter((partition) => partition?.leader === 4)).toHaveLength(3);
    expect(leaders.every((partition) => partition?.replicas.length === 2 && partition.replicas[0] === partition.leader)).toBe(true);
  });

  test("and goes again and again finds every partition with a leader, and whole lists of replicas", () => {
    const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    let state = seed;
    const below = (limit: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % limit;
    };
    let now = image(...machines);
    for (let name = 0; name < 6; name++) {
      const factor = 1 + below(3);
      const spread = Array.from({ length: 1 + below(20) }, (_, index) => Array.from({ length: factor }, (_, at) => 1 + ((index + at) % 3)));
      now = applyChanges(now, [topic(`t${name}`, spread)]);
    }
    for (let step = 0; step < 40; step++) {
      const id = 1 + below(5);
      now = now.brokers.has(id) ? without(now, id) : withMachine(now, id);
      for (const { name, partitions } of now.topicsByName.values()) {
        for (const { leader, replicas, inSyncReplicas } of partitions) {
          const at = `seed ${seed}, step ${step}, ${name}`;
          expect([at, leader === -1 || now.brokers.has(leader)]).toEqual([at, true]);
          expect([at, now.brokers.size === 0 || leader !== -1]).toEqual([at, true]);
          expect([at, new Set(replicas).size]).toEqual([at, replicas.length]);
          expect([at, leader === -1 || inSyncReplicas.includes(leader)]).toEqual([at, true]);
          expect([at, inSyncReplicas.every((replica) => replicas.includes(replica))]).toEqual([at, true]);
        }
      }
    }
  });
});
