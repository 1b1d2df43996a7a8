// kafka-node 5, the last of it, as a client program of the interop suite: kafka-node-client.ts MODULE BOOTSTRAP, where the module lies. It
// knows some of the calls (client-process.ts). What it reads has no headers, and no key where that is empty.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type { RecordSeen, RecordToSend } from "../client-process.ts";
import { inOrder, serve, until } from "./line-server.ts";

type Answered<T> = (error: Error | null, answer: T) => void;
type Offsets = Readonly<Record<string, Readonly<Record<number, number | readonly number[]>>>>;
type Message = { partition: number; offset: number; key: string | null; value: string | null; timestamp?: Date };
type Emitter = { on(event: string, listener: (given: never) => void): void };
type Client = Emitter & { close(done: () => void): void };

/** As far as it is used here: it has no types of its own. */
interface KafkaNode {
  readonly KafkaClient: new (options: object) => Client;
  readonly Producer: new (
    client: Client,
    options: object,
  ) => Emitter & { send(payloads: readonly object[], done: Answered<Offsets>): void };
  readonly KeyedMessage: new (key: string | null, value: string | null) => object;
  readonly Consumer: new (
    client: Client,
    payloads: readonly object[],
    options: object,
  ) => Emitter & { close(force: boolean, done: () => void): void };
  readonly ConsumerGroup: new (options: object, topic: string) => Emitter & { close(force: boolean, done: () => void): void };
  readonly Offset: new (
    client: Client,
  ) => {
    fetchLatestOffsets(topics: readonly string[], done: Answered<Offsets>): void;
    fetchEarliestOffsets(topics: readonly string[], done: Answered<Offsets>): void;
    fetchCommitsV1(group: string, payloads: readonly object[], done: Answered<Offsets>): void;
  };
}

const [, , modulePath = "", kafkaHost = ""] = process.argv;
const kafka = createRequire(import.meta.url)(modulePath) as KafkaNode;
const CODECS: Readonly<Record<string, number>> = { none: 0, gzip: 1, snappy: 2 };
const CALL_MS = 20_000;

let member: { group: InstanceType<KafkaNode["ConsumerGroup"]>; received: Message[] } | undefined;

async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = new kafka.KafkaClient({ kafkaHost, requestTimeout: CALL_MS, connectTimeout: CALL_MS });
  await new Promise<void>((resolve, reject) => {
    client.on("ready", () => resolve());
    client.on("error", (error) => reject(error));
  });
  try {
    return await use(client);
  } finally {
    await new Promise<void>((resolve) => client.close(resolve));
  }
}

function answered<T>(ask: (done: Answered<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, answer) => (error ? reject(error) : resolve(answer))));
}

/** One set of messages a partition, of which the first offset is told. */
function produce(wanted: { topic: string; codec?: string; acks?: number; records: readonly RecordToSend[] }) {
  const { topic, codec = "none", acks = 1, records } = wanted;
  return withClient(async (client) => {
    const producer = new kafka.Producer(client, { requireAcks: acks, ackTimeoutMs: 5000 });
    const payloads = [...Map.groupBy(records, ({ partition }) => partition)].map(([partition, own]) => ({
      topic,
      partition,
      messages: own.map(({ key, value }) => new kafka.KeyedMessage(key, value)),
      attributes: CODECS[codec],
      timestamp: own[0]?.timestampMs,
    }));
    const offsets = await answered<Offsets>((done) => producer.send(payloads, done));
    return inOrder(
      Object.entries(offsets[topic] ?? {}).map(([partition, offset]) => ({ partition: Number(partition), offset: Number(offset) })),
    );
  });
}

function seen({ partition, offset, key, value, timestamp }: Message): RecordSeen {
  const text = (given: unknown) => (given === null || given === undefined ? null : String(given));
  return { partition, offset, key: text(key), value: text(value), timestampMs: Number(timestamp ?? -1), headers: [] };
}

function read(wanted: { topic: string; partitions: readonly number[]; from: unknown; count: number; waitMs?: number }) {
  const { topic, partitions, from, count, waitMs = 15_000 } = wanted;
  return withClient(async (client) => {
    const offset = typeof from === "object" && from !== null && "offset" in from ? Number(from.offset) : 0;
    const payloads = partitions.map((partition) => ({ topic, partition, offset }));
    const options = { groupId: `reader-${randomUUID()}`, autoCommit: false, fromOffset: true, fetchMaxWaitMs: 100 };
    const consumer = new kafka.Consumer(client, payloads, options);
    const records: RecordSeen[] = [];
    consumer.on("message", (message: Message) => records.push(seen(message)));
    await until(() => records.length >= count, waitMs);
    return inOrder(records);
  });
}

function watermarks({ topic, partitions }: { topic: string; partitions: readonly number[] }) {
  return withClient(async (client) => {
    const offset = new kafka.Offset(client);
    const low = await answered<Offsets>((done) => offset.fetchEarliestOffsets([topic], done));
    const high = await answered<Offsets>((done) => offset.fetchLatestOffsets([topic], done));
    return partitions.map((partition) => ({ low: Number(low[topic]?.[partition]), high: Number(high[topic]?.[partition]) }));
  });
}

async function join({ topic, group }: { topic: string; group: string }): Promise<null> {
  const options = {
    kafkaHost,
    groupId: group,
    sessionTimeout: 6000,
    heartbeatInterval: 500,
    fromOffset: "earliest",
    fetchMaxWaitMs: 100,
    autoCommitIntervalMs: 100,
  };
  const own = { group: new kafka.ConsumerGroup(options, topic), received: [] as Message[] };
  own.group.on("message", (message: Message) => own.received.push(message));
  own.group.on("error", () => undefined);
  member = own;
  return null;
}

async function leave(): Promise<null> {
  await new Promise<void>((resolve) => member?.group.close(true, resolve));
  return null;
}

function committed({ topic, group, partitions }: { topic: string; group: string; partitions: readonly number[] }) {
  return withClient(async (client) => {
    const payloads = partitions.map((partition) => ({ topic, partition }));
    const found = await answered<Offsets>((done) => new kafka.Offset(client).fetchCommitsV1(group, payloads, done));
    return partitions.map((partition) => Number(found[topic]?.[partition]));
  });
}

serve(
  {
    produce,
    read,
    watermarks,
    join,
    leave,
    committed,
    received: async () => inOrder((member?.received ?? []).map(({ partition, offset, value }) => ({ partition, offset, value }))),
  },
  (error) => (error instanceof Error ? { name: error.message.split("\n")[0] ?? "", message: "" } : { name: String(error), message: "" }),
);
