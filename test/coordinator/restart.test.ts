// Whatever happened to the groups of a coordinator, another one that replays its log shows the same.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitOf, GroupBench, protocols, settle } from "./support/group-bench.ts";

const GROUPS = ["g", "h"] as const;
const INSTANCES = [null, null, "i1", "i2"] as const;

type Step =
  | { readonly do: "join"; readonly group: number; readonly who: number; readonly version: number; readonly protocol: number }
  | { readonly do: "rejoin" | "sync" | "leave" | "heartbeat" | "commit"; readonly group: number; readonly who: number }
  | { readonly do: "commitSimple" | "deleteGroup" | "deleteOffset"; readonly group: number; readonly who: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "fail"; readonly isFailing: boolean };

const index = fc.nat(7);
const of = <const D extends string>(name: D, weight: number) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), group: fc.nat(1), who: index }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      group: fc.nat(1),
      who: index,
      version: fc.constantFrom(2, 5, 9),
      protocol: fc.nat(2),
    }),
  },
  of("rejoin", 6),
  of("sync", 8),
  of("leave", 2),
  of("heartbeat", 4),
  of("commit", 3),
  of("commitSimple", 1),
  of("deleteGroup", 1),
  of("deleteOffset", 1),
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 1000, 5000, 9999, 60_000, 3_600_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), isFailing: fc.boolean() }) },
);

/** A client that knows of each group which members there may be, and answers nothing by itself. */
class Clients {
  readonly bench: GroupBench;
  readonly #members = new Map<string, { memberId: string; instanceId: string | null; generation: number }[]>();

  constructor(bench: GroupBench) {
    this.bench = bench;
  }

  run(step: Step): Promise<void> | void {
    if (step.do === "wait") return this.bench.clock.advance(step.ms);
    if (step.do === "fail") {
      for (const log of this.bench.logs) log.failure = step.isFailing ? "disk" : undefined;
      return;
    }
    const groupId = GROUPS[step.group] ?? "g";
    const members = this.#members.get(groupId) ?? [];
    this.#members.set(groupId, members);
    if (step.do === "join") return this.#join(groupId, step);
    const member = members[step.who % Math.max(1, members.length)] ?? { memberId: "nobody", instanceId: null, generation: 1 };
    const { memberId, instanceId: groupInstanceId, generation } = member;
    const asMember = { groupId, memberId, groupInstanceId };
    switch (step.do) {
      case "rejoin":
        this.#follow(groupId, this.bench.join({ ...asMember, protocols: protocols("range", "sticky") }), groupInstanceId);
        return;
      case "sync":
        this.bench.sync(
          {
            ...asMember,
            generationId: generation,
            assignments: members.map((each, at) => ({ memberId: each.memberId, assignment: Buffer.from(`${at}`) })),
          },
          { version: 3 },
        );
        return;
      case "leave":
        this.bench.leave({ groupId, members: [{ memberId, groupInstanceId }] });
        return;
      case "heartbeat":
        this.bench.heartbeat({ ...asMember, generationId: generation });
        return;
      case "commit":
        this.bench.commit({ ...asMember, generationIdOrMemberEpoch: generation, topics: commitOf("t", { [step.who % 4]: step.who }) });
        return;
      case "commitSimple":
        this.bench.commit(
          { groupId, memberId: "", topics: commitOf("u", { 0: step.who }), retentionTimeMs: step.who % 2 === 0 ? 1_800_000 : -1 },
          { version: 4 },
        );
        return;
      case "deleteGroup":
        this.bench.deleteGroups(groupId);
        return;
      case "deleteOffset":
        this.bench.offsetDelete({ groupId, topics: [{ name: "u", partitions: [{ partitionIndex: 0 }] }] });
        return;
    }
  }

  #join(groupId: string, { who, version, protocol }: Extract<Step, { do: "join" }>): void {
    const groupInstanceId = version >= 5 ? (INSTANCES[who % INSTANCES.length] ?? null) : null;
    const offered = [protocols("range", "sticky"), protocols("sticky", "range"), protocols("range")][protocol] ?? protocols("range");
    const sessionTimeoutMs = 6000 + 1000 * who;
    this.#follow(
      groupId,
      this.bench.join({ groupId, groupInstanceId, protocols: offered, sessionTimeoutMs, rebalanceTimeoutMs: 9000 }, { version }),
      groupInstanceId,
    );
  }

  #follow(groupId: string, { done }: ReturnType<GroupBench["join"]>, instanceId: string | null): void {
    void done.then(({ memberId, generationId }) => {
      if (memberId === "") return;
      const members = (this.#members.get(groupId) ?? []).filter((each) => each.memberId !== memberId);
      this.#members.set(groupId, [...members, { memberId, instanceId, generation: generationId }]);
    });
  }
}

/** What is kept: offsets of every group, and groups in the last state that was stored. */
function stored(bench: GroupBench): object {
  const groups = bench.list().value?.groups.map(({ groupId, protocolType }) => {
    const { value } = bench.fetch({ groupId, topics: null }, { version: 7 });
    const [described] = bench.describe([groupId]).value?.groups ?? [];
    const isAtRest = described?.groupState === "Stable" || described?.groupState === "Empty";
    // A group in a rebalance comes back as it was before it.
    return { groupId, offsets: value?.topics, ...(isAtRest ? { protocolType, described } : {}) };
  });
  return { groups: groups?.sort((a, b) => (a.groupId < b.groupId ? -1 : 1)) };
}

describe("a restart", () => {
  it("by replay shows the groups and offsets that there were", { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const settings = { "offsets.retention.minutes": 60, "offsets.retention.check.interval.ms": 600_000 };
        const bench = new GroupBench({ settings });
        const clients = new Clients(bench);
        for (const each of steps) {
          await clients.run(each);
          await settle(bench);
        }
        const before = stored(bench);
        for (const log of bench.logs) log.failure = undefined;
        const after = stored(bench.restarted({ settings }));
        expect(after).toMatchObject(before);
        expect((after as { groups: unknown[] }).groups.length).toBe((before as { groups: unknown[] }).groups.length);
      }),
      { numRuns: 300 },
    );
  });

  it("gives members a whole session anew from the time of loading", async () => {
    const bench = new GroupBench();
    const joining = bench.join({ sessionTimeoutMs: 10_000 }, { version: 3 });
    await settle(bench);
    const memberId = joining.value?.memberId ?? "";
    bench.sync({ memberId, assignments: [{ memberId, assignment: Buffer.from("a") }] });
    await bench.clock.advance(9_000);
    const after = bench.restarted();
    await bench.clock.advance(9_999);
    expect(after.heartbeat({ memberId }).value?.errorCode).toBe(0);
    expect(after.sync({ memberId }).value).toMatchObject({ errorCode: 0, assignment: Buffer.from("a") });
    await bench.clock.advance(10_000);
    expect(after.heartbeat({ memberId }).value?.errorCode).toBe(25);
  });

  it("takes the timeouts that a member stated last", async () => {
    const bench = new GroupBench();
    const first = bench.join({ sessionTimeoutMs: 10_000 }, { version: 3 });
    await settle(bench);
    const memberId = first.value?.memberId ?? "";
    bench.sync({ memberId });
    bench.join({ memberId, sessionTimeoutMs: 30_000 }, { version: 3 });
    await settle(bench);
    bench.sync({ memberId, generationId: 2 });
    const after = bench.restarted();
    await bench.clock.advance(29_999);
    expect(after.describe(["g"]).value?.groups[0]?.groupState).toBe("Stable");
    await bench.clock.advance(1);
    expect(after.describe(["g"]).value?.groups[0]?.groupState).toBe("Empty");
  });

  it("makes a group that was larger than group.max.size rebalance", async () => {
    const bench = new GroupBench();
    const joining = [1, 2, 3].map(() => bench.join({}, { version: 3 }));
    await settle(bench);
    bench.sync({ memberId: joining[0]?.value?.memberId ?? "" });
    const after = bench.restarted({ settings: { "group.max.size": 2 } });
    const rejoining = joining.map(({ value }) => after.join({ memberId: value?.memberId ?? "" }, { version: 3 }));
    await settle(after);
    expect(rejoining.map(({ value }) => value?.errorCode)).toEqual([0, 0, 81]);
    expect(rejoining[0]?.value?.generationId).toBe(2);
  });
});
