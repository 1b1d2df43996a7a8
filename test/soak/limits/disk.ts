// Producers that are faster than the disk: each has many batches under way to a topic that flushes every one, on a disk that takes its time. What
// waits for the disk has a bound, a neighbour who asks for no flush is answered, and what was acknowledged is there.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTopics, listOffsets, produce } from "../../../protocol/messages/index.ts";
import { buildBatch } from "../../../protocol/records/batch-builder.ts";
import { memoryOf } from "../../../scripts/bench/process-accounts.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, withBroker } from "./limit-run.ts";

const SLOW_DISK = join(import.meta.dirname, "../slow-disk.ts");
const BATCH_BYTES = 500_000;
const UNDER_WAY = 8;
const WORK_MS = 20_000;
const MOST_MIB = 500;
const MOST_WAIT_MS = 5_000;
/** The disk is to have no more than this to keep. */
const RETENTION = { "retention.bytes": "200000000", "segment.bytes": "50000000" };

export function fasterThanDisk(options: LimitOptions, producerCount: number): Promise<Record<string, LimitFigures>> {
  const settings = { "log.retention.check.interval.ms": "500", "log.segment.delete.delay.ms": "500" };
  return withBroker({ ...options, settings, imports: [SLOW_DISK] }, async (run) => {
    const { port, pid } = run.broker;
    const client = await RawClient.connect(port);
    await create(client, "flushed", { ...RETENTION, "flush.messages": "1" });
    await create(client, "neighbour", RETENTION);
    const producers = await Promise.all(Array.from({ length: producerCount }, () => RawClient.connect(port)));
    const large = Buffer.alloc(BATCH_BYTES, 7);
    const counts = { acknowledged: 0, ofNeighbour: 0, longestWaitMs: 0 };
    const flooded = await run.measured("flooded", async () => {
      const untilMs = performance.now() + WORK_MS;
      const lanes = producers.flatMap((producer) =>
        Array.from({ length: UNDER_WAY }, async () => {
          while (performance.now() < untilMs) if (await append(producer, "flushed", large)) counts.acknowledged++;
        }),
      );
      const neighbour = async () => {
        for (; performance.now() < untilMs; await sleep(20)) {
          const asked = performance.now();
          if (await append(client, "neighbour", Buffer.from("v"))) counts.ofNeighbour++;
          counts.longestWaitMs = Math.max(counts.longestWaitMs, performance.now() - asked);
        }
      };
      await Promise.all([...lanes, neighbour()]);
    });
    const peak = Math.round(memoryOf(pid)?.peak ?? 0);
    const { acknowledged, ofNeighbour, longestWaitMs } = counts;
    const mbPerS = Math.round((acknowledged * BATCH_BYTES) / WORK_MS / 1000);
    options.print(
      `${acknowledged} batches acknowledged (${mbPerS} MB/s), peak of ${peak} MiB; ${ofNeighbour} of a neighbour, who waited ${Math.round(longestWaitMs)} ms at most`,
    );
    if (acknowledged === 0 || ofNeighbour === 0) options.complain("nobody got on");
    if (peak > MOST_MIB) options.complain(`the broker took ${peak} MiB, and may take ${MOST_MIB}`);
    if (longestWaitMs > MOST_WAIT_MS) options.complain(`a neighbour waited ${Math.round(longestWaitMs)} ms`);
    for (const [topic, count] of [
      ["flushed", acknowledged],
      ["neighbour", ofNeighbour],
    ] as const) {
      const end = await endOf(client, topic);
      if (end !== count) options.complain(`${topic} ends at ${end}, and ${count} records of it were acknowledged`);
    }
    for (const each of [client, ...producers]) each.close();
    const killed = await run.restart("kill");
    return { flooded, killed };
  });
}

async function create(client: RawClient, name: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const configs = Object.entries(settings).map(([setting, value]) => ({ name: setting, value }));
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
  const created = await client.call(createTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false });
  if (created?.topics[0]?.errorCode !== 0) throw new Error(`topic ${name} was not made: ${created?.topics[0]?.errorMessage}`);
}

async function append(client: RawClient, name: string, value: Buffer): Promise<boolean> {
  const { bytes: records } = buildBatch([{ key: null, value }]);
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const answer = await client.call(produce, 8, { transactionalId: null, acks: -1, timeoutMs: 60_000, topicData });
  return answer?.responses[0]?.partitionResponses[0]?.errorCode === 0;
}

async function endOf(client: RawClient, name: string): Promise<number | undefined> {
  const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
  const answer = await client.call(listOffsets, 2, { replicaId: -1, isolationLevel: 0, topics });
  return answer?.topics[0]?.partitions[0]?.offset;
}
