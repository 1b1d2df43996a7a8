// What happens before what, on a disk that is waited for (flush.messages=1): nobody is told, and no marker is sent, before it is stored.

import { expect, test } from "vitest";
import { silentLogger } from "../../../src/base/logger.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../../src/config/broker-config.ts";
import { topicSettings } from "../../../src/config/topic-config.ts";
import type { MarkerSender, Markers } from "../../../src/coordinator/marker-sender.ts";
import { TransactionCoordinator } from "../../../src/coordinator/transaction/transaction-coordinator.ts";
import { openMemoryEngine } from "../../../src/log/segmented-engine.ts";
import { Partition } from "../../../src/partition/partition.ts";

test("markers are sent when the decision is stored, and the transaction is complete when they are written", async () => {
  const clock = new VirtualClock();
  const settings = topicSettings(brokerConfig(), { "flush.messages": "1" });
  const engine = openMemoryEngine({ brokerId: 1, clock });
  const log = engine.open({ topic: "__transaction_state", partition: 0, topicId: "AAAAAAAAAAAAAAAAAAAAAQ", settings });
  const partition = new Partition(log, settings, 3);
  const sent: { readonly markers: Markers; readonly isStored: boolean }[] = [];
  const sender = { send: (markers: Markers) => sent.push({ markers, isStored: partition.highWatermark === partition.logEndOffset }) };
  const transactions = new TransactionCoordinator({
    clock,
    logger: silentLogger,
    config: brokerConfig({ argument: { "transaction.state.log.num.partitions": 1 } }),
    markers: sender as unknown as MarkerSender,
    newProducerId: () => Promise.resolve(40),
    partitionCount: () => 1,
    transactionVersion: () => 2,
  });
  transactions.elected(partition);

  const { error: _, ...producer } = await transactions.initProducer("id", { timeoutMs: 1000, expected: undefined });
  expect(producer).toEqual({ producerId: 40, producerEpoch: 0 });
  const partitions = new Map([["t", new Set([0])]]);
  const adding = transactions.addPartitions({ transactionalId: "id", ...producer, partitions, clientTransactionVersion: 2 });
  const again = transactions.addPartitions({ transactionalId: "id", ...producer, partitions, clientTransactionVersion: 2 });
  const verifying = transactions.verifyPartitions("id", producer);
  for (const answer of [adding, again, verifying]) expect(answer, "held back until the partition is stored").toBeInstanceOf(Promise);
  expect(await adding).toBe(0);
  expect((await verifying).isIn("t", 0)).toBe(true);

  const ending = transactions.endTransaction("id", { ...producer, isCommit: true, clientTransactionVersion: 2 });
  expect(sent).toHaveLength(0);
  expect(await ending).toEqual({ error: 0, producerId: 40, producerEpoch: 1 });
  await clock.advance(0);
  expect(sent).toMatchObject([
    { isStored: true, markers: { producerEpoch: 1, coordinatorEpoch: 3, isCommit: true, transactionVersion: 2 } },
  ]);
  expect(transactions.transaction("id")).toMatchObject({ status: "PrepareCommit" });
  sent[0]?.markers.written();
  await clock.advance(0);
  expect(transactions.transaction("id")).toMatchObject({ status: "CompleteCommit", producerEpoch: 1 });
  transactions.close();
  await engine.close();
});
