// A share partition in the hands of its leader: what is stored when, what holds meanwhile, and what ends it. Its state is kept by the test.

import { beforeEach, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { Refusal } from "../../src/cluster/refusal.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { groupSettings } from "../../src/config/topic-config.ts";
import type { ShareStatePersister, StateChange, StoredState } from "../../src/coordinator/share/share-state-persister.ts";
import type { Partition } from "../../src/partition/partition.ts";
import { LedSharePartition, type ShareEvent } from "../../src/share/led-share-partition.ts";
import { LogBatches } from "../../src/share/log-batches.ts";

const LOCK_MS = 30_000;
const KEY = { groupId: "g", topicId: "t", partition: 0 };

/** Answers when the test says so. */
class HeldStates implements ShareStatePersister {
  readonly writes: StateChange[] = [];
  readonly #waiting: ((refusal: Refusal | undefined) => void)[] = [];
  stored: StoredState | Refusal = { stateEpoch: 3, startOffset: 0, batches: [] };

  read(): Promise<StoredState | Refusal> {
    return Promise.resolve(this.stored);
  }

  write(_key: unknown, change: StateChange): Promise<Refusal | undefined> {
    this.writes.push(change);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async answer(refusal?: Refusal): Promise<void> {
    this.#waiting.shift()?.(refusal);
    await turns();
  }

  initialize(): never {
    throw new Error("the group coordinator's");
  }

  delete(): never {
    throw new Error("the group coordinator's");
  }

  readSummary(): never {
    throw new Error("the group coordinator's");
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

let clock: VirtualClock;
let states: HeldStates;
let led: LedSharePartition;
let events: ShareEvent[];
let droppedCount: number;
let movedCount: number;

async function lead(stored?: StoredState | Refusal): Promise<void> {
  clock = new VirtualClock();
  states = new HeldStates();
  if (stored !== undefined) states.stored = stored;
  events = [];
  droppedCount = 0;
  movedCount = 0;
  const settings = groupSettings(brokerConfig({ argument: {} }), {});
  // The leader reads no more of it than these.
  const partition = { topic: "topic", leaderEpoch: 7, highWatermark: 100, logStartOffset: 0 } as Partition;
  led = new LedSharePartition(KEY, partition, {
    clock,
    logger: silentLogger,
    persister: states,
    settings: () => settings,
    onEvent: (event) => events.push(event),
    onDropped: () => {
      droppedCount++;
    },
  });
  led.watch({
    moved: () => {
      movedCount++;
    },
  });
  await turns();
}
beforeEach(() => lead());

function acquire(memberId: string, size = 10): number[][] {
  const range = led.fetchRange(500);
  if (range === undefined) return [];
  const records = Array.from({ length: size }, () => ({ key: null, value: null }));
  const log = new LogBatches();
  log.add([buildBatch(records, { baseOffset: range.fetchOffset }).bytes]);
  const wish = { memberId, fetchOffset: range.fetchOffset, log, maxRecords: size, batchSize: size, mode: "batch_optimized" } as const;
  return led.acquire(wish).map(({ firstOffset, lastOffset, deliveryCount }) => [firstOffset, lastOffset, deliveryCount]);
}

function accept(memberId: string, firstOffset: number, lastOffset: number): Promise<Refusal | undefined> {
  return led.acknowledge(memberId, [{ firstOffset, lastOffset, acknowledgeTypes: [1] }]);
}

function written(): unknown[] {
  return states.writes.map(({ startOffset, deliveryCompleteCount, batches }) => [
    startOffset,
    deliveryCompleteCount,
    ...batches.map((batch) => `${batch.firstOffset}-${batch.lastOffset} s${batch.deliveryState}`),
  ]);
}

test("acknowledgements of a turn are stored together, and those that come meanwhile after them", async () => {
  for (const member of ["a", "b", "c"]) acquire(member);
  const outcomes = [accept("a", 0, 9), accept("b", 10, 19)];
  await turns();
  outcomes.push(accept("c", 20, 29));
  await turns();
  expect(written()).toEqual([[0, 20, "0-9 s2", "10-19 s2"]]);
  expect(led.state?.startOffset).toBe(0);
  await states.answer();
  expect(led.state?.startOffset).toBe(20);
  expect(written()[1]).toEqual([20, 10, "20-29 s2"]);
  await states.answer();
  expect(await Promise.all(outcomes)).toEqual([undefined, undefined, undefined]);
  expect(states.writes[0]).toMatchObject({ stateEpoch: 3, leaderEpoch: 7 });
  expect(events.map(({ kind, memberId }) => `${kind} ${memberId}`)).toEqual([
    ...["acquired a", "acquired b", "acquired c"],
    ...["accepted a", "accepted b", "accepted c"],
  ]);
});

test("what cannot be stored is the member's as before, and whoever waits is told of what is available", async () => {
  acquire("a");
  const outcome = accept("a", 0, 9);
  await turns();
  await states.answer({ error: Errors.COORDINATOR_NOT_AVAILABLE, message: "away" });
  expect(await outcome).toEqual({ error: Errors.COORDINATOR_NOT_AVAILABLE, message: "Error in write state RPC. away" });
  expect([...(led.state?.deliveries() ?? [])].map(({ owner, count }) => [owner, count])).toEqual([["a", 1]]);
  const again = accept("a", 0, 9);
  await turns();
  await states.answer();
  expect(await again).toBeUndefined();
});

test("what cannot be stored after its lock is over is available", async () => {
  acquire("a");
  const outcome = accept("a", 0, 9);
  await turns();
  await clock.advance(LOCK_MS);
  expect(acquire("b")).toEqual([[10, 19, 1]]);
  await states.answer({ error: Errors.COORDINATOR_NOT_AVAILABLE, message: "" });
  expect((await outcome)?.error).toBe(Errors.COORDINATOR_NOT_AVAILABLE);
  expect(acquire("b")).toEqual([[0, 9, 2]]);
});

test("a lock that is over holds at once, whether that is stored or not", async () => {
  acquire("a");
  await clock.advance(LOCK_MS - 1);
  expect(led.state?.nextFetchOffset).toBe(10);
  const before = movedCount;
  await clock.advance(1);
  expect(movedCount).toBeGreaterThan(before);
  expect(acquire("b")).toEqual([[0, 9, 2]]);
  await turns();
  expect(written()).toEqual([[0, 0, "0-9 s0"]]);
  await states.answer({ error: Errors.COORDINATOR_NOT_AVAILABLE, message: "" });
  expect(led.dropped).toBeUndefined();
  await clock.advance(LOCK_MS);
  expect(acquire("c")).toEqual([[0, 9, 3]]);
});

test("one timer looks after all locks", async () => {
  acquire("a");
  await clock.advance(LOCK_MS / 2);
  acquire("b");
  await clock.advance(LOCK_MS / 2);
  expect([...(led.state?.deliveries() ?? [])].map(({ owner }) => owner)).toEqual(["", "b"]);
  await clock.advance(LOCK_MS / 2);
  expect([...(led.state?.deliveries() ?? [])].map(({ owner }) => owner)).toEqual(["", ""]);
});

test("a lock is renewed without anything being stored", async () => {
  acquire("a");
  await clock.advance(LOCK_MS - 1);
  expect(await led.acknowledge("a", [{ firstOffset: 0, lastOffset: 9, acknowledgeTypes: [4] }])).toBeUndefined();
  await clock.advance(LOCK_MS - 1);
  expect([...(led.state?.deliveries() ?? [])].map(({ owner }) => owner)).toEqual(["a"]);
  expect(states.writes).toEqual([]);
});

test.each([
  ["FENCED_LEADER_EPOCH", Errors.NOT_LEADER_OR_FOLLOWER],
  ["FENCED_STATE_EPOCH", Errors.NOT_LEADER_OR_FOLLOWER],
  ["UNKNOWN_TOPIC_OR_PARTITION", Errors.UNKNOWN_TOPIC_OR_PARTITION],
] as const)("it is dropped by who is told %s", async (name, told) => {
  acquire("a");
  const outcome = accept("a", 0, 9);
  await turns();
  await states.answer({ error: Errors[name], message: "" });
  expect((await outcome)?.error).toBe(told);
  expect(led.dropped?.error).toBe(told);
  expect([led.state, droppedCount, led.fetchRange(1), acquire("b")]).toEqual([undefined, 1, undefined, []]);
  expect((await accept("a", 0, 9))?.error).toBe(told);
});

test.each([
  ["INVALID_REQUEST", Errors.UNKNOWN_SERVER_ERROR],
  ["COORDINATOR_NOT_AVAILABLE", Errors.COORDINATOR_NOT_AVAILABLE],
  ["FENCED_LEADER_EPOCH", Errors.NOT_LEADER_OR_FOLLOWER],
] as const)("it is not there when its state cannot be loaded: %s", async (name, told) => {
  await lead({ error: Errors[name], message: "" });
  expect([led.dropped?.error, droppedCount]).toEqual([told, 1]);
});

test("state that is not in order is not believed", async () => {
  const batch = { firstOffset: 5, lastOffset: 9, deliveryState: 2, deliveryCount: 1 };
  await lead({ stateEpoch: 0, startOffset: 7, batches: [batch] });
  expect(led.dropped?.error).toBe(Errors.UNKNOWN_SERVER_ERROR);
  await lead({ stateEpoch: 0, startOffset: 5, batches: [batch, { ...batch, lastOffset: 20 }] });
  expect(led.dropped?.error).toBe(Errors.UNKNOWN_SERVER_ERROR);
});

test("a group that never read begins at the end", async () => {
  await lead({ stateEpoch: 0, startOffset: -1, batches: [] });
  expect(led.state?.startOffset).toBe(100);
});

test("who reads holds others off, who are told when that has ended", () => {
  expect(led.beginRead()).toBe(true);
  expect(led.beginRead()).toBe(false);
  const before = movedCount;
  led.endRead();
  expect(movedCount).toBe(before + 1);
  expect(led.beginRead()).toBe(true);
  led.endRead();
  expect(movedCount).toBe(before + 1);
});
