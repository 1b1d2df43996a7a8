// What clients are asked to push, what is taken of it and when, over sockets and on virtual time. Expected codes and subscription ids were
// seen on Kafka 4.3.1 with a plug-in that receives metrics.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { apiVersions, getTelemetrySubscriptions, incrementalAlterConfigs, pushTelemetry } from "../../protocol/messages/index.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { compress, decompress } from "../../protocol/records/compression.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { startBroker, startCluster } from "../../src/index.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { AskingBroker, CLIENT_METRICS } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";
import { recordedPushes } from "./recorded-pushes.ts";

const ID = "rAQr6YD5SsSV_WIqrWtXUA";
const SOFTWARE = { clientSoftwareName: "probe", clientSoftwareVersion: "1.0" };
const DELETE = 1;

/** `undefined` takes the subscription away. */
async function subscribe(asking: AskingBroker, name: string, settings: Readonly<Record<string, string>> | undefined): Promise<void> {
  const configs =
    settings === undefined
      ? ["metrics", "match", "interval.ms"].map((key) => ({ name: key, configOperation: DELETE, value: null }))
      : Object.entries(settings).map(([key, value]) => ({ name: key, configOperation: 0, value }));
  const resources = [{ resourceType: CLIENT_METRICS, resourceName: name, configs }];
  const { responses } = await asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
  expect(responses.map(({ errorMessage }) => errorMessage)).toEqual([null]);
}

function get(asking: AskingBroker, clientInstanceId = ID) {
  return asking.ask(getTelemetrySubscriptions, { clientInstanceId });
}

interface Pushing {
  readonly id?: string;
  readonly subscriptionId: number;
  readonly terminating?: boolean;
  readonly compressionType?: number;
  readonly metrics?: Buffer;
}

async function push(asking: AskingBroker, { id = ID, ...given }: Pushing): Promise<number> {
  const request = { clientInstanceId: id, terminating: false, compressionType: Compression.NONE, metrics: Buffer.alloc(0), ...given };
  return (await asking.ask(pushTelemetry, request)).errorCode;
}

async function advertised(asking: AskingBroker): Promise<number[]> {
  const { apiKeys } = await asking.ask(apiVersions, SOFTWARE, 3);
  return apiKeys.map(({ apiKey }) => apiKey).filter((key) => key === getTelemetrySubscriptions.key || key === pushTelemetry.key);
}

test("telemetry is advertised while a subscription wants metrics", async () => {
  await using bench = await EffectBench.start();
  expect(await advertised(bench.asking)).toEqual([]);
  await subscribe(bench.asking, "all", { "interval.ms": "1000" });
  expect(await advertised(bench.asking)).toEqual([]);
  await subscribe(bench.asking, "all", { metrics: "*" });
  expect(await advertised(bench.asking)).toEqual([71, 72]);
  await subscribe(bench.asking, "all", undefined);
  expect(await advertised(bench.asking)).toEqual([]);
});

test("a client without an id gets one, and nothing to push where nobody wants anything", async () => {
  await using bench = await EffectBench.start();
  const answer = await get(bench.asking, ZERO_UUID);
  expect(answer).toMatchObject({
    errorCode: 0,
    acceptedCompressionTypes: [4, 3, 1, 2],
    pushIntervalMs: 300_000,
    telemetryMaxBytes: 1_048_576,
  });
  expect(answer).toMatchObject({ deltaTemporality: true, requestedMetrics: [] });
  expect(answer.clientInstanceId).not.toBe(ZERO_UUID);
  expect((await get(bench.asking, ZERO_UUID)).clientInstanceId).not.toBe(answer.clientInstanceId);
});

test("subscriptions that match a client are taken together, and their id is Kafka's", async () => {
  await using bench = await EffectBench.start();
  const { asking } = bench;
  await asking.ask(apiVersions, SOFTWARE, 3);
  const told = async () => {
    const { subscriptionId, pushIntervalMs, requestedMetrics } = await get(asking);
    return { subscriptionId, pushIntervalMs, requestedMetrics };
  };
  expect(await told()).toEqual({ subscriptionId: -1062465655, pushIntervalMs: 300_000, requestedMetrics: [] });
  await subscribe(asking, "one", { metrics: "q", "interval.ms": "100", match: "client_id=ra" });
  expect((await told()).subscriptionId).toBe(-1062465655);
  const match = `client_id=r.w,client_software_name=pro.*,client_software_version=1.0,client_source_address=127.0.0.1,client_source_port=[0-9]+,client_instance_id=${ID}`;
  await subscribe(asking, "one", { match });
  expect(await told()).toEqual({ subscriptionId: 349313262, pushIntervalMs: 100, requestedMetrics: ["q"] });
  await subscribe(asking, "two", { metrics: "a", "interval.ms": "2000" });
  expect(await told()).toMatchObject({ pushIntervalMs: 100, requestedMetrics: ["a", "q"] });
  await subscribe(asking, "one", { metrics: "*,x" });
  expect(await told()).toEqual({ subscriptionId: 569747702, pushIntervalMs: 100, requestedMetrics: ["*"] });
});

test("a client that asks or pushes too early is told to wait", async () => {
  await using bench = await EffectBench.start();
  const { asking } = bench;
  await subscribe(asking, "all", { metrics: "*", "interval.ms": "1000" });
  const { subscriptionId } = await get(asking);
  expect((await get(asking)).errorCode).toBe(Errors.THROTTLING_QUOTA_EXCEEDED);
  expect(await push(asking, { subscriptionId })).toBe(Errors.NONE);
  expect(await push(asking, { subscriptionId })).toBe(Errors.THROTTLING_QUOTA_EXCEEDED);
  await bench.clock.advance(1000);
  expect(await push(asking, { subscriptionId })).toBe(Errors.NONE);
  expect((await get(asking)).errorCode).toBe(Errors.THROTTLING_QUOTA_EXCEEDED);
});

test("a client whose subscription has changed, or who was told why its push is wrong, may ask at once", async () => {
  await using bench = await EffectBench.start();
  const { asking } = bench;
  const { subscriptionId } = await get(asking);
  await subscribe(asking, "all", { metrics: "*" });
  expect(await push(asking, { subscriptionId })).toBe(Errors.UNKNOWN_SUBSCRIPTION_ID);
  const renewed = await get(asking);
  expect(renewed.requestedMetrics).toEqual(["*"]);
  expect(await push(asking, { subscriptionId: renewed.subscriptionId })).toBe(Errors.THROTTLING_QUOTA_EXCEEDED);
  await bench.clock.advance(300_000);
  expect(await push(asking, { subscriptionId: renewed.subscriptionId, compressionType: 9 })).toBe(Errors.UNSUPPORTED_COMPRESSION_TYPE);
  expect((await get(asking)).errorCode).toBe(Errors.NONE);
  expect((await get(asking)).errorCode).toBe(Errors.THROTTLING_QUOTA_EXCEEDED);
});

test("a client that says that it ends is heard at once, and not after that", async () => {
  await using bench = await EffectBench.start();
  const { asking } = bench;
  await subscribe(asking, "all", { metrics: "*" });
  const { subscriptionId } = await get(asking);
  expect(await push(asking, { subscriptionId })).toBe(Errors.NONE);
  expect(await push(asking, { subscriptionId, terminating: true })).toBe(Errors.NONE);
  expect(await push(asking, { subscriptionId, terminating: true })).toBe(Errors.INVALID_REQUEST);
});

test.each([
  ["the id that stands for none", ZERO_UUID],
  ["the id of the metadata topic", "AAAAAAAAAAAAAAAAAAAAAQ"],
])("a push under %s is refused", async (_, id) => {
  await using bench = await EffectBench.start();
  expect(await push(bench.asking, { id, subscriptionId: 1 })).toBe(Errors.INVALID_REQUEST);
});

test.each([
  ["that are not OTLP", Compression.NONE, Buffer.from([0xff])],
  ["that do not decompress", Compression.GZIP, Buffer.from("not gzip")],
  ["that decompress to more than telemetry.max.bytes", Compression.ZSTD, compress(Compression.ZSTD, Buffer.alloc((1 << 20) + 1))],
])("metrics %s are refused as invalid, and nothing is kept", async (_, compressionType, metrics) => {
  await using bench = await EffectBench.start();
  await subscribe(bench.asking, "all", { metrics: "*" });
  const { subscriptionId } = await get(bench.asking);
  expect(await push(bench.asking, { subscriptionId, compressionType, metrics })).toBe(Errors.INVALID_RECORD);
  expect(bench.node.cluster.image.topicsByName.has("__client_metrics")).toBe(false);
});

test("what nobody has asked for is not kept", async () => {
  await using bench = await EffectBench.start();
  const { subscriptionId } = await get(bench.asking);
  expect(await push(bench.asking, { subscriptionId, metrics: Buffer.from([0xff]) })).toBe(Errors.NONE);
  expect(bench.node.cluster.image.topicsByName.has("__client_metrics")).toBe(false);
});

/** An answer to the same instance id on another connection tells whether the broker still knows it. */
async function isKnown(asking: AskingBroker, id = ID): Promise<boolean> {
  return (await get(asking, id)).errorCode === Errors.THROTTLING_QUOTA_EXCEEDED;
}

test("an instance is forgotten with its connection", async () => {
  await using bench = await EffectBench.start();
  const { asking, node } = bench;
  const other = await RawClient.connect(node.broker.port);
  await other.call(getTelemetrySubscriptions, 0, { clientInstanceId: ID });
  expect(await isKnown(asking)).toBe(true);
  other.close();
  await expect.poll(() => isKnown(asking)).toBe(false);
});

test("an instance of which nothing was heard for three intervals is forgotten", async () => {
  await using bench = await EffectBench.start({ settings: { "connections.max.idle.ms": 3_600_000 } });
  const { asking, clock } = bench;
  await subscribe(asking, "all", { metrics: "*", "interval.ms": "3600000" });
  const { subscriptionId } = await get(asking);
  expect(await push(asking, { subscriptionId, terminating: true })).toBe(Errors.NONE);
  // That it has said its last is known for as long as it is.
  await clock.advance(300_000);
  expect(await push(asking, { subscriptionId, terminating: true })).toBe(Errors.INVALID_REQUEST);
  await clock.advance(900_000 + 30_000);
  expect(await push(asking, { subscriptionId, terminating: true })).toBe(Errors.NONE);
});

test.each([
  ["none", Compression.NONE],
  ["gzip", Compression.GZIP],
  ["snappy", Compression.SNAPPY],
  ["lz4", Compression.LZ4],
  ["zstd", Compression.ZSTD],
] as const)("what a Java client pushes with %s is kept as the last of that client, for anybody to read", async (_, compressionType) => {
  await using broker = await startBroker();
  const asking = new AskingBroker(broker, await RawClient.connect(broker.port));
  await asking.ask(apiVersions, SOFTWARE, 3);
  await subscribe(asking, "all", { metrics: "*", "interval.ms": "100" });
  const pushes = recordedPushes("java").map(({ metrics, compressionType: recorded }) =>
    compress(compressionType, decompress(recorded as Compression, metrics, 1 << 20)),
  );
  expect(await broker.clientMetrics()).toEqual([]);
  for (const [index, metrics] of pushes.entries()) {
    const { subscriptionId } = await expectAnswer(() => get(asking));
    const terminating = index === pushes.length - 1;
    expect(await push(asking, { subscriptionId, compressionType, metrics, terminating })).toBe(Errors.NONE);
  }
  const [kept, ...more] = await broker.clientMetrics();
  expect(more).toEqual([]);
  expect(kept).toMatchObject({ clientInstanceId: ID, clientId: "raw", softwareName: "probe", softwareVersion: "1.0", brokerId: 1 });
  expect(kept).toMatchObject({ sourceAddress: "127.0.0.1", isTerminating: true, resource: { client_rack: "r1" } });
  expect(kept?.metrics.find(({ name }) => name === "org.apache.kafka.producer.record.send.total")).toMatchObject({
    type: "sum",
    points: [{ labels: {} }],
  });
  const records = await broker.read("__client_metrics", { decode: "json" });
  expect(records.map(({ key }) => key)).toEqual(pushes.map(() => ID));
  expect(records.at(-1)?.value).toEqual(kept);
});

/** Asks until the push interval is over. */
async function expectAnswer<T extends { readonly errorCode: number }>(ask: () => Promise<T>): Promise<T> {
  let answer = await ask();
  await expect
    .poll(async () => {
      if (answer.errorCode !== Errors.NONE) answer = await ask();
      return answer.errorCode;
    })
    .toBe(Errors.NONE);
  return answer;
}

test("metrics go to the broker that leads their topic, whichever they were pushed to", async () => {
  await using cluster = await startCluster({ brokers: 2 });
  const [recorded] = recordedPushes("librdkafka");
  if (recorded === undefined) throw new Error("nothing was recorded");
  const ids = ["rAQr6YD5SsSV_WIqrWtXUA", "rAQr6YD5SsSV_WIqrWtXUQ"];
  for (const [index, { port }] of cluster.brokers.entries()) {
    const client = await RawClient.connect(port);
    const asking = new AskingBroker({ port, stop: async () => client.close() }, client);
    await subscribe(asking, "all", { metrics: "*" });
    const { subscriptionId } = await get(asking, ids[index]);
    const { compressionType, metrics } = recorded;
    expect(await push(asking, { id: ids[index] ?? "", subscriptionId, compressionType, metrics })).toBe(Errors.NONE);
    client.close();
  }
  expect((await cluster.clientMetrics()).map(({ clientInstanceId, brokerId }) => [clientInstanceId, brokerId])).toEqual([
    [ids[0], 1],
    [ids[1], 2],
  ]);
});

test("clients cannot write to the topic of pushed metrics", async () => {
  await using broker = await startBroker();
  const asking = new AskingBroker(broker, await RawClient.connect(broker.port));
  await subscribe(asking, "all", { metrics: "*" });
  const { subscriptionId } = await get(asking);
  const [recorded] = recordedPushes("java");
  if (recorded === undefined) throw new Error("nothing was recorded");
  expect(await push(asking, { ...recorded, clientInstanceId: ID, subscriptionId } as Pushing)).toBe(Errors.NONE);
  expect((await asking.append("__client_metrics", 0, 1)).errorCode).toBe(Errors.INVALID_TOPIC_EXCEPTION);
  expect(broker.topics.list()).toEqual([]);
});
