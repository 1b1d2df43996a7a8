// Kafka Connect with the connectors of files: a file to a topic to a file, by a worker alone and by workers that share the work.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrokerUnderTest } from "../broker-under-test.ts";
import { ClientProcess } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { port } from "../port.ts";
import { waitFor } from "../processes.ts";
import { JavaService, workFolder, writeProperties } from "./java-service.ts";
import type { Row } from "./rows.ts";

const REST_PORTS = { kafka: port(19620), odradek: port(19630) };
const CONVERTERS = {
  "key.converter": "org.apache.kafka.connect.storage.StringConverter",
  "value.converter": "org.apache.kafka.connect.storage.StringConverter",
  "plugin.discovery": "SERVICE_LOAD",
  "offset.flush.interval.ms": 500,
};

/** A file that is read into a topic, which is written into a file. */
class Copying {
  readonly topic: string;
  readonly #from: string;
  readonly #to: string;
  #lines = 0;

  constructor(folder: string, topic: string) {
    this.topic = topic;
    this.#from = join(folder, "from.txt");
    this.#to = join(folder, "to.txt");
    writeFileSync(this.#from, "");
  }

  get source(): Record<string, string> {
    const connector = { "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "1" };
    return { ...connector, file: this.#from, topic: this.topic };
  }

  get sink(): Record<string, string> {
    const connector = { "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1" };
    return { ...connector, file: this.#to, topics: this.topic };
  }

  add(count: number): void {
    for (let index = 0; index < count; index++) appendFileSync(this.#from, `line ${this.#lines++}\n`);
  }

  /** What has been written, once each line is there. */
  async arrived(): Promise<string[]> {
    const written = async () => (existsSync(this.#to) ? readFileSync(this.#to, "utf8").trimEnd().split("\n") : []);
    return waitFor("the lines", written, (lines) => new Set(lines).size >= this.#lines, 60_000);
  }
}

async function standalone({ name, bootstrap }: BrokerUnderTest): Promise<Observation> {
  const folder = workFolder(`connect-standalone-${name}`);
  const copying = new Copying(folder, "connect-alone");
  const worker = writeProperties(folder, "worker", {
    ...CONVERTERS,
    "bootstrap.servers": bootstrap,
    "offset.storage.file.filename": join(folder, "offsets"),
    listeners: `http://127.0.0.1:${REST_PORTS[name]}`,
  });
  const source = writeProperties(folder, "source", { ...copying.source, name: "alone-source" });
  const sink = writeProperties(folder, "sink", { ...copying.sink, name: "alone-sink" });
  const client = await ClientProcess.start("kafka-clients", bootstrap);
  const { topic } = copying;
  await client.call("createTopic", { topic, partitions: 1 });
  const lives: Observation[] = [];
  for (const count of [5, 3]) {
    copying.add(count);
    const service = await JavaService.start("org.apache.kafka.connect.cli.ConnectStandalone", [worker, source, sink]);
    try {
      lives.push({ arrived: await copying.arrived() });
    } finally {
      await service.stop();
    }
    lives.push({
      warnings: service.warnings,
      committed: await client.call("committed", { topic, group: "connect-alone-sink", partitions: [0] }),
    });
  }
  const sent = await client.call("read", { topic, partitions: [0], from: "beginning", count: 8 });
  await client.stop();
  return { lives, sent: sent.map(({ offset, key, value }) => ({ offset, key, value })) };
}

/** A worker with its own HTTP interface. */
class Worker {
  readonly service: JavaService;
  readonly #url: string;

  private constructor(service: JavaService, url: string) {
    this.service = service;
    this.#url = url;
  }

  static async start(properties: string, restPort: number): Promise<Worker> {
    const service = await JavaService.start("org.apache.kafka.connect.cli.ConnectDistributed", [properties]);
    return new Worker(service, `http://127.0.0.1:${restPort}`);
  }

  async ask(method: "DELETE" | "GET" | "PUT", path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.#url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  }

  /** Asks again while the workers are about to share the work anew. */
  async told(method: "DELETE" | "GET" | "PUT", path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const ask = () => this.ask(method, path, body).catch(() => ({ status: 0, body: this.service.output.slice(-1000) }));
    return waitFor(`${method} ${path}`, ask, ({ status }) => status !== 0 && status !== 404 && status !== 409 && status < 500, 60_000);
  }
}

async function distributed({ name, bootstrap }: BrokerUnderTest): Promise<Observation> {
  const folder = workFolder(`connect-distributed-${name}`);
  const copying = new Copying(folder, "connect-shared");
  const { topic } = copying;
  const client = await ClientProcess.start("kafka-clients", bootstrap);
  const start = (index: number): Promise<Worker> => {
    const restPort = REST_PORTS[name] + index;
    return Worker.start(writeProperties(folder, `worker-${index}`, { ...distributedWorker(bootstrap), ...listening(restPort) }), restPort);
  };
  const first = await start(1);
  const second = await start(2);
  try {
    const observed: Record<string, Observation> = {};
    copying.add(5);
    const source = { ...copying.source, "exactly.once.support": "required", "topic.creation.default.replication.factor": "1" };
    const made = [
      await first.told("PUT", "/connectors/shared-source/config", { ...source, "topic.creation.default.partitions": "1" }),
      await first.told("PUT", "/connectors/shared-sink/config", copying.sink),
    ];
    observed["made"] = made.map(({ status }) => status);
    observed["arrived"] = await copying.arrived();
    observed["topics"] = await internalTopics(client);
    await first.service.kill();
    copying.add(4);
    observed["arrived after one died"] = [...new Set(await copying.arrived())];
    const sent = await client.call("read", { topic, partitions: [0], from: "beginning", count: 9, isolation: "read_committed" });
    observed["sent"] = sent.map(({ value }) => value);
    observed["offsets reset"] = await resetOffsets(second);
    return observed;
  } finally {
    await Promise.all([first.service.stop(), second.service.stop(), client.stop()]);
  }
}

function distributedWorker(bootstrap: string) {
  const topics = ["config", "offset", "status"].flatMap((kind) => [
    [`${kind}.storage.topic`, `connect-shared-${kind}`],
    [`${kind}.storage.replication.factor`, 1],
  ]);
  return {
    ...CONVERTERS,
    ...(Object.fromEntries(topics) as Record<string, string | number>),
    "bootstrap.servers": bootstrap,
    "group.id": "connect-shared",
    "offset.storage.partitions": 3,
    "status.storage.partitions": 2,
    "exactly.once.source.support": "enabled",
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 500,
    "scheduled.rebalance.max.delay.ms": 0,
  };
}

function listening(restPort: number) {
  return { listeners: `http://127.0.0.1:${restPort}`, "rest.advertised.host.name": "127.0.0.1", "rest.advertised.port": restPort };
}

async function internalTopics(client: ClientProcess): Promise<Observation> {
  const topics: Observation[] = [];
  for (const topic of await client.call("listTopics", { prefix: "connect-shared-" })) {
    const partitions = await client.call("partitionCount", { topic });
    topics.push({ topic, partitions, ...(await client.call("describeConfigs", { topic, names: ["cleanup.policy"] })) });
  }
  return topics;
}

/** Of connectors that are stopped. */
async function resetOffsets(worker: Worker): Promise<Observation> {
  const seen: Observation[] = [];
  for (const connector of ["shared-source", "shared-sink"]) {
    await worker.told("PUT", `/connectors/${connector}/stop`);
    const status = () => worker.told("GET", `/connectors/${connector}/status`);
    await waitFor("no tasks", status, ({ body }) => (body as { tasks: unknown[] }).tasks.length === 0, 60_000);
    const { body } = await worker.told("DELETE", `/connectors/${connector}/offsets`);
    const { body: left } = await worker.told("GET", `/connectors/${connector}/offsets`);
    seen.push({ reset: body, left } as Observation);
  }
  return seen;
}

export const CONNECT: Row = {
  client: "Kafka Connect",
  language: "Java",
  open: async () => ({ version: "4.3", lacks: {} }),
  cells: [
    { title: "a file to a topic to a file, by a worker alone that stops and returns", run: standalone },
    { title: "the same by two workers exactly once, of which one dies; offsets reset", run: distributed },
  ],
};
