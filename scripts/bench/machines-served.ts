// A topic as its clients see it while leaders change: who leads what, and whether a record that all replicas must have is taken.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { Machines } from "./machines-cluster.ts";
import { pause } from "./pause.ts";

const POLL_MS = 20;
const DEADLINE_MS = 120_000;
/** A leader that waits for replicas says so after this time, and is asked again. */
const PRODUCE_MS = 1000;
const HOST = "127.0.0.1";

/** Which brokers run, by their ports, and a connection to one. */
interface Served {
  readonly brokers: readonly { readonly port: number }[];
  connect(): Promise<FrameSocket>;
}

/** Partitions by the port of their leaders; those that have none are left out. */
export async function leadersOf(socket: FrameSocket, topic: string): Promise<ReadonlyMap<number, readonly number[]>> {
  const { brokers, topics } = await socket.call(messages.metadata, 9, { topics: [{ name: topic }] });
  const ports = new Map(brokers.map(({ nodeId, port }) => [nodeId, port]));
  const led = (topics[0]?.partitions ?? []).flatMap(({ leaderId, partitionIndex }) => {
    const port = ports.get(leaderId);
    return port === undefined ? [] : [{ port, partitionIndex }];
  });
  return new Map([...Map.groupBy(led, ({ port }) => port)].map(([port, own]) => [port, own.map(({ partitionIndex }) => partitionIndex)]));
}

/** Sends a record to each of the partitions, and gives the errors that came of it by partition; none where the connection breaks. */
export async function produceTo(port: number, topic: string, partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const socket = await FrameSocket.connect({ host: HOST, port }).catch(() => undefined);
  if (socket === undefined) return new Map();
  try {
    const { bytes: records } = buildBatch([{ key: null, value: Buffer.from("served") }]);
    const topicData = [{ name: topic, partitionData: partitions.map((index) => ({ index, records })) }];
    const { responses } = await socket.call(messages.produce, 9, { acks: -1, timeoutMs: PRODUCE_MS, topicData });
    return new Map(responses[0]?.partitionResponses.map(({ index, errorCode }) => [index, errorCode]));
  } catch {
    return new Map();
  } finally {
    socket.close();
  }
}

/**
 * Resolves when every partition has taken a record from a leader that runs, as far as the cluster knows its brokers: one that ends is none of
 * them. Rejects after two minutes.
 */
export async function untilServed(cluster: Served, topic: string, partitions: number): Promise<void> {
  /** With what was heard last. */
  const missing = new Map(Array.from({ length: partitions }, (_, index) => [index, "no leader, or no answer"]));
  const asked = new Set<number>();
  const deadlineMs = performance.now() + DEADLINE_MS;
  const socket = await cluster.connect();
  try {
    for (;;) {
      const running = cluster.brokers.map(({ port }) => port);
      for (const [port, led] of await leadersOf(socket, topic)) {
        const wanted = led.filter((index) => missing.has(index));
        if (wanted.length === 0 || asked.has(port) || !running.includes(port)) continue;
        asked.add(port);
        void produceTo(port, topic, wanted).then((answered) => {
          asked.delete(port);
          for (const [index, code] of answered) {
            if (code === Errors.NONE) missing.delete(index);
            else missing.set(index, errorName(code));
          }
        });
      }
      if (missing.size === 0) return;
      if (performance.now() > deadlineMs) throw new Error(notServed(missing));
      await pause(POLL_MS);
    }
  } finally {
    socket.close();
  }
}

function notServed(missing: ReadonlyMap<number, string>): string {
  const faults = [...new Set(missing.values())].join(", ");
  return `${missing.size} partitions were not served within ${DEADLINE_MS / 1000} s: ${faults}`;
}

/** Made by the cluster's own choice of leaders, once all partitions are served. */
export async function createSpreadTopic(cluster: Served & Pick<Machines, "topicName">, partitions: number): Promise<string> {
  const name = cluster.topicName();
  const socket = await cluster.connect();
  try {
    const topic = { name, numPartitions: partitions, replicationFactor: -1, assignments: [], configs: [] };
    const { topics } = await socket.call(messages.createTopics, 4, { topics: [topic], timeoutMs: 60_000 });
    const code = topics[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR;
    if (code !== Errors.NONE) throw new Error(`${name} was not created: ${errorName(code)}`);
  } finally {
    socket.close();
  }
  await untilServed(cluster, name, partitions);
  return name;
}

/** As an administrator does it on Apache Kafka for a broker that has come: a partition is moved to it, away from who led it. */
export async function reassign(socket: FrameSocket, topic: string, partitionIndex: number, replicas: readonly number[]): Promise<void> {
  const topics = [{ name: topic, partitions: [{ partitionIndex, replicas: [...replicas] }] }];
  const answer = await socket.call(messages.alterPartitionReassignments, 0, { topics });
  const code = answer.errorCode === Errors.NONE ? answer.responses[0]?.partitions[0]?.errorCode : answer.errorCode;
  if (code !== Errors.NONE) throw new Error(`the partition was not moved: ${errorName(code ?? Errors.UNKNOWN_SERVER_ERROR)}`);
}
