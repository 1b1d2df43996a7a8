import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { GroupBench, settle, subscription } from "./support/group-bench.ts";
import { rejoin, stableGroup, startJoin } from "./support/groups.ts";

const NOBODY = { generationIdOrMemberEpoch: -1, memberId: "" };

describe("DescribeGroups", () => {
  it("shows members with what they said and own in a stable group, and what they own in any", async () => {
    const bench = new GroupBench();
    const [leader, follower] = await stableGroup(bench, [{}, {}], { version: 3, clientId: "app" });
    if (leader === undefined || follower === undefined) throw new Error("two members");
    const member = { groupInstanceId: null, clientId: "app", clientHost: "/127.0.0.1" };
    expect(bench.describe(["g"]).value?.groups).toEqual([
      {
        errorCode: 0,
        errorMessage: null,
        groupId: "g",
        groupState: "Stable",
        protocolType: "consumer",
        protocolData: "range",
        members: [
          { ...member, memberId: leader.memberId, memberMetadata: subscription("t"), memberAssignment: Buffer.from("0") },
          { ...member, memberId: follower.memberId, memberMetadata: subscription("t"), memberAssignment: Buffer.from("1") },
        ],
        authorizedOperations: -2147483648,
      },
    ]);
    rejoin(bench, leader);
    expect(bench.describe(["g"]).value?.groups).toMatchObject([
      {
        groupState: "PreparingRebalance",
        protocolType: "consumer",
        protocolData: "",
        members: [{ memberMetadata: Buffer.alloc(0), memberAssignment: Buffer.from("0") }, {}],
      },
    ]);
    rejoin(bench, follower);
    await settle(bench);
    expect(bench.describe(["g"]).value?.groups).toMatchObject([{ groupState: "CompletingRebalance", protocolData: "" }]);
  });

  it("calls a group that is not there Dead, from version 6 on with an error and Kafka's words", () => {
    const bench = new GroupBench();
    const dead = { groupState: "Dead", protocolType: "", protocolData: "", members: [] };
    for (let version = 0; version <= 5; version++)
      expect(bench.describe(["none"], { version }).value?.groups).toMatchObject([{ ...dead, errorCode: 0 }]);
    expect(bench.describe(["none", ""]).value?.groups).toMatchObject([
      { ...dead, errorCode: 69, errorMessage: "Group none not found." },
      { ...dead, errorCode: 69, errorMessage: "Group  not found." },
    ]);
  });

  it("tells the operations allowed when asked", () => {
    const bench = new GroupBench();
    bench.commit(NOBODY);
    expect(
      bench
        .describe(["g", "none"], { version: 6, includeAuthorizedOperations: true })
        .value?.groups.map(({ authorizedOperations }) => authorizedOperations),
    ).toEqual([3400, -2147483648]);
  });
});

describe("ListGroups", () => {
  // Seen on Kafka 4.3.1: a type that does not exist matches nothing by itself, and is passed over beside one that does.
  it.each([
    [{}, ["a", "b", "c"]],
    [{ statesFilter: ["Stable"] }, ["a"]],
    [{ statesFilter: ["stAble", "EMPTY"] }, ["a", "c"]],
    [{ statesFilter: ["bogus"] }, []],
    [{ typesFilter: ["classic"] }, ["a", "b", "c"]],
    [{ typesFilter: ["CLASSIC"], statesFilter: ["CompletingRebalance"] }, ["b"]],
    [{ typesFilter: ["consumer"] }, []],
    [{ typesFilter: ["bogus", "classic"] }, ["a", "b", "c"]],
  ])("with %j gives %j", async (body, expected) => {
    const bench = new GroupBench();
    await stableGroup(bench, [{ groupId: "a" }]);
    await startJoin(bench, { groupId: "b" });
    bench.commit({ ...NOBODY, groupId: "c" });
    await settle(bench);
    expect(
      bench
        .list(body)
        .value?.groups.map(({ groupId }) => groupId)
        .sort(),
    ).toEqual(expected);
    expect(bench.list({}, { version: 0 }).value?.groups).toHaveLength(3);
  });
});

describe("DeleteGroups", () => {
  it("removes empty groups with their offsets for good, refuses others, and names each once", async () => {
    const bench = new GroupBench();
    await stableGroup(bench, [{ groupId: "active" }]);
    bench.commit({ ...NOBODY, groupId: "simple" });
    bench.commit({ ...NOBODY, groupId: "" });
    const { results } = await bench.deleteGroups("active", "none", "simple", "", "simple").done;
    expect(results).toEqual([
      { groupId: "active", errorCode: Errors.NON_EMPTY_GROUP },
      { groupId: "none", errorCode: Errors.GROUP_ID_NOT_FOUND },
      { groupId: "simple", errorCode: 0 },
      { groupId: "", errorCode: 0 },
    ]);
    const after = bench.restarted();
    expect(after.list().value?.groups.map(({ groupId }) => groupId)).toEqual(["active"]);
    expect(after.fetch({ groupId: "simple", topics: null }, { version: 7 }).value?.topics).toEqual([]);
  });

  it("makes a group that comes again begin with generation 1", async () => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    bench.leave({ memberId: member?.memberId ?? "" }, { version: 1 });
    expect((await bench.deleteGroups("g").done).results).toMatchObject([{ errorCode: 0 }]);
    const joining = await startJoin(bench);
    await settle(bench);
    expect(joining.value).toMatchObject({ generationId: 1 });
  });

  it("changes nothing when the log refuses", async () => {
    const bench = new GroupBench();
    bench.commit(NOBODY);
    for (const log of bench.logs) log.failure = "disk";
    expect((await bench.deleteGroups("g").done).results).toMatchObject([{ errorCode: Errors.NOT_COORDINATOR }]);
    expect(bench.list().value?.groups).toHaveLength(1);
  });
});
