// The topics of streams groups: sources that are missing, internal topics with the counts that are decided, topologies that do not fit.

import * as messages from "../../protocol/messages/index.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { describeStreams } from "./scenarios-streams.ts";
import type { Stage } from "./stage.ts";
import { hasTasks, type Plan, StreamsMember, type Subtopology } from "./streams-member.ts";

function member(stage: Stage, subtopologies: Readonly<Record<string, Subtopology>>, memberId = "A", group = "g"): StreamsMember {
  return new StreamsMember(stage, memberId, { plan: { subtopologies }, group });
}

async function showTopics(stage: Stage, ...names: readonly string[]): Promise<void> {
  const { topics } = await stage.quietly(messages.metadata, 12, {
    topics: names.map((name) => ({ name: stage.name(name) })),
    allowAutoTopicCreation: false,
  });
  for (const { errorCode, name, partitions } of topics)
    stage.note(`topic ${stage.names.in(name ?? "")} ${errorCode === 0 ? `has ${partitions.length} partitions` : "is not there"}`);
  const described = await stage.quietly(messages.describeConfigs, 4, {
    resources: names.map((name) => ({
      resourceType: 2,
      resourceName: stage.name(name),
      configurationKeys: ["cleanup.policy", "retention.ms", "segment.bytes", "message.timestamp.type"],
    })),
    includeSynonyms: false,
    includeDocumentation: false,
  });
  for (const { resourceName, configs } of described.results)
    stage.note(
      `${stage.names.in(resourceName)}: ${(configs ?? [])
        .map(({ name, value }) => `${name}=${value}`)
        .sort()
        .join(" ")}`,
    );
}

/** Each topology in a group of its own. */
async function joinEach(stage: Stage, plans: Readonly<Record<string, Readonly<Record<string, Subtopology>>>>): Promise<void> {
  for (const [group, plan] of Object.entries(plans)) {
    await member(stage, plan, "A", group).join();
    await describeStreams(stage, group);
  }
}

export const STREAMS_TOPIC_SCENARIOS: readonly Scenario[] = [
  scenario("streams: a source topic that is missing comes later", async (stage) => {
    const a = member(stage, { "0": { sources: ["t", "s"], changelogs: { store: 0 } } });
    await a.join();
    await a.beat({ owns: "told" });
    await describeStreams(stage);
    await stage.topic("store", 2);
    await stage.topic("s", 1);
    await a.beat({ owns: "told" });
    await stage.topic("t", 2);
    await a.until(hasTasks);
    await describeStreams(stage);
  }),

  scenario("streams: a source topic goes and gets partitions", async (stage) => {
    await stage.topic("t", 1);
    const a = member(stage, { "0": { sources: ["t"] } });
    await a.join();
    await stage.addPartitions("t", 2);
    await a.until(hasTasks);
    await stage.deleteTopic("t");
    await a.until(({ status }) => status?.[0]?.statusCode === 1);
    await a.beat({ owns: "told" });
    await describeStreams(stage);
    await stage.topic("t", 3);
    await a.until(hasTasks);
    await describeStreams(stage);
  }),

  scenario("streams: internal topics are made with what the client asks for", async (stage) => {
    await stage.topic("t", 3);
    await stage.topic("u", 2);
    await stage.topic("cache", 4);
    const compact = { "cleanup.policy": "compact", "message.timestamp.type": "CreateTime" };
    const purged = { "cleanup.policy": "delete", "retention.ms": "-1", "segment.bytes": "52428800" };
    const a = member(stage, {
      "0": { sources: ["t"], sinks: ["re"] },
      "1": { sources: ["u"], sinks: ["fixed"] },
      "2": { repartitions: { re: { partitions: 0, configs: purged } }, changelogs: { store: { partitions: 0, configs: compact } } },
      "3": { repartitions: { fixed: { partitions: 4, configs: purged } }, sources: ["u"], changelogs: { cache: 0 } },
    });
    await a.join();
    await a.until(hasTasks);
    await describeStreams(stage);
    await showTopics(stage, "re", "fixed", "store");
    await a.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: internal topics that cannot be made", async (stage) => {
    await stage.topic("t", 1);
    const a = member(stage, { "0": { sources: ["t"], changelogs: { store: { partitions: 0, configs: { "cleanup.policy": "none" } } } } });
    await a.join();
    await a.until(({ status }) => status?.[0]?.statusDetail.includes("failed") === true);
    await a.beat({ owns: "told" });
    await describeStreams(stage);
  }),

  scenario("streams: internal topics that are there with another count", async (stage) => {
    await stage.topic("t", 2);
    await stage.topic("store", 3);
    await stage.topic("re", 5);
    await joinEach(stage, {
      changelog: { "0": { sources: ["t"], changelogs: { store: 0 } } },
      repartition: { "0": { sources: ["t"], sinks: ["re"] }, "1": { repartitions: { re: 0 } } },
      fixed: { "0": { sources: ["t"], sinks: ["re"] }, "1": { repartitions: { re: 4 } } },
      "as fixed": { "0": { sources: ["t"], sinks: ["re"] }, "1": { repartitions: { re: 5 } } },
      "a source": { "0": { sources: ["t"], changelogs: { t: 0 } } },
    });
  }),

  scenario("streams: copartitioned topics", async (stage) => {
    await stage.topic("three", 3);
    await stage.topic("four", 4);
    await stage.topic("also", 4);
    const copartitions: Subtopology["copartitions"] = [[[0, 1], []]];
    await joinEach(stage, {
      external: { "0": { sources: ["three", "four"], copartitions } },
      "with repartition": { "0": { sources: ["three", "four"], sinks: ["re1"], copartitions }, "1": { repartitions: { re1: 0 } } },
      equal: { "0": { sources: ["four", "also"], copartitions } },
      decided: {
        "0": { sources: ["three"], sinks: ["re2"] },
        "1": { sources: ["four"], repartitions: { re2: 0 }, copartitions: [[[0], [0]]] },
      },
      "fixed to another": {
        "0": { sources: ["three"], sinks: ["re3"] },
        "1": { sources: ["four"], repartitions: { re3: 3 }, copartitions: [[[0], [0]]] },
      },
      "internal alone": {
        "0": { sources: ["three"], sinks: ["re4"] },
        "1": { sources: ["four"], sinks: ["re5"] },
        "2": { repartitions: { re4: 0, re5: 0 }, copartitions: [[[], [0, 1]]] },
      },
      "internal, one fixed": {
        "0": { sources: ["three"], sinks: ["re6"] },
        "1": { sources: ["four"], sinks: ["re7"] },
        "2": { repartitions: { re6: 0, re7: 2 }, copartitions: [[[], [0, 1]]] },
      },
      "internal, fixed unlike": {
        "0": { sources: ["three"], sinks: ["re8"] },
        "1": { sources: ["four"], sinks: ["re9"] },
        "2": { repartitions: { re8: 3, re9: 2 }, copartitions: [[[], [0, 1]]] },
      },
      empty: { "0": { sources: ["three"], copartitions: [[[], []]] } },
    });
  }),

  scenario("streams: repartition topics one after another", async (stage) => {
    await stage.topic("t", 3);
    await joinEach(stage, {
      chain: {
        "0": { repartitions: { second: 0 }, changelogs: { last: 0 } },
        "1": { repartitions: { first: 0 }, sinks: ["second"] },
        "2": { sources: ["t"], sinks: ["first"] },
      },
      loop: { "0": { sources: ["t"] }, "1": { repartitions: { x: 0 }, sinks: ["y"] }, "2": { repartitions: { y: 0 }, sinks: ["x"] } },
      "without sink": { "0": { sources: ["t"] }, "1": { repartitions: { z: 0 } } },
      "sink alone": { "0": { sources: ["t"], sinks: ["w"] } },
    });
  }),

  scenario("streams: topologies that are refused", async (stage) => {
    await stage.topic("t", 1);
    const tried: Readonly<Record<string, Readonly<Record<string, Subtopology>>>> = {
      "changelog with a count": { "0": { sources: ["t"], changelogs: { store: 2 } } },
      "internal source": { "0": { sources: ["__consumer_offsets"] } },
      "internal sink": { "0": { sources: ["t"], sinks: ["__consumer_offsets"] } },
      "internal repartition": { "0": { repartitions: { __transaction_state: 0 } } },
      "internal changelog": { "0": { sources: ["t"], changelogs: { __share_group_state: 0 } } },
      "both internal and illegal": { "0": { sources: ["__consumer_offsets"], changelogs: { "not a name": 0 } } },
      "illegal name": { "0": { sources: ["not a name"] } },
      "no source": { "0": {} },
      "no source but a changelog": { "0": { changelogs: { store: 0 } } },
      "no subtopology": {},
    };
    await joinEach(stage, tried);
    await stage.list();
  }),

  scenario("streams: topologies of later members", async (stage) => {
    await stage.topic("t", 1);
    await stage.topic("u", 1);
    const plan = (epoch: number, sources: readonly string[]): Plan => ({ epoch, subtopologies: { "0": { sources } } });
    const of = (memberId: string) => new StreamsMember(stage, memberId, { plan: plan(1, ["t"]) });
    const [a, b, c] = [of("A"), of("B"), of("C")];
    await a.join();
    await b.join();
    await c.join({ plan: plan(1, ["u"]) });
    await c.join({ plan: plan(2, ["t"]) });
    await c.join({ plan: plan(0, ["u"]) });
    await c.beat({ owns: "told" });
    await describeStreams(stage);
    await c.join({ plan: plan(1, ["t"]) });
    await a.leave();
    await b.leave();
    await c.leave();
    await a.join({ plan: plan(2, ["u"]) });
    await stage.ask(messages.deleteGroups, 2, { groupsNames: [stage.name("g")] });
    await a.join({ plan: plan(2, ["u"]) });
    await of("D").join({ plan: plan(-1, ["t"]), group: "h" });
  }),
];
