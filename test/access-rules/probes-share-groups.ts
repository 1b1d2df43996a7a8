// Requests of share groups to their coordinator. The groups of the scene are of another kind: what is permitted is told as an error of that.

import {
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
  describeShareGroupOffsets,
  shareGroupDescribe,
  shareGroupHeartbeat,
} from "../../protocol/messages/index.ts";
import { type Probe, probe } from "./probe.ts";
import { DELETE, DESCRIBE, GROUP, on, READ, TOPIC } from "./rules.ts";
import { every, type Scene, withRules } from "./scene.ts";

const ofGroupsAndTopics = (groupOperation: number, topicOperation: number) => (scene: Scene) => [
  ...on(GROUP, withRules(scene.groups), groupOperation),
  ...on(TOPIC, withRules(scene.topics), topicOperation),
];

export const SHARE_GROUP_PROBES: readonly Probe[] = [
  probe(shareGroupHeartbeat, {
    versions: [1],
    needs: ofGroupsAndTopics(READ, DESCRIBE),
    requests: ({ groups, topics }) => {
      const beat = (groupId: string, names: readonly string[]) => ({ groupId, memberId: "m", memberEpoch: 0, subscribedTopicNames: names });
      return [
        ...every(groups).map((groupId) => beat(groupId, [topics.ruled])),
        ...every(topics).map((topic) => beat(groups.ruled, [topic])),
      ];
    },
    fresh: ["groups"],
  }),
  probe(shareGroupDescribe, {
    versions: [1],
    needs: ({ groups }) => on(GROUP, withRules(groups), DESCRIBE),
    requests: ({ groups }) => [{ groupIds: every(groups), includeAuthorizedOperations: true }],
  }),
  probe(describeShareGroupOffsets, {
    versions: [0, 1],
    needs: ofGroupsAndTopics(DESCRIBE, DESCRIBE),
    requests: ({ groups, topics }) =>
      every(groups).map((groupId) => ({
        groups: [{ groupId, topics: every(topics).map((topicName) => ({ topicName, partitions: [0] })) }],
      })),
  }),
  probe(alterShareGroupOffsets, {
    versions: [0],
    needs: ofGroupsAndTopics(READ, READ),
    requests: ({ groups, topics }) =>
      every(groups).map((groupId) => ({
        groupId,
        topics: every(topics).map((topicName) => ({ topicName, partitions: [{ partitionIndex: 0, startOffset: 1 }] })),
      })),
    fresh: ["groups"],
  }),
  probe(deleteShareGroupOffsets, {
    versions: [0],
    needs: ofGroupsAndTopics(DELETE, READ),
    requests: ({ groups, topics }) =>
      every(groups).map((groupId) => ({ groupId, topics: every(topics).map((topicName) => ({ topicName })) })),
    fresh: ["groups"],
  }),
];
