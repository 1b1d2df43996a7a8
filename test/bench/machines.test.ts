// What the benchmark of machines calls served, on brokers of one process.

import { expect, test } from "vitest";
import { FrameSocket } from "../../scripts/bench/frame-socket.ts";
import { createSpreadTopic, untilServed } from "../../scripts/bench/machines-served.ts";
import { startCluster } from "../../src/index.ts";

const PARTITIONS = 6;

test("a topic is served when each partition has taken a record, after a broker was killed from others", { timeout: 60_000 }, async () => {
  await using cluster = await startCluster({ brokers: 3 });
  const seen = {
    get brokers() {
      return cluster.brokers.map(({ port }) => ({ port }));
    },
    connect: () => FrameSocket.connect({ host: "127.0.0.1", port: cluster.brokers[0]?.port ?? 0 }),
    topicName: () => "served",
  };
  const topic = await createSpreadTopic(seen, PARTITIONS);
  await cluster.killBroker(cluster.brokers.at(-1)?.id ?? 0);
  await untilServed(seen, topic, PARTITIONS);
  const records = await cluster.read(topic);
  const partitions = records.map(({ partition }) => partition).toSorted();
  expect(partitions).toEqual(Array.from({ length: 2 * PARTITIONS }, (_, index) => Math.floor(index / 2)));
});
