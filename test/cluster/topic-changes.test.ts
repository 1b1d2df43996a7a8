// Which topics a unit of changes makes, deletes or gives another shape, and how the group coordinator looks at topics.

import { describe, expect, test } from "vitest";
import { ImageTopics } from "../../src/broker/image-topics.ts";
import { applyChanges, type Change, type ClusterImage, emptyImage } from "../../src/cluster/image.ts";
import type { PartitionImage } from "../../src/cluster/partition-image.ts";
import { topicChanges } from "../../src/cluster/topic-changes.ts";

const partition = (...replicas: number[]): PartitionImage => ({
  leader: replicas[0] ?? -1,
  leaderEpoch: 0,
  replicas,
  inSyncReplicas: replicas,
});
const topicOf = (id: string, name: string, ...partitions: PartitionImage[]): Change => ({
  type: "topic",
  name,
  id,
  partitions,
  configs: {},
});
const topic = (name: string, ...partitions: PartitionImage[]) => topicOf(`id-${name}`, name, ...partitions);
const broker = (id: number, rack: string | null): Change => ({ type: "broker", id, rack, endpoints: [], epoch: id });

const before = applyChanges(emptyImage("c"), [
  broker(1, "b"),
  broker(2, "a"),
  broker(3, "b"),
  broker(4, null),
  topic("t", partition(1, 2), partition(3)),
  topic("u", partition(2)),
  topic("v", partition(4)),
]);

function changed(...changes: Change[]) {
  return topicChanges(changes, applyChanges(before, changes), before);
}

const nothing = { deleted: [], reshaped: [] };
const moved = (replicas: PartitionImage): Change => ({ type: "partition", id: "id-t", index: 1, partition: replicas });

describe("topics that a unit of changes concerns", () => {
  const cases: readonly [string, readonly Change[], { deleted: string[]; reshaped: string[] }][] = [
    ["one is made", [topic("w", partition(1))], { deleted: [], reshaped: ["w"] }],
    ["one is deleted", [{ type: "topicDeleted", id: "id-t" }], { deleted: ["t"], reshaped: ["t"] }],
    [
      "one is deleted and made anew",
      [{ type: "topicDeleted", id: "id-u" }, topicOf("id-2", "u", partition(2))],
      { deleted: [], reshaped: ["u"] },
    ],
    ["one comes and goes", [topic("w", partition(1)), { type: "topicDeleted", id: "id-w" }], nothing],
    ["one gets partitions", [{ type: "partitionsAdded", id: "id-u", partitions: [partition(1)] }], { deleted: [], reshaped: ["u"] }],
    ["a partition moves to another rack", [moved(partition(2))], { deleted: [], reshaped: ["t"] }],
    ["a partition moves within its rack", [moved(partition(1))], nothing],
    ["a partition gets another leader", [moved({ ...partition(3), leader: -1, leaderEpoch: 9 })], nothing],
    ["settings of a topic are altered", [{ type: "topicConfigs", id: "id-t", configs: { "retention.ms": "1" } }], nothing],
    ["a broker stops", [{ type: "brokerStopped", id: 2 }], nothing],
    ["a broker is back in its rack", [{ type: "brokerStopped", id: 2 }, broker(2, "a")], nothing],
    ["a broker is back in another rack", [{ type: "brokerStopped", id: 2 }, broker(2, "z")], { deleted: [], reshaped: ["t", "u"] }],
    ["a broker is back without its rack", [broker(3, null)], { deleted: [], reshaped: ["t"] }],
    ["a broker is gone for good", [{ type: "brokerRemoved", id: 2 }], { deleted: [], reshaped: ["t", "u"] }],
    ["a broker without a rack is gone for good", [{ type: "brokerRemoved", id: 4 }], nothing],
    ["a broker is new", [broker(5, "c")], nothing],
  ];
  test.each(cases)("%s", (_, changes, expected) => {
    const { deleted, reshaped } = changed(...changes);
    expect({ deleted, reshaped: reshaped.toSorted() }).toEqual(expected);
  });

  test("are found without looking at those that it does not name", () => {
    const change = moved(partition(2));
    const image = applyChanges(before, [change]);
    const refused = () => {
      throw new Error("looked at all topics");
    };
    const unlisted = (whole: ClusterImage): ClusterImage => {
      const topicsByName = new Map(whole.topicsByName);
      const listing = { keys: refused, values: refused, entries: refused, forEach: refused, [Symbol.iterator]: refused };
      return { ...whole, topicsByName: Object.assign(topicsByName, listing) };
    };
    expect(topicChanges([change], unlisted(image), unlisted(before)).reshaped).toEqual(["t"]);
  });
});

describe("topics as the group coordinator sees them", () => {
  let image = before;
  const topics = new ImageTopics(() => image);

  test("are known by name and by id", () => {
    expect([...topics.names()]).toEqual(["t", "u", "v"]);
    expect([topics.idOf("t"), topics.nameOf("id-t")]).toEqual(["id-t", "t"]);
    expect([topics.partitionCount("t"), topics.partitionCountOf("id-t")]).toEqual([2, 2]);
    expect([topics.partitionCount("x"), topics.partitionCountOf("id-x"), topics.nameOf("id-x")]).toEqual([undefined, undefined, undefined]);
  });

  test("have the racks of their replicas, one for each, in order, also of brokers that are not there for now", () => {
    image = applyChanges(before, [{ type: "brokerStopped", id: 1 }]);
    const racks = (id: string, index: number) => topics.racks(id, index);
    expect(racks("id-t", 0)).toEqual(["a", "b"]);
    expect(racks("id-t", 1)).toEqual(["b"]);
    expect([racks("id-v", 0), racks("id-t", 2), racks("id-x", 0)]).toEqual([[], [], []]);
    image = applyChanges(image, [broker(1, "c"), topic("w", partition(3, 2, 3))]);
    expect([racks("id-t", 0), racks("id-w", 0)]).toEqual([
      ["a", "c"],
      ["a", "b", "b"],
    ]);
  });
});
