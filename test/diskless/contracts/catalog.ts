// What every catalog promises. Runs on the rows in memory with the fast tests, and on the database with the slow ones.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { NEWEST_SEGMENTS, type OpenOutcome } from "../../../src/diskless/catalog.ts";
import {
  type CatalogBench,
  inlineCommit,
  inlineSegment,
  Leader,
  logCommit,
  newTopicId,
  objectSegment,
  producer,
  ranges,
} from "./catalog-bench.ts";

const kinds = (outcomes: readonly OpenOutcome[]) => outcomes.map(({ kind }) => kind);
const newKey = () => `o/${randomUUID()}`;

export function catalogContract(makeBench: () => Promise<CatalogBench>): void {
  let bench: CatalogBench;
  beforeAll(async () => {
    bench = await makeBench();
  });

  describe("opening", () => {
    test("a log that nobody opened before is empty", async () => {
      const leader = await Leader.join(bench);
      const { logId, ...opened } = await leader.open(newTopicId(), 3);
      expect(opened).toEqual({
        ...{ kind: "open", startOffset: 0, endOffset: 0, sizeBytes: 0, producers: [], segments: [] },
        leaderEpochs: [{ leaderEpoch: 3, startOffset: 0 }],
      });
    });

    test("logs have ids of their own, and keep them", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const requests = [2, 0, 1].map((partition) => ({ topicId, partition, leaderEpoch: 0 }));
      const ids = (await leader.catalog.open(requests)).map((outcome) => (outcome.kind === "open" ? outcome.logId : 0));
      expect(new Set(ids).size).toBe(3);
      const again = await leader.catalog.open(requests.toReversed());
      expect(again.map((outcome) => (outcome.kind === "open" ? outcome.logId : 0))).toEqual(ids.toReversed());
    });

    test("nothing asked for, nothing opened", async () => {
      const leader = await Leader.join(bench);
      expect(await leader.catalog.open([])).toEqual([]);
    });

    test("whoever opens with a newer epoch takes over what was committed, and its own epoch begins at the end", async () => {
      const [old, next, topicId] = [await Leader.join(bench), await Leader.join(bench), newTopicId()];
      const { logId } = await old.open(topicId, 0);
      const aborted = { producerId: 8, firstOffset: 1, lastOffset: 3 };
      await old.append(logId, 0, [4, 2], { producers: [producer(8, 3), producer(7, 5)], abortedRanges: [aborted] });
      const opened = await next.open(topicId, 1);
      expect(opened).toMatchObject({ logId, startOffset: 0, endOffset: 6, producers: [producer(7, 5), producer(8, 3)] });
      expect(opened.sizeBytes).toBe("records 0 to 4".length + "records 4 to 6".length);
      expect(ranges(opened.segments)).toBe("0-4 4-6");
      expect(opened.leaderEpochs).toEqual([
        { leaderEpoch: 0, startOffset: 0 },
        { leaderEpoch: 1, startOffset: 6 },
      ]);
      expect(await next.catalog.abortedRanges(logId, 0)).toEqual([aborted]);
    });

    test("an older epoch is fenced, and takes nothing", async () => {
      const [late, owner, topicId] = [await Leader.join(bench), await Leader.join(bench), newTopicId()];
      const { logId } = await owner.open(topicId, 5);
      expect(kinds(await late.catalog.open([{ topicId, partition: 0, leaderEpoch: 4 }]))).toEqual(["fenced"]);
      expect(await owner.append(logId, 0, [1], { leaderEpoch: 5 })).toMatchObject({ refusedLogIds: [] });
    });

    test("at the same epoch the newer incarnation has it", async () => {
      const [before, after, topicId] = [await Leader.join(bench), await Leader.join(bench), newTopicId()];
      const { logId } = await before.open(topicId, 5);
      await before.append(logId, 0, [2], { leaderEpoch: 5 });
      expect((await after.open(topicId, 5)).leaderEpochs).toEqual([{ leaderEpoch: 5, startOffset: 0 }]);
      expect(kinds(await before.catalog.open([{ topicId, partition: 0, leaderEpoch: 5 }]))).toEqual(["fenced"]);
      expect(await before.append(logId, 2, [1], { leaderEpoch: 5 })).toMatchObject({ refusedLogIds: [logId] });
      expect(await after.append(logId, 2, [1], { leaderEpoch: 5 })).toMatchObject({ refusedLogIds: [] });
    });

    test("an epoch without records is forgotten when the next begins where it began", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      await leader.open(topicId, 1);
      await leader.open(topicId, 2);
      expect((await leader.open(topicId, 4)).leaderEpochs).toEqual([{ leaderEpoch: 4, startOffset: 0 }]);
    });

    test("each of many is judged for itself, in the order in which they were asked for", async () => {
      const [one, other, topicId] = [await Leader.join(bench), await Leader.join(bench), newTopicId()];
      await other.open(topicId, 3, 1);
      await one.open(topicId, 0, 2);
      await one.catalog.deleteLogs([{ topicId, partition: 2 }]);
      const requests = [0, 1, 2, 3].map((partition) => ({ topicId, partition, leaderEpoch: 1 }));
      expect(kinds(await one.catalog.open(requests))).toEqual(["open", "fenced", "deleted", "open"]);
    });

    test("an incarnation whose lease was ended opens nothing", async () => {
      const leader = await Leader.join(bench);
      await bench.end(leader.incarnation);
      expect(kinds(await leader.catalog.open([{ topicId: newTopicId(), partition: 0, leaderEpoch: 0 }]))).toEqual(["fenced"]);
    });

    test("the newest segments come with it, not all", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      await leader.append(
        logId,
        0,
        Array.from({ length: NEWEST_SEGMENTS + 8 }, () => 1),
      );
      const { segments } = await leader.open(topicId, 1);
      expect(segments.map(({ baseOffset }) => baseOffset)).toEqual(Array.from({ length: NEWEST_SEGMENTS }, (_, index) => index + 8));
    });
  });

  describe("committing", () => {
    test("segments in objects and inline come back as they were", async () => {
      const [leader, topicId, keys] = [await Leader.join(bench), newTopicId(), [newKey(), newKey()]];
      const { logId } = await leader.open(topicId, 0);
      const chunked = objectSegment(1, 0, [3, 1, 2], 5_000_000);
      const scattered = { ...objectSegment(0, 6, [5]), endOffset: 20, maxTimestampMs: 1011 };
      const inline = inlineSegment(20, 21);
      const outcome = await leader.commit([logCommit(logId, 0, [chunked, scattered, inline])], keys);
      if (outcome.kind !== "committed") throw new Error(outcome.kind);
      const [first, second] = outcome.objectIds.map((id, index) => ({ id, key: keys[index], sizeBytes: 1_000_000 }));
      expect(outcome.refusedLogIds).toEqual([]);
      expect(await leader.catalog.segments(logId, 0, 10)).toEqual([
        { ...chunked, compactedUntil: 0, place: { ...chunked.place, object: second } },
        { ...scattered, compactedUntil: 0, place: { ...scattered.place, object: first } },
        { ...inline, compactedUntil: 0 },
      ]);
    });

    test("one that is repeated gives the same answer and counts once", async () => {
      const [leader, topicId, keys] = [await Leader.join(bench), newTopicId(), [newKey()]];
      const [mine, theirs] = [await leader.open(topicId, 0), await leader.open(topicId, 0, 1)];
      await (await Leader.join(bench)).open(topicId, 1, 1);
      const logs = [mine, theirs].map(({ logId }, index) => logCommit(logId, 0, [objectSegment(0, 0, [2], index * 20)]));
      const outcome = await leader.commit(logs, keys);
      expect(outcome).toMatchObject({ kind: "committed", refusedLogIds: [theirs.logId] });
      expect(await leader.commitAgain(logs, keys)).toEqual(outcome);
      expect(ranges(await leader.catalog.segments(mine.logId, 0, 10))).toBe("0-2");
      expect((await bench.unusedKeys()).filter((key) => keys.includes(key))).toEqual([]);
    });

    test("one that is repeated gives the same answer even when all of it is another's by now", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      const outcome = await leader.append(logId, 0, [2]);
      await (await Leader.join(bench)).open(topicId, 1);
      await bench.end(leader.incarnation);
      expect(await leader.commitAgain([inlineCommit(logId, 0, [2])])).toEqual(outcome);
    });

    test("an earlier one that comes once more changes nothing", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      await leader.append(logId, 0, [2]);
      await leader.append(logId, 2, [2]);
      leader.sequence = 1;
      expect(await leader.commitAgain([inlineCommit(logId, 0, [2])])).toEqual({ kind: "outOfTurn", committedSequence: 2 });
      expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("0-2 2-4");
    });

    test("one before which another is missing changes nothing", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      leader.sequence = 1;
      expect(await leader.append(logId, 0, [2])).toEqual({ kind: "outOfTurn", committedSequence: 0 });
      expect(await leader.catalog.segments(logId, 0, 10)).toEqual([]);
    });

    test("the same call twice at once counts once", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      leader.sequence = 1;
      const outcomes = await Promise.all([1, 2, 3].map(() => leader.commitAgain([inlineCommit(logId, 0, [2])], ["once"])));
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(outcomes[2]).toEqual(outcomes[0]);
      expect(ranges(await leader.catalog.segments(logId, 0, 10))).toBe("0-2");
    });

    test("a log that another took over takes no part, the others do", async () => {
      const [leader, topicId, key] = [await Leader.join(bench), newTopicId(), newKey()];
      const opened = [0, 1, 2].map((partition) => leader.open(topicId, 0, partition));
      const [first = 0, taken = 0, last = 0] = (await Promise.all(opened)).map(({ logId }) => logId);
      const next = await Leader.join(bench);
      await next.open(topicId, 1, 1);
      const logs = [first, taken, last].map((logId) => logCommit(logId, 0, [objectSegment(0, 0, [2])], everything()));
      expect(await leader.commit(logs, [key])).toMatchObject({ kind: "committed", refusedLogIds: [taken] });
      expect(await next.open(topicId, 2, 1)).toMatchObject({ endOffset: 0, sizeBytes: 0, producers: [], segments: [] });
      expect(await next.catalog.abortedRanges(taken, 0)).toEqual([]);
      for (const partition of [0, 2]) expect(await next.open(topicId, 2, partition)).toMatchObject({ endOffset: 2, ...everythingOpened() });
    });

    test("what does not end where it was expected to takes no part", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      await leader.append(logId, 0, [2]);
      expect(await leader.append(logId, 0, [2])).toMatchObject({ refusedLogIds: [logId] });
      expect(await leader.append(logId, 3, [2])).toMatchObject({ refusedLogIds: [logId] });
      expect(await leader.append(logId, 2, [2])).toMatchObject({ refusedLogIds: [] });
    });

    test("what was appended at an older epoch than that of the log takes no part", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 5);
      await (await Leader.join(bench)).open(topicId, 6);
      await leader.open(topicId, 7);
      expect(await leader.append(logId, 0, [2], { leaderEpoch: 5 })).toMatchObject({ refusedLogIds: [logId] });
      expect(await leader.append(logId, 0, [2], { leaderEpoch: 7 })).toMatchObject({ refusedLogIds: [] });
    });

    test("a deleted log, and one that never was, take no part", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      await leader.catalog.deleteLogs([{ topicId, partition: 0 }]);
      const never = 2 ** 50;
      const outcome = await leader.commit([inlineCommit(logId, 0, [1]), inlineCommit(never, 0, [1])]);
      expect(outcome).toMatchObject({ kind: "committed", refusedLogIds: [logId, never] });
    });

    test("an incarnation whose lease was ended commits nothing", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      await bench.end(leader.incarnation);
      expect(await leader.append(logId, 0, [2])).toEqual({ kind: "fenced" });
      expect((await (await Leader.join(bench)).open(topicId, 1)).endOffset).toBe(0);
    });

    test("without logs and objects it is only a number", async () => {
      const leader = await Leader.join(bench);
      expect(await leader.commit([])).toEqual({ kind: "committed", objectIds: [], refusedLogIds: [] });
      expect(await leader.commit([])).toEqual({ kind: "committed", objectIds: [], refusedLogIds: [] });
    });

    test("an object is known also when all that lies in it was refused", async () => {
      const [leader, topicId, keys] = [await Leader.join(bench), newTopicId(), [newKey(), newKey()]];
      const { logId } = await leader.open(topicId, 0);
      const logs = [logCommit(logId, 0, [objectSegment(0, 0, [2])]), logCommit(2 ** 50, 0, [objectSegment(1, 0, [2])])];
      await leader.commit(logs, keys);
      expect((await bench.unusedKeys()).filter((key) => keys.includes(key))).toEqual([keys[1]]);
    });

    test("leader epochs that began since are kept, and are the log's from then on", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 1);
      const began = [
        { leaderEpoch: 3, startOffset: 2 },
        { leaderEpoch: 4, startOffset: 3 },
        { leaderEpoch: 6, startOffset: 3 },
      ];
      await leader.append(logId, 0, [4], { leaderEpoch: 6, leaderEpochs: began });
      await leader.commit([logCommit(logId, 4, [], { leaderEpoch: 7, leaderEpochs: [{ leaderEpoch: 7, startOffset: 4 }] })]);
      const fenced = await (await Leader.join(bench)).catalog.open([{ topicId, partition: 0, leaderEpoch: 6 }]);
      expect(kinds(fenced)).toEqual(["fenced"]);
      expect((await leader.open(topicId, 7)).leaderEpochs).toEqual([
        ...[1, 3].map((leaderEpoch) => ({ leaderEpoch, startOffset: leaderEpoch === 1 ? 0 : 2 })),
        { leaderEpoch: 6, startOffset: 3 },
        { leaderEpoch: 7, startOffset: 4 },
      ]);
    });

    test("a producer is as the last commit with it says", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      const batches = [0x7fffffff, 0, 1, 2, 3].map((lastSequence, index) => ({
        ...{ lastSequence, lastOffset: 2 ** 40 + index, offsetDelta: index, timestampMs: 1_700_000_000_000 - index },
      }));
      const rich = { producerEpoch: 32767, coordinatorEpoch: 0x7fffffff, transactionFirstOffset: 2 ** 40, batches };
      const bare = { lastTimestampMs: -1, batches: [] };
      await leader.append(logId, 0, [1], { producers: [producer(1, 0), producer(2 ** 52, 0), producer(3, 0, bare)] });
      await leader.append(logId, 1, [1], { producers: [producer(2 ** 52, 1, rich)] });
      expect((await leader.open(topicId, 1)).producers).toEqual([producer(1, 0), producer(3, 0, bare), producer(2 ** 52, 1, rich)]);
    });
  });

  describe("reading", () => {
    async function filled(counts: readonly number[]): Promise<{ leader: Leader; logId: number; topicId: string }> {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      await leader.append(logId, 0, counts);
      return { leader, logId, topicId };
    }

    test("segments come in pages, beginning with the one that holds the offset", async () => {
      const { leader, logId } = await filled([3, 3, 3, 3]);
      const page = async (from: number, limit: number) => ranges(await leader.catalog.segments(logId, from, limit));
      expect(await page(0, 2)).toBe("0-3 3-6");
      expect(await page(5, 2)).toBe("3-6 6-9");
      expect(await page(6, 1)).toBe("6-9");
      expect(await page(6, 5)).toBe("6-9 9-12");
      expect(await page(11, 5)).toBe("9-12");
      expect(await page(12, 5)).toBe("");
    });

    test("a log without rows has no segments", async () => {
      const leader = await Leader.join(bench);
      expect(await leader.catalog.segments(2 ** 50, 0, 5)).toEqual([]);
      expect(await leader.catalog.segmentAt(2 ** 50, 0, 0)).toBeUndefined();
      expect(await leader.catalog.segmentOfMaxTimestamp(2 ** 50)).toBeUndefined();
      expect(await leader.catalog.abortedRanges(2 ** 50, 0)).toEqual([]);
    });

    test("anyone may read", async () => {
      const { logId } = await filled([3]);
      expect(ranges(await (await Leader.join(bench)).catalog.segments(logId, 0, 5))).toBe("0-3");
    });

    test("a timestamp leads to the first segment that reaches it, whatever order they are in", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      const times = [100, 500, 200, 500, 300, 700, 650];
      for (const [index, time] of times.entries()) await leader.commit([logCommit(logId, index, [inlineSegment(index, index + 1, time)])]);
      const at = async (time: number, from = 0) => (await leader.catalog.segmentAt(logId, time, from))?.baseOffset;
      expect([await at(0), await at(100), await at(101), await at(500)]).toEqual([0, 0, 1, 1]);
      expect([await at(501), await at(700), await at(701)]).toEqual([5, 5, undefined]);
      expect([await at(150, 2), await at(250, 2), await at(450, 2), await at(400, 4), await at(651, 6)]).toEqual([2, 3, 3, 5, undefined]);
      expect((await leader.catalog.segmentOfMaxTimestamp(logId))?.baseOffset).toBe(5);
      await leader.catalog.moveStart(logId, 6);
      expect([await at(0), await at(650), await at(651)]).toEqual([6, 6, undefined]);
      expect((await leader.catalog.segmentOfMaxTimestamp(logId))?.baseOffset).toBe(6);
    });

    test("of segments with the largest timestamp the first counts", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      const segments = [3, 9, 9, 2].map((time, index) => inlineSegment(index, index + 1, time));
      await leader.commit([logCommit(logId, 0, segments)]);
      expect((await leader.catalog.segmentOfMaxTimestamp(logId))?.baseOffset).toBe(1);
    });

    test("segments without timestamps are found by none", async () => {
      const leader = await Leader.join(bench);
      const { logId } = await leader.open(newTopicId(), 0);
      await leader.commit([logCommit(logId, 0, [inlineSegment(0, 1, -1), inlineSegment(1, 2, -1)])]);
      expect(await leader.catalog.segmentAt(logId, 0, 0)).toBeUndefined();
      expect((await leader.catalog.segmentOfMaxTimestamp(logId))?.baseOffset).toBe(0);
    });

    test("aborted ranges come in the order of their markers, from an offset on", async () => {
      const { leader, logId } = await filled([10]);
      const [one, other] = [
        { producerId: 1, firstOffset: 2, lastOffset: 9 },
        { producerId: 2, firstOffset: 4, lastOffset: 6 },
      ];
      const third = { producerId: 1, firstOffset: 10, lastOffset: 11 };
      await leader.append(logId, 10, [2], { abortedRanges: [one, other] });
      await leader.append(logId, 12, [2], { abortedRanges: [third] });
      expect(await leader.catalog.abortedRanges(logId, 0)).toEqual([other, one, third]);
      expect(await leader.catalog.abortedRanges(logId, 9)).toEqual([one, third]);
      expect(await leader.catalog.abortedRanges(logId, 12)).toEqual([]);
    });

    test("the start moves up, and takes along what lies below it", async () => {
      const { leader, logId, topicId } = await filled([3, 3, 3]);
      const aborted = [4, 7].map((lastOffset) => ({ producerId: 1, firstOffset: 0, lastOffset }));
      await leader.append(logId, 9, [1], { abortedRanges: aborted });
      const sizeBytes = "records 6 to 9".length + "records 9 to 10".length;
      expect(await leader.catalog.moveStart(logId, 7)).toEqual({ removedCount: 2, sizeBytes });
      expect(ranges(await leader.catalog.segments(logId, 0, 5))).toBe("6-9 9-10");
      expect(await leader.catalog.abortedRanges(logId, 0)).toEqual([aborted[1]]);
      expect(await leader.open(topicId, 1)).toMatchObject({ startOffset: 7, endOffset: 10, sizeBytes });
    });

    test("the start never falls, and stops at the end", async () => {
      const { leader, logId, topicId } = await filled([3, 3]);
      await leader.catalog.moveStart(logId, 5);
      expect(await leader.catalog.moveStart(logId, 2)).toEqual({ removedCount: 0, sizeBytes: "records 3 to 6".length });
      expect((await leader.open(topicId, 0)).startOffset).toBe(5);
      expect(await leader.catalog.moveStart(logId, 99)).toEqual({ removedCount: 1, sizeBytes: 0 });
      expect(await leader.open(topicId, 0)).toMatchObject({ startOffset: 6, endOffset: 6, sizeBytes: 0, segments: [] });
      expect(await leader.append(logId, 6, [1])).toMatchObject({ refusedLogIds: [] });
    });

    test("a start that moved leaves of the leader epochs those that something is left of", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      for (const [index, leaderEpoch] of [1, 2, 3].entries()) {
        await leader.append(logId, index * 2, [2], { leaderEpoch, leaderEpochs: [{ leaderEpoch, startOffset: index * 2 }] });
      }
      await leader.catalog.moveStart(logId, 3);
      const left = [
        { leaderEpoch: 2, startOffset: 3 },
        { leaderEpoch: 3, startOffset: 4 },
      ];
      expect((await leader.open(topicId, 3)).leaderEpochs).toEqual(left);
      await leader.catalog.moveStart(logId, 6);
      expect((await leader.open(topicId, 3)).leaderEpochs).toEqual([{ leaderEpoch: 3, startOffset: 6 }]);
      expect((await leader.open(topicId, 4)).leaderEpochs).toEqual([{ leaderEpoch: 4, startOffset: 6 }]);
    });

    test("producers that were idle for long are forgotten, unless their transaction is open", async () => {
      const [leader, topicId] = [await Leader.join(bench), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      const open = producer(3, 0, { transactionFirstOffset: 0 });
      await leader.append(logId, 0, [9], { producers: [producer(1, 0), producer(2, 5), open, producer(4, 0)] });
      await leader.append(logId, 9, [1], { producers: [producer(4, 9)] });
      await (await Leader.join(bench)).catalog.expireProducers(logId, 1005);
      await leader.catalog.expireProducers(logId, 1004);
      expect((await leader.open(topicId, 0)).producers).toEqual([producer(2, 5), open, producer(4, 9)]);
      await leader.catalog.expireProducers(logId, 1005);
      expect((await leader.open(topicId, 0)).producers).toEqual([open, producer(4, 9)]);
      await leader.append(logId, 10, [1], { producers: [producer(1, 10)] });
      expect((await leader.open(topicId, 0)).producers).toEqual([producer(1, 10), open, producer(4, 9)]);
    });

    test("only the owner moves the start", async () => {
      const { leader, logId, topicId } = await filled([3, 3]);
      const next = await Leader.join(bench);
      expect(await next.catalog.moveStart(logId, 3)).toBeUndefined();
      await next.open(topicId, 1);
      expect(await leader.catalog.moveStart(logId, 6)).toBeUndefined();
      expect(await next.catalog.moveStart(logId, 3)).toMatchObject({ removedCount: 1 });
      expect(await next.catalog.moveStart(2 ** 50, 3)).toBeUndefined();
    });

    test("an object goes unused when the last segment in it went", async () => {
      const [leader, topicId, key] = [await Leader.join(bench), newTopicId(), newKey()];
      const logIds = (await Promise.all([0, 1].map((partition) => leader.open(topicId, 0, partition)))).map(({ logId }) => logId);
      const logs = logIds.map((logId, index) => logCommit(logId, 0, [objectSegment(0, 0, [2], index * 20)]));
      await leader.commit(logs, [key]);
      await leader.catalog.moveStart(logIds[0] ?? 0, 2);
      expect(await bench.unusedKeys()).not.toContain(key);
      await leader.catalog.deleteLogs([{ topicId, partition: 1 }]);
      expect(await bench.unusedKeys()).toContain(key);
    });
  });

  describe("deleting", () => {
    test("a deleted log is gone for all, and its id is not given again", async () => {
      const [leader, topicId, next] = [await Leader.join(bench), newTopicId(), newTopicId()];
      const { logId } = await leader.open(topicId, 0);
      await leader.append(logId, 0, [2], {
        producers: [producer(1, 0)],
        abortedRanges: [{ producerId: 1, firstOffset: 0, lastOffset: 1 }],
      });
      await leader.catalog.deleteLogs([
        { topicId, partition: 0 },
        { topicId: next, partition: 0 },
      ]);
      expect(await leader.catalog.segments(logId, 0, 5)).toEqual([]);
      expect(await leader.catalog.abortedRanges(logId, 0)).toEqual([]);
      expect(await leader.catalog.moveStart(logId, 1)).toBeUndefined();
      expect(kinds(await leader.catalog.open([{ topicId, partition: 0, leaderEpoch: 9 }]))).toEqual(["deleted"]);
      const recreated = await leader.open(next, 0);
      expect(recreated.logId).not.toBe(logId);
      expect(recreated).toMatchObject({ endOffset: 0, producers: [], segments: [] });
      expect(await leader.append(logId, 2, [2])).toMatchObject({ refusedLogIds: [logId] });
    });

    test("whoever does not own it may delete it, and again", async () => {
      const [owner, other, topicId] = [await Leader.join(bench), await Leader.join(bench), newTopicId()];
      const { logId } = await owner.open(topicId, 0);
      await other.catalog.deleteLogs([{ topicId, partition: 0 }]);
      await owner.catalog.deleteLogs([{ topicId, partition: 0 }]);
      await owner.catalog.deleteLogs([]);
      expect(await owner.append(logId, 0, [1])).toMatchObject({ refusedLogIds: [logId] });
    });
  });
}

/** All that a commit can bring beside its segments. */
function everything() {
  return {
    producers: [producer(5, 1)],
    abortedRanges: [{ producerId: 5, firstOffset: 0, lastOffset: 1 }],
    leaderEpochs: [{ leaderEpoch: 1, startOffset: 1 }],
    leaderEpoch: 1,
  };
}

/** And what is seen of it when the log is opened at epoch 2. */
function everythingOpened() {
  return {
    producers: [producer(5, 1)],
    leaderEpochs: [
      { leaderEpoch: 0, startOffset: 0 },
      { leaderEpoch: 1, startOffset: 1 },
      { leaderEpoch: 2, startOffset: 2 },
    ],
  };
}
