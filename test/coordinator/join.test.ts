import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { GroupBench, protocols, settle } from "./support/group-bench.ts";
import { beat, rejoin, stableGroup, startJoin, stateOf, syncAll } from "./support/groups.ts";

describe("joining a classic group", () => {
  it("sends a member without an id back once, then admits it as leader of generation 1", async () => {
    const bench = new GroupBench();
    const first = bench.join({}, { clientId: "app" });
    expect(first.value).toMatchObject({ errorCode: Errors.MEMBER_ID_REQUIRED, generationId: -1, leader: "", protocolName: null });
    const memberId = first.value?.memberId ?? "";
    expect(memberId).toMatch(/^app-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const second = bench.join({ memberId });
    await settle(bench);
    expect(second.value).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: memberId,
      memberId,
      protocolType: "consumer",
      protocolName: "range",
      skipAssignment: false,
    });
    expect(second.value?.members).toMatchObject([{ memberId, groupInstanceId: null, metadata: protocols("range")[0]?.metadata }]);
  });

  it.each([0, 1, 2, 3])("admits a member of version %i without an id at once", async (version) => {
    const bench = new GroupBench();
    const joining = bench.join({}, { version });
    await settle(bench);
    expect(joining.value).toMatchObject({ errorCode: 0, generationId: 1, protocolName: "range" });
  });

  it("takes the session timeout where a version has no rebalance timeout, or clients send 0", async () => {
    for (const [version, rebalanceTimeoutMs] of [
      [0, 0],
      [1, 0],
      [3, -1],
    ] as const) {
      const bench = new GroupBench();
      const joining = bench.join({ sessionTimeoutMs: 7000, rebalanceTimeoutMs }, { version });
      await settle(bench);
      const { memberId = "" } = joining.value ?? {};
      for (let waitedMs = 0; waitedMs < 6900; waitedMs += 2300) {
        await bench.clock.advance(2300);
        expect(bench.heartbeat({ memberId }).value?.errorCode).toBe(0);
      }
      await bench.clock.advance(99);
      expect(bench.heartbeat({ memberId }).value?.errorCode).toBe(0);
      await bench.clock.advance(1);
      // Kafka: who does not sync within the rebalance timeout is no member any more.
      expect(bench.heartbeat({ memberId }).value?.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
    }
  });

  // Each as Apache Kafka 4.3.1 answers it.
  it.each([
    ["an empty group id", { groupId: "" }, { errorCode: Errors.INVALID_GROUP_ID, memberId: "" }],
    ["a session timeout below the minimum", { sessionTimeoutMs: 5999 }, { errorCode: Errors.INVALID_SESSION_TIMEOUT }],
    ["a session timeout above the maximum", { sessionTimeoutMs: 1_800_001 }, { errorCode: Errors.INVALID_SESSION_TIMEOUT }],
    [
      "a member id in a group that does not exist",
      { groupId: "other", memberId: "abc" },
      { errorCode: Errors.UNKNOWN_MEMBER_ID, memberId: "abc" },
    ],
    ["an unknown member id", { memberId: "abc" }, { errorCode: Errors.UNKNOWN_MEMBER_ID, memberId: "abc" }],
    [
      "an unknown member id with foreign protocols",
      { memberId: "abc", protocols: protocols("zzz") },
      { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL, memberId: "abc" },
    ],
    ["another protocol type", { protocolType: "connect" }, { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL, memberId: "" }],
    ["an empty protocol type", { protocolType: "" }, { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL }],
    ["an empty protocol type in a new group", { groupId: "new", protocolType: "" }, { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL }],
    ["no protocols in a new group", { groupId: "new", protocols: [] }, { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL }],
    ["no protocol in common", { protocols: protocols("sticky") }, { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL }],
    [
      "an instance id that has no member, with a member id",
      { memberId: "abc", groupInstanceId: "i" },
      { errorCode: Errors.UNKNOWN_MEMBER_ID, memberId: "abc" },
    ],
  ])("refuses %s", async (_, body, expected) => {
    const bench = new GroupBench();
    await stableGroup(bench, [{}]);
    expect(bench.join(body, { version: 9 }).value).toMatchObject({
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: "",
      members: [],
      ...expected,
    });
    expect(bench.join(body, { version: 5 }).value).toMatchObject({
      generationId: -1,
      protocolName: "",
      leader: "",
      members: [],
      ...expected,
    });
    expect(await stateOf(bench)).toBe("Stable");
  });

  it("lets an empty group take another protocol type", async () => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    await bench.leave({ memberId: member?.memberId ?? "" }, { version: 0 }).done;
    const joining = bench.join({ protocolType: "connect", protocols: protocols("default") }, { version: 7 });
    const again = bench.join(
      { protocolType: "connect", protocols: protocols("default"), memberId: joining.value?.memberId ?? "" },
      { version: 7 },
    );
    await settle(bench);
    expect(again.value).toMatchObject({ errorCode: 0, generationId: 3, protocolType: "connect", protocolName: "default" });
  });

  it("turns away whom group.max.size has no room for", async () => {
    const bench = new GroupBench({ settings: { "group.max.size": 2 } });
    const [first, second] = await stableGroup(bench, [{}, {}]);
    expect(bench.join({}, { version: 3 }).value).toMatchObject({ errorCode: Errors.GROUP_MAX_SIZE_REACHED, memberId: "" });
    expect(bench.join({}, { version: 9 }).value).toMatchObject({ errorCode: Errors.GROUP_MAX_SIZE_REACHED });
    expect([first, second].map((member) => member && beat(bench, member, 1))).toEqual([0, 0]);
  });

  it("answers an earlier join of the same member that still waits, and completes the round with the later one", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await stableGroup(bench, [{}, {}]);
    if (leader === undefined || follower === undefined) throw new Error("two members");
    const earlier = rejoin(bench, leader);
    const later = bench.join({ memberId: leader.memberId, protocols: protocols("range") }, leader.ask);
    await settle(bench);
    expect(earlier.value).toMatchObject({ errorCode: Errors.REBALANCE_IN_PROGRESS, memberId: leader.memberId });
    const other = rejoin(bench, follower);
    await settle(bench);
    expect(later.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(other.value).toMatchObject({ errorCode: 0, generationId: 2, members: [] });
  });

  it("drops a member that was given an id and does not use it within its session timeout", async () => {
    const bench = new GroupBench();
    const [leader] = await stableGroup(bench, [{}]);
    if (leader === undefined) throw new Error("a member");
    const pending = bench.join({}, { version: 9 }).value?.memberId ?? "";
    await bench.clock.advance(5000);
    expect(beat(bench, leader, 1)).toBe(0);
    const rejoining = rejoin(bench, leader);
    await bench.clock.advance(4999);
    expect(rejoining.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(rejoining.value).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(bench.join({ memberId: pending }).value).toMatchObject({ errorCode: Errors.UNKNOWN_MEMBER_ID });
  });
});

describe("the choice of the protocol", () => {
  it.each([
    [[["range", "sticky"], ["sticky"]], "sticky"],
    [
      [
        ["range", "sticky"],
        ["sticky", "range"],
        ["sticky", "range"],
      ],
      "sticky",
    ],
    [
      [
        ["range", "sticky"],
        ["range", "sticky"],
        ["sticky", "range"],
      ],
      "range",
    ],
    [[["cooperative", "range"], ["range"], ["cooperative", "range"]], "range"],
    [
      [
        ["a", "b"],
        ["b", "a"],
      ],
      "a",
    ],
  ])("of members with %j is %s", async (supported, chosen) => {
    const bench = new GroupBench();
    const joining = [];
    for (const names of supported) joining.push(await startJoin(bench, { protocols: protocols(...names) }));
    await settle(bench);
    expect(joining.map(({ value }) => value?.protocolName)).toEqual(supported.map(() => chosen));
  });

  it("moves a group from one assignor to another, member by member", async () => {
    const bench = new GroupBench();
    const [first, second] = await stableGroup(bench, [{}, {}]);
    if (first === undefined || second === undefined) throw new Error("two members");
    const both = { protocols: protocols("cooperative", "range") };
    const upgraded = { ...first, body: both };
    let answers = [rejoin(bench, upgraded), rejoin(bench, second)];
    await settle(bench);
    expect(answers.map(({ value }) => value?.protocolName)).toEqual(["range", "range"]);
    await syncAll(bench, [upgraded, second], 2);
    answers = [rejoin(bench, upgraded), rejoin(bench, { ...second, body: both })];
    await settle(bench);
    expect(answers.map(({ value }) => value?.protocolName)).toEqual(["cooperative", "cooperative"]);
  });
});

describe("the first round of a group", () => {
  it("waits for the initial delay, and once more for each member that comes, within the rebalance timeout", async () => {
    const bench = new GroupBench({ settings: { "group.initial.rebalance.delay.ms": 3000 } });
    const first = await startJoin(bench, { rebalanceTimeoutMs: 8000 });
    await bench.clock.advance(2999);
    const second = await startJoin(bench, { rebalanceTimeoutMs: 8000 });
    await bench.clock.advance(3000);
    const third = await startJoin(bench, { rebalanceTimeoutMs: 8000 });
    await bench.clock.advance(1999);
    expect(first.value).toBeUndefined();
    await bench.clock.advance(2);
    expect([first, second, third].map(({ value }) => value?.generationId)).toEqual([1, 1, 1]);
    expect([first, second, third].map(({ value }) => value?.members.length)).toEqual([3, 0, 0]);
    expect(new Set([first, second, third].map(({ value }) => value?.leader))).toEqual(new Set([first.value?.memberId]));
  });

  it("ends after one delay when nobody else comes", async () => {
    const bench = new GroupBench({ settings: { "group.initial.rebalance.delay.ms": 3000 } });
    const only = await startJoin(bench);
    await bench.clock.advance(2999);
    expect(only.value).toBeUndefined();
    await bench.clock.advance(1);
    expect(only.value).toMatchObject({ generationId: 1 });
  });

  it("starts at once by default, and gathers those who join in the same moment: 50 members, one generation", async () => {
    const bench = new GroupBench();
    const members = await stableGroup(
      bench,
      Array.from({ length: 50 }, () => ({})),
    );
    const { groups } = await bench.describe(["g"]).done;
    expect(groups[0]).toMatchObject({ groupState: "Stable", protocolData: "range" });
    expect(groups[0]?.members.map(({ memberAssignment }) => memberAssignment.toString())).toEqual(members.map((_, index) => String(index)));
    expect(members.map((member) => beat(bench, member, 1))).toEqual(members.map(() => 0));
  });

  it("leads 50 members that come one after another to one stable generation", async () => {
    const bench = new GroupBench();
    const members: Awaited<ReturnType<typeof stableGroup>> = [];
    let generation = 0;
    for (let index = 0; index < 50; index++) {
      const joining = [await startJoin(bench, {}, { version: 9 }), ...members.map((member) => rejoin(bench, member))];
      await settle(bench);
      generation = joining[0]?.value?.generationId ?? -1;
      expect(joining.map(({ value }) => value?.generationId)).toEqual(joining.map(() => generation));
      members.push({ memberId: joining[0]?.value?.memberId ?? "", body: {}, ask: { version: 9 } });
      await syncAll(bench, members, generation);
    }
    expect(generation).toBe(50);
    expect(members.map((member) => beat(bench, member, 50))).toEqual(members.map(() => 0));
  });
});
