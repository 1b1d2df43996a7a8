// Requests that administrate the cluster and its settings, and those of connections.

import {
  addRaftVoter,
  alterClientQuotas,
  alterConfigs,
  alterPartitionReassignments,
  alterReplicaLogDirs,
  alterUserScramCredentials,
  apiVersions,
  createAcls,
  createDelegationToken,
  deleteAcls,
  describeAcls,
  describeClientQuotas,
  describeCluster,
  describeConfigs,
  describeDelegationToken,
  describeLogDirs,
  describeQuorum,
  describeUserScramCredentials,
  electLeaders,
  expireDelegationToken,
  getTelemetrySubscriptions,
  incrementalAlterConfigs,
  listConfigResources,
  listPartitionReassignments,
  pushTelemetry,
  removeRaftVoter,
  renewDelegationToken,
  saslAuthenticate,
  saslHandshake,
  unregisterBroker,
  updateFeatures,
} from "../../protocol/messages/index.ts";
import { NOTHING, type Probe, probe } from "./probe.ts";
import {
  ALLOW,
  ALTER,
  ALTER_CONFIGS,
  CREATE,
  CREATE_TOKENS,
  DESCRIBE,
  DESCRIBE_CONFIGS,
  DESCRIBE_TOKENS,
  GROUP,
  type Need,
  on,
  onCluster,
  READ,
  TOPIC,
  USER,
} from "./rules.ts";
import { every, existing, type Scene, withRules } from "./scene.ts";
import { ADMIN } from "./situations.ts";

const BROKER_RESOURCE = 4;
const LOGGER_RESOURCE = 8;
const METRICS_RESOURCE = 16;
const GROUP_RESOURCE = 32;
const SET = 0;
const NO_ID = "AAAAAAAAAAAAAAAAAAAAAA";
const DIRECTORY_ID = Buffer.alloc(16, 9).toString("base64url");
const ADDRESS_OF_NO_BROKER = { name: "CONTROLLER", host: "127.0.0.1", port: 1 };

const cluster =
  (...operations: number[]) =>
  (): Need[] =>
    onCluster(...operations);
const onTopics =
  (...operations: number[]) =>
  ({ topics }: Scene): Need[] =>
    on(TOPIC, withRules(topics), ...operations);

/** A setting of each kind of resource that has some. */
const configured = ({ topics, groups }: Scene) => [
  ...every(topics).map((resourceName) => ({ resourceType: TOPIC, resourceName, key: "segment.bytes", value: "1048577" })),
  ...existing(groups).map((resourceName) => ({
    resourceType: GROUP_RESOURCE,
    resourceName,
    key: "consumer.session.timeout.ms",
    value: "50000",
  })),
  { resourceType: BROKER_RESOURCE, resourceName: "1", key: "log.cleaner.backoff.ms", value: "15001" },
  { resourceType: BROKER_RESOURCE, resourceName: "", key: "log.cleaner.backoff.ms", value: "15001" },
  { resourceType: LOGGER_RESOURCE, resourceName: "1", key: "kafka.nothing", value: "INFO" },
  { resourceType: METRICS_RESOURCE, resourceName: "metrics", key: "interval.ms", value: "5000" },
];
/** Kafka 3 knows no settings of groups, and none of client metrics that are not set. */
const ofOldKinds = (scene: Scene) =>
  configured(scene).filter(({ resourceType }) => resourceType !== GROUP_RESOURCE && resourceType !== METRICS_RESOURCE);
const onConfigured =
  (operation: number) =>
  (scene: Scene): Need[] => [...onTopics(operation)(scene), ...on(GROUP, withRules(scene.groups), operation), ...onCluster(operation)];

const everyRule = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};
const ruleOfNobody = { principal: "User:nobody", host: "10.9.9.9", operation: READ, permissionType: ALLOW };
const filterOfNobody = {
  ...everyRule,
  resourceTypeFilter: TOPIC,
  principalFilter: ruleOfNobody.principal,
  hostFilter: ruleOfNobody.host,
};

const tokensOf = (scene: Scene) => [scene.hmac, Buffer.from("no token")];

export const CLUSTER_PROBES: readonly Probe[] = [
  probe(apiVersions, {
    versions: [0, 4],
    needs: NOTHING,
    requests: () => [{ clientSoftwareName: "matrix", clientSoftwareVersion: "1" }],
    leavesOut: ["apiKeys", "supportedFeatures", "finalizedFeatures", "finalizedFeaturesEpoch"],
  }),
  probe(saslHandshake, { versions: [0, 1], needs: NOTHING, requests: () => [{ mechanism: "PLAIN" }] }),
  probe(saslAuthenticate, { versions: [0, 2], needs: NOTHING, requests: () => [{ authBytes: Buffer.from("\0admin\0admin") }] }),
  probe(describeAcls, {
    versions: [1, 3],
    oldVersions: [0],
    needs: cluster(DESCRIBE),
    requests: () => [{ ...everyRule, resourceTypeFilter: TOPIC, resourceNameFilter: "of-nobody", patternTypeFilter: 3 }],
  }),
  probe(createAcls, {
    versions: [1, 3],
    oldVersions: [0],
    needs: cluster(ALTER),
    requests: () => [
      {
        creations: [
          { ...ruleOfNobody, resourceType: TOPIC, resourceName: "of-nobody" },
          { ...ruleOfNobody, resourceType: TOPIC, resourceName: "" },
        ],
      },
    ],
  }),
  probe(deleteAcls, {
    versions: [1, 3],
    oldVersions: [0],
    needs: cluster(ALTER),
    requests: () => [{ filters: [{ ...filterOfNobody, operation: CREATE }] }],
  }),
  probe(describeConfigs, {
    versions: [1, 4],
    oldVersions: [0],
    needs: onConfigured(DESCRIBE_CONFIGS),
    requests: (scene, version) => [
      {
        resources: (version === 0 ? ofOldKinds(scene) : configured(scene)).map(({ resourceType, resourceName, key }) => ({
          resourceType,
          resourceName,
          configurationKeys: [key],
        })),
      },
    ],
    // Of version 0 alone, and never true on Kafka 3.
    leavesOut: ["isDefault"],
  }),
  probe(alterConfigs, {
    versions: [0, 2],
    needs: onConfigured(ALTER_CONFIGS),
    requests: (scene) => [
      {
        resources: configured(scene).map(({ resourceType, resourceName, key, value }) => ({
          resourceType,
          resourceName,
          configs: [{ name: key, value }],
        })),
        validateOnly: true,
      },
    ],
  }),
  probe(incrementalAlterConfigs, {
    versions: [0, 1],
    needs: onConfigured(ALTER_CONFIGS),
    requests: (scene) => [
      {
        resources: configured(scene).map(({ resourceType, resourceName, key, value }) => ({
          resourceType,
          resourceName,
          configs: [{ name: key, configOperation: SET, value }],
        })),
        validateOnly: true,
      },
    ],
  }),
  probe(listConfigResources, { about: "of client metrics", versions: [0], needs: cluster(DESCRIBE_CONFIGS), requests: () => [{}] }),
  probe(listConfigResources, {
    about: "of topics, groups and client metrics",
    versions: [1],
    needs: cluster(DESCRIBE_CONFIGS),
    requests: () => [{ resourceTypes: [TOPIC] }, { resourceTypes: [GROUP_RESOURCE, METRICS_RESOURCE] }],
  }),
  probe(alterReplicaLogDirs, {
    versions: [1, 2],
    oldVersions: [0],
    needs: cluster(ALTER),
    requests: ({ topics }) => [{ dirs: [{ path: "/nowhere", topics: every(topics).map((name) => ({ name, partitions: [0] })) }] }],
  }),
  probe(describeLogDirs, {
    versions: [1, 2, 3, 5],
    oldVersions: [0],
    needs: cluster(DESCRIBE),
    requests: ({ topics }) => [{ topics: every(topics).map((topic) => ({ topic, partitions: [0] })) }],
    leavesOut: ["totalBytes", "usableBytes"],
  }),
  probe(electLeaders, {
    versions: [0, 2],
    needs: cluster(ALTER),
    requests: ({ topics }) => [{ topicPartitions: every(topics).map((topic) => ({ topic, partitions: [0] })) }, { topicPartitions: [] }],
  }),
  probe(alterPartitionReassignments, {
    versions: [0, 1],
    needs: cluster(ALTER),
    requests: ({ topics }) => [{ topics: every(topics).map((name) => ({ name, partitions: [{ partitionIndex: 0, replicas: [1] }] })) }],
  }),
  probe(listPartitionReassignments, {
    versions: [0],
    needs: cluster(DESCRIBE),
    requests: ({ topics }) => [{ topics: every(topics).map((name) => ({ name, partitionIndexes: [0] })) }, { topics: null }],
  }),
  probe(describeClientQuotas, {
    versions: [0, 1],
    needs: cluster(DESCRIBE_CONFIGS),
    requests: () => [{ components: [{ entityType: "user", matchType: 0, match: "of-nobody" }], strict: true }],
  }),
  probe(alterClientQuotas, {
    versions: [0, 1],
    needs: cluster(ALTER_CONFIGS),
    requests: () => [
      {
        entries: [
          { entity: [{ entityType: "user", entityName: "of-nobody" }], ops: [{ key: "producer_byte_rate", value: 1000, remove: false }] },
          { entity: [{ entityType: "client-id", entityName: "of-nobody" }], ops: [{ key: "no_rate", value: 1000, remove: false }] },
        ],
        validateOnly: true,
      },
    ],
  }),
  probe(describeUserScramCredentials, {
    versions: [0],
    needs: cluster(DESCRIBE),
    requests: () => [{ users: [{ name: "of-nobody" }] }, { users: [] }],
  }),
  probe(alterUserScramCredentials, {
    versions: [0],
    needs: cluster(ALTER),
    requests: () => [
      {
        deletions: [{ name: "of-nobody", mechanism: 1 }],
        upsertions: [{ name: "of-nobody-else", mechanism: 1, iterations: 1, salt: Buffer.from("salt"), saltedPassword: Buffer.alloc(32) }],
      },
    ],
  }),
  probe(describeQuorum, {
    versions: [0, 2],
    needs: cluster(DESCRIBE),
    requests: () => [
      { topics: [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }] },
      { topics: [{ topicName: "of-nobody", partitions: [{ partitionIndex: 0 }] }] },
    ],
    leavesOut: ["leaderEpoch", "highWatermark", "currentVoters", "observers", "nodes"],
  }),
  probe(updateFeatures, {
    versions: [0, 1, 2],
    needs: cluster(ALTER),
    requests: () => [{ featureUpdates: [{ feature: "of.nobody", maxVersionLevel: 1 }] }],
  }),
  probe(describeCluster, {
    versions: [0, 2],
    needs: cluster(DESCRIBE),
    requests: () => [{ includeClusterAuthorizedOperations: true }, { includeClusterAuthorizedOperations: false }],
  }),
  probe(unregisterBroker, { versions: [0], needs: cluster(ALTER), requests: () => [{ brokerId: 99 }] }),
  probe(addRaftVoter, {
    versions: [0, 1],
    needs: cluster(ALTER),
    requests: () => [{ clusterId: null, timeoutMs: 1000, voterId: 99, voterDirectoryId: DIRECTORY_ID, listeners: [ADDRESS_OF_NO_BROKER] }],
  }),
  probe(removeRaftVoter, {
    versions: [0],
    needs: cluster(ALTER),
    requests: () => [{ clusterId: null, voterId: 99, voterDirectoryId: DIRECTORY_ID }],
  }),
  probe(createDelegationToken, {
    about: "for oneself",
    versions: [1, 3],
    oldVersions: [0],
    needs: NOTHING,
    requests: () => [{ renewers: [], maxLifetimeMs: 60_000 }],
  }),
  probe(createDelegationToken, {
    about: "for another",
    versions: [3],
    needs: () => on(USER, ["User:of-nobody"], CREATE_TOKENS),
    requests: () => [{ ownerPrincipalType: "User", ownerPrincipalName: "of-nobody", renewers: [], maxLifetimeMs: 60_000 }],
  }),
  probe(renewDelegationToken, {
    versions: [1, 2],
    oldVersions: [0],
    needs: NOTHING,
    requests: (scene) => tokensOf(scene).map((hmac) => ({ hmac, renewPeriodMs: 1000 })),
  }),
  probe(expireDelegationToken, {
    versions: [1, 2],
    oldVersions: [0],
    needs: NOTHING,
    requests: (scene) => tokensOf(scene).map((hmac) => ({ hmac, expiryTimePeriodMs: 3_600_000 })),
  }),
  probe(describeDelegationToken, {
    versions: [1, 3],
    oldVersions: [0],
    needs: () => on(USER, [`User:${ADMIN}`], DESCRIBE_TOKENS),
    requests: () => [{ owners: [{ principalType: "User", principalName: ADMIN }] }],
  }),
  probe(getTelemetrySubscriptions, { versions: [0], needs: NOTHING, requests: () => [{ clientInstanceId: NO_ID }] }),
  probe(pushTelemetry, {
    versions: [0],
    needs: NOTHING,
    requests: () => [{ clientInstanceId: NO_ID, subscriptionId: 1, terminating: false, compressionType: 0, metrics: Buffer.alloc(0) }],
  }),
];
