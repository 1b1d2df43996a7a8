// Partitions that are added, cut, led and moved at a client's wish. Codes and messages are those of Apache Kafka 4.3.1.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import {
  alterPartitionReassignments,
  alterReplicaLogDirs,
  createPartitions,
  deleteRecords,
  describeCluster,
  describeLogDirs,
  describeProducers,
  electLeaders,
  fetch,
  incrementalAlterConfigs,
  listOffsets,
  listPartitionReassignments,
  metadata,
  unregisterBroker,
} from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { AskingBroker, askingBroker, BROKER } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

const started = askingBroker();

describe("CreatePartitions", () => {
  const create = async (
    name: string,
    count: number,
    options: { validateOnly?: boolean; assignments?: number[][]; timeoutMs?: number } = {},
  ) => {
    const assignments = options.assignments?.map((brokerIds) => ({ brokerIds })) ?? null;
    const { validateOnly = false, timeoutMs = 1000 } = options;
    const answer = await started().ask(createPartitions, { topics: [{ name, count, assignments }], timeoutMs, validateOnly });
    const result = answer.results[0];
    return [result?.errorCode, result?.errorMessage];
  };

  test("adds partitions that the next metadata shows and that can be written to at once", async () => {
    await started().createTopic("grown");
    await started().append("grown", 0, 3);
    expect(await create("grown", 3)).toEqual([Errors.NONE, null]);
    const topics = [{ topicId: ZERO_UUID, name: "grown" }];
    const seen = await started().ask(metadata, { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false });
    expect(seen.topics[0]?.partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect((await started().append("grown", 2, 1)).errorCode).toBe(Errors.NONE);
    expect((await started().append("grown", 0, 1)).baseOffset).toBe(3);
  });

  test("only says whether it would do when asked so", async () => {
    await started().createTopic("asked");
    expect(await create("asked", 2, { validateOnly: true })).toEqual([Errors.NONE, null]);
    expect((await started().append("asked", 1, 1)).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  });

  test("tells what stands against it", async () => {
    await started().createTopic("four", { partitions: 4 });
    expect(await create("four", 4)).toEqual([Errors.INVALID_PARTITIONS, "Topic already has 4 partition(s)."]);
    expect(await create("four", 1)).toEqual([
      Errors.INVALID_PARTITIONS,
      "The topic four currently has 4 partition(s); 1 would not be an increase.",
    ]);
    expect(await create("nowhere", 4)).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION, null]);
    expect(await create("four", 6, { assignments: [[1]] })).toEqual([
      Errors.INVALID_REPLICA_ASSIGNMENT,
      "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
    ]);
    expect(await create("four", 5, { assignments: [[9]] })).toEqual([
      Errors.INVALID_REPLICA_ASSIGNMENT,
      "The manual partition assignment includes broker 9, but no such broker is registered.",
    ]);
    expect(await create("four", 5, { timeoutMs: 0 })).toEqual([Errors.REQUEST_TIMED_OUT, null]);
  });
});

describe("DeleteRecords", () => {
  const cut = async (topic: string, partition: number, offset: number) => {
    const answer = await started().ask(deleteRecords, {
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }],
      timeoutMs: 1000,
    });
    const result = answer.topics[0]?.partitions[0];
    return [result?.errorCode, result?.lowWatermark];
  };

  test("moves the start of the log, which readers then find", async () => {
    await started().createTopic("cut");
    await started().append("cut", 0, 10);
    expect(await cut("cut", 0, 5)).toEqual([Errors.NONE, 5]);
    expect(await cut("cut", 0, 2)).toEqual([Errors.NONE, 5]);
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2 }];
    const earliest = await started().ask(
      listOffsets,
      { replicaId: -1, isolationLevel: 0, topics: [{ name: "cut", partitions }], timeoutMs: 1000 },
      9,
    );
    expect(earliest.topics[0]?.partitions[0]?.offset).toBe(5);
    const wanted = [{ topic: "cut", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }];
    const read = await started().ask(
      fetch,
      { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0, topics: wanted, forgottenTopicsData: [] },
      11,
    );
    expect(read.responses[0]?.partitions[0]?.errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE);
    expect(await cut("cut", 0, -1)).toEqual([Errors.NONE, 10]);
  });

  test("refuses offsets beyond the high watermark, compacted topics and unknown partitions", async () => {
    await started().createTopic("uncut");
    await started().createTopic("compacted", { configs: { "cleanup.policy": "compact" } });
    await started().createTopic("both", { configs: { "cleanup.policy": "compact,delete" } });
    expect(await cut("uncut", 0, 1)).toEqual([Errors.OFFSET_OUT_OF_RANGE, -1]);
    expect(await cut("uncut", 0, -2)).toEqual([Errors.OFFSET_OUT_OF_RANGE, -1]);
    expect(await cut("compacted", 0, 0)).toEqual([Errors.POLICY_VIOLATION, -1]);
    expect(await cut("both", 0, 0)).toEqual([Errors.NONE, 0]);
    expect(await cut("uncut", 7, 0)).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION, -1]);
    expect(await cut("__consumer_offsets", 0, 0)).toEqual([Errors.INVALID_TOPIC_EXCEPTION, -1]);
  });
});

describe("ElectLeaders", () => {
  const elect = (partitions: { topic: string; partitions: number[] }[] | null, electionType = 0, timeoutMs = 1000) =>
    started().ask(electLeaders, { electionType, topicPartitions: partitions, timeoutMs });

  test("has nothing to do where the preferred replica leads", async () => {
    await started().createTopic("led");
    const answer = await elect([{ topic: "led", partitions: [0, 7] }]);
    expect(answer.replicaElectionResults[0]?.partitionResult.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([
      [Errors.ELECTION_NOT_NEEDED, "Leader election not needed for topic partition."],
      [Errors.UNKNOWN_TOPIC_OR_PARTITION, "No such partition as led-7"],
    ]);
  });

  test("lists every topic, and no partition that stays, when asked for all", async () => {
    const answer = await elect(null);
    expect(answer.errorCode).toBe(Errors.NONE);
    expect(answer.replicaElectionResults.find(({ topic }) => topic === "led")?.partitionResult).toEqual([]);
  });

  test("is out of time with a time-out of 0, and refuses types that it does not know", async () => {
    expect((await elect([{ topic: "led", partitions: [0] }], 0, 0)).errorCode).toBe(Errors.REQUEST_TIMED_OUT);
    const answer = await elect([{ topic: "led", partitions: [0] }], 9);
    expect([answer.errorCode, answer.replicaElectionResults[0]?.partitionResult[0]?.errorMessage]).toEqual([
      Errors.INVALID_REQUEST,
      "Unknown election type 9",
    ]);
  });
});

test("a partition is moved to the replicas that it has, and to no others that are not there", async () => {
  await started().createTopic("moved");
  const move = async (replicas: number[] | null) => {
    const topics = [{ name: "moved", partitions: [{ partitionIndex: 0, replicas }] }];
    const answer = await started().ask(alterPartitionReassignments, { timeoutMs: 1000, allowReplicationFactorChange: true, topics });
    return answer.responses[0]?.partitions[0]?.errorCode;
  };
  expect(await move([1])).toBe(Errors.NONE);
  expect(await move([7])).toBe(Errors.INVALID_REPLICA_ASSIGNMENT);
  expect(await move([])).toBe(Errors.INVALID_REPLICA_ASSIGNMENT);
  expect(await move(null)).toBe(Errors.NO_REASSIGNMENT_IN_PROGRESS);
  expect((await started().ask(listPartitionReassignments, { timeoutMs: 1000, topics: null })).topics).toEqual([]);
});

describe("log directories", () => {
  test("show the bytes of every partition once", async () => {
    await started().createTopic("sized", { partitions: 2 });
    const before = await started().ask(describeLogDirs, { topics: [{ topic: "sized", partitions: [0, 1, 9] }] });
    expect(before.results[0]?.topics).toMatchObject([
      { name: "sized", partitions: [{ partitionIndex: 0, partitionSize: 0 }, { partitionIndex: 1 }] },
    ]);
    await started().append("sized", 0, 5);
    const after = await started().ask(describeLogDirs, { topics: null });
    const sized = after.results[0]?.topics.find(({ name }) => name === "sized");
    expect(sized?.partitions[0]?.partitionSize).toBeGreaterThan(60);
    expect((await started().ask(describeLogDirs, { topics: [] })).results[0]?.topics).toEqual([]);
  });

  test("a replica is moved only to where it is", async () => {
    await started().createTopic("placed");
    const path = (await started().ask(describeLogDirs, { topics: [] })).results[0]?.logDir ?? "";
    const move = async (to: string, partition: number) => {
      const answer = await started().ask(alterReplicaLogDirs, {
        dirs: [{ path: to, topics: [{ name: "placed", partitions: [partition] }] }],
      });
      return answer.results[0]?.partitions[0]?.errorCode;
    };
    expect(await move(path, 0)).toBe(Errors.NONE);
    expect(await move(path, 9)).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await move("/elsewhere", 0)).toBe(Errors.LOG_DIR_NOT_FOUND);
  });
});

test("a partition without producers has none to describe, an unknown one is told", async () => {
  await started().createTopic("quiet");
  const answer = await started().ask(describeProducers, {
    topics: [
      { name: "quiet", partitionIndexes: [0, 9] },
      { name: "a b", partitionIndexes: [0] },
    ],
  });
  expect(answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
    Errors.NONE,
    Errors.UNKNOWN_TOPIC_OR_PARTITION,
    Errors.INVALID_TOPIC_EXCEPTION,
  ]);
});

test("a cluster whose only broker was unregistered has no leaders, until the broker starts again", async () => {
  const filesystem = new MemoryFilesystem();
  const options = { config: brokerConfig(), host: "127.0.0.1", port: 0, data: "memory", topics: [{ name: "orphan" }], filesystem };
  const leaderOf = async (port: number) => {
    const client = await RawClient.connect(port);
    const topics = [{ topicId: ZERO_UUID, name: "orphan" }];
    const answer = await client.call(metadata, 13, { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false });
    client.close();
    return [answer?.brokers.length, answer?.topics[0]?.partitions[0]?.leaderId, answer?.topics[0]?.partitions[0]?.offlineReplicas];
  };
  const first = await openNode(options);
  const client = await RawClient.connect(first.broker.port);
  expect(await client.call(unregisterBroker, 0, { brokerId: 1 })).toMatchObject({ errorCode: Errors.NONE });
  client.close();
  expect(await leaderOf(first.broker.port)).toEqual([0, -1, [1]]);
  await first.stop();
  const second = await openNode(options);
  expect(await leaderOf(second.broker.port)).toEqual([1, 1, []]);
  await second.stop();
});

describe("with two brokers", () => {
  let node: RunningNode;
  const clients = new Map<number, AskingBroker>();
  const at = (id: number): AskingBroker => {
    const client = clients.get(id);
    if (client === undefined) throw new Error(`no broker ${id}`);
    return client;
  };

  beforeAll(async () => {
    const place = (id: number) => ({ config: brokerConfig({ argument: { "node.id": id } }), host: "127.0.0.1", port: 0 });
    node = await openNode({ ...place(1), others: [place(2)], data: "memory", topics: [{ name: "shared" }] });
    for (const broker of node.brokers) clients.set(broker.id, new AskingBroker(broker, await RawClient.connect(broker.port)));
  });
  afterAll(() => node.stop());

  const move = async (replicas: number[]) => {
    const topics = [{ name: "shared", partitions: [{ partitionIndex: 0, replicas }] }];
    const answer = await at(1).ask(alterPartitionReassignments, { timeoutMs: 1000, allowReplicationFactorChange: true, topics });
    return answer.responses[0]?.partitions[0]?.errorCode;
  };
  const appendAt = async (id: number) => {
    const { errorCode, baseOffset } = await at(id).append("shared", 0, 1);
    return errorCode === Errors.NONE ? baseOffset : errorCode;
  };

  test("a partition goes on where it was after a move, and its old leader refuses it", async () => {
    expect(await move([1])).toBe(Errors.NONE);
    expect([await appendAt(1), await appendAt(2)]).toEqual([0, Errors.NOT_LEADER_OR_FOLLOWER]);
    expect(await move([2])).toBe(Errors.NONE);
    expect([await appendAt(1), await appendAt(2)]).toEqual([Errors.NOT_LEADER_OR_FOLLOWER, 1]);
    expect(await move([1])).toBe(Errors.NONE);
    expect([await appendAt(1), await appendAt(2)]).toEqual([2, Errors.NOT_LEADER_OR_FOLLOWER]);
  });

  test("a replica that came first again is elected when someone asks", async () => {
    expect(await move([1])).toBe(Errors.NONE);
    expect(await move([2, 1])).toBe(Errors.NONE);
    const elect = () =>
      at(2).ask(electLeaders, { electionType: 0, topicPartitions: [{ topic: "shared", partitions: [0] }], timeoutMs: 1000 });
    expect((await elect()).replicaElectionResults[0]?.partitionResult[0]?.errorCode).toBe(Errors.NONE);
    expect(await appendAt(2)).toBe(3);
    expect((await elect()).replicaElectionResults[0]?.partitionResult[0]?.errorCode).toBe(Errors.ELECTION_NOT_NEEDED);
  });

  test("each tells the bytes of the replicas that it has", async () => {
    expect(await move([2, 1])).toBe(Errors.NONE);
    const bytesAt = async (id: number) =>
      (await at(id).ask(describeLogDirs, { topics: null })).results[0]?.topics[0]?.partitions[0]?.partitionSize;
    expect(await bytesAt(1)).toBeGreaterThan(0);
    expect(await bytesAt(1)).toBe(await bytesAt(2));
    expect(await move([2])).toBe(Errors.NONE);
    expect(await bytesAt(1)).toBeUndefined();
  });

  test("one broker's own settings are not the other's", async () => {
    const configs = [{ name: "log.retention.ms", configOperation: 0, value: "5000" }];
    const resources = [{ resourceType: BROKER, resourceName: "2", configs }];
    const [first, second] = await Promise.all([1, 2].map((id) => at(id).ask(incrementalAlterConfigs, { resources, validateOnly: false })));
    expect([first?.responses[0]?.errorCode, second?.responses[0]?.errorCode]).toEqual([Errors.INVALID_REQUEST, Errors.NONE]);
    expect(await at(2).setting(BROKER, "2", "log.retention.ms")).toBe("5000 from 2");
    expect(await at(1).setting(BROKER, "1", "log.retention.ms")).toBe("null from 5");
  });

  test("one that is stopped is told to those who ask for fenced brokers, and takes no partition alone", async () => {
    await node.stopBroker(2);
    const brokers = async (includeFencedBrokers: boolean) => {
      const answer = await at(1).ask(describeCluster, { includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers });
      return answer.brokers.map(({ brokerId, isFenced }) => [brokerId, isFenced]);
    };
    expect(await brokers(false)).toEqual([[1, false]]);
    expect(await brokers(true)).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(await move([2])).toBe(Errors.INVALID_REPLICA_ASSIGNMENT);
  });
});
