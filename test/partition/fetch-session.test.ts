// What a fetch session notices of its partitions, and that it watches none longer than it has to.

import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { Watchers } from "../../src/base/watchers.ts";
import { FetchPartition, type FetchSession } from "../../src/partition/fetch-session.ts";
import { FetchSessions } from "../../src/partition/fetch-sessions.ts";

const PLACE = {};

class Watched extends Watchers {
  count = 0;

  override watch(watcher: Parameters<Watchers["watch"]>[0]): void {
    this.count++;
    super.watch(watcher);
  }

  override unwatch(watcher: Parameters<Watchers["unwatch"]>[0]): void {
    this.count--;
    super.unwatch(watcher);
  }
}

function wanted(partition: number): FetchPartition {
  return new FetchPartition("t", "", { partition, fetchOffset: 0, partitionMaxBytes: 1, currentLeaderEpoch: -1, lastFetchedEpoch: -1 });
}

function opened(count: number, sessions = new FetchSessions(1, systemClock, systemRandom)) {
  const partitions = Array.from({ length: count }, (_, index) => wanted(index));
  const session = sessions.open(new Map(partitions.map((each) => [`t ${each.partition}`, each])), { usesTopicIds: false, manner: "one" });
  if (session === undefined) throw new Error("no slot is free");
  const logs = partitions.map((partition) => {
    const log = new Watched();
    partition.look(log, PLACE);
    return log;
  });
  const at = (index: number) => ({ partition: partitions[index] ?? wanted(index), log: logs[index] ?? new Watched() });
  return { sessions, session, at, watchCounts: () => logs.map(({ count }) => count) };
}

function settleAll(session: FetchSession): void {
  for (const partition of session.unsettled()) session.settle(partition, partition.changeCount);
}

const unsettled = (session: FetchSession) => session.unsettled().map(({ partition }) => partition);

test("all partitions may have something to tell until they are answered, then only those that moved", () => {
  const { session, at } = opened(3);
  expect(unsettled(session)).toEqual([0, 1, 2]);
  settleAll(session);
  expect(unsettled(session)).toEqual([]);
  at(2).log.tell();
  at(0).log.tell();
  expect(unsettled(session)).toEqual([0, 2]);
});

test("what moves after it was looked at is not settled by that look", () => {
  const { session, at } = opened(1);
  const { partition, log } = at(0);
  const { changeCount } = partition;
  log.tell();
  session.settle(partition, changeCount);
  expect(unsettled(session)).toEqual([0]);
});

test("those that gave data are read after the others", () => {
  const { session, at } = opened(3);
  session.moveToEnd(at(0).partition);
  expect(unsettled(session)).toEqual([1, 2, 0]);
});

test("read in another manner, each partition may have something to tell again", () => {
  const { session } = opened(2);
  settleAll(session);
  session.readIn("one");
  expect(unsettled(session)).toEqual([]);
  session.readIn("other");
  expect(unsettled(session)).toEqual([0, 1]);
});

test("a partition is watched once however often it is looked at, and where it is led now", () => {
  const { at, watchCounts } = opened(1);
  const { partition, log } = at(0);
  partition.look(log, PLACE);
  expect(watchCounts()).toEqual([1]);
  const next = new Watched();
  partition.look(next, PLACE);
  expect([...watchCounts(), next.count]).toEqual([0, 1]);
});

test("a partition that was forgotten is not watched, not even by a look that was under way", () => {
  const { session, at, watchCounts } = opened(2);
  session.forget("t 1");
  const { partition, log } = at(1);
  partition.look(log, PLACE);
  partition.changed();
  expect(watchCounts()).toEqual([1, 0]);
  expect(unsettled(session)).toEqual([0]);
});

test("a session that is closed wakes who waits for it, and watches nothing", () => {
  const { sessions, session, watchCounts } = opened(3);
  let told = 0;
  session.watch({ moved: () => told++ });
  sessions.end(session.id);
  expect([told, session.isClosed, ...watchCounts()]).toEqual([1, true, 0, 0, 0]);
});

test("sessions have no more partitions together than there is memory for, and one that is given too many later is over", () => {
  const sessions = new FetchSessions(1000, systemClock, systemRandom);
  const shared = wanted(0);
  const many = (count: number) => {
    const partitions = new Map(Array.from({ length: count }, (_, index) => [`t ${index}`, shared] as const));
    return sessions.open(partitions, { usesTopicIds: false, manner: "one" });
  };
  expect(many(100_001)).toBeUndefined();
  const first = many(100_000);
  for (let count = 1; count < 5; count++) expect(many(100_000)).toBeDefined();
  expect(many(100_000)).toBeUndefined();
  expect(many(500)).toBeDefined();
  sessions.end(first?.id ?? -1);
  const again = many(99_400);
  expect(again).toBeDefined();
  for (let index = 0; index < 601; index++) again?.set(`u ${index}`, shared);
  expect(sessions.get(again?.id ?? -1)).toBeUndefined();
});
