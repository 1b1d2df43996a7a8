// Records over HTTP: what kafkajs has produced is read as it is, what is produced over HTTP is read by kafkajs.

import { CompressionTypes, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { askApi } from "./api-client.ts";

interface Line {
  readonly kind: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: { readonly text?: string } | null;
  readonly transaction: string;
  readonly control: string | null;
}

let broker: RunningBroker;
let url: string;
let kafka: Kafka;
beforeAll(async () => {
  broker = await startBroker({ topics: ["mixed", "bought", "made", "live", { name: "spread", partitions: 4 }] });
  url = broker.httpUrl ?? "";
  kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => broker.stop());

async function producing(messages: readonly object[], topic: string, options: object = {}): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [...messages] as { value: string }[], ...options });
  await producer.disconnect();
}

const read = async (path: string): Promise<Line[]> => (await askApi(url, path)).body;
const valuesOf = (lines: readonly Line[]) => lines.filter(({ kind }) => kind === "record").map(({ value }) => value?.text);

test("a record is told with all that it has, compressed or not, text or not", async () => {
  const binary = Buffer.from([0xff, 0xfe, 0]);
  await producing(
    [
      { key: "k", value: "grün", headers: { trace: "1", raw: binary }, timestamp: "1700000000000" },
      { key: binary, value: null, timestamp: "1700000000001" },
      { value: "ä".repeat(3000), timestamp: "1700000000002" },
    ],
    "mixed",
    { compression: CompressionTypes.GZIP },
  );
  const [first, tombstone, long, end] = await read("topics/mixed/records?cut=101");
  const [common, text] = [{ kind: "record", partition: 0, timestampType: "CreateTime", compression: "gzip" }, { isCut: false }];
  expect(first).toMatchObject({
    ...common,
    ...{ offset: 0, timestamp: 1_700_000_000_000, leaderEpoch: 0, producer: null, transaction: "none", control: null, sizeBytes: 18 },
    key: { text: "k", sizeBytes: 1, ...text },
    value: { text: "grün", sizeBytes: 5, ...text },
    headers: [
      { key: "trace", value: { text: "1" } },
      { key: "raw", value: { base64: "//4A", sizeBytes: 3 } },
    ],
  });
  expect(tombstone).toMatchObject({ offset: 1, key: { base64: "//4A" }, value: null });
  expect(long).toMatchObject({ value: { text: "ä".repeat(50), sizeBytes: 6000, isCut: true } });
  expect(end).toEqual({ kind: "end", why: "read", next: [{ partition: 0, offset: 3 }] });
  expect(await read("topics/mixed/partitions/0/records/2")).toMatchObject({ value: { text: "ä".repeat(3000), isCut: false } });
  expect((await askApi(url, "topics/mixed/partitions/0/records/7")).status).toBe(404);
});

test("transactions are told apart, with their markers, and committed readers see what a consumer does", async () => {
  const producer = kafka.producer({ transactionalId: "tx", idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const ending of ["commit", "abort"] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "bought", messages: [{ value: ending }] });
    await transaction[ending]();
  }
  const open = await producer.transaction();
  await open.send({ topic: "bought", messages: [{ value: "open" }] });
  await producing([{ value: "plain" }], "bought");
  const all = await read("topics/bought/records?from=earliest");
  const told = all.filter(({ kind }) => kind === "record").map(({ value, transaction, control }) => [control ?? value?.text, transaction]);
  expect(told).toEqual([
    ["commit", "committed"],
    ["commit", "committed"],
    ["abort", "aborted"],
    ["abort", "aborted"],
    ["open", "open"],
    ["plain", "none"],
  ]);
  expect(all[0]).toMatchObject({ producer: { epoch: expect.any(Number), sequence: 0 } });
  expect(valuesOf(await read("topics/bought/records?isolation=committed"))).toEqual(["commit"]);
  await open.abort();
  expect(valuesOf(await read("topics/bought/records?isolation=committed"))).toEqual(["commit", "plain"]);
  await producer.disconnect();
});

test("the newest of all partitions are those, from an offset or a time on others, each bounded", async () => {
  const messages = Array.from({ length: 40 }, (_, index) => ({
    partition: index < 30 ? 0 : index % 4,
    value: `v${index}`,
    timestamp: String(1_000 + index),
  }));
  await producing(messages, "spread");
  const newest = await read("topics/spread/records?limit=15");
  expect(valuesOf(newest)).toEqual(messages.slice(-15).map(({ value }) => value));
  expect(valuesOf(await read("topics/spread/records?limit=100"))).toEqual(messages.map(({ value }) => value));
  expect(valuesOf(await read("topics/spread/records?from=earliest&limit=7"))).toEqual(messages.slice(0, 7).map(({ value }) => value));
  expect(valuesOf(await read("topics/spread/records?from=timestamp&timestamp=1033&limit=100"))).toEqual(
    messages.slice(33).map(({ value }) => value),
  );
  const page = await read("topics/spread/records?from=offset&offset=2&partitions=0&limit=3");
  expect(valuesOf(page)).toEqual(["v2", "v3", "v4"]);
  expect(page.at(-1)).toEqual({ kind: "end", why: "limit", next: [{ partition: 0, offset: 5 }] });
  for (const wrong of ["spread/records?partitions=4", "nothing/records"]) expect((await askApi(url, `topics/${wrong}`)).status).toBe(404);
  for (const wrong of ["from=offset", "limit=10001", "from=middle", "limit=x"])
    expect((await askApi(url, `topics/spread/records?${wrong}`)).status).toBe(400);
});

test("live goes on with what comes, until its reader goes", async () => {
  await producing([{ value: "before" }], "live");
  const leaving = new AbortController();
  const response = await fetch(`${url}/api/topics/live/records?live=true`, { signal: leaving.signal });
  const seen: string[] = [];
  let text = "";
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const { kind, value } = JSON.parse(line);
      seen.push(kind === "live" ? "live" : value.text);
      if (kind === "live") await producing([{ value: "after" }], "live");
    }
    if (seen.includes("after")) break;
  }
  expect(seen).toEqual(["before", "live", "after"]);
  leaving.abort();
});

test("what is produced is where it says, and kafkajs reads it", async () => {
  const { body } = await askApi(url, "topics/made/records", {
    body: {
      records: [
        { key: "k", value: "one", headers: [{ key: "h", value: { base64: "//4A" } }], timestamp: 5 },
        { value: { text: "two" } },
        { key: "k" },
      ],
    },
  });
  expect(body.records).toMatchObject([
    { partition: 0, offset: 0, timestamp: 5, error: "NONE" },
    { partition: 0, offset: 1, error: "NONE" },
    { offset: 2 },
  ]);
  const consumer = kafka.consumer({ groupId: "made" });
  await consumer.connect();
  await consumer.subscribe({ topic: "made", fromBeginning: true });
  const got: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers } }) => {
      got.push([key?.toString(), value?.toString(), headers?.["h"]]);
      if (got.length === 3) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  expect(got).toEqual([
    ["k", "one", Buffer.from([0xff, 0xfe, 0])],
    [undefined, "two", undefined],
    ["k", undefined, undefined],
  ]);
  const refused = async (records: unknown[]) => (await askApi(url, "topics/made/records", { body: { records } })).body;
  expect(await refused([{ value: { base64: "?" } }])).toMatchObject({ status: 400, detail: "records.0.value: is to be base64" });
  expect(await refused([{ value: "x", partition: 3 }])).toMatchObject({ status: 400 });
  expect(await refused([{ value: 7 }])).toMatchObject({ status: 400, detail: expect.stringContaining("records.0.value") });
  expect(await refused([])).toMatchObject({ status: 400 });
});

test("any broker reads and writes for those who lead, for who may", async () => {
  await using cluster = await startCluster({
    brokers: 2,
    users: { alice: "alice-secret", bob: "bob-secret" },
    acls: ["User:alice allow write topic t", "User:bob allow read topic t"],
    topics: [{ name: "t", partitions: 4 }],
  });
  const [alice, bob] = ["alice:alice-secret", "bob:bob-secret"];
  const urls = cluster.brokers.map(({ port }) => `http://localhost:${port}`);
  for (const [index, each] of urls.entries()) {
    const records = [0, 1, 2, 3].map((partition) => ({ partition, value: `${index}-${partition}`, timestamp: index * 10 + partition }));
    const { body } = await askApi(each, "topics/t/records", { body: { records }, user: alice });
    expect(body.records.map(({ error }: { error: string }) => error)).toEqual(Array(4).fill("NONE"));
    expect((await askApi(each, "topics/t/records", { body: { records }, user: bob })).status).toBe(403);
    expect((await askApi(each, "topics/t/records", { user: alice })).status).toBe(403);
  }
  for (const each of urls) {
    const { body } = await askApi(each, "topics/t/records?limit=6", { user: bob });
    expect(valuesOf(body)).toEqual(["0-2", "0-3", "1-0", "1-1", "1-2", "1-3"]);
  }
});
