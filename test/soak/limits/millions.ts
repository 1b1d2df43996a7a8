// One request for a million things.

import * as m from "../../../protocol/messages/index.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, withBroker } from "./limit-run.ts";

export function millions(options: LimitOptions, count: number): Promise<Record<string, LimitFigures>> {
  return withBroker(options, async (run) => {
    const client = await RawClient.connect(run.broker.port);
    const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await client.call(m.createTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false });
    const figures: Record<string, LimitFigures> = {};
    for (const [name, ask] of Object.entries(requests(count))) {
      const lane = await RawClient.connect(run.broker.port);
      figures[name] = await run.measured(name, async () => {
        if ((await ask(lane)) === undefined) options.complain(`${name} was not answered`);
      });
      lane.close();
    }
    client.close();
    return figures;
  });
}

const ones = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

function requests(count: number): Record<string, (client: RawClient) => Promise<unknown>> {
  const names = ones(count, (index) => `n${index}`);
  const half = names.slice(0, count / 2);
  const t = <T extends object>(partitions: readonly T[]) => [{ name: "t", topic: "t", partitions }];
  return {
    "Metadata names": (c) => c.call(m.metadata, 9, { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false }),
    "Metadata same name": (c) => c.call(m.metadata, 9, { topics: names.map(() => ({ name: "t" })), allowAutoTopicCreation: false }),
    "ListOffsets partitions": (c) =>
      c.call(m.listOffsets, 5, { replicaId: -1, isolationLevel: 0, topics: t(ones(count, (i) => ({ partitionIndex: i, timestamp: -1 }))) }),
    "ListOffsets by time": (c) =>
      c.call(m.listOffsets, 5, { replicaId: -1, isolationLevel: 0, topics: t(ones(count, () => ({ partitionIndex: 0, timestamp: 5 }))) }),
    "Fetch partitions": (c) =>
      c.call(m.fetch, 11, {
        maxWaitMs: 0,
        minBytes: 0,
        topics: t(ones(count, (i) => ({ partition: i, fetchOffset: 0, partitionMaxBytes: 100 }))),
      }),
    "Fetch waits": (c) =>
      c.call(m.fetch, 11, {
        maxWaitMs: 500,
        minBytes: 1,
        topics: t(ones(count, () => ({ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }))),
      }),
    "Fetch session": (c) =>
      c.call(m.fetch, 11, {
        maxWaitMs: 500,
        minBytes: 1,
        sessionId: 0,
        sessionEpoch: 0,
        topics: t(ones(count, (i) => ({ partition: i, fetchOffset: 0, partitionMaxBytes: 100 }))),
      }),
    "Produce partitions": (c) =>
      c.call(m.produce, 8, {
        transactionalId: null,
        acks: 1,
        timeoutMs: 1000,
        topicData: [{ name: "t", partitionData: ones(count, (index) => ({ index, records: Buffer.alloc(0) })) }],
      }),
    OffsetCommit: (c) =>
      c.call(m.offsetCommit, 6, {
        groupId: "g",
        generationIdOrMemberEpoch: -1,
        memberId: "",
        topics: t(ones(count, (i) => ({ partitionIndex: i, committedOffset: 1, committedMetadata: "" }))),
      }),
    "OffsetCommit topics": (c) =>
      c.call(m.offsetCommit, 6, {
        groupId: "g",
        generationIdOrMemberEpoch: -1,
        memberId: "",
        topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }] })),
      }),
    OffsetFetch: (c) => c.call(m.offsetFetch, 5, { groupId: "g", topics: [{ name: "t", partitionIndexes: ones(count, (i) => i) }] }),
    "OffsetFetch groups": (c) =>
      c.call(m.offsetFetch, 8, {
        groups: names.map((groupId) => ({ groupId, topics: [{ name: "t", partitionIndexes: [0] }] })),
        requireStable: false,
      }),
    FindCoordinator: (c) => c.call(m.findCoordinator, 4, { keyType: 0, coordinatorKeys: names }),
    DescribeGroups: (c) => c.call(m.describeGroups, 4, { groups: names, includeAuthorizedOperations: false }),
    ConsumerGroupDescribe: (c) => c.call(m.consumerGroupDescribe, 0, { groupIds: names, includeAuthorizedOperations: false }),
    DeleteGroups: (c) => c.call(m.deleteGroups, 1, { groupsNames: names }),
    DeleteRecords: (c) =>
      c.call(m.deleteRecords, 1, { timeoutMs: 1000, topics: t(ones(count, (i) => ({ partitionIndex: i, offset: 0 }))) }),
    DeleteTopics: (c) => c.call(m.deleteTopics, 5, { topicNames: names, timeoutMs: 1000 }),
    "CreateTopics validate": (c) =>
      c.call(m.createTopics, 5, {
        topics: half.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
        timeoutMs: 10_000,
        validateOnly: true,
      }),
    CreateTopics: (c) =>
      c.call(m.createTopics, 5, {
        topics: half.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
        timeoutMs: 10_000,
        validateOnly: false,
      }),
    "CreateTopics partitions": (c) =>
      c.call(m.createTopics, 5, {
        topics: [{ name: "wide", numPartitions: count, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 10_000,
        validateOnly: false,
      }),
    CreatePartitions: (c) =>
      c.call(m.createPartitions, 2, {
        topics: names.map((name) => ({ name, count: 2, assignments: null })),
        timeoutMs: 1000,
        validateOnly: false,
      }),
    DescribeConfigs: (c) =>
      c.call(m.describeConfigs, 4, {
        resources: names.map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: null })),
        includeSynonyms: false,
        includeDocumentation: false,
      }),
    "DescribeConfigs same": (c) =>
      c.call(m.describeConfigs, 4, {
        resources: ones(count / 100, () => ({ resourceType: 4, resourceName: "1", configurationKeys: null })),
        includeSynonyms: true,
        includeDocumentation: true,
      }),
    IncrementalAlterConfigs: (c) =>
      c.call(m.incrementalAlterConfigs, 1, {
        resources: names.map((resourceName) => ({
          resourceType: 2,
          resourceName,
          configs: [{ name: "retention.ms", configOperation: 0, value: "1" }],
        })),
        validateOnly: true,
      }),
    AddPartitionsToTxn: (c) =>
      c.call(m.addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: "x",
        v3AndBelowProducerId: 1,
        v3AndBelowProducerEpoch: 0,
        v3AndBelowTopics: [{ name: "t", partitions: ones(count, (i) => i) }],
      }),
    TxnOffsetCommit: (c) =>
      c.call(m.txnOffsetCommit, 2, {
        transactionalId: "x",
        groupId: "g",
        producerId: 1,
        producerEpoch: 0,
        topics: t(ones(count, (i) => ({ partitionIndex: i, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: "" }))),
      }),
    OffsetForLeaderEpoch: (c) =>
      c.call(m.offsetForLeaderEpoch, 3, {
        replicaId: -1,
        topics: t(ones(count, (i) => ({ partition: i, currentLeaderEpoch: -1, leaderEpoch: 0 }))),
      }),
    DescribeProducers: (c) => c.call(m.describeProducers, 0, { topics: [{ name: "t", partitionIndexes: ones(count, (i) => i) }] }),
    DescribeTransactions: (c) => c.call(m.describeTransactions, 0, { transactionalIds: names }),
    ElectLeaders: (c) =>
      c.call(m.electLeaders, 2, { electionType: 0, topicPartitions: [{ topic: "t", partitions: ones(count, (i) => i) }], timeoutMs: 1000 }),
    AlterPartitionReassignments: (c) =>
      c.call(m.alterPartitionReassignments, 0, {
        timeoutMs: 1000,
        topics: [{ name: "t", partitions: ones(count, (i) => ({ partitionIndex: i, replicas: [1] })) }],
      }),
    ListPartitionReassignments: (c) =>
      c.call(m.listPartitionReassignments, 0, { timeoutMs: 1000, topics: [{ name: "t", partitionIndexes: ones(count, (i) => i) }] }),
    DescribeLogDirs: (c) => c.call(m.describeLogDirs, 1, { topics: [{ topic: "t", partitions: ones(count, (i) => i) }] }),
    DescribeTopicPartitions: (c) =>
      c.call(m.describeTopicPartitions, 0, { topics: names.map((name) => ({ name })), responsePartitionLimit: 2000, cursor: null }),
    OffsetDelete: (c) =>
      c.call(m.offsetDelete, 0, { groupId: "g", topics: [{ name: "t", partitions: ones(count, (i) => ({ partitionIndex: i })) }] }),
    LeaveGroup: (c) => c.call(m.leaveGroup, 4, { groupId: "g", members: names.map((memberId) => ({ memberId, groupInstanceId: null })) }),
    WriteTxnMarkers: (c) =>
      c.call(m.writeTxnMarkers, 1, {
        markers: [
          {
            producerId: 1,
            producerEpoch: 0,
            transactionResult: true,
            coordinatorEpoch: 0,
            topics: [{ name: "t", partitionIndexes: ones(count, (i) => i) }],
          },
        ],
      }),
    CreateAcls: (c) =>
      c.call(m.createAcls, 2, {
        creations: names.map((resourceName) => ({
          resourceType: 2,
          resourceName,
          resourcePatternType: 3,
          principal: "User:a",
          host: "*",
          operation: 3,
          permissionType: 3,
        })),
      }),
    "DescribeClientQuotas/Scram": (c) => c.call(m.describeUserScramCredentials, 0, { users: names.map((name) => ({ name })) }),
    "ConsumerGroupHeartbeat names": (c) =>
      c.call(m.consumerGroupHeartbeat, 0, {
        groupId: "wide",
        memberId: "m",
        memberEpoch: 0,
        instanceId: null,
        rackId: null,
        rebalanceTimeoutMs: 300_000,
        subscribedTopicNames: names,
        serverAssignor: null,
        topicPartitions: [],
      }),
    "JoinGroup protocols": (c) =>
      c.call(m.joinGroup, 3, {
        groupId: "wide2",
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        memberId: "",
        protocolType: "consumer",
        protocols: ones(count / 10, (i) => ({ name: `p${i}`, metadata: Buffer.alloc(0) })),
      }),
    ShareGroupHeartbeat: (c) =>
      c.call(m.shareGroupHeartbeat, 1, { groupId: "sh", memberId: "m", memberEpoch: 0, rackId: null, subscribedTopicNames: names }),
  };
}
