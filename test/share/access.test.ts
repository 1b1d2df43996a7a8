// Who may fetch and acknowledge what, where access rules are in force.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { metadata, shareAcknowledge, shareFetch } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

let broker: RunningBroker;
let client: RawClient;
let topicId: (name: string) => string;

beforeAll(async () => {
  const acls = [
    "User:ANONYMOUS allow read group mine",
    "User:ANONYMOUS allow read topic open",
    "User:ANONYMOUS allow describe topic closed",
  ];
  broker = await startBroker({ topics: ["open", "closed"], acls });
  client = await RawClient.connect(broker.port);
  const known = await client.call(metadata, 12, { topics: [{ name: "open" }, { name: "closed" }], allowAutoTopicCreation: false });
  topicId = (name) => known?.topics.find((topic) => topic.name === name)?.topicId ?? "";
});
afterAll(async () => {
  client.close();
  await broker.stop();
});

const WITHOUT_WAITING = { maxWaitMs: 0, minBytes: 1, maxBytes: 1000, maxRecords: 10, batchSize: 10, forgottenTopicsData: [] };

async function fetching(groupId: string, topic: string, shareSessionEpoch = 0) {
  const topics = [{ topicId: topicId(topic), partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }];
  const answer = await client.call(shareFetch, 2, { groupId, memberId: "m", shareSessionEpoch, ...WITHOUT_WAITING, topics });
  return [answer?.errorCode, answer?.responses[0]?.partitions[0]?.errorCode];
}

async function acknowledging(groupId: string, topic: string) {
  const acknowledgementBatches = [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }];
  const topics = [{ topicId: topicId(topic), partitions: [{ partitionIndex: 0, acknowledgementBatches }] }];
  const answer = await client.call(shareAcknowledge, 2, { groupId, memberId: "m", shareSessionEpoch: 1, topics });
  return [answer?.errorCode, answer?.responses[0]?.partitions[0]?.errorCode];
}

test("who may not read the group is told so", async () => {
  expect(await fetching("others", "open")).toEqual([Errors.GROUP_AUTHORIZATION_FAILED, undefined]);
  expect(await acknowledging("others", "open")).toEqual([Errors.GROUP_AUTHORIZATION_FAILED, undefined]);
});

test("who may not read a topic is told so of its partitions", async () => {
  expect(await fetching("mine", "closed")).toEqual([Errors.NONE, Errors.TOPIC_AUTHORIZATION_FAILED]);
  expect(await acknowledging("mine", "closed")).toEqual([Errors.NONE, Errors.TOPIC_AUTHORIZATION_FAILED]);
  expect(await fetching("mine", "open")).toEqual([Errors.NONE, undefined]);
});
