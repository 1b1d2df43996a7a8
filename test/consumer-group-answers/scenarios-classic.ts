// Members of the classic protocol in groups of the consumer protocol, and groups that go over from one to the other while members go on.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

function commit(stage: Stage, version: number, { memberId, generation }: { readonly memberId: string; readonly generation: number }) {
  return stage.ask(messages.offsetCommit, version, {
    groupId: stage.name("g"),
    generationIdOrMemberEpoch: generation,
    memberId,
    topics: [{ name: stage.name("t"), partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: "" }] }],
  });
}

/** A classic group with one member, which has all of `t`. */
async function classicGroup(stage: Stage, { protocols = ["range"], partitions = 2 } = {}): Promise<ClassicMember> {
  await stage.topic("t", partitions);
  const c = await ClassicMember.of(stage, "C");
  await c.enter({ topics: ["t"], protocols });
  await c.sync({ assigns: { [c.memberId]: { t: Array.from({ length: partitions }, (_, index) => index) } } });
  return c;
}

async function rejoin(c: ClassicMember, protocols: readonly string[] = ["range"]): Promise<void> {
  await c.join({ topics: ["t"], protocols, owned: protocols.includes("range") ? {} : c.assigned, generation: c.generation });
  await c.sync();
}

export const CLASSIC_SCENARIOS: readonly Scenario[] = [
  scenario("classic requests of strangers to a group of the consumer protocol", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    const c = await ClassicMember.of(stage, "C");
    await c.heartbeat({ memberId: "unknown", generation: 2 });
    await c.heartbeat({ memberId: "A", generation: 2 });
    await c.heartbeat({ memberId: "", generation: -1 });
    await c.heartbeat({ memberId: "A", generation: 2, instance: "i" });
    await c.sync({ memberId: "unknown", generation: 2 });
    await c.sync({ memberId: "A", generation: 2 });
    await c.leave({ memberId: "unknown" });
    await c.join({ topics: ["t"], protocolType: "connect", memberId: "unknown" });
    await c.join({ topics: ["t"], protocols: [], memberId: "unknown" });
    await c.join({ topics: ["t"], metadata: Buffer.from([0]), memberId: "unknown" });
    await c.join({ topics: ["t"], metadata: Buffer.alloc(0), memberId: "unknown" });
    await c.join({ topics: ["t"], sessionTimeoutMs: 1 });
    await c.join({ topics: ["t"], version: 3, sessionTimeoutMs: 1 });
    await stage.describe();
  }),

  scenario("a classic member joins a group of the consumer protocol, eagerly", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ owns: "told" });
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"] });
    await stage.describe();
    await c.heartbeat();
    await c.sync();
    await c.heartbeat();
    await a.beat();
    await a.beat({ owns: "told" });
    await c.heartbeat();
    await rejoin(c);
    await c.heartbeat();
    await stage.describe();
    await stage.describeClassic("g", 5);
    await stage.list();
    await commit(stage, 8, c);
    await commit(stage, 9, c);
    await commit(stage, 8, { ...c, memberId: c.memberId, generation: c.generation - 1 });
    await commit(stage, 8, { memberId: c.memberId, generation: c.generation + 1 });
    await c.leave();
    await a.beat();
    await stage.describe();
  }),

  scenario("a classic member joins a group of the consumer protocol, cooperatively", async (stage) => {
    await stage.topic("t", 4);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    const c = await ClassicMember.of(stage, "C");
    await a.join({ topics: ["t"] });
    await c.enter({ topics: ["t"], protocols: ["cooperative-sticky", "range"] });
    await c.sync();
    await a.beat();
    await a.beat({ owns: "told" });
    await c.heartbeat();
    await rejoin(c, ["cooperative-sticky"]);
    await c.heartbeat();
    await b.join({ topics: ["t"] });
    await c.heartbeat();
    await c.join({ topics: ["t"], protocols: ["cooperative-sticky"], owned: c.assigned, generation: c.generation });
    await c.heartbeat();
    await c.sync();
    await c.heartbeat();
    await c.join({ topics: ["t"], protocols: ["cooperative-sticky"], owned: c.assigned, generation: c.generation });
    await c.sync();
    await c.heartbeat();
    await a.beat();
    await a.beat({ owns: "told" });
    await b.beat();
    await b.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("a classic member names protocol and generation that are not its own", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"] });
    await c.sync({ protocolType: "connect", protocolName: "range" });
    await c.sync({ protocolType: "consumer", protocolName: "roundrobin" });
    await c.sync({ protocolType: null, protocolName: null });
    await c.sync();
    await c.sync({ generation: c.generation + 1 });
    await c.sync({ generation: c.generation - 1 });
    await c.sync({ generation: -1 });
    await c.heartbeat({ generation: c.generation + 1 });
    await c.heartbeat({ generation: c.generation - 1 });
    await c.heartbeat();
    await c.join({ topics: ["t"], protocols: ["roundrobin"] });
    await c.join({ topics: ["t"], version: 3 });
    await c.sync({ version: 2 });
    const d = await ClassicMember.of(stage, "D");
    await d.join({ topics: ["t"], protocols: ["sticky"] });
    await d.join({ topics: ["t"], protocols: ["sticky", "roundrobin"], version: 3 });
    await stage.describe();
  }),

  scenario("classic members subscribe otherwise, and have racks and owned partitions", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["u"] });
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t", "unknown"], rack: "r", subscriptionVersion: 3 });
    await c.sync();
    await stage.describe();
    await c.join({ topics: ["t", "u"], owned: { t: [0, 1] }, generation: c.generation });
    await c.heartbeat();
    await c.sync();
    await stage.describe();
    await a.beat({ owns: "told" });
    await c.heartbeat();
    await c.join({ topics: ["u"], subscriptionVersion: 0 });
    await c.sync();
    await stage.describe();
  }),

  scenario("a static classic member is replaced by a member of the consumer protocol, and back", async (stage) => {
    await stage.topic("t", 2);
    const keeper = new ConsumerMember(stage, "K");
    await keeper.join({ topics: ["t"] });
    const c = await ClassicMember.of(stage, "C");
    await c.join({ topics: ["t"], instance: "i" });
    await c.sync({ instance: "i" });
    await c.heartbeat({ instance: "i" });
    await c.heartbeat({ instance: "j" });
    await c.heartbeat({ instance: "i", memberId: "other" });
    const b = new ConsumerMember(stage, "B", { instance: "i" });
    await b.join({ topics: ["t"] });
    await stage.describe();
    await c.heartbeat({ instance: "i" });
    const d = await ClassicMember.of(stage, "D");
    await d.join({ topics: ["t"], instance: "i" });
    await d.sync({ instance: "i" });
    await stage.describe();
    const e = await ClassicMember.of(stage, "E");
    await e.join({ topics: ["t"], instance: "i" });
    await d.heartbeat({ instance: "i" });
    await e.leave({ memberId: "", instance: "i" });
    await stage.describe();
  }),

  scenario("an empty classic group becomes one of the consumer protocol", async (stage) => {
    const c = await classicGroup(stage);
    await commit(stage, 8, c);
    await c.leave();
    await stage.list();
    const a = new ConsumerMember(stage, "A");
    await a.beat({ epoch: 3 });
    await a.leave();
    await a.join({ topics: ["t"] });
    await stage.describe();
    await stage.ask(messages.offsetFetch, 9, { groups: [{ groupId: stage.name("g"), topics: null }] });
    await a.leave();
    await stage.list();
  }),

  scenario("a simple group becomes one of the consumer protocol", async (stage) => {
    await stage.topic("t", 1);
    await commit(stage, 8, { memberId: "", generation: -1 });
    await stage.list();
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await stage.describe();
  }),

  scenario("an empty group of the consumer protocol becomes a classic one", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.leave();
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"] });
    await c.sync({ assigns: { [c.memberId]: { t: [0, 1] } } });
    await c.heartbeat();
    await stage.list();
    await stage.describeClassic();
    await a.beat({ epoch: 2 });
  }),

  scenario("a running classic group is upgraded by a member of the consumer protocol, and downgraded when it leaves", async (stage) => {
    const c = await classicGroup(stage);
    await c.heartbeat();
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await stage.describe();
    await c.heartbeat();
    await rejoin(c);
    await c.heartbeat();
    await a.beat();
    await stage.describe();
    await a.leave();
    await stage.list();
    await c.heartbeat();
    await stage.describeClassic();
    await c.join({ topics: ["t"], owned: c.assigned, generation: c.generation });
    await c.sync({ assigns: { [c.memberId]: { t: [0, 1] } } });
    await c.heartbeat();
    await stage.describeClassic();
  }),

  scenario("a running classic group is upgraded, and its last classic member leaves", async (stage) => {
    const c = await classicGroup(stage, { protocols: ["cooperative-sticky"] });
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await c.heartbeat();
    await c.leave();
    await stage.describe();
    await a.beat();
    await stage.describe();
  }),

  scenario("a classic group of two is upgraded while its members go on", async (stage) => {
    await stage.topic("t", 6);
    const [c, d] = [await ClassicMember.of(stage, "C"), await ClassicMember.of(stage, "D")];
    await c.enter({ topics: ["t"] });
    await c.sync({ assigns: { [c.memberId]: { t: [0, 1, 2, 3, 4, 5] } } });
    await d.join({ topics: ["t"] });
    const joining = await d.startJoin({ topics: ["t"] });
    await c.untilTold(Errors.REBALANCE_IN_PROGRESS);
    const rejoining = await c.startJoin({ topics: ["t"] });
    await rejoining();
    await joining();
    const synced = await d.startSync();
    await c.sync({ assigns: { [c.memberId]: { t: [0, 1, 2] }, [d.memberId]: { t: [3, 4, 5] } } });
    await synced();
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await stage.describe();
    await d.heartbeat();
    await c.heartbeat();
    await rejoin(c);
    await rejoin(d);
    await a.beat();
    await stage.describe();
    await c.heartbeat();
    await d.heartbeat();
    await d.leave();
    await a.leave();
    await stage.list();
  }),

  scenario("a classic group whose members wait for their assignment is upgraded", async (stage) => {
    const [c, d] = [await ClassicMember.of(stage, "C"), await ClassicMember.of(stage, "D")];
    await c.enter({ topics: ["none"] });
    await c.sync({ assigns: { [c.memberId]: {} } });
    await d.join({ topics: ["none"] });
    const joining = await d.startJoin({ topics: ["none"] });
    await c.untilTold(Errors.REBALANCE_IN_PROGRESS);
    await c.join({ topics: ["none"] });
    await joining();
    const syncing = await d.startSync();
    await stage.wait(100);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["none"] });
    await syncing();
    await stage.describe();
    await c.sync({ assigns: { [c.memberId]: {}, [d.memberId]: {} } });
    await d.heartbeat();
    await d.join({ topics: ["none"] });
    await d.sync();
    await c.leave();
    await a.leave();
    await stage.list();
  }),

  scenario("a classic group whose members are asked to join again is upgraded", async (stage) => {
    const [c, d] = [await ClassicMember.of(stage, "C"), await ClassicMember.of(stage, "D")];
    await c.enter({ topics: ["none"] });
    await c.sync({ assigns: { [c.memberId]: {} } });
    await d.join({ topics: ["none"] });
    const joining = await d.startJoin({ topics: ["none"] });
    await c.untilTold(Errors.REBALANCE_IN_PROGRESS);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["none"] });
    await joining();
    await stage.describe();
    await c.heartbeat();
    await c.join({ topics: ["none"] });
    await c.sync();
    await stage.describe();
  }),

  scenario("classic groups that cannot be upgraded", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    const cases = [
      { group: "connect", join: { protocolType: "connect", protocols: ["range"] } },
      { group: "user-data", join: { protocols: ["custom"], userData: Buffer.from("u") } },
      { group: "user-data-of-range", join: { protocols: ["range"], userData: Buffer.from("u") } },
      { group: "sticky", join: { protocols: ["sticky"], userData: Buffer.from("u") } },
      { group: "malformed", join: { protocols: ["range"], metadata: Buffer.from([0, 1, 2]) } },
      { group: "empty", join: { protocols: ["range"], metadata: Buffer.alloc(0) } },
    ];
    for (const { group, join } of cases) {
      const c = await ClassicMember.of(stage, `C-${group}`, group);
      await c.enter({ topics: ["t"], ...join });
      await c.sync({ assigns: { [c.memberId]: { t: [0] } } });
      await a.join({ topics: ["t"], group });
      await c.heartbeat();
    }
  }),

  scenario("a member of the consumer protocol speaks to a classic group that it is not in", async (stage) => {
    const c = await classicGroup(stage);
    const a = new ConsumerMember(stage, "A");
    await a.beat({ epoch: 1 });
    await a.leave();
    await a.beat({ epoch: -2, instance: "i" });
    await a.beat({ epoch: c.generation, memberId: c.memberId });
    await commit(stage, 9, c);
    await commit(stage, 9, { memberId: c.memberId, generation: c.generation + 1 });
    await stage.ask(messages.offsetFetch, 9, {
      groups: [{ groupId: stage.name("g"), memberId: c.memberId, memberEpoch: c.generation + 1, topics: null }],
    });
    await c.heartbeat();
  }),

  scenario("the last member of the consumer protocol is removed by an administrator", async (stage) => {
    const c = await classicGroup(stage);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await stage.ask(messages.leaveGroup, 5, { groupId: stage.name("g"), members: [{ memberId: "", groupInstanceId: "i" }] });
    await stage.list();
    await c.heartbeat();
  }),

  scenario("a classic member that does not sync, or join again, in time is removed", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"], rebalanceTimeoutMs: 1200 });
    await c.untilTold(Errors.UNKNOWN_MEMBER_ID);
    await stage.describe();
  }),

  scenario("a classic member that is silent for its session timeout is removed", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"], sessionTimeoutMs: 1200 });
    await c.sync();
    const body = () => ({ groupIds: [stage.name("g")], includeAuthorizedOperations: false });
    await stage.until(({ groups }) => groups[0]?.members.length === 1, { api: messages.consumerGroupDescribe, version: 1, body });
    await c.heartbeat();
  }),
];
