// Quotas as they are felt: throttle times that brokers tell and keep, refusals, and connections that wait or are closed. The times that are told
// are within a tenth of Kafka's; that they are kept is measured on each broker for itself, since a busy machine adds to it.

import { rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll } from "vitest";
import { encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BrokerName, type BrokerUnderTest, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { compare, type Observation, withinATenth } from "./compare.ts";
import { normalise, runTool } from "./java-tools.ts";
import { port } from "./port.ts";

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(20392), odradek: port(20492) };
const TOPIC = "quotas";
const ANONYMOUS = "ANONYMOUS";
/** Of the broker: 11 samples of a second, of which one is under way. */
const WINDOWS_MS = 10_000;
/** What a busy machine takes. */
const SLACK_MS = 900;

type Entity = Readonly<Record<string, string | null>>;

class Bench {
  readonly broker: RunningBroker;
  readonly #port: number;
  readonly #admin: RawClient;

  private constructor(broker: RunningBroker, port: number, admin: RawClient) {
    this.broker = broker;
    this.#port = port;
    this.#admin = admin;
  }

  /** Limits of addresses would befall everybody: it has brokers of its own. */
  static async start(name: BrokerName): Promise<Bench> {
    const dataFolder = join(CACHE, "data", `quotas-${name}`);
    rmSync(dataFolder, { recursive: true, force: true });
    const broker = await startBroker(name, { port: PORTS[name], dataFolder });
    const bench = new Bench(broker, PORTS[name], await RawClient.connect(PORTS[name], "127.0.0.1", "admin"));
    await bench.create(bench.#admin, TOPIC, 1);
    return bench;
  }

  async stop(): Promise<void> {
    this.#admin.close();
    await this.broker.stop();
  }

  client(clientId: string): Promise<RawClient> {
    return RawClient.connect(this.#port, "127.0.0.1", clientId);
  }

  /** In force when the promise resolves; `null`: no more. */
  async limit(entity: Entity, values: Readonly<Record<string, number | null>>): Promise<void> {
    const named = Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }));
    const ops = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }));
    const answer = await this.#admin.call(messages.alterClientQuotas, 1, { entries: [{ entity: named, ops }], validateOnly: false });
    if (answer?.entries[0]?.errorCode !== 0) throw new Error(`no quota: ${answer?.entries[0]?.errorMessage}`);
    // Kafka's broker hears of it from its controller.
    await settled();
  }

  async set(name: string, value: string | null): Promise<void> {
    const configs = [{ name, configOperation: value === null ? 1 : 0, value }];
    const resources = [{ resourceType: 4, resourceName: "", configs }];
    const answer = await this.#admin.call(messages.incrementalAlterConfigs, 1, { resources, validateOnly: false });
    if (answer?.responses[0]?.errorCode !== 0) throw new Error(`not set: ${answer?.responses[0]?.errorMessage}`);
    await settled();
  }

  async create(client: RawClient, name: string, numPartitions: number, version = 7, validateOnly = false): Promise<Observation> {
    const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
    const answer = await client.call(messages.createTopics, version, { topics, timeoutMs: 5000, validateOnly });
    const [topic] = answer?.topics ?? [];
    return { errorCode: topic?.errorCode ?? -1, message: topic?.errorMessage ?? null, throttleMs: answer?.throttleTimeMs ?? -1 };
  }

  /** Gives the throttle time. */
  async produce(client: RawClient, bytes: number): Promise<number> {
    return (await client.call(messages.produce, 9, produceBody(bytes)))?.throttleTimeMs ?? -1;
  }

  async fetch(client: RawClient): Promise<Observation> {
    const partition = { partition: 0, fetchOffset: 0, logStartOffset: -1, partitionMaxBytes: 1_000_000 };
    const topics = [{ topic: TOPIC, partitions: [partition] }];
    const session = { sessionId: 0, sessionEpoch: -1 };
    const bounds = { replicaId: -1, maxWaitMs: 100, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 0 };
    const answer = await client.call(messages.fetch, 12, { ...bounds, ...session, topics, forgottenTopicsData: [] });
    return { throttleMs: answer?.throttleTimeMs ?? -1, topics: answer?.responses.length ?? -1 };
  }

  /** How long a connection that is made now takes to be answered, or closed. */
  connect(): Promise<{ readonly fate: string; readonly ms: number }> {
    const began = performance.now();
    return new Promise((resolve) => {
      const socket = net.connect({ port: this.#port, host: "127.0.0.1" });
      const end = (fate: string) => {
        resolve({ fate, ms: performance.now() - began });
        socket.destroy();
      };
      socket.write(Buffer.concat(encodeRequest(messages.apiVersions, 0, { correlationId: 1, clientId: "raw" }, {})));
      socket.on("data", () => end("answered"));
      socket.on("error", () => undefined);
      socket.on("close", () => end("closed"));
    });
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

function produceBody(bytes: number, acks = 1) {
  const records = buildBatch([{ key: null, value: Buffer.alloc(bytes, "v") }], { timestamp: Date.now() }).bytes;
  return { transactionalId: null, acks, timeoutMs: 5000, topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }] };
}

/** Whether something that is asked at once is answered after so long, and not much later. */
async function isHeardAfter(client: RawClient, ms: number): Promise<boolean> {
  const began = performance.now();
  await client.call(messages.apiVersions, 0, {});
  return isAbout(performance.now() - began, ms);
}

function isAbout(measuredMs: number, ms: number): boolean {
  return measuredMs > 0.9 * ms && measuredMs < ms + SLACK_MS;
}

const benches = new Map<BrokerName, Promise<Bench>>();

afterAll(async () => {
  for (const bench of benches.values()) await (await bench).stop();
});

function felt(title: string, use: (bench: Bench) => Promise<Observation>): void {
  const scenario = async ({ name }: BrokerUnderTest) => {
    const starting = benches.get(name) ?? Bench.start(name);
    benches.set(name, starting);
    return use(await starting);
  };
  compare(title, scenario, { judge: withinATenth, isTimed: true });
}

felt("a producer is told how long to hold back, and not heard for as long, with an answer or without", async (bench) => {
  for (const id of ["p", "silent"]) await bench.limit({ "client-id": id }, { producer_byte_rate: 1000 });
  const [one, other, silent] = [await bench.client("p"), await bench.client("p"), await bench.client("silent")];
  const first = await bench.produce(one, WINDOWS_MS + 1500);
  // So much that it does not matter for how long the window has been under way.
  const second = await bench.produce(other, WINDOWS_MS + 5000);
  silent.send(messages.produce, 9, produceBody(WINDOWS_MS + 1500, 0));
  const isKept = await Promise.all([one, silent].map((client) => isHeardAfter(client, first)));
  for (const client of [one, other, silent]) client.close();
  return { first, second, isKept };
});

felt("a consumer is answered with nothing until its rate is down", async (bench) => {
  const producer = await bench.client("q");
  for (let count = 0; count < 3; count++) await bench.produce(producer, 9000);
  await bench.limit({ "client-id": "c" }, { consumer_byte_rate: 100 });
  await bench.limit({ "client-id": "d" }, { consumer_byte_rate: 1 });
  const [one, other] = [await bench.client("c"), await bench.client("d")];
  const observed = { over: await bench.fetch(one), wellOver: await bench.fetch(other) };
  for (const client of [producer, one, other]) client.close();
  return observed;
});

felt("the most specific of limits holds, and who shares it with whom", async (bench) => {
  const entities: readonly Entity[] = [
    { "client-id": null },
    { "client-id": "s" },
    { user: null },
    { user: null, "client-id": null },
    { user: null, "client-id": "s" },
    { user: ANONYMOUS },
    { user: ANONYMOUS, "client-id": null },
    { user: ANONYMOUS, "client-id": "s" },
  ];
  const observed: number[] = [];
  const produceNow = async () => {
    const client = await bench.client("s");
    observed.push(await bench.produce(client, 20_000));
    client.close();
  };
  for (const [index, entity] of entities.entries()) {
    await bench.limit(entity, { producer_byte_rate: 400 + 50 * index });
    await produceNow();
  }
  for (const entity of entities.toReversed()) {
    await bench.limit(entity, { producer_byte_rate: null });
    await produceNow();
  }
  return observed;
});

felt("who takes the broker's time is held off for a window at most, but for producers that want no answer", async (bench) => {
  await bench.limit({ "client-id": "r" }, { request_percentage: 0.00001 });
  const client = await bench.client("r");
  const told = (await client.call(messages.listOffsets, 5, { replicaId: -1, topics: [] }))?.throttleTimeMs ?? -1;
  const isKept = await isHeardAfter(client, told);
  client.close();
  const [old, silent] = [await bench.client("r"), await bench.client("r")];
  const untold = (await old.call(messages.metadata, 1, { topics: [] }))?.throttleTimeMs ?? -1;
  const isKeptUntold = await isHeardAfter(old, told);
  silent.send(messages.produce, 9, produceBody(100, 0));
  const isHeardAtOnce = await isHeardAfter(silent, 0);
  for (const each of [old, silent]) each.close();
  return { told, isKept, untold, isKeptUntold, isHeardAtOnce };
});

felt("changes of topics are refused when their tokens are used up, or held off for clients that know no refusal", async (bench) => {
  await bench.limit({ "client-id": "m" }, { controller_mutation_rate: 1 });
  const now = async (ask: (client: RawClient) => Promise<Observation>) => {
    const client = await bench.client("m");
    const observed = await ask(client);
    client.close();
    return observed;
  };
  return {
    within: await now((client) => bench.create(client, "m1", 15)),
    refused: await now((client) => bench.create(client, "m2", 1)),
    validated: await now((client) => bench.create(client, "m2", 1, 7, true)),
    mistaken: await now((client) => bench.create(client, "m1", 1)),
    permissive: await now((client) => bench.create(client, "m3", 15, 5)),
    deleted: await now(async (client) => {
      const topics = [
        { name: "m1", topicId: ZERO_UUID },
        { name: "missing", topicId: ZERO_UUID },
      ];
      const answer = await client.call(messages.deleteTopics, 6, { topics, timeoutMs: 5000 });
      const told = answer?.responses.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage]) ?? [];
      return { throttleMs: answer?.throttleTimeMs ?? -1, told: told.toSorted((one, other) => `${one[0]}`.localeCompare(`${other[0]}`)) };
    }),
    added: await now(async (client) => {
      const topics = [{ name: "m3", count: 16, assignments: null }];
      const answer = await client.call(messages.createPartitions, 3, { topics, timeoutMs: 5000, validateOnly: false });
      return {
        throttleMs: answer?.throttleTimeMs ?? -1,
        told: answer?.results.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]) ?? [],
      };
    }),
    auto: await now(async (client) => {
      const answer = await client.call(messages.metadata, 9, { topics: [{ name: "m4" }], allowAutoTopicCreation: true });
      return { throttleMs: answer?.throttleTimeMs ?? -1, errorCode: answer?.topics[0]?.errorCode ?? -1 };
    }),
  };
});

felt("Kafka's tools say that their quota of changes is used up", async (bench) => {
  await bench.limit({ "client-id": "tool" }, { controller_mutation_rate: 1 });
  const config = join(CACHE, `quotas-${bench.broker.name}.properties`);
  writeFileSync(config, "client.id=tool\n");
  const create = async (topic: string) => {
    const args = ["topics", "--bootstrap-server", bench.broker.bootstrap, "--command-config", config];
    const { exitCode, stdout, stderr } = await runTool([...args, "--create", "--topic", topic, "--partitions", "40"]);
    return { exitCode, lines: normalise(`${stdout}\n${stderr}`) };
  };
  return [await create("tool-one"), await create("tool-two")];
});

felt("a Java producer is slowed down to its rate, and its metrics say so", async (bench) => {
  await bench.limit({ "client-id": "java" }, { producer_byte_rate: 100_000 });
  const load = ["--topic", TOPIC, "--num-records", "1100", "--record-size", "1000", "--throughput", "-1", "--print-metrics"];
  const properties = ["--producer-props", `bootstrap.servers=${bench.broker.bootstrap}`, "client.id=java"];
  const { stdout, exitCode } = await runTool(["producer-perf-test", ...load, ...properties]);
  const perSecond = Number(/^1100 records sent, ([0-9.]+) records\/sec/m.exec(stdout)?.[1] ?? -1);
  const throttleMs = Number(/:produce-throttle-time-max:\{[^}]*\} *: *([0-9.]+)/.exec(stdout)?.[1] ?? -1);
  return { exitCode, isSlowed: perSecond > 100 && perSecond < 1000, isTold: throttleMs > 500 };
});

felt("kafkajs waits as long as it is told", async (bench) => {
  await bench.limit({ "client-id": "kafkajs" }, { producer_byte_rate: 1000 });
  const kafka = new Kafka({ brokers: [bench.broker.bootstrap], clientId: "kafkajs", logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const send = (bytes: number) => producer.send({ topic: TOPIC, messages: [{ value: "v".repeat(bytes) }] });
  await send(WINDOWS_MS + 2000);
  const began = performance.now();
  await send(10);
  const ms = performance.now() - began;
  await producer.disconnect();
  return isAbout(ms, 2000);
});

felt("connections that come too fast from an address are closed when its rate is down again", async (bench) => {
  await bench.limit({ ip: "127.0.0.1" }, { connection_creation_rate: 1 });
  const fates: string[] = [];
  for (let count = 0; count < 11; count++) fates.push((await bench.connect()).fate);
  const { fate, ms } = await bench.connect();
  await bench.limit({ ip: "127.0.0.1" }, { connection_creation_rate: null });
  // Kafka looks for them every half second.
  return { fates, last: fate, isInTime: ms > 900 && ms < 1700 };
});

felt("connections that come too fast for the broker wait, one behind the other", async (bench) => {
  await bench.set("max.connection.creation.rate", "1");
  const first = await Promise.all(Array.from({ length: 12 }, () => bench.connect()));
  await bench.set("max.connection.creation.rate", null);
  // How many need not wait depends on those that came before.
  return { fates: first.map(({ fate }) => fate), isOneByOne: Math.max(...first.map(({ ms }) => ms)) > 1900 };
});
