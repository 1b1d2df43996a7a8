// Members of share groups: what heartbeats are answered and what becomes of the group, its topics and the list of those that have state.

import * as messages from "../../protocol/messages/index.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerMember, type Partitions } from "./consumer-member.ts";
import { type Scenario, scenario, scenarioOfLines } from "./scenario.ts";
import { ShareMember, untilInitialized } from "./share-member.ts";
import type { Stage } from "./stage.ts";

/** Members heartbeat in turn until nothing changes; what each has is noted as how much it is, since any may have which. */
async function settle(stage: Stage, members: readonly ShareMember[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) for (const member of members) await member.quietly();
  const sizes = members.map(({ told }) => count(told)).sort((a, b) => a - b);
  const holders = new Map<string, number>();
  for (const { told } of members) {
    for (const [topic, partitions] of Object.entries(told))
      for (const partition of partitions) holders.set(`${topic}-${partition}`, (holders.get(`${topic}-${partition}`) ?? 0) + 1);
  }
  const shared = [...holders.values()].sort((a, b) => a - b);
  stage.note(`${members.length} members have ${sizes.join()} partitions, which have ${shared.join()} members`);
}

const ROUNDS = 4;

function count(told: Partitions): number {
  return Object.values(told).reduce((sum, partitions) => sum + partitions.length, 0);
}

function shareMembers(stage: Stage, number: number): ShareMember[] {
  return Array.from({ length: number }, (_, index) => new ShareMember(stage, `M${index}`));
}

async function shared(stage: Stage, partitionCount: number, memberCount: number): Promise<void> {
  await stage.topic("t", partitionCount);
  const members = shareMembers(stage, memberCount);
  for (const [index, member] of members.entries()) {
    await member.quietly({ epoch: 0, topics: ["t"] });
    if (index === 0) await untilInitialized(stage, partitionCount);
    await settle(stage, members.slice(0, index + 1));
  }
  while (members.length > 1) {
    await members.shift()?.quietly({ epoch: -1 });
    await settle(stage, members);
  }
}

export const SHARE_SCENARIOS: readonly Scenario[] = [
  scenario(
    "share: heartbeats that are refused as invalid",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      await a.join({ group: "", topics: ["t"] });
      await a.join({ group: " ", topics: ["t"] });
      await a.join({ memberId: "", topics: ["t"] });
      await a.join({ memberId: " ", topics: ["t"] });
      await a.join({ memberId: "m".repeat(37), topics: ["t"] });
      await a.join({ memberId: "m".repeat(36), group: "long", topics: ["t"] });
      await a.join({ rack: "", topics: ["t"] });
      await a.join({ rack: "\n", topics: ["t"] });
      await a.join();
      await a.join({ topics: [] });
      await a.beat({ epoch: -2, topics: ["t"] });
      await a.beat({ epoch: -2 });
      await a.beat({ epoch: -1, memberId: "" });
      await a.beat({ epoch: -1, rack: "" });
      await a.beat({ epoch: 1, rack: "" });
      await a.beat({ epoch: -2, memberId: "m".repeat(37), group: "" });
      await stage.list();
    },
    "share",
  ),

  scenario(
    "share: a member joins alone, is told once what it has, and leaves",
    async (stage) => {
      await stage.topic("t", 3);
      const a = new ShareMember(stage, "A");
      await a.enter(3, { topics: ["t"] });
      await stage.describeShare();
      await a.beat();
      await a.beat();
      await a.beat({ topics: ["t"] });
      await a.beat({ topics: ["t", "t"] });
      await stage.describeShare();
      await stage.list();
      await a.leave();
      await stage.describeShare();
      await stage.list();
      await a.leave();
      await a.beat({ epoch: 1 });
      await a.join({ topics: ["t"] });
      await a.beat();
    },
    "share",
  ),

  scenario(
    "share: groups and members that are not known",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      await a.beat({ epoch: 1 });
      await a.leave();
      await a.enter(1, { topics: ["t"] });
      const b = new ShareMember(stage, "B");
      await b.beat({ epoch: 1 });
      await b.beat({ epoch: 1, topics: ["t"] });
      await b.leave();
      await a.leave({ epoch: -1, topics: ["u"], rack: "r" });
    },
    "share",
  ),

  scenario(
    "share: epochs that are accepted and those that are fenced",
    async (stage) => {
      for (const topic of ["t", "u", "v"]) await stage.topic(topic, 1);
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t"] });
      await a.beat();
      await a.beat({ epoch: 1 });
      await a.beat({ epoch: 0 });
      await a.beat({ epoch: 3 });
      await a.beat({ topics: ["t", "u"] });
      await untilInitialized(stage, 2);
      await a.beat();
      const { epoch } = a;
      stage.note(`the epoch is ${epoch}`);
      await a.beat({ epoch: epoch - 2 });
      await a.beat({ epoch: epoch + 1 });
      await a.beat({ epoch: epoch - 1 });
      await a.join({ topics: ["t", "u"] });
      await a.join({ topics: ["v"] });
      await untilInitialized(stage, 3);
      await a.beat();
      await a.leave({ epoch: -1 });
    },
    "share",
  ),

  scenario(
    "share: subscriptions and racks change",
    async (stage) => {
      await stage.topic("t", 2);
      await stage.topic("u", 1);
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t"], rack: "r" });
      await a.beat();
      await a.beat({ rack: "s" });
      await a.beat({ topics: ["t"], rack: "s" });
      await stage.describeShare();
      await a.beat({ topics: ["u", "t"] });
      await untilInitialized(stage, 3);
      await a.beat();
      await a.beat({ topics: ["u"] });
      await a.beat();
      await stage.describeShare();
      await a.beat({ topics: [] });
      await a.beat();
      await stage.describeShare();
      await a.beat({ topics: ["t"] });
      await a.beat();
    },
    "share",
  ),

  scenario(
    "share: every member has the only partition",
    async (stage) => {
      await stage.topic("t", 1);
      const [a, b] = [new ShareMember(stage, "A"), new ShareMember(stage, "B")];
      await a.enter(1, { topics: ["t"] });
      await a.beat();
      await b.join({ topics: ["t"] });
      await a.beat();
      await stage.describeShare();
      await b.leave();
      await a.beat();
      await stage.describeShare();
    },
    "share",
  ),

  scenario(
    "share: members subscribe to different topics",
    async (stage) => {
      await stage.topic("t", 1);
      await stage.topic("u", 1);
      const [a, b] = [new ShareMember(stage, "A"), new ShareMember(stage, "B")];
      await a.enter(1, { topics: ["t"] });
      await a.beat();
      await b.join({ topics: ["u"] });
      await untilInitialized(stage, 2);
      await b.beat();
      await a.beat();
      await stage.describeShare();
      await a.beat({ topics: ["u", "t"] });
      await b.beat();
      await stage.describeShare();
    },
    "share",
  ),

  ...[
    [2, 3],
    [4, 3],
    [7, 4],
    [3, 7],
  ].map(([partitions = 1, members = 1]) =>
    scenarioOfLines(`share: ${partitions} partitions for up to ${members} members`, (stage) => shared(stage, partitions, members), "share"),
  ),

  scenario(
    "share: a topic that comes later, and gets partitions",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t", "late"] });
      await a.beat();
      await stage.topic("late", 1);
      await a.beat();
      await untilInitialized(stage, 2);
      await a.beat();
      await a.beat();
      await stage.addPartitions("late", 3);
      await a.beat();
      await untilInitialized(stage, 4);
      await a.beat();
      await a.beat();
      await stage.describeShare();
    },
    "share",
  ),

  scenario(
    "share: only topics that are not there",
    async (stage) => {
      const a = new ShareMember(stage, "A");
      await a.join({ topics: ["t"] });
      await a.beat();
      await stage.describeShare();
      await stage.topic("t", 1);
      await a.beat();
      await untilInitialized(stage, 1);
      await a.beat();
      await a.leave();
    },
    "share",
  ),

  scenario(
    "share: a topic is deleted and made anew",
    async (stage) => {
      await stage.topic("t", 1);
      await stage.topic("u", 1);
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t", "u"] });
      await a.beat();
      await stage.deleteTopic("u");
      await untilInitialized(stage, 1);
      await a.beat();
      await a.beat();
      await stage.describeShare();
      await stage.topic("u", 2);
      await a.beat();
      await untilInitialized(stage, 3);
      await a.beat();
      await a.leave();
      await stage.deleteTopic("t");
      await untilInitialized(stage, 2);
    },
    "share",
  ),

  scenario(
    "share: a member that is silent is removed",
    async (stage) => {
      await stage.topic("t", 1);
      await stage.alterGroup("g", { "share.heartbeat.interval.ms": "100" });
      await stage.alterGroup("g", { "share.session.timeout.ms": "600" });
      const [a, b] = [new ShareMember(stage, "A"), new ShareMember(stage, "B")];
      await a.enter(1, { topics: ["t"] });
      await a.beat();
      await b.join({ topics: ["t"] });
      await a.beat();
      await a.until(() => a.epoch === 5);
      await stage.describeShare();
      await b.beat({ epoch: 3 });
    },
    "share",
  ),

  scenario(
    "share: a target is computed no more often than the group's settings say",
    async (stage) => {
      await stage.topic("t", 1);
      await stage.topic("u", 1);
      await stage.alterGroup("g", { "share.assignment.interval.ms": "1500" });
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t"] });
      await a.until(({ assignment }) => (assignment?.topicPartitions.length ?? 0) > 0);
      await a.beat({ topics: ["t", "u"] });
      await untilInitialized(stage, 2);
      await a.until(({ assignment }) => (assignment?.topicPartitions.length ?? 0) > 1);
      await a.beat({ topics: ["u"] });
      const b = new ShareMember(stage, "B");
      await b.join({ topics: ["u"] });
      await stage.describeShare();
      await b.until(({ assignment }) => (assignment?.topicPartitions.length ?? 0) > 0);
      await a.until(() => a.epoch === b.epoch);
    },
    "share",
  ),

  scenario(
    "share: settings of a group are altered",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t"] });
      const alter = (name: string, ...values: readonly (string | null)[]) =>
        values.reduce<Promise<void>>(
          (before, value) => before.then(() => stage.alterGroup("g", { [`share.${name}`]: value })),
          Promise.resolve(),
        );
      await alter("heartbeat.interval.ms", "1000");
      await a.beat();
      await alter("heartbeat.interval.ms", "1", "16000", "no number", null);
      await a.beat();
      await alter("session.timeout.ms", "99", "61000", "50000", null);
      await alter("assignment.interval.ms", "-1", "16000", "2000", null);
      await alter("record.lock.duration.ms", "999", "14000", "61000", "20000", null);
      await alter("delivery.count.limit", "1", "11", "3", null);
      await alter("partition.max.record.locks", "99", "4001", "200", null);
      await alter("auto.offset.reset", "none", "by_duration:-PT1H", "by_duration:x", "by_duration:PT1H", "Earliest", "earliest", null);
      await alter("isolation.level", "dirty", "READ_COMMITTED", "read_committed", null);
      await alter("renew.acknowledge.enable", "maybe", "false", null);
      await alter("unknown", "1");
    },
    "share",
  ),

  scenario(
    "share: other protocols do not speak with a share group",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t"] });
      await a.beat();
      for (const isEmpty of [false, true]) {
        if (isEmpty) await a.leave();
        const consumer = new ConsumerMember(stage, "B");
        await consumer.join({ topics: ["t"] });
        await consumer.beat({ epoch: 1 });
        await consumer.leave();
        const classic = await ClassicMember.of(stage, "C");
        await classic.join({ topics: ["t"] });
        await classic.join({ topics: ["t"], memberId: "C" });
        await classic.heartbeat();
        await classic.sync();
        await classic.leave();
        await stage.describe();
        await stage.describeClassic("g", 5);
        await stage.describeClassic("g", 6);
        const groupId = stage.name("g");
        const topics = [{ name: stage.name("t"), partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }] }];
        for (const [memberId, generationIdOrMemberEpoch] of [
          ["", -1],
          ["A", 2],
          ["B", 1],
        ] as const) {
          for (const version of [8, 9]) {
            await stage.ask(messages.offsetCommit, version, { groupId, memberId, generationIdOrMemberEpoch, topics });
          }
        }
        await stage.ask(messages.offsetFetch, 7, { groupId, topics: null, requireStable: false });
        await stage.ask(messages.offsetFetch, 9, { groups: [{ groupId, topics: null }] });
        await stage.ask(messages.offsetFetch, 9, { groups: [{ groupId, memberId: "A", memberEpoch: 2, topics: null }] });
        const partitions = [{ partitionIndex: 0 }];
        await stage.ask(messages.offsetDelete, 0, { groupId, topics: [{ name: stage.name("t"), partitions }] });
      }
    },
    "share",
  ),

  scenario(
    "share: a share member does not come into a group of another protocol",
    async (stage) => {
      await stage.topic("t", 1);
      const consumer = new ConsumerMember(stage, "B");
      await consumer.join({ topics: ["t"] });
      const classic = await ClassicMember.of(stage, "C", "classic");
      await classic.enter({ topics: ["t"] });
      for (const group of ["g", "classic"]) {
        const a = new ShareMember(stage, "A", { group });
        await a.join({ topics: ["t"] });
        await a.beat({ epoch: 1 });
        await a.leave();
        await stage.describeShare(group);
      }
      await consumer.leave();
      await classic.leave();
      for (const group of ["g", "classic"]) {
        const a = new ShareMember(stage, "A", { group });
        await a.join({ topics: ["t"] });
        await a.leave();
      }
    },
    "share",
  ),

  scenario(
    "share: a group that is full",
    async (stage) => {
      await stage.topic("t", 1);
      const [a, b, c] = [new ShareMember(stage, "A"), new ShareMember(stage, "B"), new ShareMember(stage, "C")];
      await a.enter(1, { topics: ["t"] });
      await b.join({ topics: ["t"] });
      await c.join({ topics: ["t"] });
      await c.beat({ epoch: 1 });
      await a.join({ topics: ["t"] });
      await b.leave();
      await c.join({ topics: ["t"] });
    },
    "share limited",
  ),
];
