// What becomes of partitions that the metadata does not know, and of metadata of which parts are lost: pure decisions.

import { describe, expect, test } from "vitest";
import { adoptedConfigs, adoptionChanges, adoptionFault, foundTopics, raisedProducerIds } from "../../src/cluster/adoption.ts";
import { applyChanges, type Change, type ClusterImage, emptyImage } from "../../src/cluster/image.ts";
import type { PartitionImage } from "../../src/cluster/partition-image.ts";
import { raisedChanges, salvageChanges } from "../../src/cluster/salvage.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";

const led: PartitionImage = { leader: 1, leaderEpoch: 4, replicas: [1], inSyncReplicas: [1] };
const topic = (name: string, id: string, count: number): Change => ({
  type: "topic",
  name,
  id,
  partitions: Array(count).fill(led),
  configs: {},
});
const broker = (id: number): Change => ({ type: "broker", id, rack: null, endpoints: [], epoch: 1 });
const imageOf = (...changes: Change[]): ClusterImage => applyChanges(emptyImage("c"), changes);

const image = imageOf(broker(1), broker(2), topic("orders", "A", 2));

test("stored partitions are gathered by topic", () => {
  const stored = [
    { topic: "a", partition: 1, topicId: "A" },
    { topic: "b", partition: 0, topicId: undefined },
    { topic: "a", partition: 0, topicId: "A" },
  ];
  expect(foundTopics(stored)).toEqual([
    { name: "a", ids: ["A"], partitions: [0, 1] },
    { name: "b", ids: [], partitions: [0] },
  ]);
});

describe("a topic", () => {
  test.each<[string, Parameters<typeof adoptionFault>[1], string | undefined]>([
    ["of an unused name is adopted", { name: "new", ids: ["B"], partitions: [0, 1, 2] }, undefined],
    ["whose logs do not say their id is adopted", { name: "new", ids: [], partitions: [0] }, undefined],
    ["gets partitions back that follow its others", { name: "orders", ids: ["A"], partitions: [2, 3] }, undefined],
    ["is refused when another has its name", { name: "orders", ids: ["B"], partitions: [0] }, "another topic of this name, with the id A"],
    ["that says no id is refused when one has its name", { name: "orders", ids: [], partitions: [0] }, "another topic of this name"],
    ["is refused when its id is another's", { name: "new", ids: ["A"], partitions: [0] }, "the topic orders has its id A"],
    ["is refused when the logs are of several", { name: "new", ids: ["B", "C"], partitions: [0, 0] }, "2 topics of this name"],
    ["is refused when a log comes twice", { name: "new", ids: ["B"], partitions: [0, 1, 1] }, "several logs of its partition 1"],
    ["is refused when a partition is there", { name: "orders", ids: ["A"], partitions: [1, 2] }, "its partition 1 is there already"],
    ["is refused when a partition is missing", { name: "new", ids: ["B"], partitions: [0, 2] }, "partition 1 of it is missing"],
    ["is refused when partitions are missing", { name: "new", ids: ["B"], partitions: [2, 4] }, "partitions 0, 1, 3 of it are missing"],
    ["is refused for a name that no topic can have", { name: "..", ids: ["B"], partitions: [0] }, "its name is no topic's"],
  ])("%s", (_, found, fault) => {
    const said = adoptionFault(image, found, { isFilling: false });
    if (fault === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(fault);
  });

  test("with missing partitions is adopted where they may be empty", () => {
    expect(adoptionFault(image, { name: "new", ids: ["B"], partitions: [1] }, { isFilling: true })).toBeUndefined();
  });

  test("comes back with its id, the epochs of its logs and no retention, and no producer id is given again", () => {
    const logs = [
      { partition: 0, leaderEpoch: 7, nextProducerId: 0 },
      { partition: 2, leaderEpoch: -1, nextProducerId: 4001 },
    ];
    const configs = adoptedConfigs("new", brokerConfig());
    const after = applyChanges(image, adoptionChanges(image, { name: "new", id: "B", configs, logs }, 9));
    expect(after.topicsById.get("B")).toEqual({
      name: "new",
      id: "B",
      configs: { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" },
      partitions: [
        { leader: -1, leaderEpoch: 7, replicas: [1], inSyncReplicas: [1] },
        { leader: -1, leaderEpoch: 0, replicas: [2], inSyncReplicas: [2] },
        { leader: -1, leaderEpoch: 0, replicas: [1], inSyncReplicas: [1] },
      ],
    });
    expect(after.nextProducerId).toBe(4001);
    const started = applyChanges(after, [broker(1)]);
    expect(started.topicsById.get("B")?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 8 });
  });

  test("that is there is extended, and a cluster without brokers gets the folder's", () => {
    const logs = [{ partition: 2, leaderEpoch: 3, nextProducerId: 0 }];
    const adoption = { name: "orders", id: "A", configs: {}, logs };
    expect(applyChanges(image, adoptionChanges(image, adoption, 9)).topicsById.get("A")?.partitions).toHaveLength(3);
    const alone = adoptionChanges(imageOf(), { ...adoption, logs: [{ partition: 0, leaderEpoch: 3, nextProducerId: 0 }] }, 9);
    expect(alone).toMatchObject([{ type: "topic", partitions: [{ replicas: [9] }] }]);
  });

  test("of the brokers' own has the settings that they give it", () => {
    expect(adoptedConfigs("__consumer_offsets", brokerConfig())).toMatchObject({ "cleanup.policy": "compact" });
  });
});

test("a history of which units are lost is applied as far as it can be", () => {
  const units: Change[][] = [
    [broker(1), topic("a", "A", 1)],
    [{ type: "topicConfigs", id: "lost", configs: {} }],
    [{ type: "partition", id: "A", index: 5, partition: led }],
    [
      { type: "topicDeleted", id: "lost" },
      { type: "partitionsAdded", id: "A", partitions: [led] },
    ],
    [topic("a", "B", 1)],
    [{ type: "producerIds", next: 2000 }],
  ];
  const salvaged = imageOf(...salvageChanges(units));
  expect([...salvaged.topicsById.keys()]).toEqual(["B"]);
  expect(salvaged.topicsByName.get("a")?.id).toBe("B");
  expect(salvaged.nextProducerId).toBe(2000);
});

test("what logs know better than salvaged metadata is raised, producer ids beyond all that may have been given", () => {
  const logs = [
    { topicId: "A", partition: 0, leaderEpoch: 9, nextProducerId: 5001 },
    { topicId: "A", partition: 1, leaderEpoch: 2, nextProducerId: 0 },
  ];
  const after = applyChanges(image, raisedChanges(image, logs, 7));
  expect(after.topicsById.get("A")?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([9, 4]);
  expect(after.nextProducerId).toBe(5001 + 7000 + 1_000_000);
  expect(raisedProducerIds(image, [])).toEqual([]);
});
