// What Prometheus reads, held against what was done: names as Kafka's JMX exporter gives them, and true values.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createTopics,
  electLeaders,
  fetch as fetchApi,
  findCoordinator,
  listOffsets,
  metadata,
  offsetCommit,
  produce,
} from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

let broker: RunningBroker;
let client: RawClient;
beforeAll(async () => {
  broker = await startBroker({ topics: ["t", { name: "two", partitions: 2 }], settings: { "message.max.bytes": 10_000 } });
  client = await RawClient.connect(broker.port);
});
afterAll(async () => {
  client.close();
  await broker.stop();
});

/** Values by name and labels, as the text has them. */
async function scrape(of = broker, path = "/metrics"): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${of.httpUrl}${path}`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return parse(await response.text());
}

function parse(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  const types = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name = ""] = /^# (HELP|TYPE) ([a-z_]+) .+$/.exec(line) ?? [];
    if (kind === "TYPE") {
      expect(types).not.toContain(name);
      types.add(name);
    }
    if (kind !== undefined) continue;
    expect(line).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (?:[0-9.e+-]+|\+Inf)$/);
    const at = line.lastIndexOf(" ");
    expect(values.has(line.slice(0, at))).toBe(false);
    values.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return values;
}

const records = (count: number, sizeBytes = 100) =>
  buildBatch(Array.from({ length: count }, () => ({ key: null, value: Buffer.alloc(sizeBytes) }))).bytes;

async function append(bytes: Buffer, topic = "t", index = 0): Promise<number | undefined> {
  const topicData = [{ name: topic, partitionData: [{ index, records: bytes }] }];
  const answer = await client.call(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData });
  return answer?.responses[0]?.partitionResponses[0]?.errorCode;
}

const SERVER = "kafka_server_brokertopicmetrics";
const NETWORK = "kafka_network_requestmetrics";

test("records and bytes in and out are counted, by topic and in all, and refused ones apart", async () => {
  const before = await scrape();
  const bytes = records(10);
  expect(await append(bytes)).toBe(0);
  const tooLarge = records(1, 20_000);
  expect(await append(tooLarge)).toBe(10);
  await broker.read("t");
  const after = await scrape();
  const rise = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  expect(rise(`${SERVER}_messagesin_total{topic="t"}`)).toBe(10);
  expect(rise(`${SERVER}_messagesin_total`)).toBe(10);
  expect(rise(`${SERVER}_bytesin_total{topic="t"}`)).toBe(bytes.length);
  expect(rise(`${SERVER}_bytesrejected_total{topic="t"}`)).toBe(tooLarge.length);
  expect(rise(`${SERVER}_totalproducerequests_total{topic="t"}`)).toBe(2);
  expect(rise(`${SERVER}_failedproducerequests_total`)).toBe(0);
  expect(after.get(`${SERVER}_messagesin_total{topic="two"}`)).toBe(0);
});

test("bytes out are those that consumers were given", async () => {
  const bytes = records(3);
  await append(bytes, "two", 1);
  const before = await scrape();
  const partitions = [{ partition: 1, fetchOffset: 0, partitionMaxBytes: 100_000 }];
  const read = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 100_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  const answer = await client.call(fetchApi, 11, { ...read, topics: [{ topic: "two", partitions }], forgottenTopicsData: [], rackId: "" });
  expect(answer?.responses[0]?.partitions[0]?.errorCode).toBe(0);
  const after = await scrape();
  for (const name of [`${SERVER}_bytesout_total{topic="two"}`, `${SERVER}_bytesout_total`])
    expect((after.get(name) ?? 0) - (before.get(name) ?? 0)).toBe(bytes.length);
  expect(after.get(`${NETWORK}_requests_total{request="FetchConsumer",version="11"}`)).toBe(1);
  const outside = [{ partition: 1, fetchOffset: 999, partitionMaxBytes: 100_000 }];
  const refused = await client.call(fetchApi, 11, {
    ...read,
    topics: [{ topic: "two", partitions: outside }],
    forgottenTopicsData: [],
    rackId: "",
  });
  expect(refused?.responses[0]?.partitions[0]?.errorCode).toBe(1);
  const later = await scrape();
  const rise = (name: string) =>
    (later.get(`${SERVER}_${name}_total{topic="two"}`) ?? 0) - (after.get(`${SERVER}_${name}_total{topic="two"}`) ?? 0);
  expect([rise("totalfetchrequests"), rise("failedfetchrequests"), rise("bytesout")]).toEqual([1, 0, 0]);
});

test("requests are counted by API and version, errors by name, and their times have quantiles", async () => {
  const before = await scrape();
  await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false });
  await client.call(metadata, 12, { topics: [{ name: "nowhere" }], allowAutoTopicCreation: false });
  expect(await append(records(1), "two", 7)).toBe(3);
  const after = await scrape();
  const rise = (name: string) => (after.get(`${NETWORK}_${name}`) ?? 0) - (before.get(`${NETWORK}_${name}`) ?? 0);
  expect(rise('requests_total{request="Metadata",version="9"}')).toBe(1);
  expect(rise('requests_total{request="Metadata",version="12"}')).toBe(1);
  expect(rise('errors_total{request="Metadata",error="UNKNOWN_TOPIC_OR_PARTITION"}')).toBe(1);
  expect(rise('errors_total{request="Produce",error="UNKNOWN_TOPIC_OR_PARTITION"}')).toBe(1);
  expect(rise('totaltimems_count{request="Metadata"}')).toBe(2);
  for (const quantile of ["0.50", "0.75", "0.95", "0.98", "0.99", "0.999"])
    expect(after.get(`${NETWORK}_totaltimems{request="Metadata",quantile="${quantile}"}`)).toBeGreaterThan(0);
  expect(after.get('odradek_request_duration_seconds_bucket{request="Metadata",le="+Inf"}')).toBe(
    after.get(`${NETWORK}_totaltimems_count{request="Metadata"}`),
  );
  expect([...after.keys()].some((name) => name.startsWith(`${NETWORK}_totaltimems_sum`))).toBe(false);
});

test("partitions are as the broker tells them: how many, how large, from where to where", async () => {
  await append(records(5), "two", 1);
  const values = await scrape();
  const asked = [{ name: "two", partitions: [{ partitionIndex: 1, timestamp: -1 }] }];
  const offsets = await client.call(listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics: asked });
  const end = offsets?.topics[0]?.partitions[0]?.offset;
  expect(values.get('kafka_log_log_logendoffset{topic="two",partition="1"}')).toBe(end);
  expect(values.get('kafka_log_log_size{topic="two",partition="1"}')).toBeGreaterThan(500);
  expect(values.get("kafka_server_replicamanager_leadercount")).toBe(values.get("kafka_controller_kafkacontroller_globalpartitioncount"));
  for (const name of ["underreplicatedpartitions", "underminisrpartitioncount", "offlinereplicacount"])
    expect(values.get(`kafka_server_replicamanager_${name}`)).toBe(0);
});

test("groups have their lag by partition", async () => {
  await append(records(8));
  const topics = [{ name: "t", partitions: [{ partitionIndex: 0, committedOffset: 2, committedMetadata: null }] }];
  const commit = { groupId: "behind", generationIdOrMemberEpoch: -1, memberId: "", topics };
  await client.call(findCoordinator, 2, { key: "behind", keyType: 0 });
  await expect.poll(async () => (await client.call(offsetCommit, 7, commit))?.topics[0]?.partitions[0]?.errorCode).toBe(0);
  const values = await scrape();
  const end = values.get('kafka_topic_partition_current_offset{topic="t",partition="0"}') ?? 0;
  const labels = 'consumergroup="behind",topic="t"';
  expect(values.get(`kafka_consumergroup_current_offset{${labels},partition="0"}`)).toBe(2);
  expect(values.get(`kafka_consumergroup_lag{${labels},partition="0"}`)).toBe(end - 2);
  expect(values.get(`kafka_consumergroup_lag_sum{${labels}}`)).toBe(end - 2);
  expect(values.get("kafka_coordinator_group_groupmetadatamanager_numgroupsempty")).toBe(1);
  const without = await scrape(broker, "/metrics?without=groups,partitions,topics");
  expect([...without.keys()].filter((name) => /consumergroup|topic=/.test(name))).toEqual([]);
});

test("a topic takes its series with it, and what it counted stays in the sum", async () => {
  await append(records(4), "two", 0);
  const before = await scrape();
  await broker.topics.delete("two");
  const after = await scrape();
  expect([...after.keys()].filter((name) => name.includes('topic="two"'))).toEqual([]);
  expect(after.get(`${SERVER}_messagesin_total`)).toBeGreaterThanOrEqual(before.get(`${SERVER}_messagesin_total`) ?? 0);
});

test("connections are counted as they are, with the software that clients say they are", async () => {
  const values = await scrape();
  expect(
    values.get('kafka_server_socket_server_metrics_connection_count{listener="PLAINTEXT",networkProcessor="0"}'),
  ).toBeGreaterThanOrEqual(2);
  expect(values.get("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
});

test("the dashboard shows what there is", async () => {
  const families = new Set<string>();
  const text = await (await fetch(`${broker.httpUrl}/metrics`)).text();
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) families.add(type === "histogram" ? `${name}_bucket` : name);
  const dashboard = readFileSync(join(import.meta.dirname, "../../src/http/grafana-dashboard.json"), "utf8");
  const named = new Set([...dashboard.matchAll(/\b(?:kafka|odradek|process|nodejs)_[a-z_]+/g)].map(([name]) => name));
  expect([...named].filter((name) => !families.has(name))).toEqual([]);
  expect(named.size).toBeGreaterThan(25);
});

test("of a cluster one broker counts as the controller, and one without all of its replicas in sync is told", async () => {
  await using cluster = await startCluster({ brokers: 2, topics: [{ name: "t", partitions: 1, replicationFactor: 2 }] });
  const urls = cluster.brokers.map(({ address }) => `http://${address}`);
  const read = async () => Promise.all(urls.map(async (url) => parse(await (await fetch(`${url}/metrics`)).text())));
  const sum = (all: readonly ReadonlyMap<string, number>[], name: string) => all.reduce((total, each) => total + (each.get(name) ?? 0), 0);
  const whole = await read();
  expect(sum(whole, "kafka_controller_kafkacontroller_activecontrollercount")).toBe(1);
  expect(sum(whole, "kafka_server_replicamanager_leadercount")).toBe(1);
  expect(sum(whole, "kafka_server_replicamanager_partitioncount")).toBe(2);
  await cluster.stopBroker(2);
  urls.pop();
  const left = await read();
  expect(sum(left, "kafka_server_replicamanager_underreplicatedpartitions")).toBe(1);
  expect(sum(left, 'kafka_cluster_partition_underreplicated{topic="t",partition="0"}')).toBe(1);
  expect(sum(left, "kafka_controller_kafkacontroller_fencedbrokercount")).toBe(1);
  await cluster.restartBroker(2);
  const back = await read();
  expect(sum(back, "kafka_server_replicamanager_underreplicatedpartitions")).toBe(0);
  expect(sum(back, "kafka_server_replicamanager_isrexpands_total")).toBe(1);
});

test("a replica that leads without having been in sync is told by the controller", async () => {
  await using cluster = await startCluster({ brokers: 3 });
  const at = (id: number) => Number(cluster.brokers[id - 1]?.address.split(":")[1]);
  const first = await RawClient.connect(at(1));
  const topic = {
    name: "t",
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [2, 3] }],
    configs: [],
  };
  expect((await first.call(createTopics, 5, { topics: [topic], timeoutMs: 5000, validateOnly: false }))?.topics[0]?.errorCode).toBe(0);
  const unclean = async () => {
    const values = parse(await (await fetch(`http://localhost:${at(1)}/metrics`)).text());
    return values.get("kafka_controller_controllerstats_uncleanleaderelections_total");
  };
  await cluster.stopBroker(3);
  await cluster.stopBroker(2);
  await cluster.restartBroker(3);
  expect(await unclean()).toBe(0);
  const topicPartitions = [{ topic: "t", partitions: [0] }];
  const elected = await first.call(electLeaders, 2, { electionType: 1, topicPartitions, timeoutMs: 5000 });
  expect(elected?.replicaElectionResults[0]?.partitionResult[0]?.errorCode).toBe(0);
  expect(await unclean()).toBe(1);
  first.close();
});
