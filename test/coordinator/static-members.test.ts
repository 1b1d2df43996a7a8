import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { commitOf, GroupBench, protocols, settle } from "./support/group-bench.ts";
import { beat, rejoin, stableGroup, stateOf, type TestMember } from "./support/groups.ts";

async function pair(bench: GroupBench): Promise<[TestMember, TestMember]> {
  const [leader, follower] = await stableGroup(bench, [{ groupInstanceId: "leader" }, { groupInstanceId: "follower" }], { version: 9 });
  if (leader === undefined || follower === undefined) throw new Error("two members");
  return [leader, follower];
}

describe("a static member", () => {
  it("needs no round trip for an id, and has one that begins with its instance id", async () => {
    const bench = new GroupBench();
    const [leader] = await pair(bench);
    expect(leader.memberId).toMatch(/^leader-[0-9a-f]{8}-/);
  });

  it("comes back without a rebalance: same generation and assignment, under a new id that fences the old one", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    const back = bench.join({ groupInstanceId: "follower" }, { version: 9, clientId: "anew" });
    await settle(bench);
    const memberId = back.value?.memberId ?? "";
    expect(memberId).not.toBe(follower.memberId);
    expect(back.value).toMatchObject({ errorCode: 0, generationId: 1, leader: leader.memberId, members: [], skipAssignment: false });
    expect(await stateOf(bench)).toBe("Stable");
    const synced = bench.sync({ memberId, groupInstanceId: "follower" });
    expect(synced.value).toMatchObject({ errorCode: 0, assignment: Buffer.from("1") });
    const old = { memberId: follower.memberId, groupInstanceId: "follower" };
    expect(bench.heartbeat({ ...old }).value?.errorCode).toBe(Errors.FENCED_INSTANCE_ID);
    expect(bench.heartbeat({ memberId: follower.memberId }).value?.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
    expect(bench.sync({ ...old }).value?.errorCode).toBe(Errors.FENCED_INSTANCE_ID);
    expect(bench.join({ ...old }).value).toMatchObject({ errorCode: Errors.FENCED_INSTANCE_ID, memberId: follower.memberId });
    expect(bench.leave({ members: [old] }).value?.members).toMatchObject([{ errorCode: Errors.FENCED_INSTANCE_ID }]);
    expect(bench.commit({ ...old, generationIdOrMemberEpoch: 1, topics: commitOf("t", { 0: 1 }) }).value).toMatchObject({
      topics: [{ partitions: [{ errorCode: Errors.FENCED_INSTANCE_ID }] }],
    });
    const after = bench.restarted();
    expect(after.heartbeat({ memberId, groupInstanceId: "follower" }).value?.errorCode).toBe(0);
    expect((await after.describe(["g"]).done).groups[0]?.members[1]).toMatchObject({
      memberId,
      clientId: "anew",
      memberAssignment: Buffer.from("1"),
    });
  });

  it("that leads is told to skip the assignment, or, where the version cannot say so, that the former id leads", async () => {
    const bench = new GroupBench();
    await pair(bench);
    const newer = await bench.join({ groupInstanceId: "leader" }, { version: 9 }).done;
    expect(newer).toMatchObject({
      leader: newer.memberId,
      skipAssignment: true,
      members: [{ groupInstanceId: "leader" }, { groupInstanceId: "follower" }],
    });
    const older = await bench.join({ groupInstanceId: "leader" }, { version: 8 }).done;
    expect(older).toMatchObject({ leader: newer.memberId, skipAssignment: false, members: [] });
    expect(older.memberId).not.toBe(newer.memberId);
  });

  it("comes back with a rebalance when the choice of the protocol would change", async () => {
    const bench = new GroupBench();
    await stableGroup(bench, [{ groupInstanceId: "only", protocols: protocols("range", "sticky") }], { version: 9 });
    const back = bench.join({ groupInstanceId: "only", protocols: protocols("sticky", "range") }, { version: 9 });
    await settle(bench);
    expect(back.value).toMatchObject({ errorCode: 0, generationId: 2, protocolName: "sticky" });
  });

  it("comes back with a rebalance while the group waits for its leader; the old one's sync is fenced", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    rejoin(bench, leader);
    rejoin(bench, follower);
    await settle(bench);
    const waiting = bench.sync({ memberId: follower.memberId, groupInstanceId: "follower", generationId: 2 });
    const back = bench.join({ groupInstanceId: "follower" }, { version: 9 });
    await settle(bench);
    expect(waiting.value).toMatchObject({ errorCode: Errors.FENCED_INSTANCE_ID });
    expect(beat(bench, leader, 2)).toBe(27);
    rejoin(bench, leader);
    await settle(bench);
    expect(back.value).toMatchObject({ errorCode: 0, generationId: 3 });
  });

  it("that comes back during a round takes the place of the one that waits, which is fenced", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await pair(bench);
    const waiting = rejoin(bench, leader);
    const back = bench.join({ groupInstanceId: "leader" }, { version: 9 });
    await settle(bench);
    expect(waiting.value).toMatchObject({ errorCode: Errors.FENCED_INSTANCE_ID, memberId: leader.memberId });
    rejoin(bench, follower);
    await settle(bench);
    expect(back.value).toMatchObject({ errorCode: 0, generationId: 2, leader: back.value?.memberId });
  });

  it("keeps its place when it does not rejoin in time, until it misses the sync too", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await stableGroup(
      bench,
      [1, 2].map((index) => ({ groupInstanceId: `i${index}`, sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5_000 })),
      { version: 9 },
    );
    if (leader === undefined || follower === undefined) throw new Error("two members");
    const waiting = rejoin(bench, leader);
    await bench.clock.advance(5_000);
    expect(waiting.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(waiting.value?.members).toHaveLength(2);
    bench.sync({ memberId: leader.memberId, generationId: 2 });
    await bench.clock.advance(4_999);
    expect(await stateOf(bench)).toBe("Stable");
    await bench.clock.advance(1);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
    expect(bench.heartbeat({ memberId: follower.memberId, groupInstanceId: "i2", generationId: 2 }).value?.errorCode).toBe(
      Errors.UNKNOWN_MEMBER_ID,
    );
  });

  it("is waited for once more when nobody rejoined in time", async () => {
    const bench = new GroupBench();
    const bodies = [1, 2].map((index) => ({ groupInstanceId: `i${index}`, sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5_000 }));
    const [leader, follower] = await stableGroup(bench, bodies, { version: 9 });
    if (leader === undefined || follower === undefined) throw new Error("two members");
    bench.leave({ members: [{ memberId: leader.memberId }] });
    await bench.clock.advance(12_000);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
    const rejoining = rejoin(bench, follower);
    await settle(bench);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: follower.memberId });
  });

  it("is removed when its session ends, or by an administrator", async () => {
    const bench = new GroupBench();
    await pair(bench);
    expect(bench.leave({ members: [{ memberId: "", groupInstanceId: "follower" }] }).value?.members).toMatchObject([{ errorCode: 0 }]);
    expect(await stateOf(bench)).toBe("PreparingRebalance");
    await bench.clock.advance(10_000);
    expect(await stateOf(bench)).toBe("Empty");
  });

  it("stays under its old id when the new one cannot be stored", async () => {
    const bench = new GroupBench();
    const [, follower] = await pair(bench);
    for (const log of bench.logs) log.failure = Errors.NOT_ENOUGH_REPLICAS;
    expect(bench.join({ groupInstanceId: "follower" }, { version: 9 }).value).toMatchObject({
      errorCode: Errors.COORDINATOR_NOT_AVAILABLE,
    });
    expect(beat(bench, follower, 1)).toBe(0);
  });
});
