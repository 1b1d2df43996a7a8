// Batches that hold far more than they take: they are judged, stored and looked through while others are answered, and never held whole.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { apiVersions, deleteTopics, findCoordinator, listOffsets, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { askingBroker } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

const MIB = 1024 * 1024;
const NOW_MS = Date.now();
const started = askingBroker();

/** Takes some 60 KB. */
const bomb = buildBatch([{ key: null, value: Buffer.alloc(64 * MIB) }], { timestamp: NOW_MS, compression: Compression.GZIP }).bytes;
const small = buildBatch([{ key: null, value: Buffer.from("small") }], { timestamp: NOW_MS }).bytes;

function connect(): Promise<RawClient> {
  return RawClient.connect(started().broker.port);
}

function produceTo(name: string, batches: readonly (readonly [partition: number, records: Buffer])[]) {
  const partitionData = batches.map(([index, records]) => ({ index, records }));
  return { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData: [{ name, partitionData }] };
}

async function send(client: RawClient, name: string, batches: readonly (readonly [partition: number, records: Buffer])[]) {
  const answer = await client.call(produce, 12, produceTo(name, batches));
  return answer?.responses[0]?.partitionResponses ?? [];
}

describe("while long batches are judged", () => {
  test("other connections are answered", async () => {
    await started().createTopic("bombs");
    const [client, neighbour] = [await connect(), await connect()];
    let isAnswered = false;
    const answer = send(
      client,
      "bombs",
      Array.from({ length: 10 }, () => [0, bomb] as const),
    ).finally(() => {
      isAnswered = true;
    });
    for (let count = 0; count < 5; count++) {
      await neighbour.call(apiVersions, 0, {});
      expect(isAnswered).toBe(false);
    }
    expect((await answer).map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual(
      Array.from({ length: 10 }, (_, index) => [Errors.NONE, index]),
    );
    for (const each of [client, neighbour]) each.close();
  });

  test("what the same connection sends after them comes after them", async () => {
    await started().createTopic("ordered");
    const client = await connect();
    const both = [send(client, "ordered", [[0, bomb]]), send(client, "ordered", [[0, small]])];
    expect((await Promise.all(both)).map(([each]) => each?.baseOffset)).toEqual([0, 1]);
    client.close();
  });

  test("other partitions of the request are appended, and each is answered in its place", async () => {
    await started().createTopic("several", { partitions: 3 });
    const client = await connect();
    const answers = await send(client, "several", [
      [0, small],
      [1, bomb],
      [7, bomb],
      [2, small],
      [1, small],
    ]);
    expect(answers.map(({ index, errorCode }) => [index, errorCode])).toEqual([
      [0, Errors.NONE],
      [1, Errors.NONE],
      [7, Errors.UNKNOWN_TOPIC_OR_PARTITION],
      [2, Errors.NONE],
      [1, Errors.NONE],
    ]);
    client.close();
  });

  test("short ones behind them are judged too, however many", async () => {
    await started().createTopic("many");
    const client = await connect();
    const short = buildBatch([{ key: null, value: Buffer.alloc(MIB / 2) }], { timestamp: NOW_MS, compression: Compression.LZ4 }).bytes;
    const broken = Buffer.from(short);
    broken.writeInt8(7, broken.length - 1);
    const answers = await send(
      client,
      "many",
      [bomb, short, short, short, broken, short].map((records) => [0, records] as const),
    );
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 0, Errors.CORRUPT_MESSAGE, 0]);
    client.close();
  });

  test("those for a coordinator's topic, which is read again at each start, are refused", async () => {
    const administrator = await RawClient.connect(started().broker.port, "127.0.0.1", "__admin_client");
    await started().ask(findCoordinator, { keyType: 0, key: "", coordinatorKeys: ["group"] });
    const keyed = buildBatch([{ key: Buffer.from("key"), value: Buffer.alloc(2 * MIB) }], { compression: Compression.ZSTD }).bytes;
    expect(await send(administrator, "__consumer_offsets", [[0, keyed]])).toMatchObject([{ errorCode: Errors.MESSAGE_TOO_LARGE }]);
    administrator.close();
  });

  test("their topic may be deleted", async () => {
    await started().createTopic("gone");
    const client = await connect();
    const answer = send(
      client,
      "gone",
      Array.from({ length: 10 }, () => [0, bomb] as const),
    );
    await started().ask(deleteTopics, { topics: [{ name: "gone", topicId: ZERO_UUID }], timeoutMs: 1000 });
    expect((await answer).at(-1)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 });
    client.close();
  });
});

describe("a stored batch of many records", () => {
  const COUNT = 100_000;
  const records = Array.from({ length: COUNT }, (_, index) => ({
    key: null,
    value: Buffer.from(`value ${index}`),
    timestamp: NOW_MS + (index % 90_000),
  }));
  const compressed = Object.entries(Compression).filter(([, codec]) => codec !== Compression.NONE);

  test.each(compressed)("%s: is looked through for a timestamp", async (name, compression) => {
    const topic = `stamped-${name.toLowerCase()}`;
    await started().createTopic(topic, { configs: { "max.message.bytes": "4000000" } });
    const client = await connect();
    const batch = buildBatch(records, { compression }).bytes;
    expect(await send(client, topic, [[0, batch]])).toMatchObject([{ errorCode: Errors.NONE }]);
    const find = async (timestamp: number) => {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
      const answer = await started().ask(listOffsets, { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }] }, 7);
      const found = answer.topics[0]?.partitions[0];
      return [found?.offset, found?.timestamp];
    };
    expect(await find(NOW_MS + 77_777)).toEqual([77_777, NOW_MS + 77_777]);
    expect(await find(NOW_MS + 90_000)).toEqual([-1, -1]);
    const LARGEST = -3;
    expect(await find(LARGEST)).toEqual([89_999, NOW_MS + 89_999]);
    client.close();
  });
});
