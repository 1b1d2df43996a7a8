// Heartbeats of streams groups (KIP-1071): refused as invalid, epochs, tasks and how they move, standbys, delays, endpoints, the end of an application.

import * as messages from "../../protocol/messages/index.ts";
import { type Scenario, scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { hasTasks, type Plan, StreamsMember } from "./streams-member.ts";

const PLAIN: Plan = { subtopologies: { "0": { sources: ["t"] } } };
const STATEFUL: Plan = { subtopologies: { "0": { sources: ["t"], changelogs: { store: 0 } } } };

function member(stage: Stage, memberId: string, process = memberId, plan = PLAIN): StreamsMember {
  return new StreamsMember(stage, memberId, { plan, process });
}

export function describeStreams(stage: Stage, ...groups: readonly string[]) {
  return stage.ask(messages.streamsGroupDescribe, 0, {
    groupIds: (groups.length === 0 ? ["g"] : groups).map((group) => (group === "" ? "" : stage.name(group))),
    includeAuthorizedOperations: false,
  });
}

export const STREAMS_SCENARIOS: readonly Scenario[] = [
  scenario("streams: heartbeats that are refused as invalid", async (stage) => {
    await stage.topic("t", 1);
    const a = member(stage, "A");
    await a.join({ group: "" });
    await a.join({ memberId: "" });
    await a.join({ memberId: " " });
    await a.join({ rack: "" });
    await a.join({ instance: "" });
    await a.join({ instance: "i" });
    await a.join({ offsets: [] });
    await a.join({ endOffsets: [] });
    await a.join({ owns: { active: {}, standby: {}, warmup: { "0": [0] } } });
    await a.join({ plan: { subtopologies: { "0": { sources: ["t"], regex: ["t.*"] } } } });
    await a.beat({ epoch: 0, process: "P", plan: PLAIN, owns: { active: {}, standby: {}, warmup: {} } });
    await a.join({ owns: { active: { "0": [0] }, standby: {}, warmup: {} } });
    await a.join({ owns: { active: {}, standby: { "0": [0] }, warmup: {} } });
    await a.beat({ epoch: 0, timeout: 1000, process: "P", owns: { active: {}, standby: {}, warmup: {} } });
    await a.beat({ epoch: -2 });
    await a.beat({ epoch: -3 });
    await a.beat({ epoch: 1, owns: { active: {} } });
    await a.beat({ epoch: 1, owns: { standby: {} } });
    await a.beat({ epoch: 1, owns: { active: {}, standby: {} } });
    await a.beat({ epoch: 1, owns: { warmup: {} } });
    await a.beat({ epoch: 1, plan: PLAIN });
    await a.beat({ epoch: 1 });
    await a.beat({ epoch: -1 });
    await a.join({ process: null, group: "h" });
    await stage.list();
  }),

  scenario("streams: a member joins alone, is told once what it has, and leaves", async (stage) => {
    await stage.topic("t", 3);
    const a = member(stage, "A");
    await a.join();
    await a.beat({ owns: "told" });
    await a.beat();
    await describeStreams(stage);
    await a.beat({ epoch: 0, timeout: 60_000, plan: PLAIN });
    await a.beat({ timeout: 30_000 });
    await a.beat({ tags: { zone: "z" }, rack: "r" });
    await a.beat({ process: "another" });
    await describeStreams(stage);
    await a.leave();
    await describeStreams(stage);
    await a.leave();
    await a.beat({ epoch: 1 });
    await a.join();
  }),

  scenario("streams: epochs that are taken and refused", async (stage) => {
    await stage.topic("t", 2);
    const a = member(stage, "A");
    await a.join();
    await a.beat({ owns: "told" });
    const b = member(stage, "B");
    await b.join();
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    const { epoch } = a;
    await a.beat({ epoch: epoch + 1 });
    await a.beat({ epoch: epoch - 1 });
    await a.beat({ epoch: epoch - 1, owns: { active: { "0": [0] }, standby: {}, warmup: {} } });
    await a.beat({ epoch: epoch - 1, owns: { active: { "0": [0, 1] }, standby: {}, warmup: {} } });
    await a.beat({ epoch: epoch - 1, owns: { active: {}, standby: {}, warmup: {} } });
    await a.beat({ epoch: epoch - 2, owns: { active: {}, standby: {}, warmup: {} } });
    await a.beat({ epoch, owns: { active: { "0": [2] }, standby: {}, warmup: {} } });
    await a.beat({ epoch, owns: { active: { "1": [0] }, standby: {}, warmup: {} } });
    await a.beat({ epoch, owns: { active: {}, standby: { "0": [7] }, warmup: {} } });
    await a.beat({ epoch: 0, timeout: 60_000, plan: PLAIN });
    await a.join();
    await describeStreams(stage);
  }),

  scenario("streams: an active task moves from process to process", async (stage) => {
    await stage.topic("t", 4);
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await a.beat({ owns: "told" });
    await b.join();
    await describeStreams(stage);
    await b.beat({ owns: "told" });
    await a.beat();
    await a.beat();
    await a.beat({ owns: { active: { "0": [0, 1, 2, 3] }, standby: {}, warmup: {} } });
    await b.beat({ owns: "told" });
    await describeStreams(stage);
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await describeStreams(stage);
    await b.leave();
    await a.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: who does not give up its tasks in time is removed", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join({ timeout: 2500 });
    await b.join();
    await a.beat();
    await b.until(({ activeTasks }) => activeTasks?.[0]?.partitions.length === 2, { deadlineMs: 20_000 });
    await a.beat();
    await describeStreams(stage);
  }),

  scenario("streams: who is not heard of is removed", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "streams.heartbeat.interval.ms": "100", "streams.session.timeout.ms": "3000" });
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await b.join();
    await b.until(({ activeTasks }) => activeTasks?.[0]?.partitions.length === 2, { deadlineMs: 20_000 });
    await stage.alterGroup("g", { "streams.session.timeout.ms": null });
    await b.beat();
    await a.beat();
    await describeStreams(stage);
  }),

  scenario("streams: standbys live in other processes", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("store", 2);
    await stage.alterGroup("g", { "streams.num.standby.replicas": "1" });
    const [a, b] = [member(stage, "A", "P", STATEFUL), member(stage, "B", "P", STATEFUL)];
    await a.join();
    await b.join();
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await describeStreams(stage);
    const c = member(stage, "C", "Q", STATEFUL);
    await c.join();
    for (const one of [a, b, c, a, b, c]) await one.beat({ owns: "told" });
    await describeStreams(stage);
    await stage.alterGroup("g", { "streams.num.standby.replicas": "0" });
    await a.beat({ owns: "told" });
    for (const one of [a, b, c, a, b, c]) await one.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: a standby becomes active in its process", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("store", 2);
    await stage.alterGroup("g", { "streams.num.standby.replicas": "1" });
    const [a, b] = [member(stage, "A", "P", STATEFUL), member(stage, "B", "Q", STATEFUL)];
    await a.join();
    await b.join();
    for (const one of [a, b, a, b, a, b]) await one.beat({ owns: "told" });
    await describeStreams(stage);
    await a.leave();
    for (const one of [b, b]) await one.beat({ owns: "told" });
    await a.join();
    for (const one of [a, b, a, b, a, b]) await one.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: the first assignment waits for more members", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "streams.initial.rebalance.delay.ms": "2500" });
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await describeStreams(stage);
    await a.beat({ owns: "told" });
    await b.join();
    await describeStreams(stage);
    await stage.wait(3500);
    await describeStreams(stage);
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await describeStreams(stage);
    await a.leave();
    await b.leave();
    await describeStreams(stage);
    await a.join();
    await describeStreams(stage);
    await a.until(hasTasks, { keeps: "all" });
    await describeStreams(stage);
  }),

  scenario("streams: who leaves while the first assignment waits", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "streams.initial.rebalance.delay.ms": "2000" });
    const a = member(stage, "A");
    await a.join();
    await a.leave();
    await describeStreams(stage);
    await stage.wait(3000);
    await describeStreams(stage);
    await a.join();
    await a.until(hasTasks, { keeps: "all" });
  }),

  scenario("streams: assignments keep an interval", async (stage) => {
    await stage.topic("t", 2);
    await stage.alterGroup("g", { "streams.assignment.interval.ms": "2500" });
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await b.join();
    await a.beat({ owns: "told" });
    await describeStreams(stage);
    await stage.wait(3500);
    await b.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: the tasks of several subtopologies", async (stage) => {
    await stage.topic("t", 3);
    await stage.topic("u", 2);
    const plan: Plan = { subtopologies: { "0": { sources: ["t"] }, "1": { sources: ["u"] }, "2": { sources: ["t", "u"] } } };
    const all = ["A", "B", "C", "D", "E"].map((name) => member(stage, name, name, plan));
    for (const one of all) {
      await one.join();
      for (let round = 0; round < 3; round++) for (const each of all) if (each.epoch > 0) await each.beat({ owns: "told" });
    }
    await describeStreams(stage);
    const [first] = all;
    await first?.leave();
    for (let round = 0; round < 2; round++) for (const each of all.slice(1)) await each.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: several members of a process share its load", async (stage) => {
    await stage.topic("t", 6);
    const a = member(stage, "A", "P");
    const [b, c] = [member(stage, "B", "Q"), member(stage, "C", "Q")];
    for (const one of [a, b, c]) await one.join();
    for (let round = 0; round < 3; round++) for (const each of [a, b, c]) await each.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: one member shuts the application down", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await b.join();
    await a.beat({ shutdown: true });
    await b.beat();
    await a.beat();
    await a.leave({ shutdown: true });
    await b.beat();
    await b.leave();
    await b.join();
    await a.join();
    await a.leave({ shutdown: true });
    await b.beat();
  }),

  scenario("streams: endpoints of members", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("u", 1);
    const plan: Plan = { subtopologies: { "0": { sources: ["t", "u"] } } };
    const [a, b] = [member(stage, "A", "A", plan), member(stage, "B", "B", plan)];
    await a.join({ endpoint: { host: "a.example", port: 9999 }, endpointEpoch: -1 });
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told", endpointEpoch: 0 });
    await b.join({ endpointEpoch: -1 });
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await b.beat({ owns: "told", endpoint: { host: "b.example", port: 1 } });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await a.beat({ owns: "told", endpointEpoch: 77 });
    await describeStreams(stage);
    await b.leave();
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told" });
  }),

  scenario(
    "streams: a group that is full",
    async (stage) => {
      await stage.topic("t", 3);
      const [a, b, c] = [member(stage, "A"), member(stage, "B"), member(stage, "C")];
      await a.join();
      await b.join();
      await c.join();
      await a.beat({ epoch: 1 });
      await a.join();
      await a.leave();
      await c.join();
    },
    "limited",
  ),

  scenario(
    "streams: only the classic protocol is served",
    async (stage) => {
      await stage.topic("t", 1);
      await member(stage, "A").join();
      await member(stage, "A").join({ group: "" });
      await describeStreams(stage);
    },
    "classic only",
  ),
];
