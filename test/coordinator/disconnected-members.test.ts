import { describe, expect, it } from "vitest";
import { GroupBench, settle, TestConnection } from "./support/group-bench.ts";
import { beat, rejoin, stableGroup, startJoin, stateOf, type TestMember } from "./support/groups.ts";

async function member(bench: GroupBench, connection: TestConnection): Promise<TestMember> {
  const [only] = await stableGroup(bench, [{ sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 }], { version: 3, connection });
  if (only === undefined) throw new Error("a member");
  return only;
}

describe("a member whose connection is closed", () => {
  it("stays while nobody waits for it, until its session ends", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    await member(bench, connection);
    connection.close();
    await bench.clock.advance(59_999);
    expect(await stateOf(bench)).toBe("Stable");
    await bench.clock.advance(1);
    expect(await stateOf(bench)).toBe("Empty");
  });

  it("does not hold up who comes after it: the new one is alone in the group at once", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    const crashed = await member(bench, connection);
    connection.close();
    await bench.clock.advance(2000);
    const joining = await startJoin(bench);
    await settle(bench);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: joining.value?.memberId });
    expect(joining.value?.members).toHaveLength(1);
    expect(beat(bench, crashed, 2)).toBe(25);
    expect(bench.lines.some((line) => line.includes("it has no connection") && line.includes(crashed.memberId))).toBe(true);
  });

  it("is waited for one second in a rebalance, not less", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    await member(bench, connection);
    const joining = await startJoin(bench);
    await bench.clock.advance(5000);
    connection.close();
    await bench.clock.advance(999);
    expect(joining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it("stays when it comes back on another connection in time", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    const lost = await member(bench, connection);
    const joining = await startJoin(bench);
    connection.close();
    await bench.clock.advance(500);
    const back = { ...lost, ask: { version: 3, connection: new TestConnection() } };
    expect(beat(bench, back, 1)).toBe(27);
    await bench.clock.advance(20_000);
    expect(joining.value).toBeUndefined();
    rejoin(bench, back);
    await settle(bench);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: lost.memberId });
  });

  it("stays when it commits on another connection in time", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    const lost = await member(bench, connection);
    const joining = await startJoin(bench);
    connection.close();
    await bench.clock.advance(500);
    const topics = [{ name: "t", partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] }];
    const commit = { memberId: lost.memberId, generationIdOrMemberEpoch: 1, topics };
    bench.commit(commit, { version: 8, connection: new TestConnection() });
    await bench.clock.advance(20_000);
    expect(joining.value).toBeUndefined();
  });

  it("is dropped from a round that it has joined: nobody would receive the answer", async () => {
    const bench = new GroupBench();
    const connections = [new TestConnection(), new TestConnection()];
    const first = await member(bench, connections[0] ?? new TestConnection());
    const second = await startJoin(bench, {}, { version: 3, connection: connections[1] ?? new TestConnection() });
    connections[1]?.close();
    await bench.clock.advance(1000);
    expect(second.value).toMatchObject({ errorCode: 25 });
    const rejoining = rejoin(bench, first);
    await settle(bench);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(rejoining.value?.members).toHaveLength(1);
  });

  it("and leads is not waited for in the round of syncs", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    const leading = await startJoin(bench, {}, { version: 3, connection });
    const following = await startJoin(bench);
    await settle(bench);
    const waiting = bench.sync({ memberId: following.value?.memberId ?? "" }, { version: 3 });
    connection.close();
    await bench.clock.advance(1000);
    expect(waiting.value).toMatchObject({ errorCode: 27 });
    const rejoining = bench.join({ memberId: following.value?.memberId ?? "" }, { version: 3 });
    await settle(bench);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(bench.heartbeat({ memberId: leading.value?.memberId ?? "", generationId: 2 }).value?.errorCode).toBe(25);
  });

  it("and has only been given an id is not waited for either", async () => {
    const bench = new GroupBench();
    const first = await member(bench, new TestConnection());
    const connection = new TestConnection();
    const pending = bench.join({ sessionTimeoutMs: 60_000 }, { version: 9, connection }).value?.memberId ?? "";
    const rejoining = rejoin(bench, first);
    connection.close();
    await bench.clock.advance(999);
    expect(rejoining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(bench.join({ memberId: pending }, { version: 9 }).value).toMatchObject({ errorCode: 25 });
    expect(connection.listenerCount).toBe(0);
  });

  it("and is static keeps its place", async () => {
    const bench = new GroupBench();
    const connection = new TestConnection();
    await stableGroup(bench, [{ groupInstanceId: "i", rebalanceTimeoutMs: 30_000, sessionTimeoutMs: 30_000 }], { version: 5, connection });
    connection.close();
    const joining = await startJoin(bench);
    await bench.clock.advance(29_000);
    expect(joining.value).toBeUndefined();
  });

  it("is waited for as Kafka does when the setting is -1", async () => {
    const bench = new GroupBench({ settings: { "odradek.group.disconnected.member.timeout.ms": -1 } });
    const connection = new TestConnection();
    await member(bench, connection);
    connection.close();
    const joining = await startJoin(bench, {}, { version: 3 });
    await bench.clock.advance(59_999);
    expect(joining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it("is heard of once: listeners go with the member, and with the connection that it leaves", async () => {
    const bench = new GroupBench();
    const connections = [new TestConnection(), new TestConnection()] as const;
    const only = await member(bench, connections[0]);
    expect(beat(bench, only, 1)).toBe(0);
    expect(connections[0].listenerCount).toBe(1);
    beat(bench, { ...only, ask: { connection: connections[1] } }, 1);
    expect(connections.map(({ listenerCount }) => listenerCount)).toEqual([0, 1]);
    bench.leave({ memberId: only.memberId }, { version: 1 });
    expect(connections.map(({ listenerCount }) => listenerCount)).toEqual([0, 0]);
  });

  it("when all of them are, leaves an empty group", async () => {
    const bench = new GroupBench();
    const connections = [new TestConnection(), new TestConnection()] as const;
    await member(bench, connections[0]);
    await startJoin(bench, {}, { version: 3, connection: connections[1] });
    for (const connection of connections) connection.close();
    await bench.clock.advance(1000);
    expect(await stateOf(bench)).toBe("Empty");
  });
});

describe("a member that was not heard of since its group was loaded", () => {
  it("is waited for one second and a heartbeat from when somebody else joins, and not for its session timeout", async () => {
    const before = new GroupBench();
    const lost = await member(before, new TestConnection());
    const bench = before.restarted();
    await bench.clock.advance(5000);
    const joining = await startJoin(bench);
    await bench.clock.advance(3999);
    expect(joining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: joining.value?.memberId });
    expect(joining.value?.members).toHaveLength(1);
    expect(beat(bench, lost, 1)).toBe(25);
  });

  it("keeps its membership when nobody else joins, and its assignment when it is heard of", async () => {
    const before = new GroupBench();
    const alive = await member(before, new TestConnection());
    const bench = before.restarted();
    await bench.clock.advance(59_999);
    expect(beat(bench, alive, 1)).toBe(0);
    expect(bench.sync({ memberId: alive.memberId }, { version: 3 }).value).toMatchObject({ errorCode: 0, assignment: Buffer.from("0") });
  });

  it("is waited for as any other once it has been heard of, before or during the rebalance", async () => {
    for (const isEarly of [true, false]) {
      const before = new GroupBench();
      const alive = await member(before, new TestConnection());
      const bench = before.restarted();
      if (isEarly) expect(beat(bench, alive, 1)).toBe(0);
      const joining = await startJoin(bench);
      await bench.clock.advance(900);
      expect(beat(bench, alive, 1)).toBe(27);
      await bench.clock.advance(30_000);
      expect(joining.value).toBeUndefined();
      rejoin(bench, alive);
      await settle(bench);
      expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2, leader: alive.memberId });
    }
  });

  it("and is static keeps its place until its session ends", async () => {
    const before = new GroupBench();
    await stableGroup(before, [{ groupInstanceId: "i", rebalanceTimeoutMs: 30_000, sessionTimeoutMs: 30_000 }], { version: 5 });
    const bench = before.restarted();
    const joining = await startJoin(bench);
    await bench.clock.advance(29_999);
    expect(joining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  it("is waited for as Kafka does when the setting is -1", async () => {
    const settings = { "odradek.group.disconnected.member.timeout.ms": -1 };
    const before = new GroupBench({ settings });
    await member(before, new TestConnection());
    const bench = before.restarted({ settings });
    const joining = await startJoin(bench, {}, { version: 3 });
    await bench.clock.advance(59_999);
    expect(joining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 2 });
  });
});
