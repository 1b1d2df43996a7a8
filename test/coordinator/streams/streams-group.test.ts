// Streams groups as time passes and coordinators move: what is not a matter of single answers, which ../consumer-group-answers.test.ts holds to
// Apache Kafka's.

import { expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { EVERYTHING } from "../../../src/security/access.ts";
import { commitOf, GroupBench, streamsTopology } from "../support/group-bench.ts";

const MINUTE_MS = 60_000;
const AT_ONCE = { "group.streams.initial.rebalance.delay.ms": 0, "group.streams.assignment.interval.ms": 0 };

type Tasks = readonly { readonly subtopologyId: string; readonly partitions: readonly number[] }[];

/** Says what it has with each heartbeat, as Kafka Streams does when something has changed. */
class Member {
  readonly #bench: () => GroupBench;
  readonly memberId: string;
  epoch = 0;
  active: Tasks = [];
  error: number = Errors.NONE;

  constructor(bench: () => GroupBench, memberId: string) {
    this.#bench = bench;
    this.memberId = memberId;
  }

  /** With the partitions of its only subtopology that it has then. */
  async beat(more: object = {}): Promise<readonly number[]> {
    const owned = { activeTasks: this.active, standbyTasks: [], warmupTasks: [] };
    const said = this.epoch === 0 ? {} : owned;
    const answer = await this.#bench().streamsBeat({ memberId: this.memberId, memberEpoch: this.epoch, ...said, ...more }).done;
    this.error = answer.errorCode;
    if (answer.errorCode !== Errors.NONE) return [];
    this.epoch = answer.memberEpoch;
    this.active = answer.activeTasks ?? this.active;
    return this.active[0]?.partitions ?? [];
  }
}

async function stateOf(bench: GroupBench): Promise<string | undefined> {
  return (await bench.describeStreams(["g"]).done).groups[0]?.groupState;
}

test("a coordinator that takes over knows members and tasks, and gives them a session anew", async () => {
  let bench = new GroupBench({ settings: AT_ONCE });
  const [a, b] = ["a", "b"].map((memberId) => new Member(() => bench, memberId));
  await a?.beat();
  await b?.beat();
  for (let round = 0; round < 2; round++) for (const member of [a, b]) await member?.beat();
  expect([a?.active, b?.active].map((tasks) => tasks?.[0]?.partitions)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  const before = await bench.describeStreams(["g"]).done;
  await bench.clock.advance(40_000);
  bench = bench.restarted({ settings: AT_ONCE });
  expect((await bench.describeStreams(["g"]).done).groups).toEqual(before.groups);
  await bench.clock.advance(40_000);
  expect(await a?.beat()).toEqual([0, 1]);
  await bench.clock.advance(10_000);
  await a?.beat();
  await a?.beat();
  expect(a?.active[0]?.partitions).toEqual([0, 1, 2, 3]);
  expect(await b?.beat()).toEqual([]);
  expect(b?.error).toBe(Errors.UNKNOWN_MEMBER_ID);
});

test("who was to give up tasks when the coordinator moved has as long for it again", async () => {
  let bench = new GroupBench({ settings: AT_ONCE });
  const [a, b] = ["a", "b"].map((memberId) => new Member(() => bench, memberId));
  await a?.beat({ rebalanceTimeoutMs: 20_000 });
  await b?.beat();
  const kept = a?.active;
  await a?.beat();
  if (a !== undefined && kept !== undefined) a.active = kept;
  await bench.clock.advance(15_000);
  bench = bench.restarted({ settings: AT_ONCE });
  await bench.clock.advance(15_000);
  expect((await bench.describeStreams(["g"]).done).groups[0]?.members).toHaveLength(2);
  await bench.clock.advance(6000);
  expect((await bench.describeStreams(["g"]).done).groups[0]?.members.map(({ memberId }) => memberId)).toEqual(["b"]);
});

test("an active task is in one place at a time, whoever comes and goes", async () => {
  const bench = new GroupBench({ settings: AT_ONCE, topics: { t: 7 } });
  const members: Member[] = [];
  const holders = new Map<number, string>();
  const beat = async (member: Member) => {
    for (const [partition, holder] of holders) if (holder === member.memberId) holders.delete(partition);
    for (const partition of await member.beat()) {
      expect([undefined, member.memberId]).toContain(holders.get(partition));
      holders.set(partition, member.memberId);
    }
  };
  for (let index = 0; index < 5; index++) {
    members.push(new Member(() => bench, `m${index}`));
    for (let round = 0; round < 3; round++) for (const member of members) await beat(member);
  }
  expect(await stateOf(bench)).toBe("Stable");
  const [gone] = members.splice(2, 1);
  await gone?.beat({ memberEpoch: -1, activeTasks: null, standbyTasks: null, warmupTasks: null });
  for (const [partition, holder] of holders) if (holder === gone?.memberId) holders.delete(partition);
  for (let round = 0; round < 3; round++) for (const member of members) await beat(member);
  expect([holders.size, await stateOf(bench)]).toEqual([7, "Stable"]);
});

test("a group without members goes with its offsets", async () => {
  const settings = { ...AT_ONCE, "offsets.retention.minutes": 60, "offsets.retention.check.interval.ms": MINUTE_MS };
  const bench = new GroupBench({ settings });
  const a = new Member(() => bench, "a");
  await a.beat();
  await bench.commit({ memberId: "a", generationIdOrMemberEpoch: a.epoch, topics: commitOf("t", { 0: 5 }) }).done;
  await a.beat({ memberEpoch: -1, activeTasks: null, standbyTasks: null, warmupTasks: null });
  await bench.clock.advance(59 * MINUTE_MS);
  expect(await stateOf(bench)).toBe("Empty");
  await bench.clock.advance(2 * MINUTE_MS);
  expect((await bench.list().done).groups).toEqual([]);
  expect((await bench.restarted({ settings }).list().done).groups).toEqual([]);
});

test("internal topics come a moment after they are found to be missing, and tasks with them", async () => {
  const bench = new GroupBench({ settings: AT_ONCE });
  const a = new Member(() => bench, "a");
  expect(await a.beat({ topology: streamsTopology(["t"], ["store"]) })).toEqual([]);
  expect(bench.topics.get("store")?.partitionCount).toBe(4);
  expect(await a.beat()).toEqual([0, 1, 2, 3]);
});

test("who may not create topics is told so, and none is made", async () => {
  const bench = new GroupBench({ settings: AT_ONCE });
  const access = { ...EVERYTHING, permits: (permission: string) => permission !== "CREATE TOPIC", permitsOnClusterQuietly: () => false };
  const said = { memberId: "a", topology: streamsTopology(["t"], ["one", "two"]) };
  const { errorCode, status } = await bench.streamsBeat(said, { access }).done;
  expect(errorCode).toBe(Errors.NONE);
  expect(status).toEqual([
    { statusCode: 3, statusDetail: "Internal topics are missing: one, two; Unauthorized to CREATE on topics one, two." },
  ]);
  expect([...bench.topics.keys()]).toEqual(["t", "u"]);
});

test("a topology is not shown to who may not know of its topics", async () => {
  const bench = new GroupBench({ settings: AT_ONCE });
  await new Member(() => bench, "a").beat();
  const access = { ...EVERYTHING, permits: (permission: string, name: string) => !(permission === "DESCRIBE TOPIC" && name === "t") };
  expect((await bench.describeStreams(["g"], { access }).done).groups).toMatchObject([
    { errorCode: Errors.TOPIC_AUTHORIZATION_FAILED, groupState: "", topology: null, members: [] },
  ]);
  const { errorCode } = await bench.streamsBeat({ memberId: "b" }, { access }).done;
  expect(errorCode).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
});

test("whoever runs the broker sees members with their tasks, and what the group waits for", async () => {
  const bench = new GroupBench({ settings: { ...AT_ONCE, "group.streams.initial.rebalance.delay.ms": 3000 } });
  const a = new Member(() => bench, "a");
  await a.beat();
  expect(bench.groups.obstacles("g")[0]).toBe("its first assignment waits 3000 ms for more members (streams.initial.rebalance.delay.ms)");
  await bench.clock.advance(4000);
  await a.beat();
  expect(bench.groups.obstacles("g")).toEqual([]);
  expect(bench.groups.summary("g")).toMatchObject({
    kind: "streams",
    state: "Stable",
    assignor: "sticky",
    members: [
      {
        memberId: "a",
        protocol: "streams",
        subscription: { topics: ["t"] },
        assignment: [{ topic: "t", partitions: [0, 1, 2, 3] }],
        tasks: { assigned: { active: [{ subtopology: "0", partitions: [0, 1, 2, 3] }], standby: [] } },
      },
    ],
  });
});

test("members that are taken for dead make room for the others", async () => {
  const bench = new GroupBench({ settings: AT_ONCE });
  const [a, b] = ["a", "b"].map((memberId) => new Member(() => bench, memberId));
  await a?.beat();
  await b?.beat();
  expect(await bench.groups.expire("g", ["a"])).toBe(Errors.NONE);
  expect(await b?.beat()).toEqual([0, 1, 2, 3]);
  const epoch = b?.epoch ?? 0;
  expect(await bench.groups.rebalance("g")).toBe(Errors.NONE);
  await b?.beat();
  expect(b?.epoch).toBe(epoch + 1);
});
