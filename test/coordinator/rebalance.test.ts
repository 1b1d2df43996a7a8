import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { GroupBench, protocols, settle } from "./support/group-bench.ts";
import { beat, rejoin, stableGroup, startJoin, stateOf, syncAll, type TestMember } from "./support/groups.ts";

async function pair(bench: GroupBench, body = {}): Promise<[TestMember, TestMember]> {
  const [leader, follower] = await stableGroup(bench, [body, body]);
  if (leader === undefined || follower === undefined) throw new Error("two members");
  return [leader, follower];
}

describe("a round of joins", () => {
  it("starts when a third member joins: the others hear REBALANCE_IN_PROGRESS, rejoin, and the generation moves on", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    const third = await startJoin(bench, {}, { version: 9 });
    expect([beat(bench, leader, 1), beat(bench, follower, 1)]).toEqual([27, 27]);
    const rejoining = [rejoin(bench, leader), rejoin(bench, follower)];
    await settle(bench);
    expect([...rejoining, third].map(({ value }) => value?.generationId)).toEqual([2, 2, 2]);
    expect(third.value).toMatchObject({ leader: leader.memberId, members: [] });
  });

  it.each([
    ["a follower with the same metadata", 1, "range", 1],
    ["a follower with other metadata", 1, "range:other", undefined],
    ["the leader, even with the same metadata", 0, "range", undefined],
  ])("of %s in a stable group", async (_, index, protocol, generation) => {
    const bench = new GroupBench();
    const members = await pair(bench);
    const member = members[index];
    if (member === undefined) throw new Error("a member");
    const [name = "", text] = protocol.split(":");
    const changed = text === undefined ? protocols(name) : [{ name, metadata: Buffer.from(text) }];
    const joining = bench.join({ memberId: member.memberId, protocols: changed }, { version: 5 });
    await settle(bench);
    expect(joining.value?.generationId).toBe(generation);
    expect(await stateOf(bench)).toBe(generation === undefined ? "PreparingRebalance" : "Stable");
  });

  it("drops a dynamic member that does not rejoin within the rebalance timeout, and goes on without it", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench, { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 10_000 });
    const third = await startJoin(bench, { rebalanceTimeoutMs: 10_000 }, { version: 3 });
    const joining = rejoin(bench, follower);
    await bench.clock.advance(9_999);
    expect(third.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: follower.memberId });
    expect(joining.value?.members).toHaveLength(2);
    expect(third.value).toMatchObject({ errorCode: 0, generationId: 2, leader: follower.memberId });
    expect(beat(bench, leader, 2)).toBe(Errors.UNKNOWN_MEMBER_ID);
  });

  it("answers a rejoin of the same member in CompletingRebalance with what it may have missed; other metadata start over", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    rejoin(bench, leader);
    rejoin(bench, follower);
    await settle(bench);
    expect(await stateOf(bench)).toBe("CompletingRebalance");
    expect(rejoin(bench, leader).value).toMatchObject({ errorCode: 0, generationId: 2, members: [{}, {}] });
    expect(rejoin(bench, follower).value).toMatchObject({ errorCode: 0, generationId: 2, members: [] });
    const changed = bench.join({ memberId: follower.memberId, protocols: [{ name: "range", metadata: Buffer.from("x") }] }, { version: 3 });
    await settle(bench);
    expect(changed.value).toBeUndefined();
    expect(await stateOf(bench)).toBe("PreparingRebalance");
  });

  it("removes a new member that waits longer than five minutes in a round", async () => {
    const bench = new GroupBench();
    const [leader] = await stableGroup(bench, [{ sessionTimeoutMs: 1_000_000, rebalanceTimeoutMs: 1_000_000 }]);
    const waiting = await startJoin(bench);
    await bench.clock.advance(299_999);
    expect(waiting.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(waiting.value).toMatchObject({ errorCode: Errors.UNKNOWN_MEMBER_ID });
    expect(leader && beat(bench, leader, 1)).toBe(27);
  });
});

describe("a round of syncs", () => {
  async function completing(bench: GroupBench) {
    const joining = [await startJoin(bench, { sessionTimeoutMs: 60_000 }), await startJoin(bench, { sessionTimeoutMs: 60_000 })];
    await settle(bench);
    return joining.map(({ value }): TestMember => ({ memberId: value?.memberId ?? "", body: {}, ask: { version: 3 } })) as [
      TestMember,
      TestMember,
    ];
  }

  it("lets a follower wait for the leader, and gives each exactly its own bytes; who has none gets none", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    const waiting = bench.sync({ memberId: follower.memberId });
    await settle(bench);
    expect(waiting.value).toBeUndefined();
    const assignments = [
      { memberId: leader.memberId, assignment: Buffer.from([0, 1, 255]) },
      { memberId: "stranger", assignment: Buffer.from("x") },
    ];
    const leading = bench.sync({ memberId: leader.memberId, assignments });
    await settle(bench);
    expect(leading.value).toMatchObject({
      errorCode: 0,
      protocolType: "consumer",
      protocolName: "range",
      assignment: Buffer.from([0, 1, 255]),
    });
    expect(waiting.value).toMatchObject({ errorCode: 0, assignment: Buffer.alloc(0) });
    expect(bench.sync({ memberId: leader.memberId }).value).toMatchObject({ errorCode: 0, assignment: Buffer.from([0, 1, 255]) });
  });

  // In the order in which Kafka checks.
  it.each([
    ["an empty group id", { groupId: "" }, Errors.INVALID_GROUP_ID],
    ["an unknown group", { groupId: "other" }, Errors.UNKNOWN_MEMBER_ID],
    ["an unknown member", { memberId: "nobody", generationId: 9 }, Errors.UNKNOWN_MEMBER_ID],
    ["an unknown instance id", { groupInstanceId: "nobody" }, Errors.UNKNOWN_MEMBER_ID],
    ["another generation", { generationId: 9, protocolName: "sticky" }, Errors.ILLEGAL_GENERATION],
    ["no protocol type", { protocolType: null }, Errors.INCONSISTENT_GROUP_PROTOCOL],
    ["no protocol name", { protocolName: null }, Errors.INCONSISTENT_GROUP_PROTOCOL],
    ["another protocol type", { protocolType: "connect" }, Errors.INCONSISTENT_GROUP_PROTOCOL],
    ["another protocol name", { protocolName: "sticky" }, Errors.INCONSISTENT_GROUP_PROTOCOL],
  ])("refuses %s", async (_, body, errorCode) => {
    const bench = new GroupBench();
    const [leader] = await completing(bench);
    expect(bench.sync({ memberId: leader.memberId, ...body }).value).toMatchObject({
      errorCode,
      protocolType: null,
      protocolName: null,
      assignment: Buffer.alloc(0),
    });
  });

  it("removes a leader that never syncs after the rebalance timeout; who waited hears REBALANCE_IN_PROGRESS", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    const waiting = bench.sync({ memberId: follower.memberId });
    await bench.clock.advance(19_999);
    expect(waiting.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(waiting.value).toMatchObject({ errorCode: Errors.REBALANCE_IN_PROGRESS });
    const rejoining = rejoin(bench, follower);
    await settle(bench);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: follower.memberId });
    expect(beat(bench, leader, 1)).toBe(Errors.UNKNOWN_MEMBER_ID);
  });

  it("is over for everyone when a member joins meanwhile", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    const waiting = bench.sync({ memberId: follower.memberId });
    await startJoin(bench);
    await settle(bench);
    expect(waiting.value).toMatchObject({ errorCode: Errors.REBALANCE_IN_PROGRESS });
    expect(bench.sync({ memberId: leader.memberId, assignments: [] }).value).toMatchObject({ errorCode: Errors.REBALANCE_IN_PROGRESS });
  });

  it.each([
    [Errors.MESSAGE_TOO_LARGE, Errors.UNKNOWN_SERVER_ERROR],
    ["disk", Errors.NOT_COORDINATOR],
  ] as const)("fails for everyone when the assignment cannot be stored (%s), and the group rebalances", async (failure, errorCode) => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    const waiting = bench.sync({ memberId: follower.memberId });
    for (const log of bench.logs) log.failure = failure;
    const leading = bench.sync({ memberId: leader.memberId, assignments: [] });
    await settle(bench);
    expect([leading.value?.errorCode, waiting.value?.errorCode]).toEqual([errorCode, errorCode]);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
    for (const log of bench.logs) log.failure = undefined;
    const rejoining = [rejoin(bench, leader), rejoin(bench, follower)];
    await settle(bench);
    expect(rejoining.map(({ value }) => value?.generationId)).toEqual([2, 2]);
  });

  it("is answered only when the assignment is committed, also to who syncs late", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    for (const log of bench.logs) log.isDurableAtOnce = false;
    const leading = bench.sync({ memberId: leader.memberId, assignments: [{ memberId: follower.memberId, assignment: Buffer.from("f") }] });
    const late = bench.sync({ memberId: follower.memberId });
    await settle(bench);
    expect([leading.value, late.value]).toEqual([undefined, undefined]);
    for (const log of bench.logs) log.makeDurable();
    await settle(bench);
    expect([leading.value?.errorCode, late.value?.assignment.toString()]).toEqual([0, "f"]);
  });

  it("is refused when the commit takes too long, and the group rebalances", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await completing(bench);
    const waiting = bench.sync({ memberId: follower.memberId });
    for (const log of bench.logs) log.isDurableAtOnce = false;
    const leading = bench.sync({ memberId: leader.memberId, assignments: [] });
    await bench.clock.advance(5000);
    expect([leading.value?.errorCode, waiting.value?.errorCode]).toEqual([15, 15]);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
  });
});

describe("a session", () => {
  it("ends exactly at the session timeout after the last heartbeat, not before, and the group rebalances", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench, { sessionTimeoutMs: 10_000 });
    await bench.clock.advance(4000);
    expect(beat(bench, follower, 1)).toBe(0);
    await bench.clock.advance(5000);
    expect(beat(bench, leader, 1)).toBe(0);
    await bench.clock.advance(4999);
    expect(await stateOf(bench)).toBe("Stable");
    expect(beat(bench, leader, 1)).toBe(0);
    await bench.clock.advance(1);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
    expect(beat(bench, leader, 1)).toBe(27);
    expect(beat(bench, follower, 1)).toBe(25);
  });

  it("is kept alive by commits, and by heartbeats during a rebalance", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench, { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 });
    for (let round = 0; round < 3; round++) {
      await bench.clock.advance(9_999);
      bench.commit({ memberId: leader.memberId, generationIdOrMemberEpoch: 1 });
      beat(bench, follower, 1);
    }
    rejoin(bench, leader);
    for (let round = 0; round < 3; round++) {
      await bench.clock.advance(9_999);
      expect(beat(bench, follower, 1)).toBe(27);
    }
    const done = rejoin(bench, follower);
    await settle(bench);
    expect(done.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it("does not end while the member waits for an answer of ours", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench, { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 50_000 });
    const waiting = rejoin(bench, leader);
    for (let round = 0; round < 4; round++) {
      await bench.clock.advance(9_000);
      expect(beat(bench, follower, 1)).toBe(27);
    }
    rejoin(bench, follower);
    await settle(bench);
    expect(waiting.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it("of the last member leaves an empty group of the next generation, which is stored", async () => {
    const bench = new GroupBench();
    await stableGroup(bench, [{}]);
    await bench.clock.advance(10_000);
    expect(await stateOf(bench)).toBe("Empty");
    const after = bench.restarted();
    expect(await stateOf(after)).toBe("Empty");
    const joining = await startJoin(after);
    await settle(after);
    expect(joining.value).toMatchObject({ generationId: 3 });
  });

  it("of the last member is put off while the log refuses to store it", async () => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    for (const log of bench.logs) log.failure = Errors.NOT_ENOUGH_REPLICAS;
    await bench.clock.advance(10_000);
    expect(await stateOf(bench)).toBe("Stable");
    expect(member && beat(bench, member, 1)).toBe(0);
    for (const log of bench.logs) log.failure = undefined;
    await bench.clock.advance(10_000);
    expect(await stateOf(bench)).toBe("Empty");
  });
});

describe("heartbeats", () => {
  it.each([
    ["an empty group id", { groupId: "" }, Errors.INVALID_GROUP_ID],
    ["an unknown group", { groupId: "other" }, Errors.UNKNOWN_MEMBER_ID],
    ["an unknown member", { memberId: "nobody" }, Errors.UNKNOWN_MEMBER_ID],
    ["an unknown instance id", { groupInstanceId: "nobody" }, Errors.UNKNOWN_MEMBER_ID],
    ["another generation", { generationId: 7 }, Errors.ILLEGAL_GENERATION],
  ])("with %s are refused", async (_, body, errorCode) => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    expect(bench.heartbeat({ memberId: member?.memberId ?? "", ...body }).value?.errorCode).toBe(errorCode);
  });

  it("succeed in CompletingRebalance, and while the group is loading", async () => {
    const bench = new GroupBench();
    const joining = await startJoin(bench);
    await settle(bench);
    expect(bench.heartbeat({ memberId: joining.value?.memberId ?? "" }).value?.errorCode).toBe(0);
    for (const log of bench.logs) log.readsLater = true;
    for (const partition of bench.partitions) bench.groups.elected(partition.index, partition);
    expect(bench.heartbeat({ memberId: "any" }).value?.errorCode).toBe(0);
    expect(bench.join().value?.errorCode).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    expect(bench.list().value?.errorCode).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    bench.groups.close();
    expect(bench.heartbeat({ memberId: "any" }).value?.errorCode).toBe(Errors.NOT_COORDINATOR);
  });
});

describe("leaving", () => {
  it("rebalances the rest at once; the last one leaves an empty group", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    expect(bench.leave({ memberId: follower.memberId }, { version: 2 }).value?.errorCode).toBe(0);
    expect(beat(bench, leader, 1)).toBe(27);
    expect(beat(bench, follower, 1)).toBe(25);
    expect(bench.leave({ memberId: leader.memberId }, { version: 0 }).value?.errorCode).toBe(0);
    expect(await stateOf(bench)).toBe("Empty");
    expect(bench.leave({ memberId: leader.memberId }, { version: 0 }).value?.errorCode).toBe(25);
  });

  it("tells each member of a list its own error", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await stableGroup(bench, [{ groupInstanceId: "i1" }, { groupInstanceId: "i2" }], { version: 5 });
    const pending = bench.join({}, { version: 9 }).value?.memberId ?? "";
    const members = [
      { memberId: "nobody" },
      { memberId: "", groupInstanceId: "nobody" },
      { memberId: "" },
      { memberId: "other", groupInstanceId: "i1" },
      { memberId: pending },
      { memberId: "", groupInstanceId: "i2" },
      { memberId: follower?.memberId ?? "", groupInstanceId: "i2" },
    ];
    const left = bench.leave({ members }, { version: 5 }).value;
    expect(left?.errorCode).toBe(0);
    expect(left?.members.map(({ errorCode }) => errorCode)).toEqual([25, 25, 25, 82, 0, 0, 25]);
    expect(left?.members[5]).toMatchObject({ memberId: "", groupInstanceId: "i2" });
    expect(leader && beat(bench, leader, 1)).toBe(27);
  });

  it("of an unknown group is an error of each member, of an empty group id one of the whole", () => {
    const bench = new GroupBench();
    expect(bench.leave({ groupId: "other", members: [{ memberId: "a" }, { memberId: "b" }] }).value).toMatchObject({
      errorCode: 0,
      members: [{ errorCode: 25 }, { errorCode: 25 }],
    });
    expect(bench.leave({ groupId: "other", memberId: "a" }, { version: 1 }).value).toMatchObject({ errorCode: 25 });
    expect(bench.leave({ groupId: "", members: [{ memberId: "a" }] }).value).toMatchObject({ errorCode: 24, members: [] });
  });

  it("answers a join of the leaving member that waits", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    const waiting = rejoin(bench, leader);
    bench.leave({ memberId: leader.memberId }, { version: 1 });
    await settle(bench);
    expect(waiting.value).toMatchObject({ errorCode: 25 });
    const rejoining = rejoin(bench, follower);
    await settle(bench);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: follower.memberId });
  });

  it("of the last member fails, and changes nothing, when it cannot be stored", async () => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    for (const log of bench.logs) log.failure = "disk";
    expect(bench.leave({ members: [{ memberId: member?.memberId ?? "" }] }).value).toMatchObject({
      errorCode: Errors.NOT_COORDINATOR,
      members: [],
    });
    expect(member && beat(bench, member, 1)).toBe(0);
  });
});

describe("when this broker stops leading", () => {
  it("everyone who waits is told NOT_COORDINATOR, and no timer is left to fire", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    const joining = rejoin(bench, leader);
    bench.groups.close();
    await bench.clock.advance(1_000_000_000);
    expect(joining.value).toMatchObject({ errorCode: Errors.NOT_COORDINATOR });
    expect(rejoin(bench, follower).value).toMatchObject({ errorCode: Errors.NOT_COORDINATOR });
    expect(bench.describe(["g"]).value?.groups).toMatchObject([{ errorCode: Errors.NOT_COORDINATOR, groupId: "g" }]);
    expect(bench.list().value).toMatchObject({ errorCode: 0, groups: [] });
  });
});

it("a second round right after the first, as cooperative rebalancing needs it, waits for nothing but its members", async () => {
  const bench = new GroupBench({ settings: { "group.initial.rebalance.delay.ms": 3000 } });
  const joining = [await startJoin(bench), await startJoin(bench)];
  await bench.clock.advance(6000);
  const members = joining.map(({ value }): TestMember => ({ memberId: value?.memberId ?? "", body: {}, ask: { version: 3 } }));
  await syncAll(bench, members, 1);
  const again = members.map((member) => rejoin(bench, member));
  await settle(bench);
  expect(again.map(({ value }) => value?.generationId)).toEqual([2, 2]);
});
