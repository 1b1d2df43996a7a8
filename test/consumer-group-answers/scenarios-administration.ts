// What tools ask of these groups: to describe, to list, to delete, to remove members, to alter settings.

import * as messages from "../../protocol/messages/index.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario, scenarioOfOutcome } from "./scenario.ts";
import type { Stage } from "./stage.ts";

const NOBODY = { memberId: "", generationIdOrMemberEpoch: -1 };

function deleteGroup(stage: Stage, ...groups: readonly string[]) {
  return stage.ask(messages.deleteGroups, 2, { groupsNames: groups.map((group) => stage.name(group)) });
}

function commitByTool(stage: Stage, topic: string, group = "g") {
  const topics = [{ name: stage.name(topic), partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }] }];
  return stage.ask(messages.offsetCommit, 9, { groupId: stage.name(group), ...NOBODY, topics });
}

function offsetsOf(stage: Stage, group = "g") {
  return stage.ask(messages.offsetFetch, 9, { groups: [{ groupId: stage.name(group), topics: null }] });
}

function deleteOffsets(stage: Stage, ...topics: readonly string[]) {
  return stage.ask(messages.offsetDelete, 0, {
    groupId: stage.name("g"),
    topics: topics.map((topic) => ({ name: stage.name(topic), partitions: [{ partitionIndex: 0 }, { partitionIndex: 7 }] })),
  });
}

interface Removed {
  readonly memberId?: string;
  readonly groupInstanceId?: string;
  readonly reason?: string;
}

function remove(stage: Stage, ...members: readonly Removed[]) {
  return stage.ask(messages.leaveGroup, 5, {
    groupId: stage.name("g"),
    members: members.map(({ memberId = "", ...others }) => ({ memberId, ...others })),
  });
}

export const ADMINISTRATION_SCENARIOS: readonly Scenario[] = [
  scenario("groups are described in every state", async (stage) => {
    await stage.topic("t", 2);
    await stage.describe("g", 0);
    await stage.describe("g", 1);
    await stage.ask(messages.consumerGroupDescribe, 1, {
      groupIds: ["", stage.name("g"), stage.name("g")],
      includeAuthorizedOperations: true,
    });
    const [a, b] = [new ConsumerMember(stage, "A", { instance: "i", rack: "r" }), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await stage.describe("g", 0);
    await stage.ask(messages.consumerGroupDescribe, 1, { groupIds: [stage.name("g")], includeAuthorizedOperations: true });
    await b.join({ topics: ["t"] });
    await stage.describe("g", 0);
    await a.beat();
    await a.beat({ owns: "told" });
    await stage.describe("g", 0);
    await b.beat();
    await stage.describe("g", 0);
    await a.leave();
    await stage.describe("g", 0);
    await b.leave();
    await stage.describe("g", 0);
    await stage.ask(messages.consumerGroupDescribe, 0, { groupIds: [], includeAuthorizedOperations: false });
  }),

  scenario("a group of the consumer protocol is described as a classic one", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    for (const version of [0, 3, 5, 6]) await stage.describeClassic("g", version);
    await a.join({ topics: ["t"] });
    for (const version of [0, 3, 5, 6]) await stage.describeClassic("g", version);
    await a.leave();
    for (const version of [5, 6]) await stage.describeClassic("g", version);
  }),

  scenario("a classic group is described as one of the consumer protocol", async (stage) => {
    await stage.topic("t", 2);
    const c = await ClassicMember.of(stage, "C");
    await c.enter({ topics: ["t"] });
    await stage.describe("g", 0);
    await stage.describe("g", 1);
    await c.leave();
    await stage.describe("g", 1);
    await commitByTool(stage, "t", "simple");
    await stage.describe("simple");
    await stage.describeClassic("simple");
  }),

  scenario("groups are listed by state and type", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    const c = await ClassicMember.of(stage, "C", "classic");
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await new ConsumerMember(stage, "D", { group: "stable" }).join({ topics: ["t"] });
    const e = new ConsumerMember(stage, "E", { group: "empty" });
    await e.join({ topics: ["t"] });
    await e.leave({ group: "empty" });
    await c.enter({ topics: ["t"] });
    await commitByTool(stage, "t", "simple");
    for (const version of [0, 3, 4, 5]) await stage.list({}, version);
    for (const states of [["Stable"], ["stable", "RECONCILING"], ["Empty"], ["Assigning"], ["Dead"], ["nonsense"], [""]])
      await stage.list({ states });
    for (const types of [["consumer"], ["Consumer", "classic"], ["classic"], ["share"], ["nonsense"], [""]]) await stage.list({ types });
    await stage.list({ states: ["Stable", "Empty"], types: ["consumer"] });
    await a.beat({ epoch: -1 });
    await stage.list({ states: ["Assigning"] });
  }),

  scenario("groups are deleted", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await deleteGroup(stage, "g");
    await a.join({ topics: ["t"] });
    await deleteGroup(stage, "g", "g", "unknown");
    await a.leave();
    await commitByTool(stage, "t");
    await deleteGroup(stage, "g");
    await stage.describe();
    await offsetsOf(stage);
    await deleteGroup(stage, "g");
    await a.join({ topics: ["t"] });
    await stage.describe();
  }),

  scenarioOfOutcome("a group is deleted that had a regular expression", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "§t" });
    await a.until(() => "t" in a.told, { heartbeat: { owns: "told" } });
    await a.leave();
    await deleteGroup(stage, "g");
    await stage.describe();
  }),

  scenario("offsets of a group with members are deleted", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 1);
    await deleteOffsets(stage, "t");
    const a = new ConsumerMember(stage, "A");
    await commitByTool(stage, "t");
    await commitByTool(stage, "u");
    await a.join({ topics: ["t"] });
    await deleteOffsets(stage, "t", "u", "unknown");
    await offsetsOf(stage);
    await a.leave();
    await deleteOffsets(stage, "t");
    await offsetsOf(stage);
  }),

  scenarioOfOutcome("offsets are deleted of topics that match a regular expression", async (stage) => {
    await stage.topic("t", 1);
    await stage.topic("u", 1);
    const a = new ConsumerMember(stage, "A");
    await commitByTool(stage, "t");
    await commitByTool(stage, "u");
    await a.join({ regex: "§t" });
    await a.until(() => "t" in a.told, { heartbeat: { owns: "told" } });
    await deleteOffsets(stage, "t", "u");
  }),

  scenario("members are removed by an administrator", async (stage) => {
    await stage.topic("t", 4);
    await remove(stage, { memberId: "A" });
    const [a, b, c] = [
      new ConsumerMember(stage, "A"),
      new ConsumerMember(stage, "B", { instance: "i" }),
      new ConsumerMember(stage, "C", { instance: "j" }),
    ];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await c.join({ topics: ["t"] });
    await remove(
      stage,
      { memberId: "unknown" },
      { groupInstanceId: "unknown" },
      { memberId: "A", groupInstanceId: "i" },
      { memberId: "B", groupInstanceId: "j" },
    );
    await remove(stage, {});
    await stage.ask(messages.leaveGroup, 5, { groupId: stage.name("g"), members: [] });
    await remove(stage, { memberId: "A", reason: "for a test" });
    await stage.describe();
    await remove(stage, { groupInstanceId: "i" }, { groupInstanceId: "i" });
    await stage.describe();
    await a.beat();
    await remove(stage, { memberId: "C", groupInstanceId: "j" });
    await stage.describe();
    await stage.ask(messages.leaveGroup, 2, { groupId: stage.name("g"), memberId: "C" });
    await c.join({ topics: ["t"] });
    await stage.ask(messages.leaveGroup, 0, { groupId: stage.name("g"), memberId: "C" });
    await stage.ask(messages.leaveGroup, 3, { groupId: stage.name("g"), members: [{ memberId: "C" }] });
    await stage.describe();
  }),

  scenario("settings of a group are altered", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "1000" });
    await a.beat();
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "1" });
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "16000" });
    await stage.alterGroup("g", { "consumer.session.timeout.ms": "99" });
    await stage.alterGroup("g", { "consumer.session.timeout.ms": "61000" });
    await stage.alterGroup("g", { "consumer.session.timeout.ms": "500" });
    await stage.alterGroup("g", { "consumer.assignment.interval.ms": "-1" });
    await stage.alterGroup("g", { "consumer.assignment.interval.ms": "16000" });
    await stage.alterGroup("g", { "consumer.session.timeout.ms": "no number" });
    await stage.alterGroup("g", { "consumer.unknown": "1" });
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": null });
    await a.beat();
    await stage.describe();
  }),
];
