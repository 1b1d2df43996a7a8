import { describe, expect, it } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { decodeAssignment, encodeAssignment, encodeSubscription } from "../../../protocol/state/consumer-protocol.ts";
import { Member } from "../support/consumer-members.ts";
import { GroupBench, settle } from "../support/group-bench.ts";

const VERSION = { version: 9 };

/** A client of the classic protocol with a cooperative assignor: it keeps what it has until it is told otherwise. */
class ClassicClient {
  memberId = "";
  generation = -1;
  owned: number[] = [];
  readonly #bench: GroupBench;

  constructor(bench: GroupBench) {
    this.#bench = bench;
  }

  #protocols() {
    const ownedPartitions = this.owned.length === 0 ? [] : [{ topic: "t", partitions: this.owned }];
    return [{ name: "cooperative-sticky", metadata: encodeSubscription(1, { topics: ["t"], userData: null, ownedPartitions }) }];
  }

  async join() {
    const body = () => ({ memberId: this.memberId, protocols: this.#protocols(), rebalanceTimeoutMs: 20_000 });
    let answer = this.#bench.join(body(), VERSION);
    await settle(this.#bench);
    if (answer.value?.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.memberId = answer.value.memberId;
      answer = this.#bench.join(body(), VERSION);
      await settle(this.#bench);
    }
    if (answer.value?.errorCode === 0) {
      this.memberId = answer.value.memberId;
      this.generation = answer.value.generationId;
    }
    return answer;
  }

  /** @param partitions for all members, when it is the leader */
  async sync(partitions: readonly (readonly [ClassicClient, number[]])[] = []) {
    const assignments = partitions.map(([{ memberId }, indexes]) => ({
      memberId,
      assignment: encodeAssignment(1, { assignedPartitions: [{ topic: "t", partitions: indexes }], userData: null }),
    }));
    const { memberId, generation: generationId } = this;
    const answer = this.#bench.sync({ memberId, generationId, assignments, protocolName: "cooperative-sticky" });
    await settle(this.#bench);
    if (answer.value?.errorCode === 0 && answer.value.assignment.length > 0)
      this.owned = decodeAssignment(answer.value.assignment).assignment.assignedPartitions.flatMap((each) => [...each.partitions]);
    return answer;
  }

  async beat(): Promise<number> {
    return (await this.#bench.heartbeat({ memberId: this.memberId, generationId: this.generation }).done).errorCode;
  }

  /** What a heartbeat brings about. */
  async follow(): Promise<void> {
    if ((await this.beat()) !== Errors.REBALANCE_IN_PROGRESS) return;
    expect((await this.join()).value?.errorCode).toBe(0);
    expect((await this.sync()).value?.errorCode).toBe(0);
  }
}

async function classicGroup(bench: GroupBench): Promise<ClassicClient> {
  const client = new ClassicClient(bench);
  await client.join();
  await client.sync([[client, [0, 1, 2, 3]]]);
  expect(client.owned).toEqual([0, 1, 2, 3]);
  return client;
}

const typeOf = async (bench: GroupBench) => (await bench.list().done).groups[0]?.groupType;

describe("a running classic group", () => {
  it("goes over when a member of the consumer protocol joins, hands partitions over one by one, and back when that member leaves", async () => {
    const bench = new GroupBench();
    const classic = await classicGroup(bench);
    const member = await Member.joined(bench, "m");
    expect([await typeOf(bench), member.owned, await classic.beat()]).toEqual(["consumer", [], Errors.REBALANCE_IN_PROGRESS]);
    await classic.follow();
    expect(classic.owned).toEqual([0, 1]);
    await member.beat();
    expect(member.owned).toEqual([]);
    await classic.follow();
    await member.beat();
    expect([classic.owned, member.owned]).toEqual([
      [0, 1],
      ["t-2", "t-3"],
    ]);
    expect((await bench.describeConsumer(["g"]).done).groups[0]).toMatchObject({
      groupState: "Stable",
      members: [{ memberType: 0 }, { memberType: 1 }],
    });

    await member.say({ memberEpoch: -1 });
    expect([await typeOf(bench), await classic.beat()]).toEqual(["classic", Errors.REBALANCE_IN_PROGRESS]);
    expect((await classic.join()).value).toMatchObject({ errorCode: 0, leader: classic.memberId });
  });

  it.each([
    ["disabled", Errors.GROUP_ID_NOT_FOUND],
    ["downgrade", Errors.GROUP_ID_NOT_FOUND],
    ["Disabled", Errors.GROUP_ID_NOT_FOUND],
    ["upgrade", 0],
    ["UPGRADE", 0],
    ["bidirectional", 0],
  ])("with the policy %s answers %i to a member of the consumer protocol", async (policy, errorCode) => {
    const bench = new GroupBench({ settings: { "group.consumer.migration.policy": policy } });
    await classicGroup(bench);
    expect((await bench.beat({ memberId: "m" }).done).errorCode).toBe(errorCode);
  });

  it("is what it was after a restart in the middle of it", async () => {
    const bench = new GroupBench();
    const classic = await classicGroup(bench);
    await Member.joined(bench, "m");
    await classic.follow();
    const before = (await bench.describeConsumer(["g"]).done).groups[0];
    const restarted = bench.restarted();
    await settle(restarted);
    expect((await restarted.describeConsumer(["g"]).done).groups[0]).toEqual(before);
  });
});

describe("an empty group", () => {
  it("becomes of the protocol of whoever joins it next", async () => {
    const bench = new GroupBench();
    const classic = await classicGroup(bench);
    await bench.leave({ members: [{ memberId: classic.memberId, groupInstanceId: null }] }).done;
    const member = await Member.joined(bench, "m");
    expect([await typeOf(bench), member.owned.length]).toEqual(["consumer", 4]);
    await member.say({ memberEpoch: -1 });
    await classicGroup(bench);
    expect(await typeOf(bench)).toBe("classic");
  });
});
