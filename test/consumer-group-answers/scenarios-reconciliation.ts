// How several members come to what they should have, step by step, and what becomes of those that do not do their part.

import { consumerGroupDescribe } from "../../protocol/messages/index.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario, scenarioOfOutcome } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Heartbeats of all, in turn, each saying what it has, until nobody is told anything new. */
async function reconcile(members: readonly ConsumerMember[]): Promise<void> {
  for (let quiet = 0; quiet < members.length; ) {
    for (const member of members) {
      const { assignment, memberEpoch } = await member.beat({ owns: "told" });
      quiet = assignment === null && memberEpoch === Math.max(...members.map(({ epoch }) => epoch)) ? quiet + 1 : 0;
    }
  }
}

function untilMembers(stage: Stage, count: number) {
  const body = () => ({ groupIds: [stage.name("g")], includeAuthorizedOperations: false });
  return stage.until(({ groups }) => groups[0]?.members.length === count, { api: consumerGroupDescribe, version: 1, body });
}

export const RECONCILIATION_SCENARIOS: readonly Scenario[] = [
  scenario("a second member gets its partitions when the first has given them up", async (stage) => {
    await stage.topic("t", 4);
    const a = new ConsumerMember(stage, "A");
    const b = new ConsumerMember(stage, "B");
    await a.join({ topics: ["t"] });
    await a.beat({ owns: "told" });
    await b.join({ topics: ["t"] });
    await stage.describe();
    await b.beat({ owns: {} });
    await a.beat();
    await stage.describe();
    await a.beat({ owns: { t: [0, 1, 2, 3] } });
    await b.beat();
    await a.beat({ owns: { t: [0, 1, 3] } });
    await b.beat();
    await stage.describe();
    await a.beat({ owns: { t: [0, 1] } });
    await stage.describe();
    await b.beat();
    await stage.describe();
    await b.beat({ owns: "told" });
    await a.beat();
    await b.leave();
    await stage.describe();
    await a.beat();
    await a.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("three members come and go", async (stage) => {
    await stage.topic("t", 6);
    const [a, b, c] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B"), new ConsumerMember(stage, "C")];
    await a.join({ topics: ["t"] });
    await reconcile([a]);
    await b.join({ topics: ["t"] });
    await reconcile([a, b]);
    await stage.describe();
    await c.join({ topics: ["t"] });
    await stage.describe();
    await reconcile([a, b, c]);
    await stage.describe();
    await a.leave();
    await reconcile([b, c]);
    await stage.describe();
  }),

  scenario("two members join before either reports", async (stage) => {
    await stage.topic("t", 4);
    const [a, b, c] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B"), new ConsumerMember(stage, "C")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await c.join({ topics: ["t"] });
    await c.leave();
    await a.beat();
    await a.beat({ owns: "told" });
    await b.beat();
    await stage.describe();
  }),

  scenario("a target changes while partitions are being revoked", async (stage) => {
    await stage.topic("t", 4);
    await stage.topic("u", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await stage.describe();
    await b.beat({ topics: ["u"] });
    await a.beat();
    await stage.describe();
    await a.beat({ owns: { t: [0, 1] } });
    await stage.describe();
    await a.beat({ owns: "told" });
    await b.beat();
    await stage.describe();
  }),

  scenario("a member leaves that others waited for", async (stage) => {
    await stage.topic("t", 4);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await a.leave();
    await stage.describe();
    await b.beat();
    await stage.describe();
  }),

  scenario("a member rejoins with epoch 0 while it has to revoke", async (stage) => {
    await stage.topic("t", 4);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await a.join({ topics: ["t"] });
    await stage.describe();
    await b.beat();
  }),

  scenario("a member repeats the epoch of a lost answer while others wait for it", async (stage) => {
    await stage.topic("t", 4);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await a.beat({ owns: { t: [0, 1] } });
    await a.beat({ epoch: 2, owns: { t: [0, 1] } });
    await a.beat({ epoch: 2, owns: { t: [0, 1, 2, 3] } });
    await b.beat({ epoch: 2, owns: {} });
    await stage.describe();
  }),

  scenario("a member that does not revoke within its rebalance timeout is fenced", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"], timeout: 1500 });
    await a.beat({ owns: "told" });
    await b.join({ topics: ["t"] });
    await a.beat({ owns: { t: [0, 1] } });
    await stage.describe();
    await a.until(({ errorCode }) => errorCode !== 0, { heartbeat: { owns: { t: [0, 1] } } });
    await stage.describe();
    await b.beat();
    await stage.describe();
  }),

  scenario("a member that revokes in time stays beyond its rebalance timeout", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"], timeout: 1500 });
    await b.join({ topics: ["t"], timeout: 1500 });
    await a.beat();
    await a.beat({ owns: { t: [0] } });
    await stage.wait(1800);
    await a.beat();
    await b.beat();
    await stage.describe();
  }),

  scenario("a member that is silent for its session timeout is removed", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "100", "consumer.session.timeout.ms": "1000" });
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await untilMembers(stage, 0);
    await a.beat();
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": null, "consumer.session.timeout.ms": null });
    await b.join({ topics: ["t"] });
    await stage.describe();
  }),

  scenario("a static member that left for a while is removed after its session timeout", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "100", "consumer.session.timeout.ms": "1000" });
    const a = new ConsumerMember(stage, "A", { instance: "i" });
    await a.join({ topics: ["t"] });
    await a.beat({ epoch: -2 });
    await untilMembers(stage, 0);
    await a.beat({ epoch: 2 });
  }),

  scenario("heartbeats keep a member beyond its session timeout", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": "100", "consumer.session.timeout.ms": "2000" });
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    for (let beats = 0; beats < 10; beats++) {
      await stage.wait(250);
      await a.beat();
    }
    await stage.alterGroup("g", { "consumer.heartbeat.interval.ms": null, "consumer.session.timeout.ms": null });
    await a.beat();
    await stage.describe();
  }),

  scenario("an assignment waits for the interval between assignments", async (stage) => {
    await stage.topic("t", 4);
    await stage.alterGroup("g", { "consumer.assignment.interval.ms": "2000" });
    const [a, b, c] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B"), new ConsumerMember(stage, "C")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await stage.describe();
    await c.join({ topics: ["t"] });
    await stage.describe();
    await c.leave();
    await stage.describe();
    await b.until(() => b.epoch === 5);
    await stage.describe();
    await a.beat();
    await a.beat({ owns: "told" });
    await b.beat();
    await stage.describe();
  }),

  scenarioOfOutcome("an assignment of a single member waits for the interval, too, but for the first", async (stage) => {
    await stage.topic("t", 1);
    await stage.topic("u", 1);
    await stage.alterGroup("g", { "consumer.assignment.interval.ms": "700" });
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ topics: ["t", "u"] });
    await a.until(() => "u" in a.told, { keeps: "last" });
    await a.beat({ owns: "told" });
    await a.leave();
    await a.join({ topics: ["t"] });
    await a.until(() => "t" in a.told, { keeps: "last" });
    await a.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("range gives the same partitions of all topics to a member", async (stage) => {
    await stage.topic("t", 3);
    await stage.topic("u", 3);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t", "u"], assignor: "range" });
    await b.join({ topics: ["t", "u"], assignor: "range" });
    await reconcile([a, b]);
    await stage.describe();
  }),

  scenario("members of different subscriptions", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t", "u"] });
    await reconcile([a]);
    await b.join({ topics: ["u"] });
    await reconcile([a, b]);
    await stage.describe();
  }),

  scenario("all members leave and others come", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await a.leave();
    await stage.list();
    await b.join({ topics: ["t"] });
    await a.join({ topics: ["t"] });
    await reconcile([a, b]);
    await stage.describe();
  }),
];
