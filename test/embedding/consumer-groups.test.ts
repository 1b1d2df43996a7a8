// The kit and groups of the consumer protocol (KIP-848): what it shows of them, what it does to them, and what waits say of them.

import { expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { type BrokerEvents, type RunningBroker, type StartOptions, startBroker } from "../../src/index.ts";
import { consume, failureOf } from "./clients.ts";
import { consumeNewer, RawMember } from "./consumers.ts";

const soon = { timeoutMs: 50 };

async function brokerWith(options: StartOptions = {}): Promise<RunningBroker> {
  const broker = await startBroker({ topics: [{ name: "orders", partitions: 4 }], ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

/** Has the partitions 0 to 3 of orders, and knows it. */
async function ownerOfAll(broker: RunningBroker, memberId = "a") {
  const member = await RawMember.connect(broker, "g", memberId);
  const { assignment } = await member.join(["orders"]);
  expect(assignment?.topicPartitions[0]?.partitions).toEqual([0, 1, 2, 3]);
  const topicId = assignment?.topicPartitions[0]?.topicId ?? "";
  await member.beat({ topicPartitions: [{ topicId, partitions: [0, 1, 2, 3] }] });
  return { member, topicId };
}

async function joined(broker: RunningBroker, memberId: string, topics: readonly string[] = ["orders"]): Promise<RawMember> {
  const member = await RawMember.connect(broker, "g", memberId);
  await member.join(topics);
  return member;
}

test("consumers that start together share a topic, and all is consumed", async () => {
  const broker = await brokerWith();
  await broker.produce(
    "orders",
    [0, 1, 2, 3].map((partition) => ({ value: `v${partition}`, partition })),
  );
  const consumers = ["one", "two"].map((clientId) => consumeNewer(broker, "g", ["orders"], { clientId }));
  const group = await broker.until.stable("g", { members: 2 });
  expect(group).toMatchObject({ id: "g", type: "consumer", state: "Stable", assignor: "uniform" });
  expect(group.epoch).toBe(group.targetEpoch);
  for (const member of group.members) {
    expect(member).toMatchObject({
      protocol: "consumer",
      epoch: group.epoch,
      subscription: { topics: ["orders"], regex: null, matched: [] },
    });
    expect(member.assignment[0]?.partitions).toHaveLength(2);
    expect(member.target).toEqual(member.assignment);
  }
  const { lag, offsets } = await broker.until.consumed({ group: "g", topic: "orders" });
  expect([lag, offsets.length]).toEqual([0, 4]);
  expect(consumers.flatMap(({ seen }) => seen).sort()).toEqual(["v0", "v1", "v2", "v3"]);
  await broker.until.idle();
  expect(broker.groups.list()).toEqual(["g"]);
  await Promise.all(consumers.map((each) => each.stop()));
  expect(await broker.groups.get("g")).toMatchObject({ state: "Empty", members: [], type: "consumer" });
});

test("a consumer that is there before its topic has its share soon after that comes", async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.stop());
  const { seen } = consumeNewer(broker, "g", ["orders"]);
  await broker.until.stable("g");
  await broker.produce("orders", "a");
  await broker.until.consumed({ group: "g", topic: "orders" });
  expect(seen).toEqual(["a"]);
});

test("a group is shown with what members have and are to have, and what they ask for", async () => {
  const broker = await brokerWith();
  const { topicId } = await ownerOfAll(broker);
  const other = await RawMember.connect(broker, "g", "b");
  await other.join([], { subscribedTopicRegex: "ord.*", instanceId: "i", rackId: "r" });
  const all = [{ topic: "orders", partitions: [0, 1, 2, 3] }];
  const group = await broker.groups.get("g");
  expect(group).toMatchObject({ state: "Reconciling", epoch: 3, targetEpoch: 3 });
  expect(group.members[0]).toMatchObject({ id: "a", clientId: "client-a", instanceId: null, epoch: 2, assignment: all });
  expect(group.members[1]).toMatchObject({ id: "b", instanceId: "i", rackId: "r", epoch: 3, assignment: [], protocol: "consumer" });
  expect(group.members[1]?.subscription).toEqual({ topics: [], regex: "ord.*", matched: ["orders"] });
  expect(group.members.flatMap(({ target }) => target.flatMap(({ partitions }) => partitions)).sort()).toEqual([0, 1, 2, 3]);
  expect(topicId).toBe(broker.topics.get("orders")?.id);
});

test("a classic group is shown in the same terms", async () => {
  const broker = await brokerWith();
  await consume(broker, "g", "orders");
  const group = await broker.until.stable("g", { members: 1 });
  expect(group).toMatchObject({ type: "classic", state: "Stable", epoch: 1, targetEpoch: 1, assignor: "RoundRobinAssigner" });
  const assignment = [{ topic: "orders", partitions: [0, 1, 2, 3] }];
  const subscription = { topics: ["orders"], regex: null, matched: [] };
  expect(group.members[0]).toMatchObject({ protocol: "classic", epoch: 1, subscription, assignment, target: assignment });
  expect(await broker.groups.get("none")).toMatchObject({ type: undefined, state: "Dead", members: [] });
});

test("a member that is expired hears that it is none, and comes back", async () => {
  const broker = await brokerWith();
  const { member } = await ownerOfAll(broker);
  const fenced: BrokerEvents["fenced"][] = [];
  broker.on("fenced", (event) => fenced.push(event));
  await broker.faults.expireMember("g", "a");
  expect(await broker.groups.get("g")).toMatchObject({ state: "Empty", members: [] });
  expect((await member.beat()).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID);
  expect(fenced).toEqual([{ group: "g", memberId: "a", clientId: "client-a", error: "UNKNOWN_MEMBER_ID" }]);
  await expect(broker.faults.expireMember("g", "a")).rejects.toThrow("has no member a");
  const { seen } = consumeNewer(broker, "g", ["orders"]);
  const before = await broker.until.stable("g", { members: 1 });
  await broker.faults.expireMember("g");
  await broker.produce("orders", "after");
  await broker.until.consumed({ group: "g", topic: "orders" });
  const after = await broker.until.stable("g", { members: 1 });
  // It may have read it before it heard that it was none, and could not commit it then.
  expect(new Set(seen)).toEqual(new Set(["after"]));
  expect(after.epoch).toBeGreaterThan(before.epoch);
});

test("a group that is told to rebalance comes to another epoch, and everybody keeps what he has", async () => {
  const broker = await brokerWith();
  for (const clientId of ["one", "two"]) consumeNewer(broker, "g", ["orders"], { clientId });
  const before = await broker.until.stable("g", { members: 2 });
  const rebalanced = new Promise<BrokerEvents["rebalance"]>((resolve) => broker.on("rebalance", resolve));
  await broker.faults.rebalance("g");
  expect(await broker.groups.get("g")).toMatchObject({ epoch: before.epoch + 1, targetEpoch: before.epoch });
  const members = before.members.map(({ id }) => id);
  expect(await rebalanced).toEqual({ group: "g", generation: before.epoch + 1, members });
  const after = await broker.until.stable("g", { members: 2 });
  expect(after.members.map(({ assignment }) => assignment)).toEqual(before.members.map(({ assignment }) => assignment));
  await expect(broker.faults.rebalance("none")).rejects.toThrow("there is no such group");
});

test("events tell who came to which epoch, what each was given, and who left", async () => {
  const broker = await brokerWith();
  const told: unknown[] = [];
  broker.on("join", ({ memberId, generation }) => told.push(["join", memberId, generation]));
  broker.on("leave", ({ group, members }) => told.push(["leave", group, ...members]));
  broker.on("rebalance", ({ generation, members }) => told.push(["rebalance", generation, members.length]));
  broker.on("assignment", ({ memberId, assignment }) => told.push(["assignment", memberId, assignment.flatMap((each) => each.partitions)]));
  const { member: a, topicId } = await ownerOfAll(broker);
  const b = await joined(broker, "b");
  const { assignment } = await a.beat();
  const kept = assignment?.topicPartitions[0]?.partitions ?? [];
  await a.beat({ topicPartitions: [{ topicId, partitions: kept }] });
  await b.beat();
  await a.beat({ memberEpoch: -1 });
  const given = [0, 1, 2, 3].filter((partition) => !kept.includes(partition));
  expect(told).toEqual([
    ["rebalance", 2, 1],
    ["join", "a", 2],
    ["assignment", "a", [0, 1, 2, 3]],
    ["rebalance", 3, 2],
    ["join", "b", 3],
    ["assignment", "b", []],
    ["assignment", "a", kept],
    ["join", "a", 3],
    ["assignment", "b", given],
    ["leave", "g", "a"],
  ]);
});

test("a wait says: who has not been told to give up what another waits for, who has been, and who was last heard of when", async () => {
  const broker = await brokerWith();
  const { member: a } = await ownerOfAll(broker);
  await joined(broker, "b");
  const unheard = await failureOf(broker.until.stable("g", { members: 2, ...soon }));
  expect(unheard).toMatch(/^Waited 50 ms for group g to be stable with 2 members\.\nIt is Reconciling, with 2 members: a, b\.\n/);
  expect(unheard).toMatch(/\nMember a \(client client-a\) has not come from epoch 2 to epoch 3 yet: it was last heard of \d+ ms ago\.\n/);
  expect(unheard).toMatch(
    /\nMember b \(client client-b\) waits for orders \d, \d, which member a \(client client-a\) has not given up \(it has not been told to yet\)\.$/,
  );
  await a.beat();
  const told = await failureOf(broker.until.stable("g", soon));
  expect(told).toMatch(
    /\nMember a \(client client-a\) has not given up orders \d, \d, which member b \(client client-b\) is to have: it was told \d+ ms ago, and it was last heard of \d+ ms ago\.\n/,
  );
  expect(told).toMatch(/which member a \(client client-a\) has not given up\.$/);
  await broker.produce("orders", { value: "v", partition: (await broker.groups.get("g")).members[1]?.target[0]?.partitions[0] ?? -1 });
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toMatch(
    /Group g is rebalancing \(Reconciling\)(.|\n)*member b \(client client-b\) is to have it, and does not have it yet/,
  );
  expect(await failureOf(broker.until.idle(soon))).toContain("has not given up orders");
});

test("a wait says: a connection is closed, and a static member has left for a while", async () => {
  const broker = await brokerWith({ like: "kafka", settings: { "group.consumer.assignment.interval.ms": 0 } });
  const { member: a } = await ownerOfAll(broker);
  a.die();
  await joined(broker, "b");
  await broker.until.until({
    what: "the closed connection to be seen",
    look: async () =>
      /, and its connection has been closed for \d+ ms/.test(await failureOf(broker.until.stable("g", soon))) ? true : undefined,
    explain: () => failureOf(broker.until.stable("g", soon)),
  });
  await broker.faults.expireMember("g");
  const c = await RawMember.connect(broker, "g", "c");
  await c.join(["orders"], { instanceId: "i" });
  await c.beat({ memberEpoch: -2, instanceId: "i" });
  expect(await failureOf(broker.until.stable("g", soon))).toContain(
    "Member c (client client-c) has left for a while: its place is kept for whoever comes as instance i.",
  );
});

test("a wait says: who is to have what is computed later", async () => {
  const broker = await brokerWith({
    settings: { "group.consumer.assignment.interval.ms": 60_000, "group.consumer.max.assignment.interval.ms": 60_000 },
  });
  await ownerOfAll(broker);
  await joined(broker, "b");
  const said = await failureOf(broker.until.stable("g", soon));
  expect(said).toContain("It is Assigning, with 2 members: a, b.");
  expect(said).toMatch(
    /It is at epoch 3, and who is to have what was computed for epoch 2: the first heartbeat in \d+ ms or later \(consumer\.assignment\.interval\.ms\) has it computed anew\./,
  );
});

test("a wait says: what a client was refused", async () => {
  const broker = await brokerWith();
  const member = await RawMember.connect(broker, "g", "a");
  await member.join(["orders"], { serverAssignor: "mine" });
  const said = await failureOf(broker.until.stable("g", soon));
  expect(said).toMatch(
    /There is no group g\. There are none\.\nClient client-a was refused ConsumerGroupHeartbeat \d+ ms ago: UNSUPPORTED_ASSIGNOR: /,
  );
  await broker.produce("orders", "v");
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toContain("UNSUPPORTED_ASSIGNOR");
  await member.join(["orders"]);
  await broker.until.stable("g");
  expect(await failureOf(broker.until.stable("g", { members: 2, ...soon }))).not.toContain("UNSUPPORTED_ASSIGNOR");
  broker.faults.on("ConsumerGroupHeartbeat").error("GROUP_MAX_SIZE_REACHED").times(1);
  await (await RawMember.connect(broker, "g", "b")).join(["orders"]);
  expect(await failureOf(broker.until.stable("g", { members: 2, ...soon }))).toMatch(
    /It is Stable, with 1 members: a\.\nClient client-b was refused ConsumerGroupHeartbeat \d+ ms ago: GROUP_MAX_SIZE_REACHED\./,
  );
});

test("a wait says: nobody subscribes to what there is, or to the topic", async () => {
  const broker = await brokerWith({ topics: ["orders", "other"] });
  await broker.produce("orders", "v");
  const a = await RawMember.connect(broker, "g", "a");
  await a.join(["order"], { subscribedTopicRegex: "ord[0-9]+" });
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toContain(
    "Nobody in group g subscribes to a topic that there is: member a to order and whatever matches ord[0-9]+. There are orders, other.",
  );
  await a.beat({ subscribedTopicNames: ["other"] });
  expect(await failureOf(broker.until.consumed({ group: "g", topic: "orders", ...soon }))).toContain(
    "no member is assigned it, and none subscribes to orders (a: other 0)",
  );
});

test("faults know heartbeats by group, member and topic, and descriptions by group", async () => {
  const broker = await brokerWith();
  const { member: a } = await ownerOfAll(broker);
  const b = await joined(broker, "b");
  const of = (where: object) => broker.faults.on("ConsumerGroupHeartbeat").where(where).error("COORDINATOR_LOAD_IN_PROGRESS").times(1);
  of({ group: "other" });
  of({ member: "c" });
  of({ topic: "other" });
  of({ topic: "orders", partition: 4 });
  expect((await b.beat()).errorCode).toBe(0);
  broker.faults.clear();
  for (const where of [{ group: "g" }, { member: "a" }, { topic: "orders" }, { topic: "orders", partition: 0, member: "a" }]) {
    const fault = of(where);
    expect((await a.beat()).errorCode, JSON.stringify(where)).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    expect(fault.count).toBe(1);
  }
  const fenced = broker.faults.on("ConsumerGroupHeartbeat").where({ member: "a" }).error("FENCED_MEMBER_EPOCH").times(1);
  expect((await a.beat()).errorCode).toBe(Errors.FENCED_MEMBER_EPOCH);
  expect(fenced.requests[0]?.request["memberId"]).toBe("a");
  expect(() => broker.faults.on("Heartbeat").error("FENCED_MEMBER_EPOCH")).toThrow("never carries it");
  broker.faults.on("ConsumerGroupDescribe").where({ group: "g" }).error("COORDINATOR_LOAD_IN_PROGRESS");
  expect((await a.describe("other")).groups.map(({ errorCode }) => errorCode)).toEqual([Errors.GROUP_ID_NOT_FOUND]);
  expect((await a.describe("g")).groups.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([["g", 14]]);
});

/** In seconds of the broker's clock: when `b`, which comes as `a` has died, has everything. */
async function takenOverAfter(options: StartOptions): Promise<number> {
  const clock = new VirtualClock();
  const broker = await brokerWith({ clock, ...options });
  const { member: a } = await ownerOfAll(broker);
  const b = await joined(broker, "b");
  a.die();
  for (let seconds = 0; seconds < 120; seconds++) {
    await b.beat();
    const { members } = await broker.groups.get("g");
    if (members.length === 1 && members[0]?.assignment[0]?.partitions.length === 4) return seconds;
    await clock.advance(1000);
  }
  return Number.NaN;
}

test("who takes the place of a consumer that has died has its partitions within two seconds, as by Kafka after its session", async () => {
  expect(await takenOverAfter({})).toBeLessThanOrEqual(2);
  expect(await takenOverAfter({ like: "kafka" })).toBeGreaterThanOrEqual(45);
});
