// Topics of whose partitions each has the leader that is wanted, so that a load can be sent to one broker of a cluster.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { pause } from "./pause.ts";

const POLL_MS = 50;
const DEADLINE_MS = 60_000;
const EARLIEST = -2;

/** Waits until so many have joined: topics may move to one that comes later. Rejects after a minute. */
export async function brokersOf(socket: FrameSocket, count: number) {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const { brokers } = await socket.call(messages.metadata, 9, { topics: [] });
    if (brokers.length >= count) return brokers;
    if (performance.now() > deadlineMs) throw new Error(`${brokers.length} of ${count} brokers joined within ${DEADLINE_MS / 1000} s`);
    await pause(POLL_MS);
  }
}

/** @param replicas of every partition, the first leads */
export async function createLedTopic(socket: FrameSocket, name: string, partitions: number, replicas: readonly number[]): Promise<void> {
  const assignments = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, brokerIds: [...replicas] }));
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
  const { topics } = await socket.call(messages.createTopics, 4, { topics: [topic], timeoutMs: 30_000, validateOnly: false });
  const code = topics[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR;
  if (code !== Errors.NONE) throw new Error(`${name} was not created: ${errorName(code)}`);
}

/** What keeps the broker from leading one of the partitions yet: a leader can say where its log begins. */
export async function leadingFault(socket: FrameSocket, name: string, partitions: number): Promise<string | undefined> {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: EARLIEST }));
  const { topics } = await socket.call(messages.listOffsets, 4, { replicaId: -1, topics: [{ name, partitions: asked }] });
  const wrong = topics[0]?.partitions.find(({ errorCode }) => errorCode !== Errors.NONE);
  return wrong === undefined ? undefined : errorName(wrong.errorCode);
}
