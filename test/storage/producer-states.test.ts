// The rules of idempotent and transactional appends, as tables of what a partition knows, what comes, and what is decided.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { ControlType, controlBatch } from "../../protocol/records/control-batch.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { AppendOptions } from "../../src/storage/partition-log.ts";
import { type ProducerDecision, ProducerStates } from "../../src/storage/producer-states.ts";

const MAX_SEQUENCE = 0x7fffffff;
const PRODUCER_ID = 5;

interface Data {
  readonly sequence: number;
  readonly count?: number;
  readonly epoch?: number;
  readonly producerId?: number;
  readonly isTransactional?: boolean;
  readonly timestamp?: number;
}

interface Marker {
  readonly marker: ControlType;
  readonly epoch?: number;
  readonly coordinatorEpoch?: number;
  readonly producerId?: number;
  readonly version?: number;
}

/** A log that holds nothing but offsets. */
class Partition {
  readonly states = new ProducerStates();
  endOffset = 0;

  offer(step: Data | Marker): ProducerDecision {
    const batch = batchOf(step, this.endOffset);
    const decision = this.states.check(batch, optionsOf(step));
    if (decision.kind === "new") {
      this.states.append(batch);
      this.endOffset = batch.nextOffset;
    }
    return decision;
  }
}

function optionsOf(step: Data | Marker): AppendOptions {
  if (!("marker" in step)) return { leaderEpoch: 0, origin: "client" };
  return { leaderEpoch: 0, origin: "coordinator", transactionVersion: step.version ?? 1 };
}

function batchOf(step: Data | Marker, baseOffset: number): RecordBatch {
  const producer = { producerId: step.producerId ?? PRODUCER_ID, producerEpoch: step.epoch ?? 0 };
  if ("marker" in step) {
    return controlBatch({ ...producer, coordinatorEpoch: step.coordinatorEpoch ?? 0, type: step.marker, timestamp: 1000, baseOffset });
  }
  const records = Array.from({ length: step.count ?? 1 }, () => ({ key: null, value: null }));
  const { isTransactional = false, timestamp = 1000 } = step;
  return buildBatch(records, { ...producer, baseOffset, baseSequence: step.sequence, isTransactional, timestamp });
}

function verdict(decision: ProducerDecision): string | number {
  switch (decision.kind) {
    case "new":
      return "new";
    case "duplicate":
      return `duplicate of ${decision.batch.lastOffset - decision.batch.offsetDelta}`;
    case "refused":
      return decision.error;
  }
}

const { OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED } = Errors;
const open = (sequence: number, epoch = 0): Data => ({ sequence, epoch, isTransactional: true });
const commit = (epoch = 0): Marker => ({ marker: ControlType.COMMIT, epoch });

describe("a batch", () => {
  test.each<{ name: string; before: readonly (Data | Marker)[]; offered: Data | Marker; decided: string | number }>([
    { name: "of an unknown producer may start anywhere", before: [], offered: { sequence: 17 }, decided: "new" },
    { name: "follows the last sequence", before: [{ sequence: 0, count: 3 }], offered: { sequence: 3 }, decided: "new" },
    { name: "may not leave a gap", before: [{ sequence: 0, count: 3 }], offered: { sequence: 4 }, decided: OUT_OF_ORDER_SEQUENCE_NUMBER },
    { name: "may not go back", before: [{ sequence: 0, count: 3 }], offered: { sequence: 1 }, decided: OUT_OF_ORDER_SEQUENCE_NUMBER },
    {
      name: "that comes again is a duplicate",
      before: [{ sequence: 0, count: 3 }],
      offered: { sequence: 0, count: 3 },
      decided: "duplicate of 0",
    },
    {
      name: "of another length is no duplicate",
      before: [{ sequence: 0, count: 3 }],
      offered: { sequence: 0, count: 2 },
      decided: OUT_OF_ORDER_SEQUENCE_NUMBER,
    },
    {
      name: "is remembered for five batches",
      before: [0, 1, 2, 3, 4].map((sequence) => ({ sequence })),
      offered: { sequence: 0 },
      decided: "duplicate of 0",
    },
    {
      name: "is forgotten after six",
      before: [0, 1, 2, 3, 4, 5].map((sequence) => ({ sequence })),
      offered: { sequence: 0 },
      decided: OUT_OF_ORDER_SEQUENCE_NUMBER,
    },
    { name: "after the largest sequence starts at 0", before: [{ sequence: MAX_SEQUENCE }], offered: { sequence: 0 }, decided: "new" },
    { name: "may wrap in its middle", before: [{ sequence: MAX_SEQUENCE - 1, count: 3 }], offered: { sequence: 1 }, decided: "new" },
    {
      name: "that wrapped is known again",
      before: [{ sequence: MAX_SEQUENCE - 1, count: 3 }],
      offered: { sequence: MAX_SEQUENCE - 1, count: 3 },
      decided: "duplicate of 0",
    },
    {
      name: "of an older epoch is fenced",
      before: [{ sequence: 0, epoch: 2 }],
      offered: { sequence: 1, epoch: 1 },
      decided: INVALID_PRODUCER_EPOCH,
    },
    {
      name: "of an older epoch is no duplicate",
      before: [{ sequence: 0, epoch: 2 }],
      offered: { sequence: 0, epoch: 1 },
      decided: INVALID_PRODUCER_EPOCH,
    },
    { name: "of a newer epoch starts at 0", before: [{ sequence: 7 }], offered: { sequence: 0, epoch: 1 }, decided: "new" },
    {
      name: "of a newer epoch may not start elsewhere",
      before: [{ sequence: 7 }],
      offered: { sequence: 8, epoch: 1 },
      decided: OUT_OF_ORDER_SEQUENCE_NUMBER,
    },
    {
      name: "of another producer is judged on its own",
      before: [{ sequence: 7 }],
      offered: { sequence: 0, producerId: 6 },
      decided: "new",
    },
    { name: "outside of the open transaction is refused", before: [open(0)], offered: { sequence: 1 }, decided: INVALID_TXN_STATE },
    { name: "after the transaction may be outside of one", before: [open(0), commit()], offered: { sequence: 1 }, decided: "new" },
    { name: "goes on counting after a marker of its epoch", before: [open(0), commit()], offered: open(1), decided: "new" },
    { name: "may not start at 0 after a marker of its epoch", before: [open(0), commit()], offered: open(0, 0), decided: "duplicate of 0" },
    { name: "starts at 0 after a marker of the next epoch", before: [open(0), commit(1)], offered: open(0, 1), decided: "new" },
    {
      name: "may not go on counting after a marker of the next epoch",
      before: [open(0), commit(1)],
      offered: open(1, 1),
      decided: OUT_OF_ORDER_SEQUENCE_NUMBER,
    },
    { name: "of the epoch before a marker is fenced", before: [open(0), commit(1)], offered: open(1, 0), decided: INVALID_PRODUCER_EPOCH },
  ])("$name", ({ before, offered, decided }) => {
    const partition = new Partition();
    for (const step of before) expect(verdict(partition.offer(step))).toBe("new");
    expect(verdict(partition.offer(offered))).toBe(decided);
  });

  test("from a coordinator has no sequence to be checked", () => {
    const states = new ProducerStates();
    const batch = buildBatch([{ key: null, value: null }], { producerId: 1, producerEpoch: 0, isTransactional: true });
    states.append(batch);
    expect(states.check(batch, { leaderEpoch: 0, origin: "coordinator" }).kind).toBe("new");
  });

  test("that is refused changes nothing", () => {
    const partition = new Partition();
    partition.offer({ sequence: 0 });
    const before = partition.states.activeProducers();
    partition.offer({ sequence: 9 });
    partition.offer({ sequence: 0, epoch: -1 });
    expect(partition.states.activeProducers()).toEqual(before);
  });
});

describe("a marker", () => {
  test.each<{ name: string; before: readonly (Data | Marker)[]; offered: Marker; decided: string | number }>([
    { name: "of the transaction's epoch ends it", before: [open(0)], offered: commit(), decided: "new" },
    { name: "without a transaction is taken", before: [], offered: commit(), decided: "new" },
    { name: "of an older epoch is fenced", before: [open(0, 3)], offered: commit(2), decided: INVALID_PRODUCER_EPOCH },
    {
      name: "of an older coordinator is fenced",
      before: [open(0), { ...commit(), coordinatorEpoch: 4 }],
      offered: { ...commit(), coordinatorEpoch: 3 },
      decided: TRANSACTION_COORDINATOR_FENCED,
    },
    { name: "of version 2 needs a newer epoch", before: [open(0)], offered: { ...commit(0), version: 2 }, decided: INVALID_PRODUCER_EPOCH },
    {
      name: "of version 2 with a newer epoch ends the transaction",
      before: [open(0)],
      offered: { ...commit(1), version: 2 },
      decided: "new",
    },
    {
      name: "of version 2 may be repeated once it has ended the transaction",
      before: [open(0), { ...commit(1), version: 2 }],
      offered: { ...commit(1), version: 2 },
      decided: "new",
    },
    {
      name: "of version 2 has the largest epoch twice",
      before: [open(0, 0x7fff)],
      offered: { ...commit(0x7fff), version: 2 },
      decided: "new",
    },
  ])("$name", ({ before, offered, decided }) => {
    const partition = new Partition();
    for (const step of before) expect(verdict(partition.offer(step))).toBe("new");
    expect(verdict(partition.offer(offered))).toBe(decided);
  });
});

describe("the stable offset", () => {
  test("is held back by the earliest open transaction", () => {
    const partition = new Partition();
    partition.offer({ sequence: 0, producerId: 9 }); // 0
    partition.offer({ ...open(0), producerId: 1 }); // 1
    partition.offer({ ...open(0), producerId: 2 }); // 2
    partition.offer({ ...open(1), producerId: 1 }); // 3
    expect(partition.states.firstUnstableOffset).toBe(1);
    partition.offer({ ...commit(), producerId: 1 }); // 4
    expect(partition.states.firstUnstableOffset).toBe(1);
    partition.states.settle(4);
    expect(partition.states.firstUnstableOffset).toBe(1);
    partition.states.settle(5);
    expect(partition.states.firstUnstableOffset).toBe(2);
    partition.offer({ ...commit(), producerId: 2 });
    partition.states.settle(partition.endOffset);
    expect(partition.states.firstUnstableOffset).toBeUndefined();
  });

  test("after an ended transaction is that of the next open one, else the one after the marker", () => {
    const states = new ProducerStates();
    const at = (baseOffset: number, step: Data | Marker) => states.append(batchOf(step, baseOffset));
    at(0, { ...open(0), producerId: 1 });
    at(1, { ...open(0), producerId: 2 });
    const first = { producerId: 1, firstOffset: 0, lastOffset: 2, isAborted: true, lastStableOffset: 1 };
    expect(at(2, { marker: ControlType.ABORT, producerId: 1 })).toEqual(first);
    const second = { producerId: 2, firstOffset: 1, lastOffset: 3, isAborted: false, lastStableOffset: 4 };
    expect(at(3, { marker: ControlType.COMMIT, producerId: 2 })).toEqual(second);
    expect(at(4, { marker: ControlType.COMMIT, producerId: 2 })).toBeUndefined();
  });
});

test("a producer is forgotten when it was silent for long, unless a transaction of it is open", () => {
  const partition = new Partition();
  partition.offer({ sequence: 3, producerId: 1, timestamp: 1000 });
  partition.offer({ sequence: 3, producerId: 2, timestamp: 2000 });
  partition.offer({ sequence: 0, producerId: 3, timestamp: 1000, isTransactional: true });
  partition.states.expire(11_000, 10_000);
  expect(partition.states.activeProducers().map(({ producerId }) => producerId)).toEqual([2, 3]);
  expect(partition.offer({ sequence: 9, producerId: 1 }).kind).toBe("new");
});

test("what was taken over from another partition's states decides alike", () => {
  const partition = new Partition();
  for (const step of [{ sequence: 0 }, { sequence: 1 }, { ...open(0), producerId: 1 }, { ...open(0), producerId: 2 }])
    partition.offer(step);
  const restored = new ProducerStates();
  restored.restore([...partition.states.values()].reverse());
  expect(restored.firstUnstableOffset).toBe(2);
  expect(restored.check(batchOf({ sequence: 2 }, 4), { leaderEpoch: 0, origin: "client" }).kind).toBe("new");
  expect(restored.check(batchOf({ sequence: 1 }, 4), { leaderEpoch: 0, origin: "client" }).kind).toBe("duplicate");
});

test("a client that repeats what was not answered, with five in flight, never writes twice nor out of order", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      sizes,
      fc.infiniteStream(fc.boolean()),
      fc.integer({ min: MAX_SEQUENCE - 40, max: MAX_SEQUENCE }),
      (counts, losses, start) => {
        const partition = new Partition();
        let sequence = start;
        const batches = counts.map((count) => {
          const batch = { sequence, count };
          sequence = (sequence + count) % (MAX_SEQUENCE + 1);
          return batch;
        });
        const written: number[] = [];
        for (let first = 0; first < batches.length; first += 5) {
          const window = batches.slice(first, first + 5);
          for (const batch of window) if (partition.offer(batch).kind === "new") written.push(batch.sequence);
          // Answers are lost: the client sends the window again, in order.
          if (losses.next().value === true) for (const batch of window) expect(partition.offer(batch).kind).toBe("duplicate");
        }
        expect(written).toEqual(batches.map((batch) => batch.sequence));
      },
    ),
  );
});
