// What upkeep may rely on, whatever the database is. Times are short: where the clock is not ours, they pass.

import { expect, test } from "vitest";
import type { Segment, StoredObject } from "../../../src/diskless/catalog.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import type { LogReplacement, ReplacingSegment, UpkeepCatalog } from "../../../src/diskless/upkeep/upkeep-catalog.ts";
import type { Usage } from "../../../src/diskless/usage.ts";
import { type CatalogBench, inlineSegment, Leader, logCommit, newTopicId, objectSegment, ranges } from "./catalog-bench.ts";

export interface UpkeepBench extends CatalogBench {
  upkeep(incarnation: Incarnation): UpkeepCatalog;
  usage(): Usage;
  /** On the database's clock. */
  pass(ms: number): Promise<void>;
}

const SMALL = { level: 0, mostBytes: 1e12, mostObjects: 100, waitMs: 0, ttlMs: 60_000 };
let keyCount = 0;

function newKey(prefix = "upkeep"): string {
  return `${prefix}/${String(++keyCount).padStart(12, "0")}-${newTopicId()}`;
}

/** Two logs with records in two objects, the first log with three segments. */
async function twoLogs(bench: UpkeepBench) {
  const leader = await Leader.join(bench);
  const [one, other] = [await leader.open(newTopicId(), 0), await leader.open(newTopicId(), 0)];
  const [firstKey, secondKey] = [newKey(), newKey()];
  await leader.commit(
    [logCommit(one.logId, 0, [objectSegment(0, 0, [5, 5])]), logCommit(other.logId, 0, [objectSegment(0, 0, [3], 100)])],
    [firstKey],
  );
  await leader.commit([logCommit(one.logId, 10, [objectSegment(0, 10, [10])])], [secondKey]);
  await leader.commit([logCommit(one.logId, 20, [inlineSegment(20, 25)])]);
  const upkeep = bench.upkeep(leader.incarnation);
  const old = await leader.catalog.segments(one.logId, 0, 10);
  return { leader, upkeep, logId: one.logId, otherLogId: other.logId, firstKey, secondKey, old };
}

/** One segment in the place of these, in the replacement's first object. */
function merged(logId: number, old: readonly Segment[], more: Partial<LogReplacement> = {}): LogReplacement {
  const [first, last] = [old[0], old.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nothing to merge");
  return { logId, old, segments: [replacing(first.baseOffset, last.endOffset)], endedAbortedRanges: [], ...more };
}

function objectOf(segment: Segment | undefined): StoredObject {
  if (segment?.place.kind !== "object") throw new Error("it lies in no object");
  return segment.place.object;
}

function replacing(baseOffset: number, endOffset: number, compactedUntil = 0): ReplacingSegment {
  const { sizeBytes, maxTimestampMs, place } = objectSegment(0, baseOffset, [endOffset - baseOffset]);
  return { baseOffset, endOffset, sizeBytes, maxTimestampMs, compactedUntil, place };
}

function replaceBy(upkeep: UpkeepCatalog, logs: readonly LogReplacement[], key = newKey()) {
  return upkeep.replace({ level: 1, objects: [{ key, sizeBytes: 1000 }], logs });
}

export function upkeepContract(makeBench: () => Promise<UpkeepBench>): void {
  takingContract(makeBench);
  replacingContract(makeBench);
  removingContract(makeBench);
  deletingContract(makeBench);
  usageContract(makeBench);
}

function takingContract(makeBench: () => Promise<UpkeepBench>): void {
  test("a job is one incarnation's until its time is over, or it is ended", async () => {
    const bench = await makeBench();
    const [one, other] = [bench.upkeep(await bench.join()), bench.upkeep(await bench.join())];
    const name = newTopicId();
    expect(await one.takeJob(name, 200)).toBe(true);
    expect(await one.takeJob(name, 200)).toBe(true);
    expect(await other.takeJob(name, 60_000)).toBe(false);
    await bench.pass(300);
    expect(await other.takeJob(name, 60_000)).toBe(true);
    await one.endJob(name);
    expect(await one.takeJob(name, 60_000)).toBe(false);
    await other.endJob(name);
    expect(await one.takeJob(name, 60_000)).toBe(true);
  });

  test("small objects are given with all that lies in them, to one at a time", async () => {
    const bench = await makeBench();
    const { upkeep, logId, otherLogId, firstKey, secondKey } = await twoLogs(bench);
    const { objects, segments } = await upkeep.takeSmallObjects({ ...SMALL, ttlMs: 200 });
    expect(objects.map(({ key }) => key).filter((key) => [firstKey, secondKey].includes(key))).toEqual([firstKey, secondKey]);
    const of = (id: number) => ranges(segments.filter((each) => each.logId === id).map(({ segment }) => segment));
    expect([of(logId), of(otherLogId)]).toEqual(["0-10 10-20", "0-3"]);
    expect((await upkeep.takeSmallObjects(SMALL)).objects).toEqual([]);
    await bench.pass(300);
    expect((await upkeep.takeSmallObjects(SMALL)).objects.length).toBe(objects.length);
  });

  test("few small objects are given when the oldest is old enough, many at once, as far as the limits go", async () => {
    const bench = await makeBench();
    const { upkeep, secondKey } = await twoLogs(bench);
    // Those of other tests are out of the way afterwards.
    await upkeep.takeSmallObjects(SMALL);
    const { firstKey } = await twoLogs(bench);
    expect((await upkeep.takeSmallObjects({ ...SMALL, waitMs: 60_000 })).objects).toEqual([]);
    const one = await upkeep.takeSmallObjects({ ...SMALL, waitMs: 60_000, mostObjects: 1 });
    expect(one.objects.map(({ key }) => key)).toEqual([firstKey]);
    const alsoOne = await upkeep.takeSmallObjects({ ...SMALL, waitMs: 0, mostBytes: 1 });
    expect(alsoOne.objects.length).toBe(1);
    expect(alsoOne.objects[0]?.key).not.toBe(secondKey);
    expect((await upkeep.takeSmallObjects({ ...SMALL, level: 7 })).objects).toEqual([]);
  });

  test("rows with records in them are given of logs that have many", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, old } = await twoLogs(bench);
    await leader.append(logId, 25, [5, 5, 5]);
    const request = { mostRows: 4, mostBytes: 1e9, limit: 1000 };
    const ofLog = async (more: Partial<typeof request>) =>
      (await upkeep.inlineSegments({ ...request, ...more })).filter((each) => each.logId === logId).map(({ segment }) => segment);
    expect(await ofLog({})).toEqual([]);
    expect(ranges(await ofLog({ mostRows: 3 }))).toBe("20-25 25-30 30-35 35-40");
    expect(ranges(await ofLog({ mostBytes: 20 }))).toBe("20-25 25-30 30-35 35-40");
    const [, , inline] = old;
    const [row] = await ofLog({ mostRows: 3 });
    expect(row).toEqual(inline);
  });
}

function replacingContract(makeBench: () => Promise<UpkeepBench>): void {
  test("segments are replaced by others, whoever owns the log, and nothing else changes", async () => {
    const bench = await makeBench();
    const { leader, logId, old } = await twoLogs(bench);
    const upkeep = bench.upkeep(await bench.join());
    const key = newKey();
    const outcome = await replaceBy(upkeep, [merged(logId, old.slice(0, 2), { segments: [replacing(0, 20, 15)] })], key);
    expect(outcome).toEqual({ kind: "replaced", areDone: [true] });
    const now = await leader.catalog.segments(logId, 0, 10);
    expect(ranges(now)).toBe("0-20 20-25");
    expect(now[0]).toMatchObject({ compactedUntil: 15, sizeBytes: 200, place: { object: { key } } });
    expect(await leader.append(logId, 25, [1])).toMatchObject({ refusedLogIds: [] });
  });

  test("rows with records in them are replaced as others are", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, old } = await twoLogs(bench);
    expect(await replaceBy(upkeep, [merged(logId, old)])).toEqual({ kind: "replaced", areDone: [true] });
    expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("0-25");
  });

  test("a log of which an old segment is not there as it was is left as it is, and the others are replaced", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, otherLogId, old } = await twoLogs(bench);
    expect(await replaceBy(upkeep, [merged(logId, old.slice(0, 2))])).toMatchObject({ areDone: [true] });
    const others = await leader.catalog.segments(otherLogId, 0, 10);
    const again = await replaceBy(upkeep, [merged(logId, old), merged(otherLogId, others)]);
    expect(again).toEqual({ kind: "replaced", areDone: [false, true] });
    expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("0-20 20-25");
    const [third] = old.slice(2);
    if (third === undefined) throw new Error("no third segment");
    // A gap between the old ones is no gap in the log.
    const [first] = await leader.catalog.segments(logId, 0, 1);
    await leader.append(logId, 25, [5]);
    const [last] = (await leader.catalog.segments(logId, 25, 1)).slice(0, 1);
    if (first === undefined || last === undefined) throw new Error("no segments");
    expect(await replaceBy(upkeep, [merged(logId, [first, last])])).toMatchObject({ areDone: [false] });
  });

  test("what retention took is not brought back", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, old } = await twoLogs(bench);
    await leader.catalog.moveStart(logId, 10);
    expect(await replaceBy(upkeep, [merged(logId, old)])).toEqual({ kind: "replaced", areDone: [false] });
    expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("10-20 20-25");
  });

  test("what lies below the log's start by then is left out", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, old } = await twoLogs(bench);
    await leader.catalog.moveStart(logId, 7);
    const replacement = merged(logId, old.slice(0, 2), { segments: [replacing(0, 5), replacing(5, 20)] });
    expect(await replaceBy(upkeep, [replacement])).toMatchObject({ areDone: [true] });
    expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("5-20 20-25");
  });

  test("the bytes of a log are those of its new segments", async () => {
    const bench = await makeBench();
    const { leader, upkeep, logId, old } = await twoLogs(bench);
    await replaceBy(upkeep, [
      merged(logId, old.slice(0, 2), { segments: [{ ...replacing(0, 20), ...{ sizeBytes: 50, place: objectSegment(0, 0, [5]).place } }] }),
    ]);
    const inline = old[2]?.sizeBytes ?? 0;
    expect(await leader.catalog.moveStart(logId, 0)).toEqual({ removedCount: 0, sizeBytes: 50 + inline });
  });

  test("ranges of aborted transactions end with the last of their records", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const { logId } = await leader.open(newTopicId(), 0);
    const abortedRanges = [
      { producerId: 1, firstOffset: 0, lastOffset: 3 },
      { producerId: 2, firstOffset: 1, lastOffset: 4 },
    ];
    await leader.append(logId, 0, [5], { abortedRanges });
    const old = await leader.catalog.segments(logId, 0, 10);
    await replaceBy(bench.upkeep(leader.incarnation), [merged(logId, old, { endedAbortedRanges: abortedRanges.slice(0, 1) })]);
    expect(await leader.catalog.abortedRanges(logId, 0)).toEqual(abortedRanges.slice(1));
  });

  test("nothing is replaced for an incarnation that has ended, nor in a log that was deleted", async () => {
    const bench = await makeBench();
    const { leader, logId, otherLogId, old } = await twoLogs(bench);
    const late = await bench.join();
    await bench.end(late);
    expect(await replaceBy(bench.upkeep(late), [merged(logId, old)])).toEqual({ kind: "fenced" });
    expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("0-10 10-20 20-25");
    const topicId = newTopicId();
    const opened = await leader.open(topicId, 0);
    await leader.append(opened.logId, 0, [5]);
    const rows = await leader.catalog.segments(opened.logId, 0, 5);
    await leader.catalog.deleteLogs([{ topicId, partition: 0 }]);
    const others = await leader.catalog.segments(otherLogId, 0, 5);
    const outcome = await replaceBy(bench.upkeep(leader.incarnation), [merged(opened.logId, rows), merged(otherLogId, others)]);
    expect(outcome).toEqual({ kind: "replaced", areDone: [false, true] });
  });
}

function removingContract(makeBench: () => Promise<UpkeepBench>): void {
  async function allObjectIds(upkeep: UpkeepCatalog): Promise<number[]> {
    const ids: number[] = [];
    for (let page = await upkeep.objectIds(0, 2); page.length > 0; page = await upkeep.objectIds(ids.at(-1) ?? 0, 2)) ids.push(...page);
    return ids;
  }

  test("an object is marked when nothing lies in it any more, and forgotten when it is gone", async () => {
    const bench = await makeBench();
    const { upkeep, logId, otherLogId, firstKey, secondKey, old, leader } = await twoLogs(bench);
    const ids = await allObjectIds(upkeep);
    await upkeep.markUnnamed(ids);
    expect(await upkeep.markUnnamed(ids)).toBe(0);
    await replaceBy(upkeep, [merged(logId, old)]);
    expect(await upkeep.markUnnamed(ids)).toBe(1);
    const marked = await upkeep.markedKeys(0, 1000);
    expect(marked.includes(secondKey) && !marked.includes(firstKey)).toBe(true);
    await replaceBy(upkeep, [merged(otherLogId, await leader.catalog.segments(otherLogId, 0, 5))]);
    expect(await upkeep.markUnnamed(ids)).toBe(1);
    const keys = [firstKey, secondKey];
    expect([...(await upkeep.confirmMarked(keys))].sort()).toEqual([...keys].sort());
    await upkeep.forgetRemoved(keys);
    expect((await upkeep.markedKeys(0, 1000)).some((key) => keys.includes(key))).toBe(false);
    expect((await bench.unusedKeys()).some((key) => keys.includes(key))).toBe(false);
    expect(await upkeep.confirmMarked(keys)).toEqual([]);
  });

  test("marks are given when they are old enough, the oldest first", async () => {
    const bench = await makeBench();
    const upkeep = bench.upkeep(await bench.join());
    const [first, second] = [newKey(), newKey()];
    expect(await upkeep.markKeys([first])).toBe(1);
    await bench.pass(300);
    expect(await upkeep.markKeys([first, second])).toBe(1);
    const own = (keys: readonly string[]) => keys.filter((key) => [first, second].includes(key));
    expect(own(await upkeep.markedKeys(60_000, 1000))).toEqual([]);
    expect(own(await upkeep.markedKeys(200, 1000))).toEqual([first]);
    expect(own(await upkeep.markedKeys(0, 1000))).toEqual([first, second]);
    expect((await upkeep.markedKeys(0, 1)).length).toBe(1);
    await upkeep.forgetRemoved([first, second]);
  });

  test("a key that an object has is not marked, and one that an object got since is not confirmed", async () => {
    const bench = await makeBench();
    const { leader, upkeep, firstKey, logId, old } = await twoLogs(bench);
    const [late, taken] = [newKey(), newKey()];
    expect(await upkeep.markKeys([firstKey, late, taken])).toBe(2);
    await leader.commit([logCommit(logId, 25, [objectSegment(0, 25, [1])])], [late]);
    await replaceBy(upkeep, [merged(logId, old)], taken);
    const orphan = newKey();
    await upkeep.markKeys([orphan]);
    expect(await upkeep.confirmMarked([late, taken, orphan])).toEqual([orphan]);
    const marked = await upkeep.markedKeys(0, 1000);
    expect([late, taken, orphan].filter((key) => marked.includes(key))).toEqual([orphan]);
    await upkeep.forgetRemoved([orphan]);
  });

  test("an object that is to be removed is not put together with others", async () => {
    const bench = await makeBench();
    const { upkeep, logId, old, secondKey } = await twoLogs(bench);
    await replaceBy(upkeep, [merged(logId, old)]);
    await upkeep.markUnnamed(await allObjectIds(upkeep));
    expect((await upkeep.takeSmallObjects(SMALL)).objects.some(({ key }) => key === secondKey)).toBe(false);
  });

  test("the newest key of those that begin alike", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const { logId } = await leader.open(newTopicId(), 0);
    const prefix = `upkeep/${newTopicId()}`;
    expect(await bench.upkeep(leader.incarnation).newestKey(`${prefix}/o/`)).toBeUndefined();
    for (const [index, name] of ["o/2-1", "o/10-1", "m/3", "o_/9"].entries()) {
      await leader.commit([logCommit(logId, index, [objectSegment(0, index, [1])])], [`${prefix}/${name}`]);
    }
    expect(await bench.upkeep(leader.incarnation).newestKey(`${prefix}/o/`)).toBe(`${prefix}/o/2-1`);
  });
}

function deletingContract(makeBench: () => Promise<UpkeepBench>): void {
  test("logs are told one after another, without those that were deleted", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const upkeep = bench.upkeep(leader.incarnation);
    const topicId = newTopicId();
    for (const partition of [0, 1, 2]) await leader.open(topicId, 0, partition);
    await leader.catalog.deleteLogs([{ topicId, partition: 1 }]);
    const found: number[] = [];
    let after = 0;
    for (let page = await upkeep.logs(after, 2); page.length > 0; page = await upkeep.logs(after, 2)) {
      found.push(...page.filter((log) => log.topicId === topicId).map(({ partition }) => partition));
      after = page.at(-1)?.logId ?? 0;
    }
    expect(found).toEqual([0, 2]);
  });

  test("the rows of deleted logs go little by little, and then nothing lies in their objects", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const upkeep = bench.upkeep(leader.incarnation);
    const [topicId, key] = [newTopicId(), newKey()];
    const { logId } = await leader.open(topicId, 0);
    for (let offset = 0; offset < 5; offset++)
      await leader.commit([logCommit(logId, offset, [objectSegment(0, offset, [1])])], [`${key}-${offset}`]);
    await leader.catalog.deleteLogs([{ topicId, partition: 0 }]);
    let rounds = 0;
    while (await upkeep.purgeDeletedLogs(2)) if (++rounds > 1000) throw new Error("it does not end");
    expect((await bench.unusedKeys()).filter((each) => each.startsWith(key)).length).toBe(5);
    expect(await leader.catalog.segments(logId, 0, 10)).toEqual([]);
    expect(await leader.catalog.open([{ topicId, partition: 0, leaderEpoch: 5 }])).toEqual([{ kind: "deleted" }]);
  });

  test("a deleted log is forgotten after a while; what comes later for it changes nothing, and who opens it makes it anew", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const upkeep = bench.upkeep(leader.incarnation);
    const topicId = newTopicId();
    const { logId } = await leader.open(topicId, 3);
    const kept = await leader.open(newTopicId(), 0);
    await leader.append(logId, 0, [5], { leaderEpoch: 3 });
    const old = await leader.catalog.segments(logId, 0, 5);
    await leader.catalog.deleteLogs([{ topicId, partition: 0 }]);
    while (await upkeep.purgeDeletedLogs(1000));
    expect(await upkeep.forgetDeletedLogs(60_000, 1000)).toBe(0);
    expect(await leader.catalog.open([{ topicId, partition: 0, leaderEpoch: 4 }])).toEqual([{ kind: "deleted" }]);
    await bench.pass(50);
    expect(await upkeep.forgetDeletedLogs(20, 1000)).toBeGreaterThan(0);
    expect(await leader.append(logId, 5, [5], { leaderEpoch: 4 })).toMatchObject({ kind: "committed", refusedLogIds: [logId] });
    expect(await replaceBy(upkeep, [merged(logId, old)])).toEqual({ kind: "replaced", areDone: [false] });
    expect(await leader.catalog.moveStart(logId, 1)).toBeUndefined();
    expect(await leader.catalog.segments(logId, 0, 5)).toEqual([]);
    const anew = await leader.open(topicId, 4);
    expect(anew).toMatchObject({ startOffset: 0, endOffset: 0, sizeBytes: 0, producers: [], segments: [] });
    expect(anew.logId).toBeGreaterThan(kept.logId);
    await leader.catalog.deleteLogs([{ topicId, partition: 0 }]);
  });
}

function usageContract(makeBench: () => Promise<UpkeepBench>): void {
  test("objects are counted by what becomes of them", async () => {
    const bench = await makeBench();
    const { upkeep, logId, old } = await twoLogs(bench);
    const before = await bench.usage().objects();
    expect(before.oldestMarkAgeMs === -1).toBe(before.markedCount === 0);
    await replaceBy(upkeep, [merged(logId, old)]);
    const orphan = newKey();
    await upkeep.markKeys([orphan]);
    const unnamed = objectOf(old[1]);
    expect(await upkeep.markUnnamed([unnamed.id])).toBe(1);
    const after = await bench.usage().objects();
    expect(after).toMatchObject({
      objectCount: before.objectCount + 1,
      objectBytes: before.objectBytes + 1000,
      smallObjectCount: before.smallObjectCount - 1,
      smallObjectBytes: before.smallObjectBytes - unnamed.sizeBytes,
      smallSegmentCount: before.smallSegmentCount - 2,
      inlineSegmentCount: before.inlineSegmentCount - 1,
      inlineBytes: before.inlineBytes - (old[2]?.sizeBytes ?? 0),
      markedCount: before.markedCount + 2,
      markedOrphanCount: before.markedOrphanCount + 1,
      markedBytes: before.markedBytes + unnamed.sizeBytes,
    });
    expect(after.oldestMarkAgeMs).toBeGreaterThanOrEqual(0);
    await upkeep.forgetRemoved([orphan]);
  });

  test("keys of objects are told in their order, without those in which nothing lies any more", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const { logId } = await leader.open(newTopicId(), 0);
    const prefix = `named/${newTopicId()}`;
    const keys = ["o/2", "o/1", "m/3", "o_/0"].map((name) => `${prefix}/${name}`);
    for (const [offset, key] of keys.entries()) await leader.commit([logCommit(logId, offset, [objectSegment(0, offset, [1])])], [key]);
    await leader.catalog.moveStart(logId, 1);
    const usage = bench.usage();
    const expected = ["m/3", "o/1", "o_/0"].map((name) => `${prefix}/${name}`);
    expect((await usage.namedKeys(`${prefix}/`, 2)).filter((key) => key.startsWith(prefix))).toEqual(expected.slice(0, 2));
    expect(await usage.namedKeys(`${prefix}/o/1`, 1)).toEqual(expected.slice(2));
  });

  test("topics are told with the bytes of all their partitions, the largest first, without those that were deleted", async () => {
    const bench = await makeBench();
    const leader = await Leader.join(bench);
    const [small, large, deleted] = [newTopicId(), newTopicId(), newTopicId()];
    const sizes = new Map<string, number>();
    for (const [topicId, partition, count] of [
      [small, 0, 1],
      [large, 0, 500],
      [large, 1, 700],
      [deleted, 0, 1],
    ] as const) {
      const { logId } = await leader.open(topicId, 0, partition);
      const segment = objectSegment(0, 0, [count]);
      await leader.commit([logCommit(logId, 0, [segment])], [newKey()]);
      sizes.set(topicId, (sizes.get(topicId) ?? 0) + segment.sizeBytes);
    }
    await leader.catalog.deleteLogs([{ topicId: deleted, partition: 0 }]);
    const told = (await bench.usage().topics()).filter(({ topicId }) => sizes.has(topicId));
    expect(told).toEqual([large, small].map((topicId) => ({ topicId, sizeBytes: sizes.get(topicId) })));
  });

  test("a part of the traffic that is told again counts as it was told last, and what was told too long ago does not", async () => {
    const bench = await makeBench();
    const upkeep = bench.upkeep(await bench.join());
    const traffic = (puts: number) => ({ putCount: puts, getCount: 2, listCount: 3, deleteCount: 4, putBytes: 5e12, gotBytes: 6 });
    const [one, other] = [newTopicId(), newTopicId()];
    // Others may tell of theirs beside this.
    const before = await bench.usage().traffic(60_000);
    await upkeep.tellTraffic({ id: one, spanMs: 500, ...traffic(10) });
    await upkeep.tellTraffic({ id: one, spanMs: 90_000, ...traffic(20) });
    await bench.pass(300);
    await upkeep.tellTraffic({ id: other, spanMs: 100, ...traffic(1) });
    const both = await bench.usage().traffic(60_000);
    expect(both).toMatchObject({ putCount: before.putCount + 21, getCount: before.getCount + 4, putBytes: before.putBytes + 1e13 });
    expect(both.spanMs).toBeGreaterThanOrEqual(90_300);
    expect(both.spanMs).toBeLessThan(100_000);
    expect(both.ageMs).toBeLessThan(5_000);
    const later = await bench.usage().traffic(200);
    expect(later).toMatchObject({ putCount: 1, listCount: 3, deleteCount: 4, gotBytes: 6, spanMs: 100 });
  });

  test("where nothing was told there is no traffic", async () => {
    const bench = await makeBench();
    await bench.pass(50);
    const nothing = { putCount: 0, getCount: 0, listCount: 0, deleteCount: 0, putBytes: 0, gotBytes: 0, spanMs: 0, ageMs: -1 };
    expect(await bench.usage().traffic(1)).toEqual(nothing);
  });
}
