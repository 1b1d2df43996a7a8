// A real Prometheus scrapes a broker, and Apache Kafka beside it through its JMX exporter. Both are under the same load, of which every number is known:
// so many batches, bytes, requests of each version and errors. For names that both have the values agree; those that one alone has are listed.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createTopics,
  fetch as fetchApi,
  findCoordinator,
  heartbeat,
  listOffsets,
  metadata,
  offsetCommit,
  produce,
} from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BrokerName, CACHE, hasKafkaReference, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { jmxExporter } from "./jmx-exporter.ts";
import { port } from "./port.ts";
import { hasPrometheus, Prometheus, type Series } from "./prometheus.ts";

const PORTS = { odradek: port(20310), kafka: port(20312), exporter: port(20314), prometheus: port(20315) };
const FOLDER = join(CACHE, "data/metrics");
const SETTINGS = { "message.max.bytes": "20000", "auto.create.topics.enable": "false" };
const isSkipped = process.env["INTEROP_ONLY"] === "kafka" || !hasPrometheus();
const names: readonly BrokerName[] = hasKafkaReference() ? ["odradek", "kafka"] : ["odradek"];
const TOPICS = ["load-a", "load-b"];
const PATIENCE = { timeout: 30_000, interval: 200 };

/** The same for both: what was done with it is counted below. */
async function load(at: number): Promise<void> {
  const client = await RawClient.connect(at);
  const created = await client.call(createTopics, 5, {
    topics: [
      { name: "load-a", numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] },
      { name: "load-b", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  });
  expect(created?.topics.map(({ errorCode }) => errorCode)).toEqual([0, 0]);
  const append = async (topic: string, index: number, count: number, sizeBytes = 100) => {
    const records = buildBatch(Array.from({ length: count }, () => ({ key: null, value: Buffer.alloc(sizeBytes) }))).bytes;
    const topicData = [{ name: topic, partitionData: [{ index, records }] }];
    const answer = await client.call(produce, 8, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData });
    return answer?.responses[0]?.partitionResponses[0]?.errorCode;
  };
  await vi.waitFor(async () => {
    const asked = await client.call(metadata, 9, { topics: TOPICS.map((name) => ({ name })), allowAutoTopicCreation: false });
    expect(asked?.topics.flatMap(({ partitions }) => partitions.map(({ leaderId }) => leaderId >= 0))).toEqual([true, true, true]);
  }, PATIENCE);
  expect(await append("load-b", 0, 3)).toBe(0);
  for (let times = 0; times < 7; times++) expect(await append("load-a", 0, 10)).toBe(0);
  for (let times = 0; times < 4; times++) expect(await append("load-a", 1, 5)).toBe(0);
  for (let times = 0; times < 2; times++) expect(await append("load-b", 0, 1, 30_000)).toBe(10);
  for (let times = 0; times < 3; times++) expect(await append("load-a", 9, 1)).toBe(3);
  const read = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1e6, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  for (const [fetchOffset, error] of [
    [0, 0],
    [30, 0],
    [999, 1],
  ] as const) {
    const topics = [{ topic: "load-a", partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1e6 }] }];
    const answer = await client.call(fetchApi, 10, { ...read, topics, forgottenTopicsData: [] });
    expect(answer?.responses[0]?.partitions[0]?.errorCode).toBe(error);
  }
  for (let times = 0; times < 4; times++)
    expect((await client.call(metadata, 8, { topics: [{ name: "nowhere" }], allowAutoTopicCreation: false }))?.topics[0]?.errorCode).toBe(
      3,
    );
  for (let times = 0; times < 6; times++) {
    const topics = [{ name: "load-a", partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
    expect((await client.call(listOffsets, 4, { replicaId: -1, isolationLevel: 0, topics }))?.topics[0]?.partitions[0]?.offset).toBe(70);
  }
  await vi.waitFor(async () => {
    expect((await client.call(findCoordinator, 2, { key: "behind", keyType: 0 }))?.errorCode).toBe(0);
  }, PATIENCE);
  const partitions = [{ partitionIndex: 0, committedOffset: 25, committedMetadata: null }];
  const commit = { groupId: "behind", generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "load-a", partitions }] };
  await vi.waitFor(async () => {
    expect((await client.call(offsetCommit, 6, commit))?.topics[0]?.partitions[0]?.errorCode).toBe(0);
  }, PATIENCE);
  for (let times = 0; times < 5; times++)
    expect((await client.call(heartbeat, 2, { groupId: "behind", generationId: 1, memberId: "nobody" }))?.errorCode).toBe(25);
  client.close();
}

const TRAFFIC = "kafka_server_brokertopicmetrics";
const REQUESTS = "kafka_network_requestmetrics";
/** Values that follow from the load alone. */
const KNOWN: Readonly<Record<string, number>> = {
  [`${TRAFFIC}_messagesin_total{topic="load-a"}`]: 90,
  [`${TRAFFIC}_messagesin_total{topic="load-b"}`]: 3,
  // Those for a partition that there is not are of no topic.
  [`${TRAFFIC}_totalproducerequests_total{topic="load-a"}`]: 11,
  [`${TRAFFIC}_totalproducerequests_total{topic="load-b"}`]: 3,
  [`${TRAFFIC}_totalfetchrequests_total{topic="load-a"}`]: 3,
  [`${TRAFFIC}_failedproducerequests_total`]: 0,
  [`${TRAFFIC}_failedfetchrequests_total`]: 0,
  [`${REQUESTS}_requests_total{request="Produce",version="8"}`]: 17,
  [`${REQUESTS}_requests_total{request="Fetch",version="10"}`]: 3,
  [`${REQUESTS}_requests_total{request="FetchConsumer",version="10"}`]: 3,
  [`${REQUESTS}_requests_total{request="Metadata",version="8"}`]: 4,
  [`${REQUESTS}_requests_total{request="ListOffsets",version="4"}`]: 6,
  [`${REQUESTS}_requests_total{request="Heartbeat",version="2"}`]: 5,
  [`${REQUESTS}_errors_total{error="UNKNOWN_TOPIC_OR_PARTITION",request="Metadata"}`]: 4,
  [`${REQUESTS}_errors_total{error="UNKNOWN_TOPIC_OR_PARTITION",request="Produce"}`]: 3,
  [`${REQUESTS}_errors_total{error="MESSAGE_TOO_LARGE",request="Produce"}`]: 2,
  [`${REQUESTS}_errors_total{error="UNKNOWN_MEMBER_ID",request="Heartbeat"}`]: 5,
  [`${REQUESTS}_errors_total{error="NONE",request="ListOffsets"}`]: 6,
  [`${REQUESTS}_totaltimems_count{request="Heartbeat"}`]: 5,
  'kafka_log_log_logendoffset{partition="0",topic="load-a"}': 70,
  'kafka_log_log_logendoffset{partition="1",topic="load-a"}': 20,
  'kafka_log_log_logstartoffset{partition="0",topic="load-a"}': 0,
  'kafka_log_log_numlogsegments{partition="0",topic="load-a"}': 1,
};

let brokers: readonly RunningBroker[] = [];
let prometheus: Prometheus | undefined;
/** By broker: values by name and labels, these in the order of the alphabet. */
const seen = new Map<string, ReadonlyMap<string, number>>();

beforeAll(async () => {
  if (isSkipped) return;
  rmSync(FOLDER, { recursive: true, force: true });
  const jvm = names.includes("kafka") ? await jmxExporter(PORTS.exporter) : "";
  const start = (name: BrokerName) =>
    startBroker(name, {
      port: PORTS[name],
      dataFolder: join(FOLDER, name),
      isDiskless: false,
      settings: SETTINGS,
      ...(name === "kafka" ? { jvm } : {}),
    });
  brokers = await Promise.all(names.map(start));
  await Promise.all(names.map((name) => load(PORTS[name])));
  const jobs = { odradek: `localhost:${PORTS.odradek}`, ...(names.includes("kafka") ? { kafka: `localhost:${PORTS.exporter}` } : {}) };
  prometheus = await Prometheus.start(PORTS.prometheus, join(FOLDER, "prometheus"), jobs);
  await vi.waitFor(async () => {
    expect((await prometheus?.query("up == 1"))?.length).toBe(names.length);
  }, PATIENCE);
  for (const name of names)
    seen.set(name, keyed(await prometheus.query(`{job="${name}", __name__=~"kafka_.+|odradek_.+|process_.+|nodejs_.+"}`)));
  writeObserved();
}, 120_000);

afterAll(async () => {
  await prometheus?.stop();
  await Promise.all(brokers.map((broker) => broker.stop()));
});

function keyed(series: readonly Series[]): ReadonlyMap<string, number> {
  return new Map(
    series.map(({ metric: { __name__ = "", instance: _, job: __, ...labels }, value }) => {
      const shown = Object.entries(labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, text]) => `${label}="${text}"`);
      return [shown.length === 0 ? __name__ : `${__name__}{${shown.join(",")}}`, value];
    }),
  );
}

const valuesOf = (name: BrokerName) => seen.get(name) ?? new Map<string, number>();
const familiesOf = (name: BrokerName) => new Set([...valuesOf(name).keys()].map((key) => key.replace(/\{.*/s, "")));

/** What Odradek may have series of. */
async function declared(): Promise<{ readonly text: string; readonly families: readonly string[] }> {
  const text = await (await fetch(`http://localhost:${PORTS.odradek}/metrics`)).text();
  return { text, families: [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map(([, family = ""]) => family) };
}

/** For whoever wants to see what each of them has. */
function writeObserved(): void {
  mkdirSync(join(CACHE, "observed"), { recursive: true });
  for (const name of names)
    writeFileSync(
      join(CACHE, `observed/metrics-${name}.txt`),
      [...valuesOf(name)]
        .map((row) => row.join(" "))
        .sort()
        .join("\n"),
    );
}

describe.skipIf(isSkipped)("metrics", () => {
  test.each(names)("Prometheus shows of %s what was done with it", (name) => {
    const values = valuesOf(name);
    expect(Object.fromEntries(Object.keys(KNOWN).map((key) => [key, values.get(key)]))).toEqual(KNOWN);
  });

  test("it shows the lag of a group, and that nothing of the scrape was left out", async () => {
    const values = valuesOf("odradek");
    expect(values.get('kafka_consumergroup_lag{consumergroup="behind",partition="0",topic="load-a"}')).toBe(45);
    const { text, families } = await declared();
    const shown = familiesOf("odradek");
    const empty = families.filter((family) => !new RegExp(`^${family}[ {]`, "m").test(text));
    expect(families.filter((family) => !shown.has(family) && !empty.includes(family))).toEqual([]);
    expect((await prometheus?.query('scrape_samples_scraped{job="odradek"}'))?.[0]?.value).toBeGreaterThan(200);
  });

  test.skipIf(!names.includes("kafka"))("values agree with Kafka's, of all series of what the load was on", () => {
    const [ours, kafkas] = [valuesOf("odradek"), valuesOf("kafka")];
    const isOfLoad = (key: string) => TOPICS.some((topic) => key.includes(`topic="${topic}"`)) || key in KNOWN || SAME.includes(key);
    const both = [...ours.keys()].filter((key) => kafkas.has(key) && isOfLoad(key));
    expect(both.length).toBeGreaterThan(60);
    const differing = both.filter((key) => ours.get(key) !== kafkas.get(key));
    expect(differing.map((key) => `${key}: ${ours.get(key)}, Kafka ${kafkas.get(key)}`)).toEqual([]);
  });

  test.skipIf(!names.includes("kafka"))("names under which Kafka has figures are Kafka's, and what it has alone is listed", async () => {
    const [ours, kafkas] = [new Set((await declared()).families), familiesOf("kafka")];
    const ourOwn = [...ours].filter((name) => name.startsWith("kafka_") && !kafkas.has(name)).sort();
    expect(ourOwn).toEqual(OURS_ALONE);
    const rooms = new Set([...ours].filter((name) => kafkas.has(name)).map((name) => name.split("_").slice(0, 3).join("_")));
    const theirs = [...kafkas].filter((name) => !ours.has(name) && rooms.has(name.split("_").slice(0, 3).join("_"))).sort();
    expect(theirs).toEqual(KAFKAS_ALONE);
  });
});

/** Of the cluster, whatever else is in it. */
const SAME: readonly string[] = [
  "kafka_controller_controllerstats_uncleanleaderelections_total",
  "kafka_controller_kafkacontroller_activecontrollercount",
  "kafka_controller_kafkacontroller_offlinepartitionscount",
  "kafka_controller_kafkacontroller_activebrokercount",
  "kafka_controller_kafkacontroller_fencedbrokercount",
  "kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
  "kafka_server_replicamanager_underreplicatedpartitions",
  "kafka_server_replicamanager_underminisrpartitioncount",
  "kafka_server_replicamanager_offlinereplicacount",
  "kafka_server_kafkaserver_brokerstate",
  "kafka_log_logmanager_offlinelogdirectorycount",
  "kafka_coordinator_group_groupmetadatamanager_numoffsets",
];

/** Those of kafka_exporter, and what other rules than these make of the idle shares. */
const OURS_ALONE: readonly string[] = [
  "kafka_brokers",
  "kafka_consumergroup_current_offset",
  "kafka_consumergroup_current_offset_sum",
  "kafka_consumergroup_lag",
  "kafka_consumergroup_lag_sum",
  "kafka_consumergroup_members",
  "kafka_network_socketserver_networkprocessoravgidle_percent",
  "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent",
  "kafka_topic_partition_current_offset",
  "kafka_topic_partition_oldest_offset",
];
/** Among names of which there are some here. */
const KAFKAS_ALONE: readonly string[] = [
  "kafka_controller_controllerstats_electionfromeligibleleaderreplicas_total",
  "kafka_controller_kafkacontroller_brokerregistrationstate",
  "kafka_controller_kafkacontroller_controlledshutdownbrokercount",
  "kafka_controller_kafkacontroller_eventqueueoperationsstartedcount",
  "kafka_controller_kafkacontroller_eventqueueoperationstimedoutcount",
  "kafka_controller_kafkacontroller_ignoredstaticvoters",
  "kafka_controller_kafkacontroller_lastappliedrecordlagms",
  "kafka_controller_kafkacontroller_lastappliedrecordoffset",
  "kafka_controller_kafkacontroller_lastappliedrecordtimestamp",
  "kafka_controller_kafkacontroller_lastcommittedrecordoffset",
  "kafka_controller_kafkacontroller_metadataerrorcount",
  "kafka_controller_kafkacontroller_newactivecontrollerscount",
  "kafka_controller_kafkacontroller_timedoutbrokerheartbeatcount",
  "kafka_controller_kafkacontroller_timesincelastheartbeatreceivedms",
  "kafka_log_log_retentionsizeinpercent",
  "kafka_log_logmanager_cordonedlogdirectorycount",
  "kafka_log_logmanager_logdirectorycordoned",
  "kafka_log_logmanager_logdirectoryoffline",
  "kafka_network_requestmetrics_messageconversionstimems",
  "kafka_network_requestmetrics_messageconversionstimems_count",
  "kafka_network_requestmetrics_requestbytes",
  "kafka_network_requestmetrics_requestbytes_count",
  "kafka_network_requestmetrics_requestqueuetimems",
  "kafka_network_requestmetrics_requestqueuetimems_count",
  "kafka_network_requestmetrics_responsequeuetimems",
  "kafka_network_requestmetrics_responsequeuetimems_count",
  "kafka_network_requestmetrics_responsesendtimems",
  "kafka_network_requestmetrics_responsesendtimems_count",
  "kafka_network_requestmetrics_temporarymemorybytes",
  "kafka_network_requestmetrics_temporarymemorybytes_count",
  "kafka_network_requestmetrics_throttletimems",
  "kafka_network_requestmetrics_throttletimems_count",
  "kafka_network_socketserver_expiredconnectionskilledcount",
  "kafka_network_socketserver_memorypoolavailable",
  "kafka_network_socketserver_memorypoolused",
  "kafka_server_brokertopicmetrics_failedshareacknowledgementrequests_total",
  "kafka_server_brokertopicmetrics_failedsharefetchrequests_total",
  "kafka_server_brokertopicmetrics_invalidmagicnumberrecords_total",
  "kafka_server_brokertopicmetrics_invalidmessagecrcrecords_total",
  "kafka_server_brokertopicmetrics_invalidoffsetorsequencerecords_total",
  "kafka_server_brokertopicmetrics_nokeycompactedtopicrecords_total",
  "kafka_server_brokertopicmetrics_reassignmentbytesin_total",
  "kafka_server_brokertopicmetrics_reassignmentbytesout_total",
  "kafka_server_brokertopicmetrics_replicationbytesin_total",
  "kafka_server_brokertopicmetrics_replicationbytesout_total",
  "kafka_server_brokertopicmetrics_totalshareacknowledgementrequests_total",
  "kafka_server_brokertopicmetrics_totalsharefetchrequests_total",
  "kafka_server_kafkaserver_linux_disk_read_bytes",
  "kafka_server_kafkaserver_linux_disk_write_bytes",
  "kafka_server_kafkaserver_yammer_metrics_count",
  "kafka_server_replicamanager_failedisrupdates_total",
  "kafka_server_replicamanager_partitionswithlatetransactionscount",
  "kafka_server_replicamanager_produceridcount",
  "kafka_server_replicamanager_reassigningpartitions",
  "kafka_server_socket_server_metrics_connection_close_rate",
  "kafka_server_socket_server_metrics_connection_creation_rate",
  "kafka_server_socket_server_metrics_expired_connections_killed_count",
  "kafka_server_socket_server_metrics_failed_authentication_rate",
  "kafka_server_socket_server_metrics_failed_authentication_total",
  "kafka_server_socket_server_metrics_failed_reauthentication_rate",
  "kafka_server_socket_server_metrics_failed_reauthentication_total",
  "kafka_server_socket_server_metrics_incoming_byte_rate",
  "kafka_server_socket_server_metrics_incoming_byte_total",
  "kafka_server_socket_server_metrics_io_ratio",
  "kafka_server_socket_server_metrics_io_time_ns_avg",
  "kafka_server_socket_server_metrics_io_time_ns_total",
  "kafka_server_socket_server_metrics_io_wait_ratio",
  "kafka_server_socket_server_metrics_io_wait_time_ns_avg",
  "kafka_server_socket_server_metrics_io_wait_time_ns_total",
  "kafka_server_socket_server_metrics_network_io_rate",
  "kafka_server_socket_server_metrics_network_io_total",
  "kafka_server_socket_server_metrics_outgoing_byte_rate",
  "kafka_server_socket_server_metrics_outgoing_byte_total",
  "kafka_server_socket_server_metrics_reauthentication_latency_avg",
  "kafka_server_socket_server_metrics_reauthentication_latency_max",
  "kafka_server_socket_server_metrics_request_rate",
  "kafka_server_socket_server_metrics_request_size_avg",
  "kafka_server_socket_server_metrics_request_size_max",
  "kafka_server_socket_server_metrics_request_total",
  "kafka_server_socket_server_metrics_response_rate",
  "kafka_server_socket_server_metrics_response_total",
  "kafka_server_socket_server_metrics_select_rate",
  "kafka_server_socket_server_metrics_select_total",
  "kafka_server_socket_server_metrics_successful_authentication_no_reauth_total",
  "kafka_server_socket_server_metrics_successful_authentication_rate",
  "kafka_server_socket_server_metrics_successful_authentication_total",
  "kafka_server_socket_server_metrics_successful_reauthentication_rate",
  "kafka_server_socket_server_metrics_successful_reauthentication_total",
];
