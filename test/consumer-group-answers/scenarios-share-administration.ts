// What tools ask of share groups: to describe, to list and to delete them, and the starts of their partitions.

import * as messages from "../../protocol/messages/index.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { ShareMember, untilInitialized } from "./share-member.ts";
import type { Stage } from "./stage.ts";

/** Partitions by topic; all of the group where none are named. */
function describeOffsets(stage: Stage, topics: Readonly<Record<string, readonly number[]>> | null, group = "g", version = 1) {
  const named = topics && Object.entries(topics).map(([topic, partitions]) => ({ topicName: stage.name(topic), partitions }));
  return stage.ask(messages.describeShareGroupOffsets, version, { groups: [{ groupId: stage.name(group), topics: named }] });
}

/** Offsets by partition. */
function alterOffsets(stage: Stage, topics: Readonly<Record<string, Readonly<Record<number, number>>>>, group = "g") {
  const named = Object.entries(topics).map(([topic, offsets]) => ({
    topicName: stage.name(topic),
    partitions: Object.entries(offsets).map(([partition, startOffset]) => ({ partitionIndex: Number(partition), startOffset })),
  }));
  return stage.ask(messages.alterShareGroupOffsets, 0, { groupId: group === "" ? "" : stage.name(group), topics: named });
}

function deleteOffsets(stage: Stage, topics: readonly string[], group = "g") {
  const named = topics.map((topic) => ({ topicName: stage.name(topic) }));
  return stage.ask(messages.deleteShareGroupOffsets, 0, { groupId: group === "" ? "" : stage.name(group), topics: named });
}

function deleteGroups(stage: Stage, ...groups: readonly string[]) {
  return stage.ask(messages.deleteGroups, 2, { groupsNames: groups.map((group) => stage.name(group)) });
}

async function features(stage: Stage): Promise<void> {
  const answer = await stage.quietly(messages.apiVersions, 4, { clientSoftwareName: "raw", clientSoftwareVersion: "1" });
  const ofShares = ({ name }: { readonly name: string }) => name === "share.version";
  stage.note(
    `supported ${stage.text(answer.supportedFeatures.filter(ofShares))} finalized ${stage.text(answer.finalizedFeatures.filter(ofShares))}`,
  );
  const keys: readonly number[] = [76, 77, 90, 91, 92];
  stage.note(`served ${stage.text(answer.apiKeys.filter(({ apiKey }) => keys.includes(apiKey)))}`);
}

export const SHARE_ADMINISTRATION_SCENARIOS: readonly Scenario[] = [
  scenario(
    "share: groups are described in every state",
    async (stage) => {
      await stage.topic("t", 2);
      await stage.describeShare();
      const groupIds = ["", stage.name("g"), stage.name("g")];
      await stage.ask(messages.shareGroupDescribe, 1, { groupIds, includeAuthorizedOperations: true });
      const a = new ShareMember(stage, "A", { rack: "r" });
      await a.enter(2, { topics: ["t"] });
      await stage.describeShare();
      await a.beat();
      await stage.ask(messages.shareGroupDescribe, 1, { groupIds: [stage.name("g")], includeAuthorizedOperations: true });
      await new ConsumerMember(stage, "B", { group: "other" }).join({ topics: ["t"] });
      await stage.describeShare("other");
      await stage.ask(messages.shareGroupDescribe, 1, { groupIds: [], includeAuthorizedOperations: false });
    },
    "share",
  ),

  scenario(
    "share: groups are listed by state and type",
    async (stage) => {
      await stage.topic("t", 1);
      await new ConsumerMember(stage, "B", { group: "consumer" }).join({ topics: ["t"] });
      const a = new ShareMember(stage, "A");
      await a.enter(1, { topics: ["t"] });
      const b = new ShareMember(stage, "B", { group: "empty" });
      await b.enter(1, { topics: ["t"] });
      await b.leave();
      for (const version of [0, 3, 4, 5]) await stage.list({}, version);
      for (const states of [["Stable"], ["Empty"], ["Dead"]]) await stage.list({ states });
      for (const types of [["share"], ["Share", "consumer"], ["consumer"]]) await stage.list({ types });
      await stage.list({ states: ["Stable", "Empty"], types: ["share"] });
    },
    "share",
  ),

  scenario(
    "share: starts of partitions are described",
    async (stage) => {
      await stage.topic("t", 2);
      await stage.topic("u", 1);
      await describeOffsets(stage, null);
      await describeOffsets(stage, {});
      await describeOffsets(stage, { t: [0] });
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t"] });
      for (const version of [0, 1]) {
        await describeOffsets(stage, null, "g", version);
        await describeOffsets(stage, { t: [0, 1] }, "g", version);
        await describeOffsets(stage, { u: [0] }, "g", version);
        await describeOffsets(stage, { t: [1], unknown: [0, 1] }, "g", version);
      }
      await describeOffsets(stage, {});
      await new ConsumerMember(stage, "B", { group: "consumer" }).join({ topics: ["t"] });
      await describeOffsets(stage, null, "consumer");
      await describeOffsets(stage, { t: [0] }, "consumer");
      await stage.ask(messages.describeShareGroupOffsets, 1, { groups: [] });
      await stage.ask(messages.describeShareGroupOffsets, 1, {
        groups: [
          { groupId: "", topics: null },
          { groupId: stage.name("g"), topics: null },
          { groupId: stage.name("unknown"), topics: null },
        ],
      });
    },
    "share",
  ),

  scenario(
    "share: starts of partitions are altered",
    async (stage) => {
      await stage.topic("t", 2);
      await stage.topic("u", 1);
      await alterOffsets(stage, { t: { 0: 5 } }, "");
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t"] });
      await a.beat();
      await alterOffsets(stage, { t: { 0: 5 } });
      await a.leave();
      await stage.describeShare();
      await alterOffsets(stage, { t: { 0: 5, 1: 0, 7: 1 }, unknown: { 0: 1 } });
      await describeOffsets(stage, null);
      await alterOffsets(stage, { u: { 0: 100 } });
      await describeOffsets(stage, null);
      await stage.describeShare();
      await alterOffsets(stage, { t: { 0: -1 } });
      await alterOffsets(stage, { t: { 0: -2 } });
      await alterOffsets(stage, {});
      await describeOffsets(stage, null);
      await a.join({ topics: ["t"] });
      await a.beat();
    },
    "share",
  ),

  scenario(
    "share: starts of partitions of a group that is not there are altered",
    async (stage) => {
      await stage.topic("t", 2);
      await alterOffsets(stage, { t: { 1: 3 } });
      await describeOffsets(stage, null);
      await stage.describeShare();
      await stage.list();
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t"] });
      await a.beat();
      await describeOffsets(stage, null);
      await new ConsumerMember(stage, "B", { group: "consumer" }).join({ topics: ["t"] });
      await alterOffsets(stage, { t: { 1: 3 } }, "consumer");
      await alterOffsets(stage, { unknown: { 1: 3 } }, "other");
      await stage.describeShare("other");
    },
    "share",
  ),

  scenario(
    "share: starts of partitions are deleted",
    async (stage) => {
      await stage.topic("t", 2);
      await stage.topic("u", 1);
      await stage.topic("v", 1);
      await deleteOffsets(stage, ["t"]);
      await deleteOffsets(stage, ["t"], "");
      const a = new ShareMember(stage, "A");
      await a.enter(3, { topics: ["t", "u"] });
      await a.beat();
      await deleteOffsets(stage, ["t"]);
      await a.leave();
      await deleteOffsets(stage, ["t", "v", "unknown"]);
      await describeOffsets(stage, null);
      await describeOffsets(stage, { t: [0, 1], u: [0] });
      await deleteOffsets(stage, ["t"]);
      await deleteOffsets(stage, []);
      await stage.describeShare();
      await a.join({ topics: ["t", "u"] });
      await untilInitialized(stage, 3);
      await a.beat();
      await new ConsumerMember(stage, "B", { group: "consumer" }).join({ topics: ["t"] });
      await deleteOffsets(stage, ["t"], "consumer");
    },
    "share",
  ),

  scenario(
    "share: groups are deleted",
    async (stage) => {
      await stage.topic("t", 2);
      await deleteGroups(stage, "g");
      const a = new ShareMember(stage, "A");
      await a.enter(2, { topics: ["t"] });
      await a.beat();
      await deleteGroups(stage, "g", "unknown");
      await a.leave();
      await deleteGroups(stage, "g");
      await stage.describeShare();
      await describeOffsets(stage, null);
      await describeOffsets(stage, { t: [0, 1] });
      await deleteGroups(stage, "g");
      await a.enter(2, { topics: ["t"] });
      await a.beat();
      await a.leave();
      await new ConsumerMember(stage, "B").join({ topics: ["t"] });
    },
    "share",
  ),

  scenario(
    "share: the feature is withdrawn and comes back",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ShareMember(stage, "A");
      const update = async (level: number, upgradeType: number): Promise<void> => {
        const updates = [{ feature: "share.version", maxVersionLevel: level, upgradeType }];
        await stage.ask(messages.updateFeatures, 2, { timeoutMs: 10_000, featureUpdates: updates, validateOnly: false });
        await stage.wait(stage.place.settles ? 300 : 0);
        await features(stage);
      };
      await features(stage);
      await a.enter(1, { topics: ["t"] });
      await update(0, 1);
      await update(0, 2);
      await a.join({ topics: ["t"] });
      await a.join({ group: "", topics: ["t"] });
      await stage.describeShare();
      await describeOffsets(stage, null);
      await alterOffsets(stage, { t: { 0: 1 } });
      await deleteOffsets(stage, ["t"]);
      await stage.list();
      await update(1, 1);
      await a.join({ topics: ["t"] });
      await stage.describeShare();
    },
    "share off",
  ),
];
