// Streams groups and everything else: offsets, tools, groups of other kinds.

import * as messages from "../../protocol/messages/index.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { inTransaction } from "./scenarios-offsets.ts";
import { describeStreams } from "./scenarios-streams.ts";
import type { Stage } from "./stage.ts";
import { type Plan, StreamsMember } from "./streams-member.ts";

const PLAN: Plan = { subtopologies: { "0": { sources: ["t"] } } };

function member(stage: Stage, memberId: string): StreamsMember {
  return new StreamsMember(stage, memberId, { plan: PLAN });
}

interface Commit {
  readonly member?: string;
  readonly epoch?: number;
  readonly topic?: string;
  readonly partitions?: readonly number[];
  readonly version?: number;
}

function commit(stage: Stage, { member = "", epoch = -1, topic = "t", partitions = [0], version = 9 }: Commit = {}) {
  return stage.ask(messages.offsetCommit, version, {
    groupId: stage.name("g"),
    generationIdOrMemberEpoch: epoch,
    memberId: member,
    topics: [
      {
        name: stage.name(topic),
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: 7, committedMetadata: "" })),
      },
    ],
  });
}

function fetched(stage: Stage, member?: string, epoch?: number) {
  const asked = {
    groupId: stage.name("g"),
    ...(member === undefined ? {} : { memberId: member }),
    ...(epoch === undefined ? {} : { memberEpoch: epoch }),
    topics: null,
  };
  return stage.ask(messages.offsetFetch, 9, { groups: [asked], requireStable: false });
}

function deleteGroup(stage: Stage) {
  return stage.ask(messages.deleteGroups, 2, { groupsNames: [stage.name("g")] });
}

function deleteOffsets(stage: Stage, ...topics: readonly string[]) {
  return stage.ask(messages.offsetDelete, 0, {
    groupId: stage.name("g"),
    topics: topics.map((topic) => ({ name: stage.name(topic), partitions: [{ partitionIndex: 0 }, { partitionIndex: 7 }] })),
  });
}

export const STREAMS_ADMINISTRATION_SCENARIOS: readonly Scenario[] = [
  scenario("streams: offsets of members and of others", async (stage) => {
    await stage.topic("t", 4);
    await stage.topic("other", 1);
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    await commit(stage);
    await commit(stage, { member: "A", epoch: a.epoch });
    await commit(stage, { member: "A", epoch: a.epoch, version: 8 });
    await commit(stage, { member: "A", epoch: a.epoch, topic: "other" });
    await commit(stage, { member: "A", epoch: a.epoch + 1 });
    await commit(stage, { member: "A", epoch: a.epoch - 1 });
    await commit(stage, { member: "A", epoch: -1 });
    await commit(stage, { member: "X", epoch: a.epoch });
    await b.join();
    await a.beat({ owns: "told" });
    await a.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await b.beat({ owns: "told" });
    await commit(stage, { member: "A", epoch: a.epoch - 1, partitions: [0, 1, 2, 3] });
    await commit(stage, { member: "A", epoch: a.epoch - 1, topic: "other" });
    await commit(stage, { member: "B", epoch: b.epoch - 1, partitions: [0, 1, 2, 3] });
    await fetched(stage);
    await fetched(stage, "A", a.epoch);
    await fetched(stage, "A", a.epoch - 1);
    await fetched(stage, "X", a.epoch);
    await deleteOffsets(stage, "t", "other", "missing");
    await a.leave();
    await b.leave();
    await commit(stage);
    await commit(stage, { member: "A", epoch: 1 });
    await fetched(stage);
    await deleteOffsets(stage, "t", "missing");
  }),

  scenario("streams: offsets while tasks are given up", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [member(stage, "A"), member(stage, "B")];
    await a.join();
    const { epoch } = a;
    await b.join();
    await a.beat();
    await commit(stage, { member: "A", epoch, partitions: [0, 1] });
    await commit(stage, { member: "A", epoch: epoch - 1, partitions: [0, 1] });
    await a.beat({ owns: "told" });
    await commit(stage, { member: "A", epoch, partitions: [0, 1] });
  }),

  scenario("streams: offsets of transactions", async (stage) => {
    await stage.topic("t", 2);
    const a = member(stage, "A");
    await a.join();
    await inTransaction(stage, [
      { member: "A", generation: a.epoch },
      { member: "A", generation: a.epoch + 1 },
      { member: "A", generation: a.epoch - 1 },
      { member: "X", generation: a.epoch },
      {},
    ]);
    await a.leave();
    await deleteGroup(stage);
  }),

  scenario("streams: groups are described, listed and deleted", async (stage) => {
    await stage.topic("t", 1);
    await describeStreams(stage);
    await describeStreams(stage, "", "g", "g");
    const a = member(stage, "A");
    await a.join();
    await stage.list();
    await stage.list({ types: ["streams"] });
    await stage.list({ types: ["Streams", "classic"] });
    await stage.list({ types: ["consumer"] });
    await stage.list({ states: ["Stable"] });
    await stage.list({ states: ["NotReady"] });
    await stage.list({}, 4);
    await stage.describe();
    await stage.describeClassic();
    await stage.describeClassic("g", 5);
    await deleteGroup(stage);
    await a.leave();
    await stage.list({ states: ["empty"] });
    await commit(stage);
    await deleteGroup(stage);
    await describeStreams(stage);
    await stage.list();
  }),

  scenario("streams: the id of a streams group in other protocols", async (stage) => {
    await stage.topic("t", 1);
    const a = member(stage, "A");
    await a.join();
    await new ConsumerMember(stage, "C").join({ topics: ["t"] });
    await new ConsumerMember(stage, "C").beat({ epoch: 1 });
    await new ConsumerMember(stage, "C").leave();
    const k = await ClassicMember.of(stage, "K");
    await k.join({ topics: ["t"] });
    await k.heartbeat();
    await k.sync();
    await k.leave();
    await a.leave();
    await new ConsumerMember(stage, "C").join({ topics: ["t"] });
    await k.enter({ topics: ["t"] });
    await stage.list();
    await a.join();
    await k.leave();
    await stage.list();
    await a.join();
    await stage.list();
  }),

  scenario("streams: the id of another group", async (stage) => {
    await stage.topic("t", 1);
    const c = new ConsumerMember(stage, "C");
    await c.join({ topics: ["t"] });
    const a = member(stage, "A");
    await a.join();
    await a.beat({ epoch: 1 });
    await a.leave();
    await describeStreams(stage);
    await c.leave();
    await a.join();
  }),

  scenario("streams: a group that only has offsets", async (stage) => {
    await stage.topic("t", 1);
    await commit(stage);
    const a = member(stage, "A");
    await a.beat({ epoch: 1 });
    await a.join();
    await fetched(stage);
    await stage.list();
  }),

  scenario(
    "streams: the feature is withdrawn and comes back",
    async (stage) => {
      await stage.topic("t", 1);
      const a = member(stage, "A");
      const update = async (level: number, upgradeType: number): Promise<void> => {
        const updates = [{ feature: "streams.version", maxVersionLevel: level, upgradeType }];
        await stage.ask(messages.updateFeatures, 2, { timeoutMs: 10_000, featureUpdates: updates, validateOnly: false });
        await stage.wait(stage.place.settles ? 300 : 0);
        const answer = await stage.quietly(messages.apiVersions, 4, { clientSoftwareName: "raw", clientSoftwareVersion: "1" });
        const ofStreams = ({ name }: { readonly name: string }) => name === "streams.version";
        stage.note(
          `supported ${stage.text(answer.supportedFeatures.filter(ofStreams))} finalized ${stage.text(answer.finalizedFeatures.filter(ofStreams))}`,
        );
        const keys: readonly number[] = [messages.streamsGroupHeartbeat.key, messages.streamsGroupDescribe.key];
        stage.note(`served ${stage.text(answer.apiKeys.filter(({ apiKey }) => keys.includes(apiKey)))}`);
      };
      await update(0, 1);
      await update(0, 2);
      await a.join();
      await describeStreams(stage);
      await update(2, 1);
      await update(1, 1);
      await a.join();
      await describeStreams(stage);
      await update(0, 2);
      await a.beat();
      await describeStreams(stage);
      await stage.list();
      await update(1, 1);
    },
    "feature off",
  ),
];
