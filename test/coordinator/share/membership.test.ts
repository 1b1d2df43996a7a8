// Members of share groups and what they are given, over time: sessions, the state of partitions, targets, what is loaded (KIP-932). What single
// requests are answered is held to Apache Kafka in ../consumer-group-answers.test.ts.

import { expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { GroupBench, settle, topicId } from "../support/group-bench.ts";

/** What it was told to have, by the names of topics; "": as before. */
function told(
  answer:
    | { readonly assignment: { readonly topicPartitions: readonly { topicId: string; partitions: readonly number[] }[] } | null }
    | undefined,
) {
  if (answer?.assignment == null) return "";
  return answer.assignment.topicPartitions.map((each) => `${nameOf(each.topicId)} ${each.partitions.join()}`).join("; ") || "nothing";
}

function nameOf(id: string): string {
  return Buffer.from(id, "base64url").toString().replaceAll(".", "");
}

const KAFKAS = { "group.share.assignment.interval.ms": 0, "odradek.group.share.change.heartbeat.interval.ms": -1 };

async function served(settings: ConstructorParameters<typeof GroupBench>[0] = { settings: KAFKAS }): Promise<GroupBench> {
  const bench = new GroupBench(settings);
  bench.beatShare({});
  await settle(bench);
  expect(told(bench.beatShare({ memberEpoch: 2 }).value)).toBe("t 0,1,2,3");
  return bench;
}

test("partitions are given once their state has begun", async () => {
  const bench = new GroupBench({ settings: KAFKAS });
  const letGo = bench.shareStates.hold();
  const first = bench.beatShare({}).value;
  expect([first?.memberEpoch, told(first)]).toEqual([2, "nothing"]);
  await settle(bench);
  expect(told(bench.beatShare({ memberEpoch: 2 }).value)).toBe("");
  expect(bench.shareStates.asked).toEqual([0, 1, 2, 3].map((partition) => `initialize g t:${partition} at -1 epoch 2`));
  letGo();
  await settle(bench);
  const next = bench.beatShare({ memberEpoch: 2 }).value;
  expect([next?.memberEpoch, told(next)]).toEqual([3, "t 0,1,2,3"]);
  expect(bench.shareStates.asked).toHaveLength(4);
});

test("state that could not begin is asked for again by the next heartbeat", async () => {
  const bench = new GroupBench({ settings: KAFKAS });
  bench.shareStates.refusal = { error: Errors.COORDINATOR_NOT_AVAILABLE, message: "nobody is there" };
  bench.beatShare({});
  await settle(bench);
  expect(bench.lines.some((line) => line.includes("did not begin"))).toBe(true);
  bench.shareStates.refusal = undefined;
  expect(told(bench.beatShare({ memberEpoch: 2 }).value)).toBe("");
  await settle(bench);
  expect(told(bench.beatShare({ memberEpoch: 2 }).value)).toBe("t 0,1,2,3");
  expect(bench.shareStates.asked).toHaveLength(8);
});

test("a coordinator that takes over asks again for what was about to begin, and not for what has", async () => {
  const bench = new GroupBench({ settings: KAFKAS, topics: { t: 1, u: 1 } });
  bench.beatShare({});
  await settle(bench);
  bench.shareStates.hold();
  bench.beatShare({ memberEpoch: 2, subscribedTopicNames: ["t", "u"] });
  const next = bench.restarted({ settings: KAFKAS, topics: { t: 1, u: 1 } });
  const letGo = next.shareStates.hold();
  next.shareStates.asked.length = 0;
  expect(told(next.beatShare({ memberEpoch: 3 }).value)).toBe("");
  letGo();
  await settle(next);
  expect(next.shareStates.asked).toEqual(["initialize g u:0 at -1 epoch 3"]);
  expect(told(next.beatShare({ memberEpoch: 3 }).value)).toBe("t 0; u 0");
});

test("a member that is silent for the session timeout is removed, and its partitions go to the others", async () => {
  const bench = await served({ settings: KAFKAS, topics: { t: 4 } });
  bench.beatShare({ memberId: "n" });
  bench.groupConfigs.set("g", { "share.session.timeout.ms": "50000" });
  expect(told(bench.beatShare({ memberEpoch: 3 }).value)).not.toBe("t 0,1,2,3");
  await bench.clock.advance(45_000);
  expect(bench.describeShare().value?.groups[0]?.members.map(({ memberId }) => memberId)).toEqual(["m"]);
  expect(told(bench.beatShare({ memberEpoch: 4 }).value)).toBe("t 0,1,2,3");
  await bench.clock.advance(49_999);
  expect(bench.describeShare().value?.groups[0]?.groupState).toBe("Stable");
  await bench.clock.advance(1);
  expect(bench.describeShare().value?.groups[0]).toMatchObject({ groupState: "Empty", groupEpoch: 6, members: [] });
});

test("after a load members have a session again, and are what they were", async () => {
  const bench = await served();
  const before = bench.describeShare().value;
  const next = bench.restarted({ settings: KAFKAS });
  expect(next.describeShare().value).toEqual(before);
  const answer = next.beatShare({ memberEpoch: 3 }).value;
  expect([answer?.memberEpoch, told(answer)]).toEqual([3, ""]);
  await next.clock.advance(45_000);
  expect(next.describeShare().value?.groups[0]?.groupState).toBe("Empty");
});

test("a topic that is deleted is forgotten, and one of its name is another", async () => {
  const bench = await served();
  bench.topics.delete("t");
  bench.groups.topicsChanged(["t"]);
  bench.groups.topicsDeleted(["t"]);
  expect(told(bench.beatShare({ memberEpoch: 3 }).value)).toBe("nothing");
  bench.topics.set("t", { id: topicId("t2"), partitionCount: 1 });
  bench.groups.topicsChanged(["t"]);
  bench.beatShare({ memberEpoch: 4 });
  await settle(bench);
  expect(told(bench.beatShare({ memberEpoch: 5 }).value)).toBe("t2 0");
});

test("share.assignment.interval.ms: a target is computed that long after the one before, for all that has changed by then", async () => {
  const bench = new GroupBench({ settings: { ...KAFKAS, "group.share.assignment.interval.ms": 2000 } });
  bench.beatShare({});
  await settle(bench);
  await bench.clock.advance(1999);
  expect(told(bench.beatShare({ memberEpoch: 2 }).value)).toBe("");
  expect(bench.describeShare().value?.groups[0]).toMatchObject({ groupState: "Stable", groupEpoch: 3, assignmentEpoch: 2 });
  const other = bench.beatShare({ memberId: "n" }).value;
  expect([other?.memberEpoch, told(other)]).toEqual([2, "nothing"]);
  await bench.clock.advance(1);
  expect(told(bench.beatShare({ memberEpoch: 2 }).value).split(" ")[1]).toHaveLength("0,1".length);
});

test("members of a group that has changed are asked to be heard of soon, and ever more rarely", async () => {
  const bench = new GroupBench({ settings: { ...KAFKAS, "odradek.group.share.change.heartbeat.interval.ms": 200 } });
  expect(bench.beatShare({}).value?.heartbeatIntervalMs).toBe(200);
  bench.shareStates.hold();
  await settle(bench);
  expect(bench.beatShare({ memberEpoch: 2 }).value?.heartbeatIntervalMs).toBe(5000);
  bench.beatShare({ memberEpoch: 3, subscribedTopicNames: ["u"] });
  await bench.clock.advance(4000);
  expect(bench.beatShare({ memberEpoch: 4 }).value?.heartbeatIntervalMs).toBe(1000);
});

test("a group without members stays for as long as nobody deletes it", async () => {
  const bench = await served();
  bench.beatShare({ memberEpoch: -1 });
  await bench.clock.advance(30 * 24 * 3_600_000);
  expect(bench.list().value?.groups).toEqual([{ groupId: "g", protocolType: "share", groupState: "Empty", groupType: "share" }]);
  expect((await bench.deleteGroups("g").done).results).toEqual([{ groupId: "g", errorCode: 0 }]);
  expect(bench.list().value?.groups).toEqual([]);
  expect(bench.shareStates.states.size).toBe(0);
});

test("a group whose state cannot be removed is not deleted", async () => {
  const bench = await served();
  bench.beatShare({ memberEpoch: -1 });
  bench.shareStates.refusal = { error: Errors.NOT_COORDINATOR, message: "" };
  expect((await bench.deleteGroups("g").done).results).toEqual([{ groupId: "g", errorCode: Errors.NOT_COORDINATOR }]);
  expect(bench.list().value?.groups).toHaveLength(1);
  bench.shareStates.refusal = undefined;
  expect((await bench.deleteGroups("g").done).results).toEqual([{ groupId: "g", errorCode: 0 }]);
  expect(bench.restarted().list().value?.groups).toEqual([]);
});

test("whoever runs the broker has a group rebalance, members removed, and sees what is waited for", async () => {
  const bench = await served();
  expect(bench.groups.obstacles("g")).toEqual([]);
  await bench.groups.rebalance("g");
  expect(bench.groups.obstacles("g")[0]).toMatch(/^it is at epoch 4, and who is to have what was computed for epoch 3/);
  expect(bench.groups.summary("g")).toMatchObject({ kind: "share", state: "Stable", epoch: 4, targetEpoch: 3, assignor: "simple" });
  expect(await bench.groups.expire("g", ["m"])).toBe(Errors.NONE);
  expect(bench.groups.summary("g")).toMatchObject({ state: "Empty", members: [] });
});
