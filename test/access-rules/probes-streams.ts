// The requests of streams groups (KIP-1071) in the matrix.

import { streamsGroupDescribe, streamsGroupHeartbeat } from "../../protocol/messages/index.ts";
import { type Probe, probe } from "./probe.ts";
import { CREATE, DESCRIBE, GROUP, type Need, on, onCluster, READ, TOPIC } from "./rules.ts";
import { every, type Scene, withRules } from "./scene.ts";

const NOTHING = { activeTasks: [], standbyTasks: [], warmupTasks: [] };

/** A member with a topology of one subtopology that reads the topics. */
export function joinsStreams(groupId: string, sourceTopics: readonly string[], memberId: string, changelogs: readonly string[] = []) {
  const others = {
    sourceTopicRegex: [],
    stateChangelogTopics: changelogs.map((name) => ({ name, partitions: 0, replicationFactor: 1, topicConfigs: [] })),
    repartitionSinkTopics: [],
    repartitionSourceTopics: [],
    copartitionGroups: [],
  };
  return {
    groupId,
    memberId,
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    processId: memberId,
    topology: { epoch: 0, subtopologies: [{ subtopologyId: "0", sourceTopics: [...sourceTopics], ...others }] },
    ...NOTHING,
  };
}

const needsOf = ({ groups, topics }: Scene): readonly Need[] => [
  ...on(GROUP, withRules(groups), READ),
  ...on(TOPIC, withRules(topics), DESCRIBE),
];

export const STREAMS_PROBES: readonly Probe[] = [
  probe(streamsGroupHeartbeat, {
    about: "of who joins",
    versions: [0],
    needs: needsOf,
    requests: ({ groups, topics }) => [
      ...every(groups).map((groupId) => joinsStreams(groupId, [topics.ruled], "first")),
      ...[topics.unruled, topics.absent, topics.nowhere].map((topic) => joinsStreams(groups.ruled, [topic], topic)),
    ],
    fresh: ["groups"],
    leavesOut: ["memberEpoch", "activeTasks"],
  }),
  probe(streamsGroupHeartbeat, {
    about: "whose internal topics are missing, by rules of topics",
    versions: [0],
    needs: (scene) => [...needsOf(scene), ...on(TOPIC, withRules(scene.topics), CREATE)],
    requests: ({ groups, topics }) => [joinsStreams(groups.ruled, [topics.ruled], "first", [topics.absent])],
    fresh: ["groups", "topics"],
  }),
  probe(streamsGroupHeartbeat, {
    about: "whose internal topics are missing, by a rule of the cluster",
    versions: [0],
    needs: (scene) => [...needsOf(scene), ...onCluster(CREATE)],
    requests: ({ groups, topics }) => [joinsStreams(groups.ruled, [topics.ruled], "first", [topics.absent])],
    fresh: ["groups", "topics"],
  }),
  probe(streamsGroupHeartbeat, {
    about: "of who leaves",
    versions: [0],
    needs: ({ groups }) => on(GROUP, withRules(groups), READ),
    requests: ({ groups }) =>
      every(groups).map((groupId) => ({ groupId, memberId: "nobody", memberEpoch: -1, endpointInformationEpoch: 0 })),
  }),
  probe(streamsGroupDescribe, {
    versions: [0],
    needs: ({ streams, topics }) => [...on(GROUP, withRules(streams), DESCRIBE), ...on(TOPIC, withRules(topics), DESCRIBE)],
    requests: ({ streams }) => [{ groupIds: every(streams), includeAuthorizedOperations: true }],
    fresh: ["streams"],
  }),
];
