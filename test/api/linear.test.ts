// Requests of many names take time in proportion to them: four times as many take about four times as long, where a list that is searched
// for each of its elements takes sixteen times. What counts is the processor's time of this process, and of that the least of some runs, so
// that a busy machine does not matter.

import { expect, test } from "vitest";
import * as messages from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { askingBroker } from "../support/asking-broker.ts";

const FEW = 2500;
const MANY = 4 * FEW;
/** Twice what is linear. */
const MOST = 8;
const MOST_RUNS = 8;

const started = askingBroker();

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `some.name_${index}`);
const topic = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] });
const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const group = (resourceName: string) => ({
  resourceType: 32,
  resourceName,
  configs: [{ name: "consumer.session.timeout.ms", configOperation: 0, value: "46000" }],
});

const requests: readonly (readonly [title: string, ask: (count: number) => Promise<unknown>])[] = [
  [
    "DeleteTopics of names that do not exist",
    (count) => started().ask(messages.deleteTopics, { topicNames: names(count), timeoutMs: 1000 }, 5),
  ],
  [
    "DeleteTopics of names of which each comes twice",
    (count) => started().ask(messages.deleteTopics, { topicNames: [...names(count / 2), ...names(count / 2)], timeoutMs: 1000 }, 5),
  ],
  [
    "CreateTopics that are only validated",
    (count) => started().ask(messages.createTopics, { topics: names(count / 2).map(topic), timeoutMs: 1000, validateOnly: true }),
  ],
  [
    "CreatePartitions of topics that do not exist",
    (count) => {
      const topics = names(count * 4).map((name) => ({ name, count: 2, assignments: null }));
      return started().ask(messages.createPartitions, { topics, timeoutMs: 1000, validateOnly: false });
    },
  ],
  [
    "one partition with many replicas",
    (count) => {
      const assignments = [{ partitionIndex: 0, brokerIds: ids(count * 4) }];
      const topics = [{ name: "wide", numPartitions: -1, replicationFactor: -1, assignments, configs: [] }];
      return started().ask(messages.createTopics, { topics, timeoutMs: 1000, validateOnly: true });
    },
  ],
  [
    "DescribeUserScramCredentials",
    (count) => started().ask(messages.describeUserScramCredentials, { users: names(count * 4).map((name) => ({ name })) }),
  ],
  [
    "AlterUserScramCredentials",
    (count) => {
      const deletions = names(count * 4).map((name) => ({ name, mechanism: 1 }));
      return started().ask(messages.alterUserScramCredentials, { deletions, upsertions: [] });
    },
  ],
  [
    "IncrementalAlterConfigs of many groups",
    (count) => started().ask(messages.incrementalAlterConfigs, { resources: names(count).map(group), validateOnly: true }),
  ],
  [
    "ElectLeaders of many topics",
    (count) => {
      const topicPartitions = names(count).map((name) => ({ topic: name, partitions: [0] }));
      return started().ask(messages.electLeaders, { electionType: 0, topicPartitions, timeoutMs: 1000 });
    },
  ],
  [
    "WriteTxnMarkers for many partitions",
    (count) => {
      const marker = { producerId: 1, producerEpoch: 0, transactionResult: true, coordinatorEpoch: 0 };
      const topics = [{ name: "nowhere", partitionIndexes: ids(count * 16) }];
      return started().ask(messages.writeTxnMarkers, { markers: [{ ...marker, topics }] });
    },
  ],
];

test.each(requests)("%s takes time in proportion", { timeout: 60_000 }, async (_, ask) => {
  await ask(FEW / 10);
  let few = Number.POSITIVE_INFINITY;
  let many = Number.POSITIVE_INFINITY;
  // Some milliseconds of anything, collecting garbage for one, do not count: where it is quadratic, it takes seconds.
  const isLinear = () => many < MOST * Math.max(few, 40);
  for (let run = 0; run < MOST_RUNS && !isLinear(); run++) {
    few = Math.min(few, await processorMs(() => ask(FEW)));
    many = Math.min(many, await processorMs(() => ask(MANY)));
  }
  expect(isLinear(), `${many} ms for ${MANY}, ${few} ms for ${FEW}`).toBe(true);
});

test("Metadata makes many topics in a few transactions", async () => {
  const before = await metadataVersion();
  const topics = names(350).map((name) => ({ name, topicId: ZERO_UUID }));
  const answer = await started().ask(messages.metadata, { topics, allowAutoTopicCreation: true }, 9);
  expect(answer.topics.every(({ errorCode, partitions }) => errorCode === 0 && partitions.length === 1)).toBe(true);
  expect((await metadataVersion()) - before).toBe(4);
});

async function metadataVersion(): Promise<number> {
  const topics = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
  const answer = await started().ask(messages.describeQuorum, { topics });
  return answer.topics[0]?.partitions[0]?.highWatermark ?? -1;
}

async function processorMs(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
