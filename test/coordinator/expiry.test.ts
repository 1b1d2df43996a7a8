import { describe, expect, it } from "vitest";
import { commitOf, GroupBench, settle } from "./support/group-bench.ts";
import { beat, stableGroup, startJoin } from "./support/groups.ts";

const MINUTE_MS = 60_000;
const NOBODY = { generationIdOrMemberEpoch: -1, memberId: "" };
/** An hour, looked for each minute. */
const settings = { "offsets.retention.minutes": 60, "offsets.retention.check.interval.ms": MINUTE_MS };

function offsets(bench: GroupBench): string[] {
  const { value } = bench.fetch({ groupId: "g", topics: null }, { version: 7 });
  return value?.topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`)) ?? [];
}

function groups(bench: GroupBench): (string | undefined)[] | undefined {
  return bench.list().value?.groups.map(({ groupId, groupState }) => `${groupId} ${groupState}`);
}

describe("retention of offsets", () => {
  it("counts from the last member's leaving, and takes the group with them", async () => {
    const bench = new GroupBench({ settings });
    const [member] = await stableGroup(bench, [{ sessionTimeoutMs: 1_800_000 }]);
    bench.commit({ memberId: member?.memberId ?? "", generationIdOrMemberEpoch: 1 });
    await bench.clock.advance(20 * MINUTE_MS + 500);
    bench.leave({ memberId: member?.memberId ?? "" }, { version: 1 });
    await bench.clock.advance(60 * MINUTE_MS - 501);
    expect([offsets(bench), groups(bench)]).toEqual([["t-0"], ["g Empty"]]);
    await bench.clock.advance(MINUTE_MS + 1);
    expect([offsets(bench), groups(bench)]).toEqual([[], []]);
    expect(groups(bench.restarted({ settings }))).toEqual([]);
  });

  it("keeps the time of leaving over a restart", async () => {
    const bench = new GroupBench({ settings });
    const [member] = await stableGroup(bench, [{}]);
    bench.commit({ memberId: member?.memberId ?? "", generationIdOrMemberEpoch: 1 });
    bench.leave({ memberId: member?.memberId ?? "" }, { version: 1 });
    await bench.clock.advance(30 * MINUTE_MS);
    const after = bench.restarted({ settings });
    await bench.clock.advance(29 * MINUTE_MS);
    expect(offsets(after)).toEqual(["t-0"]);
    await bench.clock.advance(MINUTE_MS);
    expect(offsets(after)).toEqual([]);
  });

  it("leaves topics alone that members subscribe to, and counts others from their commit", async () => {
    const bench = new GroupBench({ settings });
    const [member] = await stableGroup(bench, [{ sessionTimeoutMs: 1_800_000 }]);
    bench.commit({
      memberId: member?.memberId ?? "",
      generationIdOrMemberEpoch: 1,
      topics: [...commitOf("t", { 0: 1 }), ...commitOf("u", { 0: 1 })],
    });
    for (let hour = 0; hour < 6; hour++) {
      await bench.clock.advance(10 * MINUTE_MS);
      expect(member && beat(bench, member, 1)).toBe(0);
    }
    expect(offsets(bench)).toEqual(["t-0"]);
  });

  it("of an active group that is not one of consumers expires nothing", async () => {
    const bench = new GroupBench({ settings });
    const joining = await startJoin(bench, { protocolType: "connect", sessionTimeoutMs: 1_800_000 });
    await settle(bench);
    const memberId = joining.value?.memberId ?? "";
    bench.sync({ memberId }, { version: 1 });
    bench.commit({ memberId, generationIdOrMemberEpoch: 1 });
    for (let part = 0; part < 12; part++) {
      await bench.clock.advance(10 * MINUTE_MS);
      expect(bench.heartbeat({ memberId }).value?.errorCode).toBe(0);
    }
    expect(offsets(bench)).toEqual(["t-0"]);
  });

  it("of a simple group counts from each commit", async () => {
    const bench = new GroupBench({ settings });
    bench.commit({ ...NOBODY, topics: commitOf("t", { 0: 1, 1: 1 }) });
    await bench.clock.advance(30 * MINUTE_MS);
    bench.commit({ ...NOBODY, topics: commitOf("t", { 1: 2 }) });
    await bench.clock.advance(30 * MINUTE_MS);
    expect(offsets(bench)).toEqual(["t-1"]);
    await bench.clock.advance(30 * MINUTE_MS);
    expect([offsets(bench), groups(bench)]).toEqual([[], []]);
  });

  it("is what a commit of versions 2 to 4 says, shorter or longer, also after a restart", async () => {
    const bench = new GroupBench({ settings });
    bench.commit({ ...NOBODY, retentionTimeMs: 5 * MINUTE_MS, topics: commitOf("t", { 0: 1 }) }, { version: 4 });
    bench.commit({ ...NOBODY, retentionTimeMs: 90 * MINUTE_MS, topics: commitOf("t", { 1: 1 }) }, { version: 2 });
    bench.commit({ ...NOBODY, retentionTimeMs: -1, topics: commitOf("t", { 2: 1 }) }, { version: 3 });
    const after = bench.restarted({ settings });
    await bench.clock.advance(4 * MINUTE_MS);
    expect(offsets(after)).toEqual(["t-0", "t-1", "t-2"]);
    await bench.clock.advance(MINUTE_MS);
    expect(offsets(after)).toEqual(["t-1", "t-2"]);
    await bench.clock.advance(55 * MINUTE_MS);
    expect(offsets(after)).toEqual(["t-1"]);
    await bench.clock.advance(30 * MINUTE_MS);
    expect(offsets(after)).toEqual([]);
  });

  it("removes a group that has neither members nor offsets at the next check, but not one that somebody is about to join", async () => {
    const bench = new GroupBench({ settings });
    const pending = bench.join({ sessionTimeoutMs: 100_000 }).value?.memberId;
    await bench.clock.advance(MINUTE_MS);
    expect(groups(bench)).toEqual(["g Empty"]);
    expect(pending).toBeDefined();
    await bench.clock.advance(MINUTE_MS);
    expect(groups(bench)).toEqual([]);
  });

  it("tries again at the next check what could not be stored", async () => {
    const bench = new GroupBench({ settings });
    bench.commit(NOBODY);
    for (const log of bench.logs) log.failure = "disk";
    await bench.clock.advance(60 * MINUTE_MS);
    expect(offsets(bench)).toEqual(["t-0"]);
    for (const log of bench.logs) log.failure = undefined;
    await bench.clock.advance(MINUTE_MS);
    expect(offsets(bench)).toEqual([]);
  });
});
