// Members of share groups that fetch more than their quota allows: as Apache Kafka 4.3.1 answers them, to the millisecond.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { alterClientQuotas, shareFetch } from "../../protocol/messages/index.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { startCluster } from "../../src/index.ts";
import { ShareStage } from "../share-answers/share-stage.ts";
import { RawClient } from "../support/raw-client.ts";

test("an answer that is too much is empty, and what was acquired for it stays locked", async () => {
  const clock = new VirtualClock();
  const cluster = await startCluster({ clock, brokers: 1 });
  const stage = await ShareStage.open(cluster.port, "", { settleMs: 0, nowMs: () => clock.now() });
  const client = await RawClient.connect(cluster.port, "127.0.0.1", "app");
  try {
    await stage.begin();
    await stage.produce([1], { valueBytes: 20_000 });
    const ops = [{ key: "consumer_byte_rate", value: 1000, remove: false }];
    const entity = [{ entityType: "client-id", entityName: "app" }];
    await stage.ask(alterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false });
    const answer = await client.call(shareFetch, 2, {
      ...{ groupId: stage.group, memberId: "m", shareSessionEpoch: 0, maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000 },
      ...{ maxRecords: 10, batchSize: 10, forgottenTopicsData: [] },
      topics: [{ topicId: stage.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }],
    });
    expect(answer).toMatchObject({ errorCode: Errors.NONE, throttleTimeMs: 10_151, responses: [], acquisitionLockTimeoutMs: 30_000 });
    const other = await stage.member("other");
    await other.fetch({ maxWaitMs: 0 });
    expect(stage.lines.at(-1)).toMatch(/→ 0: nothing$/);
  } finally {
    client.close();
    stage.close();
    await cluster.stop();
  }
});
