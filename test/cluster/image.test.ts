// Changes fold into images, and a compacted history into the same image.

import { describe, expect, test } from "vitest";
import { applyChanges, type Change, compactChanges, emptyImage, type TopicImage } from "../../src/cluster/image.ts";
import type { PartitionImage } from "../../src/cluster/partition-image.ts";
import { valuesOf } from "../../src/cluster/settings-resource.ts";

const partition = (leader: number, replicas: number[] = [leader]): PartitionImage => ({
  leader,
  leaderEpoch: 0,
  replicas,
  inSyncReplicas: replicas,
});
const topic = (name: string, partitions: PartitionImage[]): TopicImage => ({ name, id: `id-${name}`, partitions, configs: {} });
const broker = (id: number, epoch = id): Change => ({ type: "broker", id, rack: null, endpoints: [], epoch });
const credential: Change = {
  type: "scramCredential",
  user: "u",
  mechanism: 1,
  iterations: 4096,
  salt: "s",
  storedKey: "k",
  serverKey: "v",
};
const acl: Change = {
  type: "acl",
  resourceType: 2,
  resourceName: "t",
  patternType: 3,
  principal: "User:a",
  host: "*",
  operation: 3,
  permission: 3,
};

const token: Change = {
  type: "delegationToken",
  id: "t1",
  owner: { type: "User", name: "a" },
  requester: { type: "User", name: "b" },
  renewers: [{ type: "User", name: "c" }],
  issuedMs: 1,
  expiryMs: 2,
  maxMs: 3,
};

const image = (...changes: Change[]) => applyChanges(emptyImage("c"), changes);

describe("a broker", () => {
  test("that starts raises the leader epochs of its partitions, and of no others", () => {
    const after = image(broker(1), broker(2), { type: "topic", ...topic("t", [partition(1), partition(2)]) }, broker(1, 3));
    expect(after.topicsByName.get("t")?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([1, 0]);
  });

  test("that is removed leaves its partitions to other replicas, or to nobody until it is back", () => {
    const changes: Change[] = [broker(1), broker(2), { type: "topic", ...topic("t", [partition(1, [1, 2]), partition(1)]) }];
    const removed = image(...changes, { type: "brokerRemoved", id: 1 });
    expect(removed.topicsByName.get("t")?.partitions.map(({ leader }) => leader)).toEqual([2, -1]);
    const back = applyChanges(removed, [broker(1, 3)]);
    expect(back.topicsByName.get("t")?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });
});

test("what did not change is shared", () => {
  const before = image(broker(1), { type: "topic", ...topic("a", [partition(1)]) }, credential);
  const after = applyChanges(before, [{ type: "settings", kind: "broker", name: "", values: { a: "1" } }]);
  expect(after.topicsByName).toBe(before.topicsByName);
  expect(after.scramCredentials).toBe(before.scramCredentials);
  expect(valuesOf(after.settings, "broker", "")).toEqual({ a: "1" });
});

test("settings and quotas without values are gone", () => {
  const after = image(
    { type: "settings", kind: "group", name: "g", values: { a: "1" } },
    { type: "settings", kind: "group", name: "g", values: {} },
    { type: "clientQuota", entity: { user: "u" }, values: { producer_byte_rate: 1 } },
    { type: "clientQuota", entity: { user: null }, values: { producer_byte_rate: 2 } },
    { type: "clientQuota", entity: { user: "u" }, values: {} },
  );
  expect(after.settings.size).toBe(0);
  expect([...after.clientQuotas.values()]).toEqual([{ entity: { user: null }, values: { producer_byte_rate: 2 } }]);
});

test("a compacted history folds into the same image", () => {
  const changes: Change[] = [
    broker(1),
    broker(2),
    { type: "topic", ...topic("a", [partition(1)]) },
    { type: "topic", ...topic("b", [partition(2)]) },
    { type: "partitionsAdded", id: "id-a", partitions: [partition(2)] },
    { type: "partition", id: "id-a", index: 0, partition: { ...partition(2), leaderEpoch: 4 } },
    { type: "topicConfigs", id: "id-a", configs: { "retention.ms": "5" } },
    { type: "topicDeleted", id: "id-b" },
    broker(2, 3),
    { type: "settings", kind: "broker", name: "", values: { a: "1" } },
    { type: "clientQuota", entity: { ip: "10.0.0.1" }, values: { connection_creation_rate: 1 } },
    credential,
    { ...credential, mechanism: 2 },
    { type: "scramCredentialDeleted", user: "u", mechanism: 2 },
    acl,
    { ...acl, principal: "User:b" },
    { ...acl, type: "aclDeleted" },
    token,
    { ...token, expiryMs: 3 },
    { ...token, id: "t2" },
    { type: "delegationTokenDeleted", id: "t2" },
    { type: "features", epoch: 3, levels: { "transaction.version": 2 } },
    { type: "producerIds", next: 2000 },
  ];
  expect(image(...compactChanges(changes))).toEqual(image(...changes));
});

test("a compacted history still tells which topics were deleted since the last one, so that their folders are known for theirs", () => {
  const deletion: Change = { type: "topicDeleted", id: "id-b" };
  const changes: readonly Change[] = [
    { type: "topic", ...topic("a", [partition(1)]) },
    { type: "topic", ...topic("b", [partition(1)]) },
    deletion,
  ];
  const compacted = compactChanges(changes, [deletion]);
  expect(compacted).toContainEqual(deletion);
  expect(image(...compacted)).toEqual(image(...changes));
  expect(compactChanges(compacted)).not.toContainEqual(deletion);
});
