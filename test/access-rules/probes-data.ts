// Requests that write and read records, and ask about topics.

import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeProducers,
  describeTopicPartitions,
  endTxn,
  fetch,
  initProducerId,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
  txnOffsetCommit,
  writeTxnMarkers,
} from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { type Probe, probe } from "./probe.ts";
import {
  ALTER,
  CLUSTER_ACTION,
  CREATE,
  DELETE,
  DESCRIBE,
  DESCRIBE_CONFIGS,
  GROUP,
  IDEMPOTENT_WRITE,
  type Need,
  on,
  onCluster,
  READ,
  TOPIC,
  TRANSACTIONAL_ID,
  TWO_PHASE_COMMIT,
  WRITE,
} from "./rules.ts";
import { every, type ProducerIdentity, type Scene, withRules } from "./scene.ts";

const FIRST_FETCH_BY_ID = 13;
const FIRST_PRODUCE_BY_ID = 13;
const WHEN = 1_700_000_000_000;
const INTERNAL = "__consumer_offsets";

const onTopics =
  (...operations: number[]) =>
  ({ topics }: Scene): Need[] =>
    on(TOPIC, withRules(topics), ...operations);
const onTransactions =
  (...operations: number[]) =>
  ({ transactions }: Scene): Need[] =>
    on(TRANSACTIONAL_ID, withRules(transactions), ...operations);

export function oneRecord(by?: ProducerIdentity): Buffer {
  const record = { key: Buffer.from("k"), value: Buffer.from("v"), timestamp: WHEN };
  return buildBatch([record], { timestamp: WHEN, ...(by === undefined ? {} : { ...by, baseSequence: 0, isTransactional: true }) }).bytes;
}

const topicData = (scene: Scene, version: number, records: Buffer) =>
  every(scene.topics).map((name) => ({
    ...(version >= FIRST_PRODUCE_BY_ID ? { topicId: scene.topicId(name) } : { name }),
    partitionData: [{ index: 0, records }],
  }));

const fetchOf = (scene: Scene, version: number) => ({
  maxWaitMs: 0,
  minBytes: 0,
  sessionEpoch: -1,
  topics: every(scene.topics).map((name) => ({
    ...(version >= FIRST_FETCH_BY_ID ? { topicId: scene.topicId(name) } : { topic: name }),
    partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
  })),
});

/** Names for topics that are to be made: those of topics that do not exist. */
const creatable = ({ topics }: Scene, names = every(topics)) =>
  names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }));

const transactionTopics = ({ topics }: Scene) => every(topics).map((name) => ({ name, partitions: [0] }));
const onlyRuledTopic = ({ topics }: Scene) => [{ name: topics.ruled, partitions: [0] }];

const addPartitionsOf = (scene: Scene, version: number, topics: { name: string; partitions: number[] }[]) =>
  every(scene.transactions).map((transactionalId) => {
    const { producerId, producerEpoch } = scene.producer(transactionalId);
    return version >= 4
      ? { transactions: [{ transactionalId, producerId, producerEpoch, verifyOnly: false, topics }] }
      : {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: topics,
        };
  });

export const DATA_PROBES: readonly Probe[] = [
  probe(produce, {
    versions: [3, 8, 12, 13],
    oldVersions: [0],
    needs: onTopics(WRITE),
    requests: (scene, version) => [{ acks: -1, timeoutMs: 1000, topicData: topicData(scene, version, oneRecord()) }],
    fresh: ["topics"],
  }),
  probe(produce, {
    about: "without an answer",
    versions: [3, 13],
    needs: onTopics(WRITE),
    requests: (scene, version) => {
      const [ruled, ...others] = topicData(scene, version, oneRecord());
      const one = (data: typeof others) => ({ acks: 0, timeoutMs: 1000, topicData: data });
      return [one(ruled === undefined ? [] : [ruled]), one(others)];
    },
    fresh: ["topics"],
    isSilent: true,
  }),
  probe(produce, {
    about: "in a transaction",
    versions: [3, 11, 13],
    needs: (scene) => [...onTopics(WRITE)(scene), ...onTransactions(WRITE)(scene)],
    requests: (scene, version) =>
      [scene.transactions.ruled, scene.transactions.unruled].map((transactionalId) => ({
        transactionalId,
        acks: -1,
        timeoutMs: 1000,
        topicData: topicData(scene, version, oneRecord(scene.producer(transactionalId))),
      })),
    fresh: ["topics", "transactions"],
  }),
  probe(produce, {
    about: "to an internal topic",
    versions: [3, 12],
    needs: () => on(TOPIC, [INTERNAL], WRITE),
    requests: () => [{ acks: -1, timeoutMs: 1000, topicData: [{ name: INTERNAL, partitionData: [{ index: 0, records: oneRecord() }] }] }],
    leavesOut: ["baseOffset"],
  }),
  probe(fetch, { versions: [4, 12, 13, 18], needs: onTopics(READ), requests: (scene, version) => [fetchOf(scene, version)] }),
  probe(fetch, {
    about: "in an old format",
    versions: [],
    oldVersions: [0],
    needs: onTopics(READ),
    requests: (scene, version) => [fetchOf(scene, version)],
    // Kafka 3.9 makes what it has converted as long as it was.
    leavesOut: ["records"],
  }),
  probe(fetch, {
    about: "from an internal topic",
    versions: [4, 12],
    needs: () => on(TOPIC, [INTERNAL], READ),
    requests: () => [
      {
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ topic: INTERNAL, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }] }],
      },
    ],
    leavesOut: ["highWatermark", "lastStableOffset", "records"],
  }),
  probe(fetch, {
    about: "as a follower",
    versions: [4, 18],
    needs: () => onCluster(CLUSTER_ACTION),
    requests: (scene, version) => [
      { ...fetchOf(scene, version), ...(version >= 15 ? { replicaState: { replicaId: 99, replicaEpoch: -1 } } : { replicaId: 99 }) },
    ],
  }),
  probe(listOffsets, {
    versions: [1, 11],
    oldVersions: [0],
    needs: onTopics(DESCRIBE),
    requests: ({ topics }) => [
      { replicaId: -1, topics: every(topics).map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] })) },
    ],
  }),
  probe(metadata, {
    about: "by name",
    versions: [4, 8, 10, 13],
    needs: onTopics(DESCRIBE),
    requests: ({ topics }, version) => [
      {
        topics: every(topics).map((name) => ({ name })),
        allowAutoTopicCreation: false,
        ...(version >= 8 ? { includeTopicAuthorizedOperations: true } : {}),
        ...(version >= 8 && version <= 10 ? { includeClusterAuthorizedOperations: true } : {}),
      },
    ],
  }),
  probe(metadata, {
    about: "by id",
    versions: [12, 13],
    needs: onTopics(DESCRIBE),
    requests: (scene) => [
      {
        topics: every(scene.topics).map((name) => ({ name: null, topicId: scene.topicId(name) })),
        allowAutoTopicCreation: true,
        includeTopicAuthorizedOperations: true,
      },
    ],
  }),
  probe(metadata, {
    about: "of all topics",
    versions: [0, 1, 13],
    needs: onTopics(DESCRIBE),
    requests: (_, version) => [{ topics: version === 0 ? [] : null }],
  }),
  probe(metadata, {
    about: "of topics to be made, by rules of topics",
    versions: [0, 13],
    needs: onTopics(DESCRIBE, CREATE),
    requests: ({ topics }) => [{ topics: [topics.ruled, topics.absent, topics.nowhere].map((name) => ({ name })) }],
    fresh: ["topics"],
  }),
  probe(metadata, {
    about: "of topics to be made, by a rule of the cluster",
    versions: [0, 13],
    needs: (scene) => [...onTopics(DESCRIBE)(scene), ...onCluster(CREATE)],
    requests: ({ topics }) => [{ topics: [topics.ruled, topics.absent, topics.nowhere].map((name) => ({ name })) }],
    fresh: ["topics"],
  }),
  probe(describeTopicPartitions, {
    versions: [0],
    needs: onTopics(DESCRIBE),
    requests: ({ topics }) => [{ topics: every(topics).map((name) => ({ name })) }, { topics: [] }],
  }),
  probe(createTopics, {
    about: "by rules of topics",
    versions: [2, 4, 7],
    oldVersions: [0, 1],
    needs: onTopics(CREATE),
    requests: (scene) => [{ topics: creatable(scene), timeoutMs: 5000, validateOnly: false }],
    fresh: ["topics"],
  }),
  probe(createTopics, {
    about: "by a rule of the cluster",
    versions: [2, 7],
    oldVersions: [0],
    needs: () => onCluster(CREATE),
    requests: (scene) => [{ topics: creatable(scene), timeoutMs: 5000, validateOnly: false }],
    fresh: ["topics"],
  }),
  probe(createTopics, {
    about: "with a look at its settings",
    versions: [5, 7],
    needs: onTopics(CREATE, DESCRIBE_CONFIGS),
    requests: (scene) => [{ topics: creatable(scene, [scene.topics.absent]), timeoutMs: 5000, validateOnly: true }],
    leavesOut: ["configs"],
  }),
  probe(deleteTopics, {
    about: "by name",
    versions: [1, 5, 6],
    oldVersions: [0],
    needs: onTopics(DELETE),
    requests: ({ topics }, version) => [
      version >= 6
        ? { topics: every(topics).map((name) => ({ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" })), timeoutMs: 5000 }
        : { topicNames: every(topics), timeoutMs: 5000 },
    ],
    fresh: ["topics"],
  }),
  probe(deleteTopics, {
    about: "by id",
    versions: [6],
    needs: onTopics(DELETE),
    requests: (scene) => [{ topics: every(scene.topics).map((name) => ({ name: null, topicId: scene.topicId(name) })), timeoutMs: 5000 }],
    fresh: ["topics"],
  }),
  probe(deleteTopics, {
    about: "by id, with a description",
    versions: [6],
    needs: onTopics(DESCRIBE),
    requests: (scene) => [{ topics: every(scene.topics).map((name) => ({ name: null, topicId: scene.topicId(name) })), timeoutMs: 5000 }],
    fresh: ["topics"],
  }),
  probe(createPartitions, {
    versions: [0, 3],
    needs: onTopics(ALTER),
    requests: ({ topics }) => [
      { topics: every(topics).map((name) => ({ name, count: 2, assignments: null })), timeoutMs: 5000, validateOnly: false },
    ],
    fresh: ["topics"],
  }),
  probe(deleteRecords, {
    versions: [0, 2],
    needs: onTopics(DELETE),
    requests: ({ topics }) => [
      { topics: every(topics).map((name) => ({ name, partitions: [{ partitionIndex: 0, offset: -1 }] })), timeoutMs: 5000 },
    ],
    fresh: ["topics"],
  }),
  probe(offsetForLeaderEpoch, {
    versions: [2, 3, 4],
    oldVersions: [0, 1],
    needs: onTopics(DESCRIBE),
    requests: ({ topics }) => [
      { replicaId: -1, topics: every(topics).map((topic) => ({ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] })) },
    ],
  }),
  probe(offsetForLeaderEpoch, {
    about: "as a broker",
    versions: [2, 4],
    needs: () => onCluster(CLUSTER_ACTION),
    requests: ({ topics }) => [
      { replicaId: 99, topics: every(topics).map((topic) => ({ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] })) },
    ],
  }),
  probe(describeProducers, {
    versions: [0],
    needs: onTopics(READ),
    requests: ({ topics }) => [{ topics: every(topics).map((name) => ({ name, partitionIndexes: [0] })) }],
  }),
  probe(initProducerId, {
    about: "for transactions",
    versions: [0, 4, 5, 6],
    needs: onTransactions(WRITE),
    requests: ({ transactions }) => every(transactions).map((transactionalId) => ({ transactionalId, transactionTimeoutMs: 60_000 })),
    fresh: ["transactions"],
  }),
  probe(initProducerId, {
    about: "for transactions in two phases",
    versions: [6],
    needs: onTransactions(WRITE, TWO_PHASE_COMMIT),
    requests: ({ transactions }) =>
      every(transactions).map((transactionalId) => ({ transactionalId, transactionTimeoutMs: 60_000, enable2Pc: true })),
    fresh: ["transactions"],
  }),
  probe(initProducerId, {
    about: "for idempotence, by a rule of the cluster",
    versions: [0, 5],
    needs: () => onCluster(IDEMPOTENT_WRITE),
    requests: () => [{ transactionalId: null, transactionTimeoutMs: 60_000 }],
  }),
  probe(initProducerId, {
    about: "for idempotence, by a rule of any topic",
    versions: [0, 5],
    needs: onTopics(WRITE),
    requests: () => [{ transactionalId: null, transactionTimeoutMs: 60_000 }],
  }),
  probe(addPartitionsToTxn, {
    versions: [0, 3],
    needs: (scene) => [...onTransactions(WRITE)(scene), ...onTopics(WRITE)(scene)],
    requests: (scene, version) => addPartitionsOf(scene, version, transactionTopics(scene)),
    fresh: ["transactions"],
  }),
  probe(addPartitionsToTxn, {
    about: "of a topic that may be written",
    versions: [0, 3],
    needs: (scene) => [...onTransactions(WRITE)(scene), ...onTopics(WRITE)(scene)],
    requests: (scene, version) => addPartitionsOf(scene, version, onlyRuledTopic(scene)),
    fresh: ["transactions", "topics"],
  }),
  probe(addPartitionsToTxn, {
    about: "in batches",
    versions: [4, 5],
    needs: (scene) => [...onCluster(CLUSTER_ACTION), ...onTransactions(WRITE)(scene), ...onTopics(WRITE)(scene)],
    requests: (scene, version) => addPartitionsOf(scene, version, transactionTopics(scene)),
    fresh: ["transactions"],
  }),
  probe(addOffsetsToTxn, {
    versions: [0, 4],
    needs: (scene) => [...onTransactions(WRITE)(scene), ...on(GROUP, withRules(scene.groups), READ)],
    requests: (scene) =>
      every(scene.transactions).flatMap((transactionalId) =>
        every(scene.groups).map((groupId) => ({ transactionalId, groupId, ...scene.producer(transactionalId) })),
      ),
    fresh: ["transactions"],
  }),
  probe(endTxn, {
    versions: [0, 4, 5],
    needs: onTransactions(WRITE),
    requests: (scene) =>
      every(scene.transactions).map((transactionalId) => ({ transactionalId, ...scene.producer(transactionalId), committed: false })),
    fresh: ["transactions"],
  }),
  ...[CLUSTER_ACTION, ALTER].map((operation) =>
    probe(writeTxnMarkers, {
      about: operation === ALTER ? "with alter" : "with cluster action",
      versions: [1, 2],
      oldVersions: [0],
      needs: () => onCluster(operation),
      requests: ({ topics }) => [
        {
          markers: [
            {
              producerId: 4242,
              producerEpoch: 0,
              transactionResult: false,
              topics: every(topics).map((name) => ({ name, partitionIndexes: [0] })),
              coordinatorEpoch: 0,
            },
          ],
        },
      ],
      fresh: ["topics"],
    }),
  ),
  probe(txnOffsetCommit, {
    versions: [0, 3, 4, 5],
    needs: (scene) => [...onTransactions(WRITE)(scene), ...on(GROUP, withRules(scene.groups), READ), ...onTopics(READ)(scene)],
    requests: (scene) =>
      [scene.transactions.ruled, scene.transactions.unruled].flatMap((transactionalId) =>
        [scene.groups.ruled, scene.groups.unruled].map((groupId) => ({
          transactionalId,
          groupId,
          ...scene.producer(transactionalId),
          topics: every(scene.topics).map((name) => ({
            name,
            partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
          })),
        })),
      ),
    fresh: ["transactions", "groups"],
  }),
];
