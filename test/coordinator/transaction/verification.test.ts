// What keeps a transaction from hanging for ever (KIP-890): between the question whether a partition belongs to a transaction and the append,
// the transaction may end.

import { beforeEach, describe, expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { buildBatch } from "../../../protocol/records/batch-builder.ts";
import { ControlType } from "../../../protocol/records/control-batch.ts";
import type { Services } from "../../../src/api/services.ts";
import { type VerificationRequest, verifyTransaction } from "../../../src/api/transaction-verification.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../../src/config/broker-config.ts";
import { topicSettings } from "../../../src/config/topic-config.ts";
import type { Verdict, Verification } from "../../../src/coordinator/transaction/partition-verifier.ts";
import { openMemoryEngine } from "../../../src/log/segmented-engine.ts";
import { Partition } from "../../../src/partition/partition.ts";

const producer = { producerId: 7, producerEpoch: 1 };

let partition: Partition;
let asked: { readonly verification: Verification; readonly answer: (verdict: Verdict) => void }[];
let services: Services;

beforeEach(() => {
  partition = newPartition();
  asked = [];
  const verifier = {
    verify: (verification: Verification) => new Promise<Verdict>((resolve) => asked.push({ verification, answer: resolve })),
  };
  services = { config: brokerConfig(), verifier } as unknown as Services;
});

function newPartition(): Partition {
  const settings = topicSettings(brokerConfig(), {});
  const engine = openMemoryEngine({ brokerId: 1, clock: new VirtualClock() });
  return new Partition(engine.open({ topic: "t", partition: 0, topicId: "AAAAAAAAAAAAAAAAAAAAAQ", settings }), settings, 0);
}

function verify(baseSequence: number, change: Partial<VerificationRequest> = {}) {
  const request: VerificationRequest = {
    transactionalId: "id",
    producer,
    mode: "verify",
    appends: [{ partition, baseSequence }],
    ...change,
  };
  return verifyTransaction(services, request);
}

function append(baseSequence: number, epoch = producer.producerEpoch): number {
  const batch = buildBatch([{ key: null, value: Buffer.from("v") }], {
    ...producer,
    producerEpoch: epoch,
    baseSequence,
    isTransactional: true,
    timestamp: 1_700_000_000_000,
  });
  const result = partition.append(batch.bytes, "client");
  return result.ok ? Errors.NONE : result.error;
}

function end(producerEpoch = producer.producerEpoch): void {
  partition.appendMarker({ producerId: producer.producerId, producerEpoch, coordinatorEpoch: 0, type: ControlType.ABORT, timestamp: 1 }, 1);
}

const allowed: Verdict = () => Errors.NONE;
const refused: Verdict = () => Errors.NOT_ENOUGH_REPLICAS;

describe("a transactional batch", () => {
  test("is verified once in a transaction", async () => {
    const verifying = verify(0);
    expect(asked).toHaveLength(1);
    asked[0]?.answer(allowed);
    const verified = await verifying;
    expect(verified.errorOf(partition, 0)).toBe(Errors.NONE);
    expect(append(0)).toBe(Errors.NONE);
    verified.appended(partition);
    expect(verify(1)).not.toBeInstanceOf(Promise);
    end();
    expect(verify(1)).toBeInstanceOf(Promise);
  });

  test("that was verified before its transaction ended is refused", async () => {
    const verifying = verify(0);
    asked[0]?.answer(allowed);
    const verified = await verifying;
    end();
    expect(verified.errorOf(partition, 0)).toBe(Errors.INVALID_TXN_STATE);
    expect(partition.lastStableOffset).toBe(partition.highWatermark);
  });

  test("of the next transaction stays verified when the marker of the one before comes, whose epoch is the next one's", async () => {
    const verifying = verify(0, { mode: "add" });
    end();
    asked[0]?.answer(allowed);
    expect((await verifying).errorOf(partition, 0)).toBe(Errors.NONE);
    const overtaken = verify(0, { mode: "add" });
    end(producer.producerEpoch + 1);
    asked.at(-1)?.answer(allowed);
    expect((await overtaken).errorOf(partition, 0)).toBe(Errors.INVALID_TXN_STATE);
  });

  test("is refused by a partition that was not led yet when the coordinator was asked: nobody asked for that one", async () => {
    const verifying = verify(0, { mode: "add" });
    const since = newPartition();
    asked[0]?.answer(allowed);
    const verified = await verifying;
    expect(verified.errorOf(since, 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
    expect((await verify(0, { mode: "add", appends: [] })).errorOf(since, 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
  });

  test("is refused where its transaction was open when others were asked for, and has ended since", async () => {
    append(0);
    const other = newPartition();
    const appends = [
      { partition, baseSequence: 1 },
      { partition: other, baseSequence: 0 },
    ];
    const verifying = verify(0, { appends });
    end();
    asked[0]?.answer(allowed);
    const verified = await verifying;
    expect(verified.errorOf(partition, 1)).toBe(Errors.INVALID_TXN_STATE);
    expect(verified.errorOf(other, 0)).toBe(Errors.NONE);
  });

  test("whose predecessor was turned away is not taken for the first", async () => {
    const [first, second] = [verify(5), verify(6)];
    asked[0]?.answer(refused);
    asked[1]?.answer(allowed);
    expect((await first).errorOf(partition, 5)).toBe(Errors.NOT_ENOUGH_REPLICAS);
    expect((await second).errorOf(partition, 6)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
    const again = verify(5);
    asked[2]?.answer(allowed);
    expect((await again).errorOf(partition, 5)).toBe(Errors.NONE);
  });

  test("of an epoch that the partition knows to be over is left to the log, without a question", () => {
    expect(append(0, 2)).toBe(Errors.NONE);
    const verified = verify(1);
    expect(verified).not.toBeInstanceOf(Promise);
    expect(asked).toHaveLength(0);
    expect(append(1)).toBe(Errors.INVALID_PRODUCER_EPOCH);
  });

  test("is appended unasked where verification is switched off, but for producers that leave adding partitions to us", () => {
    const config = brokerConfig({ argument: { "transaction.partition.verification.enable": false } });
    services = { ...services, config };
    expect(verify(0)).not.toBeInstanceOf(Promise);
    expect(verify(0, { mode: "add" })).toBeInstanceOf(Promise);
    expect(asked[0]?.verification.mode).toBe("add");
  });
});
