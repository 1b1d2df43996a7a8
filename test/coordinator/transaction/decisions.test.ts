// The coordinator's decisions as tables: state, request, expected decision. What Kafka answers to each is in kafka-observed.json; here is
// also what no client can bring about, and what is stored.

import { describe, expect, test } from "vitest";
import { Errors, errorName } from "../../../protocol/errors.ts";
import { addPartitions, verifyProducer } from "../../../src/coordinator/transaction/add-partitions.ts";
import { complete, type EndDecision, endTransaction, fence } from "../../../src/coordinator/transaction/end-transaction.ts";
import { type InitDecision, initProducer } from "../../../src/coordinator/transaction/init-producer.ts";
import type { Transaction, TransactionStatus } from "../../../src/coordinator/transaction/transaction.ts";

const NOW = 5000;
const FRESH = 77;
const PARTITIONS = new Map([["t", new Set([0])]]);

function transaction(status: TransactionStatus, change: Partial<Transaction> = {}): Transaction {
  const isOpen = status === "Ongoing" || status === "PrepareCommit" || status === "PrepareAbort";
  return {
    producerId: 10,
    previousProducerId: 10,
    nextProducerId: -1,
    producerEpoch: 4,
    lastProducerEpoch: 3,
    timeoutMs: 1000,
    status,
    partitions: isOpen ? PARTITIONS : new Map(),
    startTimestampMs: isOpen ? 4000 : -1,
    lastUpdateTimestampMs: 4500,
    clientTransactionVersion: 2,
    ...change,
  };
}

/** A decision in a line: what is refused, or what is stored. */
function tell(decision: EndDecision | InitDecision): string {
  switch (decision.kind) {
    case "refused":
      return errorName(decision.error);
    case "needsProducerId":
    case "repeated":
      return decision.kind;
    case "prepared":
    case "initialized":
    case "fenced":
      return `${decision.kind} ${shown(decision.next)}`;
  }
}

function shown({ status, producerId, producerEpoch, previousProducerId, nextProducerId, lastProducerEpoch }: Transaction): string {
  const next = nextProducerId === -1 ? "" : ` next ${nextProducerId}`;
  return `${status} ${producerId}/${producerEpoch} was ${previousProducerId}/${lastProducerEpoch}${next}`;
}

describe("EndTxn in the newer protocol", () => {
  const context = { nowMs: NOW, freshProducerId: undefined };
  test.each<[TransactionStatus, epoch: number, result: "commit" | "abort", expected: string]>([
    ["Ongoing", 4, "commit", "prepared PrepareCommit 10/5 was 10/4"],
    ["Ongoing", 4, "abort", "prepared PrepareAbort 10/5 was 10/4"],
    ["Ongoing", 3, "commit", "PRODUCER_FENCED"],
    ["Ongoing", 5, "abort", "PRODUCER_FENCED"],
    ["Empty", 4, "abort", "prepared PrepareAbort 10/5 was 10/4"],
    ["Empty", 4, "commit", "INVALID_TXN_STATE"],
    ["Empty", 3, "abort", "PRODUCER_FENCED"],
    ["Empty", 3, "commit", "PRODUCER_FENCED"],
    ["CompleteAbort", 3, "abort", "repeated"],
    ["CompleteAbort", 3, "commit", "INVALID_TXN_STATE"],
    ["CompleteAbort", 4, "abort", "prepared PrepareAbort 10/5 was 10/4"],
    ["CompleteAbort", 4, "commit", "INVALID_TXN_STATE"],
    ["CompleteAbort", 2, "abort", "PRODUCER_FENCED"],
    ["CompleteCommit", 3, "commit", "repeated"],
    ["CompleteCommit", 3, "abort", "INVALID_TXN_STATE"],
    ["CompleteCommit", 4, "abort", "prepared PrepareAbort 10/5 was 10/4"],
    ["CompleteCommit", 4, "commit", "INVALID_TXN_STATE"],
    ["PrepareCommit", 3, "commit", "CONCURRENT_TRANSACTIONS"],
    ["PrepareCommit", 3, "abort", "INVALID_TXN_STATE"],
    ["PrepareCommit", 4, "commit", "PRODUCER_FENCED"],
    ["PrepareAbort", 3, "abort", "CONCURRENT_TRANSACTIONS"],
    ["PrepareAbort", 3, "commit", "INVALID_TXN_STATE"],
    ["PrepareAbort", 4, "abort", "PRODUCER_FENCED"],
  ])("%s, under epoch %i, %s: %s", (status, producerEpoch, result, expected) => {
    const request = { producerId: 10, producerEpoch, isCommit: result === "commit", clientTransactionVersion: 2 };
    expect(tell(endTransaction(transaction(status), request, context))).toBe(expected);
  });

  test("the last epoch takes the next producer id along, which follows when all is written", () => {
    const last = transaction("Ongoing", { producerEpoch: 32_766 });
    const request = { producerId: 10, producerEpoch: 32_766, isCommit: true, clientTransactionVersion: 2 };
    expect(tell(endTransaction(last, request, context))).toBe("needsProducerId");
    const decision = endTransaction(last, request, { nowMs: NOW, freshProducerId: FRESH });
    expect(tell(decision)).toBe("prepared PrepareCommit 10/32767 was 10/32766 next 77");
    const completed = complete(decision.kind === "prepared" ? decision.next : last, NOW);
    expect(shown(completed)).toBe("CompleteCommit 77/0 was 10/32766");
    expect(tell(endTransaction(completed, request, context))).toBe("repeated");
    expect(tell(endTransaction(completed, { ...request, isCommit: false }, context))).toBe("INVALID_TXN_STATE");
  });

  test("an abort of nothing begins when it is made; a transaction began with its first partition", () => {
    const request = { producerId: 10, producerEpoch: 4, isCommit: false, clientTransactionVersion: 2 };
    expect(endTransaction(transaction("Empty"), request, context)).toMatchObject({ next: { startTimestampMs: NOW } });
    expect(endTransaction(transaction("Ongoing"), request, context)).toMatchObject({ next: { startTimestampMs: 4000 } });
  });
});

describe("EndTxn in the older protocol", () => {
  test.each<[TransactionStatus, epoch: number, result: "commit" | "abort", expected: string]>([
    ["Ongoing", 4, "commit", "prepared PrepareCommit 10/4 was 10/3"],
    ["Ongoing", 4, "abort", "prepared PrepareAbort 10/4 was 10/3"],
    ["Ongoing", 3, "commit", "PRODUCER_FENCED"],
    ["Empty", 4, "commit", "INVALID_TXN_STATE"],
    ["Empty", 4, "abort", "INVALID_TXN_STATE"],
    ["CompleteCommit", 4, "commit", "repeated"],
    ["CompleteCommit", 4, "abort", "INVALID_TXN_STATE"],
    ["CompleteCommit", 3, "commit", "PRODUCER_FENCED"],
    ["CompleteAbort", 4, "abort", "repeated"],
    ["CompleteAbort", 4, "commit", "INVALID_TXN_STATE"],
    ["PrepareCommit", 4, "commit", "CONCURRENT_TRANSACTIONS"],
    ["PrepareCommit", 4, "abort", "INVALID_TXN_STATE"],
    ["PrepareAbort", 4, "abort", "CONCURRENT_TRANSACTIONS"],
    ["PrepareAbort", 4, "commit", "INVALID_TXN_STATE"],
  ])("%s, under epoch %i, %s: %s", (status, producerEpoch, result, expected) => {
    const request = { producerId: 10, producerEpoch, isCommit: result === "commit", clientTransactionVersion: 0 };
    expect(tell(endTransaction(transaction(status), request, { nowMs: NOW, freshProducerId: undefined }))).toBe(expected);
  });

  test.each([0, 2])("another producer and an unknown id, version %i", (clientTransactionVersion) => {
    const request = { producerId: 11, producerEpoch: 4, isCommit: true, clientTransactionVersion };
    const context = { nowMs: NOW, freshProducerId: undefined };
    expect(tell(endTransaction(transaction("Ongoing"), request, context))).toBe("INVALID_PRODUCER_ID_MAPPING");
    expect(tell(endTransaction(undefined, request, context))).toBe("INVALID_PRODUCER_ID_MAPPING");
  });
});

describe("InitProducerId", () => {
  const context = { nowMs: NOW, transactionVersion: 2, freshProducerId: undefined as number | undefined };
  const expected = (producerEpoch: number, producerId = 10) => ({ producerId, producerEpoch });
  test.each<[Transaction | undefined, { producerId: number; producerEpoch: number } | undefined, fresh: number | undefined, string]>([
    [undefined, undefined, undefined, "needsProducerId"],
    [undefined, undefined, FRESH, "initialized Empty 77/0 was 77/-1"],
    [undefined, expected(4), FRESH, "initialized Empty 77/0 was 77/-1"],
    [transaction("Empty"), undefined, undefined, "initialized Empty 10/5 was 10/-1"],
    [transaction("CompleteCommit"), undefined, undefined, "initialized Empty 10/5 was 10/-1"],
    [transaction("CompleteAbort"), expected(4), undefined, "initialized Empty 10/5 was 10/4"],
    [transaction("Empty"), expected(3), undefined, "initialized Empty 10/4 was 10/3"],
    [transaction("Empty"), expected(2), undefined, "PRODUCER_FENCED"],
    [transaction("Empty"), expected(5), undefined, "PRODUCER_FENCED"],
    [transaction("Empty"), expected(4, 11), undefined, "PRODUCER_FENCED"],
    [transaction("PrepareCommit"), undefined, undefined, "CONCURRENT_TRANSACTIONS"],
    [transaction("PrepareAbort"), expected(4), undefined, "CONCURRENT_TRANSACTIONS"],
    [transaction("PrepareAbort"), expected(4, 11), undefined, "PRODUCER_FENCED"],
    [transaction("Ongoing"), undefined, undefined, "fenced PrepareAbort 10/5 was 10/4"],
    [transaction("Ongoing"), expected(4), undefined, "fenced PrepareAbort 10/5 was 10/4"],
    [transaction("Ongoing", { producerEpoch: 32_766 }), undefined, undefined, "needsProducerId"],
    [transaction("Ongoing", { producerEpoch: 32_766 }), undefined, FRESH, "fenced PrepareAbort 10/32767 was 10/32766 next 77"],
    [transaction("Empty", { producerEpoch: 32_766 }), undefined, undefined, "needsProducerId"],
    [transaction("Empty", { producerEpoch: 32_766 }), undefined, FRESH, "initialized Empty 77/0 was 10/-1"],
    [transaction("Empty", { producerEpoch: 32_766 }), expected(32_766), FRESH, "initialized Empty 77/0 was 10/32766"],
    [transaction("Empty", { producerEpoch: 32_767 }), undefined, FRESH, "initialized Empty 77/0 was 10/-1"],
    [
      transaction("Empty", { producerId: 77, producerEpoch: 0, previousProducerId: 10, lastProducerEpoch: 32_766 }),
      expected(32_766),
      undefined,
      "initialized Empty 77/0 was 77/32766",
    ],
  ])("%#: %o, expecting %o, with %o at hand: %s", (state, producer, freshProducerId, result) => {
    expect(tell(initProducer(state, { timeoutMs: 1000, expected: producer }, { ...context, freshProducerId }))).toBe(result);
  });
});

describe("fencing while transaction.version is below 2", () => {
  test("takes the next epoch, without a fresh producer id", () => {
    const context = { nowMs: NOW, freshProducerId: undefined, transactionVersion: 1 };
    const fenced = fence(transaction("Ongoing", { producerEpoch: 32_766 }), context);
    expect(fenced === undefined ? "" : shown(fenced)).toBe("PrepareAbort 10/32767 was 10/-1");
    const again = fence(transaction("Ongoing", { producerEpoch: 32_767 }), context);
    expect(again?.producerEpoch, "the largest epoch stays").toBe(32_767);
  });
});

describe("AddPartitionsToTxn", () => {
  const producer = { producerId: 10, producerEpoch: 4 };
  const context = { nowMs: NOW, clientTransactionVersion: 2 };
  const more = new Map([
    ["t", new Set([0, 1])],
    ["u", new Set([2])],
  ]);
  const add = (state: Transaction | undefined, partitions = more, by = producer) => {
    const decided = addPartitions(state, by, partitions, context);
    if (typeof decided === "number") return errorName(decided);
    const shownPartitions = [...decided.partitions].map(([topic, indexes]) => `${topic} ${[...indexes].join(",")}`).join("; ");
    return `${decided.status} since ${decided.startTimestampMs}: ${shownPartitions}`;
  };
  test.each<[string, string, string]>([
    ["the first begins the transaction", add(transaction("Empty")), "Ongoing since 5000: t 0,1; u 2"],
    ["the first after a commit", add(transaction("CompleteCommit")), "Ongoing since 5000: t 0,1; u 2"],
    ["the first after an abort", add(transaction("CompleteAbort")), "Ongoing since 5000: t 0,1; u 2"],
    ["more go on", add(transaction("Ongoing")), "Ongoing since 4000: t 0,1; u 2"],
    ["those that are in it", add(transaction("Ongoing"), PARTITIONS), "NONE"],
    ["while it is committed", add(transaction("PrepareCommit")), "CONCURRENT_TRANSACTIONS"],
    ["while it is aborted", add(transaction("PrepareAbort")), "CONCURRENT_TRANSACTIONS"],
    ["of an unknown id", add(undefined), "INVALID_PRODUCER_ID_MAPPING"],
    ["by another producer", add(transaction("Empty"), more, { producerId: 11, producerEpoch: 4 }), "INVALID_PRODUCER_ID_MAPPING"],
    ["under another epoch", add(transaction("Empty"), more, { producerId: 10, producerEpoch: 5 }), "PRODUCER_FENCED"],
    [
      "under another epoch, while it is committed",
      add(transaction("PrepareCommit"), more, { producerId: 10, producerEpoch: 3 }),
      "PRODUCER_FENCED",
    ],
  ])("%s", (_, decided, expected) => {
    expect(decided).toBe(expected);
  });

  test("verifying asks for the producer, and for nothing that is being completed", () => {
    const verify = (state: Transaction | undefined, by = producer) => errorName(verifyProducer(state, by));
    expect(verify(transaction("Ongoing"))).toBe("NONE");
    expect(verify(transaction("Empty"))).toBe("NONE");
    expect(verify(transaction("PrepareAbort"))).toBe("CONCURRENT_TRANSACTIONS");
    expect(verify(transaction("Ongoing"), { producerId: 10, producerEpoch: 3 })).toBe("PRODUCER_FENCED");
    expect(verify(undefined)).toBe("INVALID_PRODUCER_ID_MAPPING");
    expect(Errors.NONE).toBe(0);
  });
});
