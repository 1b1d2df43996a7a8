// The state machine of a share partition: who gets which records, and what becomes of them.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { AcknowledgeType } from "../../src/share/acknowledgement.ts";
import type { AcquireRequest } from "../../src/share/acquisition.ts";
import { DeliveryState } from "../../src/share/delivery.ts";
import { LogBatches } from "../../src/share/log-batches.ts";
import { SharePartition } from "../../src/share/share-partition.ts";
import type { Transition } from "../../src/share/transition.ts";

const { ACCEPT, RELEASE, REJECT, GAP, RENEW } = AcknowledgeType;
const LIMIT = 5;
const LOCK_MS = 30_000;

/** A log of batches of so many records each, and a group that shares it. Time stands at 0 unless a test says otherwise. */
class Group {
  readonly state: SharePartition;
  readonly #sizes: readonly number[];
  limit = LIMIT;

  constructor(sizes: readonly number[], state = new SharePartition(0)) {
    this.#sizes = sizes;
    this.state = state;
  }

  /** As `[first, last, deliveries]`. */
  fetch(memberId: string, wish: Partial<AcquireRequest> = {}): number[][] {
    const limits = { maxRecords: wish.maxRecords ?? 500, recordLockLimit: wish.recordLockLimit ?? 2000 };
    const range = this.state.fetchRange(limits);
    if (range === undefined) return [];
    const acquired = this.state.acquire({
      ...{ memberId, fetchOffset: range.fetchOffset, log: this.#from(range.fetchOffset), batchSize: 500, mode: "batch_optimized" },
      ...{ lockedUntilMs: LOCK_MS, deliveryCountLimit: this.limit },
      ...limits,
      ...wish,
    });
    return acquired.map(({ firstOffset, lastOffset, deliveryCount }) => [firstOffset, lastOffset, deliveryCount]);
  }

  begin(memberId: string, firstOffset: number, lastOffset: number, ...acknowledgeTypes: number[]): Transition | { readonly error: number } {
    return this.state.acknowledge([{ firstOffset, lastOffset, acknowledgeTypes }], this.terms(memberId));
  }

  terms(memberId: string) {
    return { memberId, deliveryCountLimit: this.limit, lockedUntilMs: LOCK_MS };
  }

  /** Stored at once. Gives the error, or what was stored as `[first, last, state, deliveries]`. */
  acknowledge(memberId: string, firstOffset: number, lastOffset: number, ...types: number[]): number | number[][] {
    const transition = this.begin(memberId, firstOffset, lastOffset, ...types);
    if ("error" in transition) return transition.error;
    this.state.end(transition, true);
    return stored(transition);
  }

  /** As `[first, last, state, deliveries]`. */
  get deliveries(): number[][] {
    return [...this.state.deliveries()].map(({ firstOffset, lastOffset, state, count }) => [firstOffset, lastOffset, state, count]);
  }

  #from(offset: number): LogBatches {
    const log = new LogBatches();
    log.add(logOf(this.#sizes, offset));
    return log;
  }
}

function logOf(sizes: readonly number[], fromOffset: number): Buffer[] {
  const batches: Buffer[] = [];
  let baseOffset = 0;
  for (const size of sizes) {
    const records = Array.from({ length: Math.abs(size) }, () => ({ key: null, value: Buffer.from("v") }));
    // A size below 0: compaction took the batch.
    if (size > 0 && baseOffset + size > fromOffset) batches.push(buildBatch(records, { baseOffset }).bytes);
    baseOffset += Math.abs(size);
  }
  return batches;
}

function stored({ batches }: Transition): number[][] {
  return batches.map(({ firstOffset, lastOffset, deliveryState, deliveryCount }) => [
    firstOffset,
    lastOffset,
    deliveryState,
    deliveryCount,
  ]);
}

const { AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED } = DeliveryState;

describe("what is new", () => {
  test("whole batches of the log are given, however few records were asked for", () => {
    const group = new Group([10, 10]);
    expect(group.fetch("a", { maxRecords: 5 })).toEqual([[0, 9, 1]]);
    expect(group.fetch("b", { maxRecords: 5 })).toEqual([[10, 19, 1]]);
    expect(group.fetch("c", { maxRecords: 5 })).toEqual([]);
  });

  test("with a limit of records nobody gets more, and the rest of the batch is the next member's", () => {
    const group = new Group([10, 10]);
    expect(group.fetch("a", { maxRecords: 5, mode: "record_limit" })).toEqual([[0, 4, 1]]);
    expect(group.deliveries.slice(4, 6)).toEqual([
      [4, 4, ACQUIRED, 1],
      [5, 5, AVAILABLE, 0],
    ]);
    expect(group.fetch("b", { maxRecords: 3, mode: "record_limit" })).toEqual([[5, 7, 1]]);
  });

  test("comes in pieces that end with batches of the log", () => {
    const ones = new Group(Array.from({ length: 100 }, () => 1));
    expect(ones.fetch("a", { batchSize: 10 })).toEqual(Array.from({ length: 10 }, (_, piece) => [piece * 10, piece * 10 + 9, 1]));
    expect(new Group([100]).fetch("a", { batchSize: 10 })).toEqual([[0, 99, 1]]);
    expect(new Group([3, 3, 3, 3, 3]).fetch("a", { batchSize: 7 })).toEqual([
      [0, 8, 1],
      [9, 14, 1],
    ]);
  });

  test("is not given while as many are in flight as may be, whether they are done with or not", () => {
    const group = new Group([10, 10, 10]);
    expect(group.fetch("a", { recordLockLimit: 20 })).toEqual([[0, 19, 1]]);
    expect(group.fetch("b", { recordLockLimit: 20 })).toEqual([]);
    group.acknowledge("a", 1, 19, ACCEPT);
    expect(group.fetch("b", { recordLockLimit: 20 })).toEqual([]);
    group.acknowledge("a", 0, 0, RELEASE);
    expect(group.fetch("b", { recordLockLimit: 20 })).toEqual([[0, 0, 2]]);
    group.acknowledge("b", 0, 0, ACCEPT);
    expect(group.fetch("b", { recordLockLimit: 20 })).toEqual([[20, 29, 1]]);
  });

  test("begins where the log has records, when compaction took the first", () => {
    const group = new Group([-10, 10]);
    expect(group.fetch("a")).toEqual([[10, 19, 1]]);
    expect(group.state.startOffset).toBe(10);
  });
});

describe("acknowledgements", () => {
  test("the start moves over what is done with, once it is stored", () => {
    const group = new Group([10, 10]);
    group.fetch("a", { maxRecords: 10 });
    group.fetch("a", { maxRecords: 10 });
    expect(group.acknowledge("a", 10, 19, ACCEPT)).toEqual([[10, 19, ACKNOWLEDGED, 1]]);
    expect(group.state.startOffset).toBe(0);
    expect(group.state.deliveryCompleteCount).toBe(10);
    const transition = group.begin("a", 0, 9, REJECT);
    expect(group.state.startOffset).toBe(0);
    if ("error" in transition) throw new Error("it was refused");
    expect(stored(transition)).toEqual([[0, 9, ARCHIVED, 1]]);
    group.state.end(transition, true);
    expect(group.state).toMatchObject({ startOffset: 20, endOffset: 20, nextFetchOffset: 20, deliveryCompleteCount: 0 });
    expect(group.deliveries).toEqual([]);
  });

  test("what could not be stored is acquired by the same member as before", () => {
    const group = new Group([10]);
    group.fetch("a");
    const transition = group.begin("a", 0, 9, RELEASE);
    if ("error" in transition) throw new Error("it was refused");
    expect(group.fetch("b")).toEqual([]);
    expect(group.acknowledge("a", 0, 9, ACCEPT)).toBe(Errors.INVALID_RECORD_STATE);
    group.state.end(transition, false);
    expect(group.deliveries).toEqual([[0, 9, ACQUIRED, 1]]);
    expect(group.acknowledge("a", 0, 9, ACCEPT)).toEqual([[0, 9, ACKNOWLEDGED, 1]]);
  });

  test("each record may have its own, and what is alike is stored together", () => {
    const group = new Group([6]);
    group.fetch("a");
    expect(group.acknowledge("a", 0, 5, ACCEPT, ACCEPT, RELEASE, RELEASE, REJECT, GAP)).toEqual([
      [0, 1, ACKNOWLEDGED, 1],
      [2, 3, AVAILABLE, 1],
      [4, 5, ARCHIVED, 1],
    ]);
    expect(group.state.startOffset).toBe(2);
    expect(group.fetch("b")).toEqual([[2, 3, 2]]);
    group.acknowledge("b", 2, 3, ACCEPT);
    expect(group.state.startOffset).toBe(6);
  });

  test("are refused of records that the member does not have", () => {
    const group = new Group([10, 10]);
    group.fetch("a", { maxRecords: 10 });
    expect(group.acknowledge("b", 0, 9, ACCEPT)).toBe(Errors.INVALID_RECORD_STATE);
    expect(group.acknowledge("a", 5, 12, ACCEPT)).toBe(Errors.INVALID_REQUEST);
    expect(group.acknowledge("a", 12, 14, ACCEPT)).toBe(Errors.INVALID_REQUEST);
    expect(group.acknowledge("a", 3, 5, ACCEPT)).toEqual([[3, 5, ACKNOWLEDGED, 1]]);
    expect(group.acknowledge("a", 3, 5, ACCEPT)).toBe(Errors.INVALID_RECORD_STATE);
    expect(group.acknowledge("a", 0, 9, ACCEPT)).toBe(Errors.INVALID_RECORD_STATE);
  });

  test("of one partition all hold, or none", () => {
    const group = new Group([10, 10]);
    group.fetch("a", { maxRecords: 10 });
    const batches = [
      { firstOffset: 0, lastOffset: 4, acknowledgeTypes: [ACCEPT] },
      { firstOffset: 4, lastOffset: 6, acknowledgeTypes: [ACCEPT] },
    ];
    expect(group.state.acknowledge(batches, group.terms("a"))).toMatchObject({ error: Errors.INVALID_RECORD_STATE });
    expect(group.deliveries).toEqual(Array.from({ length: 10 }, (_, offset) => [offset, offset, ACQUIRED, 1]));
  });

  test("of records below the start are accepted and change nothing", () => {
    const group = new Group([10, 10]);
    group.fetch("a");
    group.state.startAt(15);
    expect(group.acknowledge("a", 0, 9, ACCEPT)).toEqual([]);
    expect(group.acknowledge("a", 5, 19, ACCEPT)).toEqual([[15, 19, ACKNOWLEDGED, 1]]);
    expect(group.state.startOffset).toBe(20);
  });
});

describe("deliveries that failed", () => {
  test("released records come again before new ones", () => {
    const group = new Group([10, 10]);
    group.fetch("a", { maxRecords: 10 });
    group.acknowledge("a", 3, 5, RELEASE);
    expect(group.fetch("b", { maxRecords: 1 })).toEqual([[3, 5, 2]]);
    expect(group.fetch("b", { maxRecords: 10 })).toEqual([[10, 19, 1]]);
  });

  test("locks that are over count as deliveries, and the last one archives", () => {
    const group = new Group([10]);
    for (let count = 1; count < LIMIT; count++) {
      group.fetch("a");
      const { batches } = group.state.expire(LOCK_MS, LIMIT);
      expect(batches).not.toEqual([]);
    }
    expect(group.fetch("a")).toEqual([[0, 0, LIMIT]]);
    expect(group.state.expire(LOCK_MS, LIMIT).batches).toEqual([
      { firstOffset: 0, lastOffset: 0, deliveryState: ARCHIVED, deliveryCount: LIMIT },
    ]);
    expect(group.state.startOffset).toBe(0);
    group.state.endExpiry();
    expect(group.state.startOffset).toBe(1);
  });

  test("a lock lasts as long as it is renewed", () => {
    const group = new Group([10]);
    group.fetch("a");
    const renewal = group.state.acknowledge([{ firstOffset: 0, lastOffset: 9, acknowledgeTypes: [RENEW] }], {
      ...group.terms("a"),
      lockedUntilMs: LOCK_MS + 20_000,
    });
    expect("error" in renewal ? renewal : renewal.isEmpty).toBe(true);
    expect(group.state.expire(LOCK_MS, LIMIT)).toEqual({ batches: [], nextMs: LOCK_MS + 20_000 });
    expect(group.deliveries).toEqual([[0, 9, ACQUIRED, 1]]);
    expect(group.acknowledge("b", 0, 9, RENEW)).toBe(Errors.INVALID_RECORD_STATE);
  });

  test("what a session leaves behind was delivered, and is archived at the limit", () => {
    const group = new Group([1]);
    for (let count = 1; count <= LIMIT; count++) {
      expect(group.fetch("a")).toEqual([[0, 0, count]]);
      const transition = group.state.release("a", LIMIT);
      expect(stored(transition)).toEqual([[0, 0, count < LIMIT ? AVAILABLE : ARCHIVED, count]]);
      group.state.end(transition, true);
    }
    expect(group.state.startOffset).toBe(1);
  });

  test("only what the member has is released", () => {
    const group = new Group([10, 10]);
    group.fetch("a", { maxRecords: 10 });
    group.fetch("b", { maxRecords: 10 });
    expect(stored(group.state.release("b", LIMIT))).toEqual([[10, 19, AVAILABLE, 1]]);
  });

  test("a batch that fails again and again comes in smaller parts, at last alone", () => {
    const group = new Group([64]);
    const sizes: number[] = [];
    for (let time = 0; time < LIMIT; time++) {
      const ranges = group.fetch("a");
      sizes.push(ranges.reduce((sum, [first = 0, last = 0]) => sum + last - first + 1, 0));
      for (const [first = 0, last = 0] of ranges) group.acknowledge("a", first, last, RELEASE);
    }
    expect(sizes).toEqual([64, 64, 64, 32, 1]);
    expect(group.state.startOffset).toBe(1);
  });
});

describe("what was stored", () => {
  test("is what a new leader begins with: what is in between may be acquired, and is delivered again", () => {
    const state = new SharePartition(0, [
      { firstOffset: 0, lastOffset: 4, deliveryState: ACKNOWLEDGED, deliveryCount: 1 },
      { firstOffset: 10, lastOffset: 14, deliveryState: ACKNOWLEDGED, deliveryCount: 1 },
      { firstOffset: 15, lastOffset: 19, deliveryState: AVAILABLE, deliveryCount: 2 },
    ]);
    expect(state).toMatchObject({ startOffset: 5, endOffset: 20, nextFetchOffset: 5, deliveryCompleteCount: 5 });
    const group = new Group([10, 10, 10], state);
    expect(group.fetch("a", { maxRecords: 12 })).toEqual([
      [5, 9, 1],
      [15, 19, 3],
      [20, 29, 1],
    ]);
    group.acknowledge("a", 5, 9, ACCEPT);
    expect(state.startOffset).toBe(15);
  });

  test("a gap may be taken in parts", () => {
    const state = new SharePartition(0, [{ firstOffset: 10, lastOffset: 19, deliveryState: ACKNOWLEDGED, deliveryCount: 1 }]);
    const group = new Group([5, 5, 10], state);
    expect(group.fetch("a", { maxRecords: 3 })).toEqual([[0, 4, 1]]);
    expect(group.fetch("b", { maxRecords: 3, mode: "record_limit" })).toEqual([[5, 7, 1]]);
    expect(group.fetch("c")).toEqual([[8, 9, 1]]);
  });

  test("what compaction took of a gap holds nothing back", () => {
    const state = new SharePartition(0, [{ firstOffset: 10, lastOffset: 19, deliveryState: ACKNOWLEDGED, deliveryCount: 1 }]);
    expect(new Group([-5, 5, 10], state).fetch("a")).toEqual([[5, 9, 1]]);
    expect(state.startOffset).toBe(5);
  });
});

describe("the log", () => {
  test("that begins later takes records away, delivered or not", () => {
    const group = new Group([10, 10, 10]);
    group.fetch("a", { maxRecords: 20 });
    group.acknowledge("a", 10, 19, RELEASE);
    group.state.startAt(12);
    expect(group.state).toMatchObject({ startOffset: 12, nextFetchOffset: 12 });
    expect(group.fetch("b", { maxRecords: 1 })).toEqual([[12, 19, 2]]);
    group.state.startAt(40);
    expect(group.state).toMatchObject({ startOffset: 40, endOffset: 40, nextFetchOffset: 40 });
  });

  test("records of aborted transactions are nobody's, and hold nothing back", () => {
    const group = new Group([5, 5, 5]);
    group.fetch("a");
    const left = group.state.archiveAborted(
      [{ firstOffset: 0, lastOffset: 14, deliveryCount: 1 }],
      [
        { firstOffset: 0, lastOffset: 4 },
        { firstOffset: 10, lastOffset: 11 },
      ],
    );
    expect(left.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset])).toEqual([
      [5, 9],
      [12, 14],
    ]);
    expect(group.state.startOffset).toBe(5);
    expect(group.acknowledge("a", 5, 9, ACCEPT)).toEqual([[5, 9, ACKNOWLEDGED, 1]]);
    expect(group.state.startOffset).toBe(12);
  });
});
