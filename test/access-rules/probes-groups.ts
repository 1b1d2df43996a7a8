// Requests of groups and their offsets, and those that ask about groups and transactions.

import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  describeGroups,
  describeTransactions,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  listTransactions,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  syncGroup,
} from "../../protocol/messages/index.ts";
import { NOTHING, type Probe, probe } from "./probe.ts";
import { CLUSTER_ACTION, DELETE, DESCRIBE, GROUP, type Need, on, onCluster, READ, TOPIC, TRANSACTIONAL_ID } from "./rules.ts";
import { every, existing, type Scene, withRules } from "./scene.ts";

const NOBODY = "nobody";
const FIRST_COMMIT_BY_ID = 10;
const FIRST_FETCH_OF_GROUPS = 8;
const GROUP_KEY = 0;
const TRANSACTION_KEY = 1;
const SHARE_KEY = 2;

const onGroups =
  (...operations: number[]) =>
  ({ groups }: Scene): Need[] =>
    on(GROUP, withRules(groups), ...operations);
const onTransactions =
  (...operations: number[]) =>
  ({ transactions }: Scene): Need[] =>
    on(TRANSACTIONAL_ID, withRules(transactions), ...operations);
const withTopics = (groupOperation: number, topicOperation: number) => (scene: Scene) => [
  ...onGroups(groupOperation)(scene),
  ...on(TOPIC, withRules(scene.topics), topicOperation),
];

const perGroup =
  <Request>(request: (groupId: string) => Request) =>
  ({ groups }: Scene): Request[] =>
    every(groups).map(request);

function offsetsToFetch(scene: Scene, version: number, isOfAll: boolean) {
  const topics = isOfAll
    ? null
    : every(scene.topics).map((name) => ({ ...(version >= 10 ? { topicId: scene.topicId(name) } : { name }), partitionIndexes: [0] }));
  if (version >= FIRST_FETCH_OF_GROUPS) return [{ groups: every(scene.groups).map((groupId) => ({ groupId, topics })) }];
  const named = topics?.map(({ partitionIndexes }, index) => ({ name: every(scene.topics)[index] ?? "", partitionIndexes })) ?? null;
  return every(scene.groups).map((groupId) => ({ groupId, topics: named }));
}

function coordinatorsOf(keyType: number, keys: readonly string[], version: number) {
  if (version >= 4) return [{ keyType, coordinatorKeys: [...keys] }];
  return keys.map((key) => (version === 0 ? { key } : { key, keyType }));
}

/** A member for each subscription, so that nobody is told to do what another has begun. */
function joins(groupId: string, subscribedTopicNames: readonly string[], memberId: string) {
  return {
    groupId,
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: [...subscribedTopicNames],
    topicPartitions: [],
  };
}

/** Requests of the consumer protocol (KIP-848). */
const CONSUMER_PROBES: readonly Probe[] = [
  probe(consumerGroupHeartbeat, {
    about: "of who joins",
    versions: [0, 1],
    needs: withTopics(READ, DESCRIBE),
    requests: ({ groups, topics }) => [
      ...every(groups).map((groupId) => joins(groupId, [topics.ruled], "first")),
      ...[topics.unruled, topics.absent, topics.nowhere].map((topic) => joins(groups.ruled, [topic], topic)),
      joins(groups.ruled, every(topics), "last"),
    ],
    fresh: ["groups"],
    // When others of the group get theirs is a matter of time.
    leavesOut: ["memberEpoch", "assignment"],
  }),
  probe(consumerGroupHeartbeat, {
    about: "of who subscribes by a regular expression",
    versions: [1],
    needs: onGroups(READ),
    requests: perGroup((groupId) => ({ ...joins(groupId, [], "first"), subscribedTopicRegex: ".*-topic-.*" })),
    fresh: ["groups"],
    leavesOut: ["memberEpoch", "assignment"],
  }),
  probe(consumerGroupHeartbeat, {
    about: "of who leaves",
    versions: [0, 1],
    needs: onGroups(READ),
    requests: perGroup((groupId) => ({ groupId, memberId: NOBODY, memberEpoch: -1 })),
  }),
  probe(consumerGroupDescribe, {
    versions: [0, 1],
    needs: ({ consumers, topics }) => [...on(GROUP, withRules(consumers), DESCRIBE), ...on(TOPIC, withRules(topics), DESCRIBE)],
    requests: ({ consumers }) => [{ groupIds: every(consumers), includeAuthorizedOperations: true }],
    fresh: ["consumers"],
  }),
];

export const GROUP_PROBES: readonly Probe[] = [
  ...CONSUMER_PROBES,
  probe(offsetCommit, {
    versions: [2, 9, 10],
    // Version 0 keeps offsets in ZooKeeper, which Kafka without it refuses.
    oldVersions: [1],
    needs: withTopics(READ, READ),
    requests: (scene, version) =>
      every(scene.groups).map((groupId) => ({
        groupId,
        topics: every(scene.topics).map((name) => ({
          ...(version >= FIRST_COMMIT_BY_ID ? { topicId: scene.topicId(name) } : { name }),
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
        })),
      })),
    fresh: ["groups"],
  }),
  probe(offsetFetch, {
    versions: [1, 7, 8, 9, 10],
    needs: withTopics(DESCRIBE, DESCRIBE),
    requests: (scene, version) => offsetsToFetch(scene, version, false),
  }),
  probe(offsetFetch, {
    about: "of all topics",
    versions: [2, 10],
    needs: withTopics(DESCRIBE, DESCRIBE),
    requests: (scene, version) => offsetsToFetch(scene, version, true),
  }),
  probe(findCoordinator, {
    about: "of groups",
    versions: [0, 3, 4, 6],
    needs: onGroups(DESCRIBE),
    requests: ({ groups }, version) => coordinatorsOf(GROUP_KEY, every(groups), version),
  }),
  probe(findCoordinator, {
    about: "of transactions",
    versions: [1, 6],
    needs: onTransactions(DESCRIBE),
    requests: ({ transactions }, version) => coordinatorsOf(TRANSACTION_KEY, every(transactions), version),
  }),
  probe(findCoordinator, {
    about: "of a share partition",
    versions: [6],
    needs: () => onCluster(CLUSTER_ACTION),
    requests: (_, version) => coordinatorsOf(SHARE_KEY, ["nobody"], version),
  }),
  probe(joinGroup, {
    versions: [0, 4, 9],
    needs: onGroups(READ),
    requests: perGroup((groupId) => ({
      groupId,
      sessionTimeoutMs: 6000,
      memberId: "",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: Buffer.alloc(0) }],
    })),
    fresh: ["groups"],
  }),
  probe(heartbeat, {
    versions: [0, 4],
    needs: onGroups(READ),
    requests: perGroup((groupId) => ({ groupId, generationId: 1, memberId: NOBODY })),
  }),
  probe(leaveGroup, {
    versions: [0, 3, 5],
    needs: onGroups(READ),
    requests: ({ groups }, version) =>
      every(groups).map((groupId) => ({ groupId, ...(version >= 3 ? { members: [{ memberId: NOBODY }] } : { memberId: NOBODY }) })),
  }),
  probe(syncGroup, {
    versions: [0, 5],
    needs: onGroups(READ),
    requests: ({ groups }, version) =>
      every(groups).map((groupId) => ({
        groupId,
        generationId: 1,
        memberId: NOBODY,
        assignments: [],
        ...(version >= 5 ? { protocolType: "consumer", protocolName: "range" } : {}),
      })),
  }),
  probe(describeGroups, {
    versions: [0, 3, 6],
    needs: onGroups(DESCRIBE),
    requests: ({ groups }, version) => [{ groups: every(groups), ...(version >= 3 ? { includeAuthorizedOperations: true } : {}) }],
  }),
  probe(listGroups, { about: "by rules of groups", versions: [0, 5], needs: onGroups(DESCRIBE), requests: () => [{}] }),
  probe(listGroups, { about: "by a rule of the cluster", versions: [0, 5], needs: () => onCluster(DESCRIBE), requests: () => [{}] }),
  probe(deleteGroups, {
    versions: [0, 2],
    needs: onGroups(DELETE),
    requests: ({ groups }) => [{ groupsNames: every(groups) }],
    fresh: ["groups"],
  }),
  probe(offsetDelete, {
    versions: [0],
    needs: withTopics(DELETE, READ),
    requests: (scene) =>
      every(scene.groups).map((groupId) => ({
        groupId,
        topics: every(scene.topics).map((name) => ({ name, partitions: [{ partitionIndex: 0 }] })),
      })),
    fresh: ["groups"],
  }),
  probe(describeTransactions, {
    versions: [0],
    needs: onTransactions(DESCRIBE),
    requests: ({ transactions }) => [{ transactionalIds: every(transactions) }],
  }),
  probe(describeTransactions, {
    about: "with their topics",
    versions: [0],
    needs: (scene) => [...onTransactions(DESCRIBE)(scene), ...on(TOPIC, withRules(scene.topics), DESCRIBE)],
    requests: ({ transactions }) => [{ transactionalIds: every(transactions) }],
  }),
  probe(listTransactions, {
    versions: [0, 2],
    needs: onTransactions(DESCRIBE),
    requests: () => [{ stateFilters: [], producerIdFilters: [] }],
  }),
  probe(findCoordinator, {
    about: "of groups of no name",
    versions: [0, 6],
    needs: NOTHING,
    requests: (_, version) => coordinatorsOf(GROUP_KEY, [""], version),
  }),
  probe(heartbeat, {
    about: "of groups that exist",
    versions: [2],
    needs: onGroups(READ),
    requests: ({ groups }) => existing(groups).map((groupId) => ({ groupId, generationId: -1, memberId: "" })),
  }),
];
