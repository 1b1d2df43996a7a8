// Ten thousand connections, of which each is idle, asks for metadata, waits in a fetch, or is a member of a group of its own.

import { setTimeout as sleep } from "node:timers/promises";
import { apiVersions, createTopics, fetch, joinGroup, metadata } from "../../../protocol/messages/index.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, withBroker } from "./limit-run.ts";

const AT_ONCE = 200;

export function manyConnections(options: LimitOptions, count: number): Promise<Record<string, LimitFigures>> {
  return withBroker(options, async (run) => {
    const first = await RawClient.connect(run.broker.port);
    const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await first.call(createTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false });
    const clients: RawClient[] = [];
    const figures: Record<string, LimitFigures> = {};
    figures["opened"] = await run.measured("opened", async () => {
      while (clients.length < count) {
        const opened = await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - clients.length) }, () => RawClient.connect(run.broker.port)),
        );
        await Promise.all(opened.map((client) => client.call(apiVersions, 0, {})));
        clients.push(...opened);
      }
    });
    figures["idle"] = await run.measured("idle", () => sleep(2000));
    figures["metadata"] = await run.measured("metadata", () =>
      Promise.all(clients.map((client) => client.call(metadata, 9, { topics: null, allowAutoTopicCreation: false }))),
    );
    figures["members"] = await run.measured("members", () =>
      Promise.all(
        clients.map(async (client, index) => {
          const protocols = [{ name: "range", metadata: Buffer.alloc(50) }];
          const order = { groupId: `g${index}`, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, protocolType: "consumer", protocols };
          await client.call(joinGroup, 3, { ...order, memberId: "" });
        }),
      ),
    );
    figures["waiting fetches"] = await run.measured("waiting fetches", async () => {
      for (const client of clients) {
        const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
        client.send(fetch, 11, { maxWaitMs: 5000, minBytes: 1, maxBytes: 1000, topics: [{ topic: "t", partitions }] });
      }
      await Promise.all(clients.map((client) => client.next()));
    });
    figures["gone"] = await run.measured("gone", async () => {
      for (const client of clients) client.close();
      await sleep(3000);
    });
    first.close();
    return figures;
  });
}
