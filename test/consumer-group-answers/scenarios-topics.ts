// How groups follow topics: those that do not exist yet, come, go and grow; subscriptions by regular expression.

import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario, scenarioOfOutcome } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Kafka resolves a regular expression beside the heartbeat that brings it: the group is asked for until it has what it should. */
async function untilItHas(member: ConsumerMember, topics: readonly string[]): Promise<void> {
  const isSo = () => topics.every((topic) => topic in member.told) && Object.keys(member.told).length === topics.length;
  await member.until(isSo, { heartbeat: { owns: "told" } });
}

async function untilStable(stage: Stage, members: readonly ConsumerMember[]): Promise<void> {
  for (const member of members) await member.beat({ owns: "told" });
  await stage.describe();
}

export const TOPIC_SCENARIOS: readonly Scenario[] = [
  scenario("a topic that does not exist yet is had once it does", async (stage) => {
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await stage.describe();
    await a.beat();
    await stage.topic("t", 2);
    await a.until((answer) => answer.assignment !== null, { keeps: "all" });
    await a.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("partitions that a topic gets are handed out", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ owns: "told" });
    await stage.addPartitions("t", 3);
    await a.until((answer) => answer.assignment !== null, { keeps: "all" });
    await a.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("a topic that is deleted is taken away", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t", "u"] });
    await a.beat({ owns: "told" });
    await stage.deleteTopic("t");
    await a.until((answer) => answer.assignment !== null, { keeps: "all" });
    await stage.describe();
    await a.beat({ owns: "told" });
    await stage.describe();
    await stage.topic("t", 1);
    await a.until((answer) => answer.assignment !== null, { keeps: "all" });
    await a.beat({ owns: "told" });
    await stage.describe();
  }),

  scenario("a subscription changes", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ topics: ["t", "u"] });
    await a.beat({ owns: "told" });
    await a.beat({ topics: ["u"] });
    await stage.describe();
    await a.beat();
    await a.beat({ owns: "told" });
    await stage.describe();
    await a.beat({ topics: [] });
    await a.beat({ owns: {} });
    await stage.describe();
  }),

  scenario("terms of a member change", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ rack: "r" });
    await a.beat({ timeout: 1234 });
    await a.beat({ timeout: -1 });
    await a.beat({ timeout: 0 });
    await a.beat({ assignor: "range" });
    await stage.describe();
  }),

  scenario("partitions that a member should not have, and topics that are not", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.beat({ owns: { t: [0, 1, 2] } });
    await a.beat({ owns: { u: [0] } });
    await a.beat({ owns: { t: [1] } });
    await a.beat({ owns: {} });
    await stage.describe();
  }),

  scenario("names that no topic can have are subscribed to", async (stage) => {
    await stage.topic("t", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["a/b", ""] });
    await a.beat({ topics: ["t", "t", "u"] });
    await stage.describe();
  }),

  scenario("regular expressions that are refused", async (stage) => {
    const a = new ConsumerMember(stage, "A");
    for (const regex of [
      "[",
      "(",
      "a(?=b)",
      "(?<!a)b",
      "(a)\\1",
      "a**",
      "*",
      "a{2,1}",
      "a{1001}",
      "\\",
      "(?P<n",
      "[z-a]",
      "\\pX",
      "(?i",
      "x{2}{3}{1000}",
    ]) {
      await a.beat({ epoch: 0, timeout: 1000, owns: {}, regex });
    }
    await stage.topic("t", 1);
    await a.join({ topics: ["t"] });
    await a.beat({ regex: "[" });
    await a.beat({ regex: "t(?!u)" });
    await stage.describe();
  }),

  scenarioOfOutcome("a member subscribes by a regular expression", async (stage) => {
    await stage.topic("ta", 1);
    await stage.topic("tb", 2);
    await stage.topic("u", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "§t.*" });
    await untilItHas(a, ["ta", "tb"]);
    await untilStable(stage, [a]);
    await a.beat({ regex: "§u" });
    await untilItHas(a, ["u"]);
    await untilStable(stage, [a]);
    await a.beat({ regex: "" });
    await a.until(() => Object.keys(a.told).length === 0);
    await untilStable(stage, [a]);
    await a.leave();
  }),

  scenarioOfOutcome("a regular expression matches whole names", async (stage) => {
    await stage.topic("orders", 1);
    await stage.topic("orders-old", 1);
    await stage.topic("ORDERS", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "§orders" });
    await untilItHas(a, ["orders"]);
    await a.beat({ regex: "(?i)§orders" });
    await untilItHas(a, ["orders", "ORDERS"]);
    await a.beat({ regex: "^§orders.*$" });
    await untilItHas(a, ["orders", "orders-old"]);
    await a.beat({ regex: "§(orders-old|ORDERS)" });
    await untilItHas(a, ["orders-old", "ORDERS"]);
    await stage.describe();
  }),

  scenarioOfOutcome("names and a regular expression are joined", async (stage) => {
    await stage.topic("a", 1);
    await stage.topic("b", 1);
    await stage.topic("c", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["a"], regex: "§[ab]" });
    await untilItHas(a, ["a", "b"]);
    await a.beat({ topics: ["c"] });
    await untilItHas(a, ["a", "b", "c"]);
    await a.beat({ topics: [] });
    await untilItHas(a, ["a", "b"]);
    await stage.describe();
  }),

  scenarioOfOutcome("internal topics match a regular expression, too", async (stage) => {
    await stage.knowTopic("__consumer_offsets");
    await stage.topic("a", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "(§a|__consumer_offsets)" });
    await untilItHas(a, ["__consumer_offsets", "a"]);
    await untilStable(stage, [a]);
  }),

  scenarioOfOutcome("two members share a regular expression, and the last of it takes it along", async (stage) => {
    await stage.topic("a", 2);
    const a = new ConsumerMember(stage, "A");
    const b = new ConsumerMember(stage, "B");
    await a.join({ regex: "§a" });
    await untilItHas(a, ["a"]);
    await b.join({ regex: "§a" });
    await a.until(() => a.told["a"]?.length === 1);
    await a.beat({ owns: "told" });
    await untilItHas(b, ["a"]);
    await stage.describe();
    await b.leave();
    await a.until(() => a.told["a"]?.length === 2);
    await a.leave();
    await stage.describe();
  }),

  scenarioOfOutcome("a regular expression matches nothing", async (stage) => {
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "§nothing" });
    await stage.wait(100);
    await a.beat();
    await stage.describe();
  }),

  scenarioOfOutcome("a topic that comes later is found by a regular expression", async (stage) => {
    await stage.topic("a", 1);
    const a = new ConsumerMember(stage, "A");
    await a.join({ regex: "§[ab]" });
    await untilItHas(a, ["a"]);
    await a.beat({ owns: "told" });
    await stage.topic("b", 1);
    await untilItHas(a, ["a", "b"]);
    await untilStable(stage, [a]);
    await stage.deleteTopic("a");
    await untilItHas(a, ["b"]);
  }),
];
