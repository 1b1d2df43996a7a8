// What single heartbeats are answered: refused as invalid, joining and leaving, epochs, static members, assignors.

import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario } from "./scenario.ts";

export const HEARTBEAT_SCENARIOS: readonly Scenario[] = [
  scenario("heartbeats that are refused as invalid", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ group: "", topics: ["t"] });
    await a.join({ memberId: "", topics: ["t"] });
    await a.join({ memberId: " ", topics: ["t"], group: "blank" });
    await a.join({ instance: "", topics: ["t"] });
    await a.join({ instance: " \t", topics: ["t"] });
    await a.join({ rack: "", topics: ["t"] });
    await a.join({ rack: "\n", topics: ["t"] });
    await a.beat({ epoch: -3 });
    await a.beat({ epoch: -2 });
    await a.beat({ epoch: -2, instance: "" });
    await a.beat({ epoch: 0, topics: ["t"], owns: {} });
    await a.beat({ epoch: 0, topics: ["t"], timeout: 1000 });
    await a.beat({ epoch: 0, topics: ["t"], timeout: 1000, owns: { t: [0] } });
    await a.beat({ epoch: 0, timeout: 1000, owns: {} });
    await a.beat({ epoch: 0, timeout: 1000, owns: {}, regex: "" });
    await a.join({ topics: ["t"], assignor: "sticky" });
    await a.join({ topics: ["t"], assignor: "" });
    await a.join({ topics: ["t"], assignor: "Uniform" });
    await a.beat({ epoch: 1, memberId: "" });
    await a.beat({ epoch: -1, memberId: "" });
    await a.beat({ epoch: 1, instance: "" });
    await a.beat({ epoch: 1, rack: "" });
    await a.beat({ epoch: 1, assignor: "" });
    await a.beat({ epoch: -1, assignor: "sticky", rack: "", instance: "" });
    await stage.list();
  }),

  scenario("heartbeats of version 0 that are refused as invalid", async (stage) => {
    const a = new ConsumerMember(stage, "A", { version: 0 });
    await a.join({ group: "", topics: ["t"] });
    await a.beat({ epoch: 1, memberId: "" });
    await a.beat({ epoch: -1, memberId: "" });
    await a.beat({ epoch: -2, memberId: "", instance: "i" });
    await a.beat({ epoch: -3, memberId: "" });
    await a.beat({ epoch: 0, timeout: 1000, owns: {} });
  }),

  scenario("a member of version 0 gets its id from the coordinator", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { version: 0, memberId: "" });
    await a.join({ topics: ["t"] });
    await a.beat();
    await a.beat({ owns: "told" });
    await stage.describe("g", 0);
    await stage.describe("g", 1);
    await a.leave();
  }),

  scenario("a member of version 0 may bring an id", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { version: 0 });
    await a.join({ topics: ["t"] });
    await a.beat();
    await a.leave();
  }),

  scenario("a member joins alone, is told once what it has, and leaves", async (stage) => {
    await stage.topic("t", 3);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat();
    await a.beat({ owns: "told" });
    await a.beat();
    await stage.describe();
    await a.leave();
    await stage.describe();
    await a.leave();
    await a.beat({ epoch: 1 });
  }),

  scenario("what a full heartbeat repeats changes nothing", async (stage) => {
    await stage.topic("t", 3);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"], rack: "r", assignor: "uniform" });
    await a.beat({ topics: ["t"], rack: "r", assignor: "uniform", timeout: 60_000, owns: "told" });
    await a.beat({ topics: ["t"], timeout: 60_000, owns: "told" });
    await a.beat({ topics: ["t", "t"] });
    await stage.describe();
  }),

  scenario("groups and members that are not known", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.beat({ epoch: 1 });
    await a.beat({ epoch: 1, instance: "i" });
    await a.leave();
    await a.leave({ instance: "i" });
    await a.beat({ epoch: -2, instance: "i" });
    await a.join({ topics: ["t"] });
    const b = new ConsumerMember(stage, "B");
    await b.beat({ epoch: 1 });
    await b.beat({ epoch: 1, topics: ["t"], timeout: 1000, owns: {} });
    await b.leave();
    await b.beat({ epoch: 1, instance: "i" });
    await b.beat({ epoch: -2, instance: "i" });
    await b.leave({ instance: "i" });
    await stage.describe();
  }),

  scenario("a member of a greater epoch is fenced", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: 2 });
    await a.beat({ epoch: 2, owns: { t: [0] } });
    await a.beat();
  }),

  scenario("a member of a smaller epoch is fenced unless it missed an answer", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ topics: ["t", "u"] });
    await a.beat({ epoch: 1 });
    await a.beat({ epoch: 1, owns: { t: [0, 1] } });
    await a.beat({ epoch: 1, owns: { t: [0] } });
    await a.beat({ epoch: 1, owns: {} });
    await a.beat({ epoch: 1, owns: { t: [0, 1], u: [0, 1] } });
    await a.beat({ epoch: 1, owns: { t: [5] } });
    await a.beat({ epoch: 2, topics: ["u"] });
    await a.beat({ epoch: 1, owns: {} });
    await a.beat({ epoch: 2, owns: { t: [0] } });
    await a.beat({ epoch: 2, owns: {} });
    await stage.describe();
  }),

  scenario("a member rejoins with epoch 0", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.join({ topics: ["t"] });
    await a.join({ topics: ["t"], rack: "r" });
    await a.join({ topics: ["t"], timeout: 1000 });
    await a.beat({ epoch: 0, topics: ["t"] });
    await stage.describe();
  }),

  scenario("a member leaves by a version that has no more to say", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.leave({ version: 0 });
    await stage.describe();
    await a.join({ topics: ["t"] });
    await a.leave({ instance: "i" });
    await a.beat();
    await a.beat({ instance: "i" });
    await stage.describe();
  }),

  scenario("a static member leaves for a while and is replaced", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ owns: "told" });
    await a.beat({ epoch: -2 });
    await stage.describe();
    await a.beat({ epoch: 1 });
    await a.beat({ epoch: -2 });
    const b = new ConsumerMember(stage, "B", { instance: "i" });
    await b.join({ topics: ["t"] });
    await stage.describe();
    await b.beat({ owns: "told" });
    await a.beat({ epoch: 1 });
    await a.beat({ epoch: 1, memberId: "B" });
    await b.beat({ epoch: 1 });
    await b.leave();
    await stage.describe();
  }),

  scenario("a static member comes back under its own id", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: -2 });
    await a.join({ topics: ["t"] });
    await a.beat();
    await a.join({ topics: ["t"] });
    await stage.describe();
  }),

  scenario("a static member comes back with another subscription", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: -2 });
    const b = new ConsumerMember(stage, "B", { instance: "i" });
    await b.join({ topics: ["t", "u"] });
    await b.beat({ owns: "told" });
    await b.beat({ epoch: -2 });
    const c = new ConsumerMember(stage, "C", { instance: "i" });
    await c.join({ topics: ["u"], rack: "r", timeout: 2000, assignor: "range" });
    await stage.describe();
  }),

  scenario("an instance id that somebody has is not given to another", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    const b = new ConsumerMember(stage, "B", { instance: "i" });
    await b.join({ topics: ["t"] });
    await b.beat({ epoch: 1 });
    await b.beat({ epoch: -1 });
    await b.beat({ epoch: -2 });
    await new ConsumerMember(stage, "A", { instance: "j" }).beat({ epoch: 1 });
    await new ConsumerMember(stage, "A").beat({ epoch: 1 });
    await stage.describe();
  }),

  scenario("a dynamic member names an instance id that is new, and the other way round", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ instance: "i" });
    await a.join({ topics: ["t"], instance: "i" });
    await stage.describe();
    const b = new ConsumerMember(stage, "B", { group: "h" });
    await b.join({ topics: ["t"], instance: "i" });
    await b.join({ topics: ["t"] });
    await stage.describe("h");
  }),

  scenario("a static member that left for a while holds its partitions against others", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: -2 });
    const b = new ConsumerMember(stage, "B");
    await b.join({ topics: ["t"] });
    await b.beat();
    await stage.describe();
    const c = new ConsumerMember(stage, "C", { instance: "i" });
    await c.join({ topics: ["t"] });
    await c.beat({ owns: "told" });
    await b.beat();
    await stage.describe();
  }),

  scenario("a static member that left for a while leaves for good", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: -2 });
    await a.beat({ epoch: -2 });
    await a.leave();
    await stage.describe();
  }),

  scenario("the assignor is the one that most members name", async (stage) => {
    await stage.topic("t", 4);
    const a = new ConsumerMember(stage, "A");
    const b = new ConsumerMember(stage, "B");
    const c = new ConsumerMember(stage, "C");
    await a.join({ topics: ["t"], assignor: "range" });
    await stage.describe();
    await b.join({ topics: ["t"], assignor: "uniform" });
    await c.join({ topics: ["t"], assignor: "uniform" });
    await stage.describe();
    await b.beat({ assignor: "range" });
    await stage.describe();
    await b.beat({ assignor: "nobody's" });
    await stage.describe();
  }),
];
