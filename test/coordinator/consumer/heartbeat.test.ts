import { describe, expect, it } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { Member, owning } from "../support/consumer-members.ts";
import { GroupBench, settle, topicId } from "../support/group-bench.ts";

const describeGroup = async (bench: GroupBench, groupId = "g") => (await bench.describeConsumer([groupId]).done).groups[0];

describe("a member of the consumer protocol", () => {
  it("has its assignment in the answer to its first heartbeat", async () => {
    const bench = new GroupBench();
    const answer = await bench.beat({ memberId: "a" }).done;
    expect(answer).toMatchObject({ errorCode: 0, memberId: "a", memberEpoch: 2, heartbeatIntervalMs: 5000 });
    expect(answer.assignment).toEqual({ topicPartitions: [{ topicId: topicId("t"), partitions: [0, 1, 2, 3] }] });
    expect(await describeGroup(bench)).toMatchObject({ groupState: "Stable", groupEpoch: 2, assignmentEpoch: 2, assignorName: "uniform" });
  });

  it("is given partitions only when their holder has given them up", async () => {
    const bench = new GroupBench();
    const a = await Member.joined(bench, "a");
    await bench.clock.advance(1000);
    const b = await Member.joined(bench, "b");
    expect([a.owned, b.owned, b.epoch]).toEqual([["t-0", "t-1", "t-2", "t-3"], [], 3]);
    expect((await describeGroup(bench))?.groupState).toBe("Reconciling");
    const told = await a.say();
    expect([told.memberEpoch, told.assignment?.topicPartitions[0]?.partitions.length]).toEqual([2, 2]);
    await b.beat();
    expect(b.owned).toEqual([]);
    a.owned = (told.assignment?.topicPartitions[0]?.partitions ?? []).map((index) => `t-${index}`);
    await a.beat({ topicPartitions: owning(a.owned) });
    await b.beat();
    expect([a.epoch, b.epoch, [...a.owned, ...b.owned].sort()]).toEqual([3, 3, ["t-0", "t-1", "t-2", "t-3"]]);
    expect((await describeGroup(bench))?.groupState).toBe("Stable");
  });

  it("is removed when it is not heard of in its session", async () => {
    const bench = new GroupBench();
    const a = await Member.joined(bench, "a");
    await bench.clock.advance(1000);
    const b = await Member.joined(bench, "b");
    for (let second = 0; second < 46; second++) {
      await bench.clock.advance(1000);
      await b.beat();
    }
    expect(b.owned).toEqual(["t-0", "t-1", "t-2", "t-3"]);
    await a.beat();
    expect(a.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
  });

  it("is what it was after a restart of the coordinator", async () => {
    const bench = new GroupBench();
    const a = await Member.joined(bench, "a");
    await bench.clock.advance(1000);
    await Member.joined(bench, "b", { instanceId: "i", rackId: "r", subscribedTopicNames: ["t", "u"] });
    await a.beat();
    const before = await describeGroup(bench);
    const restarted = bench.restarted();
    await settle(restarted);
    expect(await describeGroup(restarted)).toEqual(before);
  });
});

it("is assigned by what the broker has when the assignor that its group was stored with is not listed any more", async () => {
  const bench = new GroupBench();
  await Member.joined(bench, "a", { serverAssignor: "range" });
  const restarted = bench.restarted({ settings: { "group.consumer.assignors": "uniform" } });
  await bench.clock.advance(2000);
  const b = await Member.joined(restarted, "b");
  expect(
    (await describeGroup(restarted))?.members.map(({ targetAssignment }) => targetAssignment.topicPartitions[0]?.partitions.length),
  ).toEqual([2, 2]);
  expect(b.errorCode).toBe(0);
});

describe("a subscription by regular expression", () => {
  it("is resolved before the first answer, and anew when topics come", async () => {
    const bench = new GroupBench({ topics: { "a-1": 1, b: 1 } });
    const member = await Member.joined(bench, "m", { subscribedTopicNames: null, subscribedTopicRegex: "a-.*" });
    expect(member.owned).toEqual(["a-1-0"]);
    bench.topics.set("a-2", { id: topicId("a-2"), partitionCount: 1 });
    bench.groups.topicsChanged(["a-2"]);
    await bench.clock.advance(5000);
    await member.beat();
    await settle(bench);
    await new Promise((resolve) => setImmediate(resolve));
    await bench.clock.advance(1000);
    await member.beat();
    expect(member.owned.sort()).toEqual(["a-1-0", "a-2-0"]);
  });
});
