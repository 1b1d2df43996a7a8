// Values that no client of good will sends, and that are a client's to choose: whatever they are, they are no fault of the broker's.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import {
  createTopics,
  describeProducers,
  describeUserScramCredentials,
  findCoordinator,
  initProducerId,
  offsetCommit,
  offsetFetch,
  produce,
} from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { batchHeader } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { openNode } from "../../src/node.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const AT = batchHeader.offsetOf;
/** Which no number holds exactly, and a producer may well claim to be. */
const ODD_ID = 2n ** 62n + 12_345n;

const lines: RecordedLine[] = [];
let broker: RunningBroker;

beforeAll(async () => {
  broker = await startBroker({ topics: ["odd", "times"], logger: recordingLogger(lines) });
});
afterAll(() => broker.stop());

function errors(): readonly RecordedLine[] {
  return lines.filter(({ level }) => level === "error");
}

/** One record, in a batch whose header then says something else. */
function oddBatch(change: (bytes: Buffer) => void, isTransactional = false): Buffer {
  const options = { timestamp: 1_700_000_000_000, producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional };
  const batch = buildBatch([{ key: null, value: Buffer.from("v") }], options);
  change(batch.bytes);
  new RecordBatch(batch.bytes).updateCrc();
  return batch.bytes;
}

async function append(client: RawClient, topic: string, records: Buffer, transactionalId: string | null = null) {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const answer = await client.call(produce, 11, { transactionalId, acks: -1, timeoutMs: 1000, topicData });
  return answer?.responses[0]?.partitionResponses[0]?.errorCode;
}

test("a name that grows beyond a string when it is read as text ends the connection, with a line that says so", async () => {
  const client = await RawClient.connect(broker.port);
  const frame = Buffer.concat(
    encodeRequest(describeUserScramCredentials, 0, { correlationId: 1, clientId: "odd" }, { users: [{ name: "x".repeat(11_000) }] }),
  );
  // Each of these bytes is read as a character of three.
  frame.fill(0xff, frame.indexOf("xxx"), frame.lastIndexOf("xxx") + 3);
  client.write(frame);
  expect(await client.next()).toBeUndefined();
  await expect.poll(() => lines.some(({ facts }) => `${facts["reason"]}`.includes("repeat a name that it cannot carry"))).toBe(true);
  expect(errors()).toEqual([]);
});

test("a group whose name grows beyond what a record can carry keeps nothing, and its client is told", async () => {
  const client = await RawClient.connect(broker.port);
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }];
  await client.call(findCoordinator, 2, { key: "odd" });
  const request = { groupId: "x".repeat(30_000), generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "odd", partitions }] };
  const ask = async () => {
    const frame = Buffer.concat(encodeRequest(offsetCommit, 8, { correlationId: 1, clientId: "odd" }, request));
    frame.fill(0xff, frame.indexOf("xxx"), frame.lastIndexOf("xxx") + 3);
    client.write(frame);
    const answer = await client.next();
    return answer === undefined ? undefined : decodeResponse(offsetCommit, 8, answer).body.topics[0]?.partitions[0]?.errorCode;
  };
  await expect.poll(ask).toBe(Errors.UNKNOWN_SERVER_ERROR);
  expect(errors()).toEqual([]);
});

test("nothing of an answer leaves that cannot be given whole, and what comes before it does, also where both wait for what was appended", async () => {
  // Nobody looks on, as with the command line's: answers are made when their turn has been written.
  const node = await openNode({ config: brokerConfig(), host: "127.0.0.1", port: 0, data: "memory", topics: [{ name: "odd" }] });
  const client = await RawClient.connect(node.broker.port);
  const records = buildBatch([{ key: null, value: Buffer.from("v") }], { timestamp: 1_700_000_000_000 }).bytes;
  const asking = (correlationId: number, ...names: string[]) => {
    const topicData = names.map((name) => ({ name, partitionData: [{ index: 0, records }] }));
    const request = { transactionalId: null, acks: 1, timeoutMs: 1000, topicData };
    return Buffer.concat(encodeRequest(produce, 11, { correlationId, clientId: "odd" }, request));
  };
  const bytes = Buffer.concat([asking(1, "odd"), asking(2, "odd", "y".repeat(11_000))]);
  bytes.fill(0xff, bytes.indexOf("yyy"), bytes.lastIndexOf("yyy") + 3);
  client.write(bytes);
  const answer = await client.next();
  expect(answer?.readInt32BE(0)).toBe(1);
  await client.closed();
  expect(client.socket.bytesRead).toBe(4 + (answer?.length ?? 0));
  await node.stop();
});

test("a name that leaves no room in the sentence about it is answered all the same", async () => {
  const client = await RawClient.connect(broker.port);
  const topic = { name: "x".repeat(32_767), numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const answer = await client.call(createTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false });
  expect(answer?.topics[0]?.errorCode).toBe(Errors.INVALID_TOPIC_EXCEPTION);
  expect(errors()).toEqual([]);
  client.close();
});

test("a producer id that no broker gave, nor could give, is refused", async () => {
  const client = await RawClient.connect(broker.port);
  const setId = (bytes: Buffer) => bytes.writeBigInt64BE(ODD_ID, AT.producerId);
  expect(await append(client, "odd", oddBatch(setId))).toBe(Errors.INVALID_PRODUCER_ID_MAPPING);
  await client.call(initProducerId, 4, { transactionalId: "odd", transactionTimeoutMs: 1000 });
  expect(await append(client, "odd", oddBatch(setId, true), "odd")).toBe(Errors.INVALID_PRODUCER_ID_MAPPING);
  expect(errors()).toEqual([]);
  client.close();
});

test("producers are described, whatever the timestamps of their records", async () => {
  const client = await RawClient.connect(broker.port);
  const records = oddBatch((bytes) => {
    bytes.writeBigInt64BE(-(2n ** 62n), AT.baseTimestamp);
    bytes.writeBigInt64BE(-(2n ** 62n), AT.maxTimestamp);
  });
  expect(await append(client, "times", records)).toBe(Errors.NONE);
  const described = await client.call(describeProducers, 0, { topics: [{ name: "times", partitionIndexes: [0] }] });
  expect(described?.topics[0]?.partitions[0]?.activeProducers).toMatchObject([{ producerId: 1, lastTimestamp: -Number.MAX_SAFE_INTEGER }]);
  expect(errors()).toEqual([]);
  client.close();
});

test("offsets are kept for as long as a client likes", async () => {
  const client = await RawClient.connect(broker.port);
  await client.call(findCoordinator, 1, { key: "odd", keyType: 0 });
  const topics = [{ name: "odd", partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: "" }] }];
  const committed = await client.call(offsetCommit, 4, { groupId: "odd", retentionTimeMs: Number.MAX_SAFE_INTEGER, topics });
  expect(committed?.topics[0]?.partitions[0]?.errorCode).toBe(Errors.NONE);
  const fetched = await client.call(offsetFetch, 4, { groupId: "odd", topics: [{ name: "odd", partitionIndexes: [0] }] });
  expect(fetched?.topics[0]?.partitions[0]?.committedOffset).toBe(7);
});
