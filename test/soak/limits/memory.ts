// A broker with a bound on its memory, and everything at once that takes memory: readers that never read, requests that never end, producers at full
// speed, and state. It stays within the bound, and a neighbour is answered.

import net from "node:net";
import { createTopics, fetch, findCoordinator, offsetCommit, produce } from "../../../protocol/messages/index.ts";
import { buildBatch } from "../../../protocol/records/batch-builder.ts";
import { memoryOf } from "../../../scripts/bench/process-accounts.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, withBroker } from "./limit-run.ts";

const MIB = 1024 * 1024;
const BATCH_BYTES = 900_000;
const STORED = 60;
const DEAF = 60;
const ENDLESS = 15;
const PRODUCERS = 20;
const GROUPS_A_LANE = 1000;
const WORK_MS = 15_000;
/** What the system counts may lie above it for as long as it takes to see it. */
const SLACK = 1.1;

export function boundedMemory(options: LimitOptions, maxMib: number): Promise<Record<string, LimitFigures>> {
  return withBroker({ ...options, args: ["--max-memory", `${maxMib}m`] }, async (run) => {
    const { port, pid } = run.broker;
    const client = await RawClient.connect(port);
    const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await client.call(createTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false });
    await client.call(findCoordinator, 2, { key: "any" });
    const { bytes: records } = buildBatch([{ key: null, value: Buffer.alloc(BATCH_BYTES, 7) }]);
    const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
    const append = (by: RawClient) => by.call(produce, 8, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
    for (let count = 0; count < STORED; count++) await append(client);
    const clients = await Promise.all(Array.from({ length: DEAF + PRODUCERS + PRODUCERS }, () => RawClient.connect(port)));
    const endless = Array.from({ length: ENDLESS }, () => endlessRequest(port));
    const counts = { appended: 0, committed: 0 };
    const crowded = await run.measured("crowded", async () => {
      for (const deaf of clients.slice(0, DEAF)) askForAll(deaf);
      const untilMs = performance.now() + WORK_MS;
      const producing = clients.slice(DEAF, DEAF + PRODUCERS).map(async (producer) => {
        while (performance.now() < untilMs) if ((await append(producer)) !== undefined) counts.appended++;
      });
      const committing = clients.slice(DEAF + PRODUCERS).map(async (lane, index) => {
        for (let number = 0; number < GROUPS_A_LANE && performance.now() < untilMs; number++)
          if (await commit(lane, `g${index}-${number}`)) counts.committed++;
      });
      await Promise.all([...producing, ...committing]);
    });
    const peak = memoryOf(pid)?.peak ?? 0;
    options.print(`peak of ${Math.round(peak)} MiB of ${maxMib}; ${counts.appended} appends, ${counts.committed} commits meanwhile`);
    if (peak > maxMib * SLACK) options.complain(`the broker took ${Math.round(peak)} MiB, and may take ${maxMib}`);
    if (counts.appended === 0 || counts.committed === 0) options.complain("nobody got on");
    for (const each of clients) each.close();
    for (const each of endless) each.destroy();
    client.close();
    return { crowded };
  });
}

/** Again and again, and takes nothing. */
function askForAll(client: RawClient): void {
  client.socket.pause();
  for (let times = 0; times < 20; times++) {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50 * MIB }];
    client.send(fetch, 11, { maxWaitMs: 1000, minBytes: 1, maxBytes: 50 * MIB, topics: [{ topic: "t", partitions }] });
  }
}

/** Announces many MiB, and sends most of them. */
function endlessRequest(port: number): net.Socket {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const announced = Buffer.alloc(12 * MIB);
  announced.writeInt32BE(15 * MIB);
  socket.write(announced);
  return socket;
}

async function commit(client: RawClient, groupId: string): Promise<boolean> {
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "x".repeat(1000) }];
  const order = { groupId, generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "t", partitions }] };
  return (await client.call(offsetCommit, 6, order))?.topics[0]?.partitions[0]?.errorCode === 0;
}
