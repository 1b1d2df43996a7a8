import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { controlBatch } from "../../protocol/records/control-batch.ts";
import { groupRecordCodec } from "../../src/coordinator/group/group-record-codec.ts";
import { commitOf, GroupBench, settle, topicId } from "./support/group-bench.ts";
import { rejoin, stableGroup, startJoin } from "./support/groups.ts";

const NOBODY = { generationIdOrMemberEpoch: -1, memberId: "" };

function errorsOf(value: { topics: { partitions: { errorCode: number }[] }[] } | undefined): number[] | undefined {
  return value?.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
}

/** Partition to offset, of one topic, as version 7 tells it. */
function fetched(bench: GroupBench, groupId = "g", topic = "t"): Record<number, number> {
  const { value } = bench.fetch({ groupId, topics: null }, { version: 7 });
  const partitions = value?.topics.find(({ name }) => name === topic)?.partitions ?? [];
  return Object.fromEntries(partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]));
}

function* beforeAndAfterRestart(bench: GroupBench): Generator<GroupBench> {
  yield bench;
  yield bench.restarted();
}

describe("committed offsets", () => {
  it("come back with leader epoch and metadata, also after a restart", () => {
    const bench = new GroupBench();
    const topics = [
      {
        name: "t",
        partitions: [
          { partitionIndex: 1, committedOffset: 2 ** 40, committedLeaderEpoch: 7, committedMetadata: "mé" },
          { partitionIndex: 0, committedOffset: 0, committedMetadata: null },
        ],
      },
    ];
    expect(errorsOf(bench.commit({ ...NOBODY, topics }).value)).toEqual([0, 0]);
    for (const each of beforeAndAfterRestart(bench)) {
      const { value } = each.fetch({ groupId: "g", topics: [{ name: "t", partitionIndexes: [0, 1] }] }, { version: 5 });
      expect(value).toMatchObject({
        errorCode: 0,
        topics: [
          {
            name: "t",
            partitions: [
              { partitionIndex: 0, committedOffset: 0, committedLeaderEpoch: -1, metadata: "", errorCode: 0 },
              { partitionIndex: 1, committedOffset: 2 ** 40, committedLeaderEpoch: 7, metadata: "mé", errorCode: 0 },
            ],
          },
        ],
      });
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    "are stored by version %i of OffsetCommit and told by version %i of OffsetFetch",
    (version) => {
      const bench = new GroupBench();
      expect(errorsOf(bench.commit({ ...NOBODY, topics: commitOf("t", { 2: 42 }, "m") }, { version }).value)).toEqual([0]);
      const expected = { partitionIndex: 2, committedOffset: 42, metadata: "m", errorCode: 0 };
      if (version >= 8) {
        const topic = version >= 10 ? { topicId: topicId("t") } : { name: "t" };
        const { value } = bench.fetch({ groups: [{ groupId: "g", topics: [{ ...topic, partitionIndexes: [2] }] }] }, { version });
        expect(value?.groups).toMatchObject([{ groupId: "g", errorCode: 0, topics: [{ ...topic, partitions: [expected] }] }]);
      } else {
        const { value } = bench.fetch({ groupId: "g", topics: [{ name: "t", partitionIndexes: [2] }] }, { version });
        expect(value).toMatchObject({ errorCode: 0, topics: [{ name: "t", partitions: [expected] }] });
      }
    },
  );

  it("that are not there are -1 without an error, whatever is missing", () => {
    const bench = new GroupBench();
    bench.commit(NOBODY);
    const nothing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode: 0 };
    for (const [groupId, name, partitionIndex] of [
      ["other", "t", 0],
      ["g", "nowhere", 0],
      ["g", "t", 3],
      ["g", "t", 99],
    ] as const) {
      expect(bench.fetch({ groupId, topics: [{ name, partitionIndexes: [partitionIndex] }] }, { version: 7 }).value).toMatchObject({
        errorCode: 0,
        topics: [{ name, partitions: [{ partitionIndex, ...nothing }] }],
      });
    }
    // Seen on Kafka 4.3.1: a member id and epoch of a group that does not exist change nothing.
    expect(
      bench.fetch({ groups: [{ groupId: "other", memberId: "m", memberEpoch: 3, topics: [{ name: "t", partitionIndexes: [0] }] }] }).value
        ?.groups,
    ).toMatchObject([{ errorCode: 0, topics: [{ partitions: [nothing] }] }]);
  });

  it("are all told when no topics are named, and none when the list is empty; of several groups in one request", () => {
    const bench = new GroupBench();
    bench.commit({ ...NOBODY, groupId: "a", topics: [...commitOf("t", { 0: 1, 1: 2 }), ...commitOf("u", { 0: 3 })] });
    bench.commit({ ...NOBODY, groupId: "", topics: commitOf("t", { 0: 9 }) });
    const { value } = bench.fetch({
      groups: [
        { groupId: "a", topics: null },
        { groupId: "", topics: null },
        { groupId: "a", topics: [] },
        { groupId: "none", topics: null },
      ],
    });
    expect(value?.groups).toMatchObject([
      {
        groupId: "a",
        topics: [
          { name: "t", partitions: [{ committedOffset: 1 }, { committedOffset: 2 }] },
          { name: "u", partitions: [{ committedOffset: 3 }] },
        ],
      },
      { groupId: "", topics: [{ name: "t", partitions: [{ committedOffset: 9 }] }] },
      { groupId: "a", topics: [] },
      { groupId: "none", topics: [] },
    ]);
  });

  it("are refused by id with UNKNOWN_TOPIC_ID where no topic has it", () => {
    const bench = new GroupBench();
    const topics = [
      { topicId: topicId("gone"), partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: null }] },
      ...commitOf("t", { 0: 5 }),
    ];
    expect(errorsOf(bench.commit({ ...NOBODY, topics }, { version: 10 }).value)).toEqual([Errors.UNKNOWN_TOPIC_ID, 0]);
    const { value } = bench.fetch(
      {
        groups: [
          { groupId: "g", topics: [{ topicId: topicId("gone"), partitionIndexes: [0] }] },
          { groupId: "g", topics: null },
        ],
      },
      { version: 10 },
    );
    expect(value?.groups).toMatchObject([
      { topics: [{ topicId: topicId("gone"), partitions: [{ committedOffset: -1, errorCode: 100 }] }] },
      { topics: [{ topicId: topicId("t"), partitions: [{ committedOffset: 5 }] }] },
    ]);
  });

  it("of a topic that was made anew since are not told", () => {
    const bench = new GroupBench();
    bench.commit(NOBODY);
    const topic = bench.topics.get("t");
    if (topic !== undefined) topic.id = topicId("t2");
    expect(fetched(bench)).toEqual({ 0: -1 });
  });

  it("go with their topic", () => {
    const bench = new GroupBench();
    bench.commit({ ...NOBODY, topics: [...commitOf("t", { 0: 1 }), ...commitOf("u", { 0: 2 })] });
    bench.topics.delete("t");
    bench.groups.topicsDeleted(["t"]);
    expect(fetched(bench)).toEqual({});
    expect(fetched(bench, "g", "u")).toEqual({ 0: 2 });
    expect(fetched(bench.restarted({ topics: { u: 2 } }))).toEqual({});
  });
});

describe("a commit", () => {
  it("is refused for an unknown partition, and for metadata that are too long, by itself", () => {
    const bench = new GroupBench();
    const partition = (partitionIndex: number, length = 0) => ({
      partitionIndex,
      committedOffset: 1,
      committedMetadata: "x".repeat(length),
    });
    const topics = [
      { name: "nowhere", partitions: [partition(0)] },
      { name: "t", partitions: [partition(9), partition(-1), partition(0, 4097), partition(1, 4096)] },
    ];
    expect(errorsOf(bench.commit({ ...NOBODY, topics }).value)).toEqual([3, 3, 3, 12, 0]);
    // What the group refuses it refuses for all that exist, also for what is too long (seen on Kafka 4.3.1).
    expect(errorsOf(bench.commit({ generationIdOrMemberEpoch: 5, memberId: "m", topics }).value)).toEqual([3, 3, 3, 25, 25]);
    expect(errorsOf(bench.commit({ generationIdOrMemberEpoch: 5, memberId: "m", topics: topics.slice(0, 1) }).value)).toEqual([3]);
    expect(bench.commit({ topics: [] }).value?.topics).toEqual([]);
  });

  it("of a generation to a group that does not exist is refused; without one it makes a simple group", () => {
    const bench = new GroupBench();
    expect(errorsOf(bench.commit({ generationIdOrMemberEpoch: 1, memberId: "m" }, { version: 8 }).value)).toEqual([22]);
    expect(errorsOf(bench.commit({ generationIdOrMemberEpoch: 1, memberId: "m" }, { version: 9 }).value)).toEqual([69]);
    expect(bench.list().value?.groups).toEqual([]);
    expect(errorsOf(bench.commit(NOBODY).value)).toEqual([0]);
    expect(bench.list().value?.groups).toEqual([{ groupId: "g", protocolType: "", groupState: "Empty", groupType: "classic" }]);
  });

  // State, request, expected error.
  it.each([
    ["Stable", { generationIdOrMemberEpoch: 1 }, "member", 0],
    ["Stable", { generationIdOrMemberEpoch: 2 }, "member", 22],
    ["Stable", { generationIdOrMemberEpoch: -1 }, "member", 22],
    ["Stable", { generationIdOrMemberEpoch: 1 }, "nobody", 25],
    ["Stable", { generationIdOrMemberEpoch: 1 }, "", 25],
    ["Stable", { generationIdOrMemberEpoch: -1 }, "", 25],
    ["Stable", { generationIdOrMemberEpoch: 1, groupInstanceId: "i" }, "member", 25],
    ["PreparingRebalance", { generationIdOrMemberEpoch: 1 }, "member", 0],
    ["CompletingRebalance", { generationIdOrMemberEpoch: 2 }, "member", 27],
    ["CompletingRebalance", { generationIdOrMemberEpoch: 1 }, "member", 22],
    ["Empty", { generationIdOrMemberEpoch: -1 }, "", 0],
    ["Empty", { generationIdOrMemberEpoch: -1 }, "nobody", 0],
    ["Empty", { generationIdOrMemberEpoch: 2 }, "member", 25],
  ] as const)("to a group that is %s, with %j as %s, is answered %i", async (state, body, who, errorCode) => {
    const bench = new GroupBench();
    const [member, other] = await stableGroup(bench, [{}, {}]);
    if (member === undefined || other === undefined) throw new Error("two members");
    if (state !== "Stable" && state !== "Empty") rejoin(bench, member);
    if (state === "CompletingRebalance") rejoin(bench, other);
    if (state === "Empty") await bench.leave({ members: [{ memberId: member.memberId }, { memberId: other.memberId }] }).done;
    await settle(bench);
    expect((await bench.describe(["g"]).done).groups[0]?.groupState).toBe(state);
    const memberId = who === "member" ? member.memberId : who;
    expect(errorsOf(bench.commit({ ...body, memberId }, { version: 8 }).value)).toEqual([errorCode]);
  });

  it.each([
    ["disk", Errors.NOT_COORDINATOR],
    [Errors.MESSAGE_TOO_LARGE, Errors.UNKNOWN_SERVER_ERROR],
    [Errors.NOT_ENOUGH_REPLICAS, Errors.COORDINATOR_NOT_AVAILABLE],
  ] as const)("that the log refuses (%s) changes nothing", (failure, errorCode) => {
    const bench = new GroupBench();
    bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 1 }) });
    for (const log of bench.logs) log.failure = failure;
    expect(errorsOf(bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 2, 1: 3 }) }).value)).toEqual([errorCode, errorCode]);
    expect(fetched(bench)).toEqual({ 0: 1 });
  });

  it("is answered when it is durable; a fetch meanwhile waits for it and tells the new offset", async () => {
    const bench = new GroupBench();
    for (const log of bench.logs) log.isDurableAtOnce = false;
    const committing = bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 7 }) });
    const fetching = bench.fetch({ groupId: "g", topics: null }, { version: 7 });
    await settle(bench);
    expect([committing.value, fetching.value]).toEqual([undefined, undefined]);
    for (const log of bench.logs) log.makeDurable();
    await settle(bench);
    expect(errorsOf(committing.value)).toEqual([0]);
    expect(fetching.value).toMatchObject({ topics: [{ partitions: [{ committedOffset: 7 }] }] });
  });

  it("that was never durable is gone after a crash, and was never told", async () => {
    const bench = new GroupBench();
    bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 1 }) });
    const kept = bench.logs.map((log) => [...log.batches]);
    for (const log of bench.logs) log.isDurableAtOnce = false;
    const committing = bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 2 }) });
    const fetching = bench.fetch({ groupId: "g", topics: null }, { version: 1 + 6 });
    for (const partition of bench.partitions) partition.resign();
    bench.groups.close();
    await settle(bench);
    expect(errorsOf(committing.value)).toEqual([Errors.NOT_COORDINATOR]);
    expect(fetching.value).toMatchObject({ errorCode: Errors.NOT_COORDINATOR, topics: [] });
    for (const [index, log] of bench.logs.entries()) log.batches.splice(0, log.batches.length, ...(kept[index] ?? []));
    expect(fetched(bench.restarted())).toEqual({ 0: 1 });
  });
});

describe("errors of the group in OffsetFetch", () => {
  it("are repeated for each partition up to version 1, one for the answer up to 7, one for each group from 8 on", () => {
    const bench = new GroupBench();
    bench.groups.close();
    const topics = [{ name: "t", partitionIndexes: [0, 1] }];
    const refused = { committedOffset: -1, metadata: "", errorCode: 16 };
    expect(bench.fetch({ groupId: "g", topics }, { version: 1 }).value?.topics).toMatchObject([
      { name: "t", partitions: [refused, refused] },
    ]);
    expect(bench.fetch({ groupId: "g", topics }, { version: 2 }).value).toMatchObject({ errorCode: 16, topics: [] });
    expect(bench.fetch({ groups: [{ groupId: "g", topics }] }, { version: 8 }).value?.groups).toMatchObject([
      { groupId: "g", errorCode: 16, topics: [] },
    ]);
  });
});

describe("offsets of a transaction that is still open", () => {
  it("are seen by nobody, and refused to who requires stable ones, until its marker comes", () => {
    const bench = new GroupBench();
    bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 1 }) });
    const committed = {
      offset: 5,
      leaderEpoch: 0,
      metadata: "",
      commitTimestampMs: 0,
      expireTimestampMs: undefined,
      topicId: topicId("t"),
    };
    const record = groupRecordCodec.encode({ type: "offset", groupId: "g", topic: "t", partition: 0, committed });
    const index = bench.groups.partitionFor("g");
    const transaction = { producerId: 7, producerEpoch: 0 };
    bench.partitions[index]?.append(buildBatch([record], { ...transaction, baseSequence: 0, isTransactional: true }).bytes, "coordinator");
    const open = bench.restarted();
    const topics = [{ name: "t", partitionIndexes: [0, 1] }];
    expect(open.fetch({ groupId: "g", topics, requireStable: true }, { version: 7 }).value?.topics[0]?.partitions).toMatchObject([
      { committedOffset: -1, errorCode: Errors.UNSTABLE_OFFSET_COMMIT },
      { committedOffset: -1, errorCode: 0 },
    ]);
    expect(fetched(open)).toEqual({ 0: 1 });
    for (const [type, offset] of [
      [0, 1],
      [1, 5],
    ] as const) {
      const ended = new GroupBench({ clock: open.clock, logs: open.logs });
      ended.partitions[index]?.append(controlBatch({ ...transaction, coordinatorEpoch: 0, type, timestamp: 0 }).bytes, "coordinator");
      expect(fetched(ended.restarted())).toEqual({ 0: offset });
    }
  });
});

describe("OffsetDelete", () => {
  it("deletes what no active member subscribes to", async () => {
    const bench = new GroupBench();
    const [member] = await stableGroup(bench, [{}]);
    const asMember = { memberId: member?.memberId ?? "", generationIdOrMemberEpoch: 1 };
    bench.commit({ ...asMember, topics: [...commitOf("t", { 0: 1 }), ...commitOf("u", { 0: 2 })] });
    const topics = [
      { name: "t", partitions: [{ partitionIndex: 0 }] },
      { name: "u", partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }, { partitionIndex: 2 }] },
      { name: "nowhere", partitions: [{ partitionIndex: 0 }] },
    ];
    expect(errorsOf(bench.offsetDelete({ groupId: "g", topics }).value)).toEqual([86, 0, 0, 3, 3]);
    for (const each of beforeAndAfterRestart(bench)) expect([fetched(each), fetched(each, "g", "u")]).toEqual([{ 0: 1 }, {}]);
  });

  it("refuses unknown groups, empty ids, and active groups of other protocols", async () => {
    const bench = new GroupBench();
    const topics = [{ name: "t", partitions: [{ partitionIndex: 0 }] }];
    expect(bench.offsetDelete({ groupId: "other", topics }).value).toMatchObject({ errorCode: 69, topics: [] });
    expect(bench.offsetDelete({ groupId: "", topics }).value).toMatchObject({ errorCode: 24, topics: [] });
    const joining = await startJoin(bench, { protocolType: "connect" });
    await settle(bench);
    expect(bench.offsetDelete({ groupId: "g", topics }).value).toMatchObject({ errorCode: 68, topics: [] });
    bench.leave({ memberId: joining.value?.memberId ?? "" }, { version: 1 });
    expect(bench.offsetDelete({ groupId: "g", topics }).value).toMatchObject({
      errorCode: 0,
      topics: [{ partitions: [{ errorCode: 0 }] }],
    });
  });
});
