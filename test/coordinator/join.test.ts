import { describe, expect, it } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { GroupBench, settle } from "./support/group-bench.ts";

describe("joining a classic group", () => {
  it("sends a member without an id back once, then admits it as leader of generation 1", async () => {
    const bench = new GroupBench();
    const first = bench.join({}, { clientId: "app" });
    expect(first.value).toMatchObject({ errorCode: Errors.MEMBER_ID_REQUIRED, generationId: -1 });
    const memberId = first.value?.memberId ?? "";
    expect(memberId).toMatch(/^app-[0-9a-f]{8}-/);
    const second = bench.join({ memberId });
    await settle(bench);
    expect(second.value).toMatchObject({ errorCode: 0, generationId: 1, leader: memberId, memberId, protocolType: "consumer", protocolName: "range" });
    expect(second.value?.members).toHaveLength(1);
    const synced = bench.sync({ memberId, assignments: [{ memberId, assignment: Buffer.from("all") }] });
    await settle(bench);
    expect(synced.value).toMatchObject({ errorCode: 0, assignment: Buffer.from("all") });
    expect(bench.heartbeat({ memberId }).value?.errorCode).toBe(0);
    expect(bench.commit({ memberId, generationIdOrMemberEpoch: 1 }).value).toMatchObject({ topics: [{ partitions: [{ errorCode: 0 }] }] });
    const after = bench.restarted();
    expect(after.heartbeat({ memberId }).value?.errorCode).toBe(0);
    expect(after.fetch({ groups: [{ groupId: "g", topics: null }] }).value).toMatchObject({ groups: [{ topics: [{ name: "t", partitions: [{ committedOffset: 5 }] }] }] });
  });
});
