// What compaction does to a log, rule by rule, on virtual time.

import { describe, expect, test } from "vitest";
import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { ControlType } from "../../protocol/records/control-batch.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import { type Bench, bench, contents, roll, SETTINGS, stored, write } from "./compaction-bench.ts";
import { compactAll, LIMITS, marker, storedBatches } from "./compaction-support.ts";
import { append, batchOf, spec, testFolder } from "./support.ts";

describe("records", () => {
  test("of which a later one has the same key go, and the others keep their offsets and timestamps", async () => {
    const each = bench();
    write(each, [
      ["a", "1"],
      ["b", "1"],
      ["a", "2"],
    ]);
    await each.folder.clock.advance(500);
    write(each, [
      ["c", "1"],
      ["b", "2"],
    ]);
    roll(each);
    const before = await stored(each);
    const { logEndOffset, sizeBytes } = each.log;
    expect(await compactAll(each.engine)).toBe(1);
    expect(await contents(each)).toEqual(["2 a=2", "3 c=1", "4 b=2"]);
    expect(await stored(each)).toEqual(before.filter(({ offset }) => offset >= 2));
    expect(each.log).toMatchObject({ logEndOffset, logStartOffset: 0 });
    expect(each.log.sizeBytes).toBeLessThan(sizeBytes);
  });

  test.each([Compression.GZIP, Compression.LZ4, Compression.ZSTD])(
    "of a batch of codec %i that holds very much go as others do",
    async (compression) => {
      const each = bench({ "internal.segment.bytes": "5000000", "max.message.bytes": "5000000" });
      write(
        each,
        [
          ["a", "1".repeat(1_500_000)],
          ["b", "1".repeat(1_500_000)],
        ],
        { compression },
      );
      write(each, [["a", "2"]]);
      each.log.configure(topicSettings(brokerConfig(), SETTINGS));
      roll(each);
      expect(await compactAll(each.engine)).toBeGreaterThan(0);
      expect((await stored(each)).map(({ offset, key, value }) => [offset, key, value?.length])).toEqual([
        [1, "b", 1_500_000],
        [2, "a", 1],
      ]);
    },
  );

  test("of the active segment stay", async () => {
    const each = bench({ "internal.segment.bytes": "100000" });
    write(each, [
      ["a", "1"],
      ["a", "2"],
    ]);
    expect(await compactAll(each.engine)).toBe(0);
    expect(await contents(each)).toEqual(["0 a=1", "1 a=2"]);
  });

  test("that were the last of what is compacted leave a header there, so that readers get on", async () => {
    const each = bench({ "cleanup.policy": "delete" });
    write(each, [
      ["a", "1".repeat(100)],
      [null, "lost"],
    ]);
    write(each, [[null, "lost, too"]]);
    write(each, [["filler", "+".repeat(200)]]);
    each.log.configure(topicSettings(brokerConfig(), SETTINGS));
    await compactAll(each.engine);
    const headers = (await storedBatches(each.log)).map(({ batch }) => [batch.baseOffset, batch.lastOffset, batch.recordCount]);
    expect(headers).toEqual([
      [0, 1, 1],
      [2, 2, 0],
      [3, 3, 1],
    ]);
  });

  test("without a key go, and an empty key is a key", async () => {
    const each = bench({ "cleanup.policy": "delete" });
    write(each, [
      [null, "lost"],
      ["", "kept"],
      ["a", "1"],
    ]);
    roll(each);
    each.log.configure(topicSettings(brokerConfig(), SETTINGS));
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["1 =kept", "2 a=1"]);
  });

  test.each(Object.entries(Compression))("in batches compressed with %s stay compressed so", async (_, compression) => {
    const each = bench({ "internal.segment.bytes": "3000" });
    write(
      each,
      [
        ["a", "1".repeat(500)],
        ["b", "x".repeat(500)],
        ["a", "2"],
      ],
      { compression },
    );
    write(each, [["filler", "x".repeat(2900)]]);
    write(each, [["filler", "x"]]);
    await compactAll(each.engine);
    const [first] = await storedBatches(each.log);
    expect(first?.batch.compression).toBe(compression);
    expect(first?.records.map(({ key, value }) => `${key}=${value?.slice(0, 1)}`)).toEqual(["b=x", "a=2"]);
    expect(first?.batch).toMatchObject({ baseOffset: 0, lastOffset: 2 });
  });

  test("of a topic with LogAppendTime keep the time of the append", async () => {
    const each = bench({ "message.timestamp.type": "LogAppendTime" });
    write(
      each,
      [
        ["a", "1"],
        ["a", null],
        ["b", "2"],
      ],
      { timestamp: 5 },
    );
    const appendedMs = each.folder.clock.now();
    roll(each);
    await each.folder.clock.advance(100);
    await compactAll(each.engine);
    const [first] = await storedBatches(each.log);
    expect(first?.batch).toMatchObject({ timestampType: TimestampType.LOG_APPEND_TIME, hasDeleteHorizon: true });
    expect(first?.records.map(({ timestamp }) => timestamp)).toEqual([appendedMs, appendedMs]);
  });
});

describe("a deletion", () => {
  test("stays until delete.retention.ms after the first compaction that met it", async () => {
    const each = bench();
    write(each, [
      ["a", "1"],
      ["b", "1"],
    ]);
    write(each, [["a", null]]);
    roll(each);
    await each.folder.clock.advance(100_000);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["1 b=1", "2 a=null"]);
    const timestamps = (await stored(each)).map(({ timestamp }) => timestamp);
    await each.folder.clock.advance(999);
    roll(each);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["1 b=1", "2 a=null"]);
    expect(
      (await stored(each)).map(({ timestamp }) => timestamp),
      "whatever the horizon is",
    ).toEqual(timestamps);
    await each.folder.clock.advance(1);
    roll(each);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["1 b=1"]);
  });

  test("with a timestamp that no number holds exactly stays, and so do the others of its batch", async () => {
    const each = bench({ "message.timestamp.after.max.ms": "9223372036854775807" });
    write(
      each,
      [
        ["a", null],
        ["b", "1"],
      ],
      { timestamp: Number.MAX_SAFE_INTEGER },
    );
    roll(each);
    await compactAll(each.engine);
    const [first] = await storedBatches(each.log);
    expect(first?.batch.hasDeleteHorizon).toBe(false);
    expect(await contents(each)).toEqual(["0 a=null", "1 b=1"]);
  });
});

describe("transactions", () => {
  const producer = { producerId: 5, producerEpoch: 0, isTransactional: true };
  const end = (each: Bench, type: ControlType) =>
    expect(each.log.append(marker(5, type, each.folder.clock.now()), { leaderEpoch: 0, origin: "coordinator" }).ok).toBe(true);
  const markers = async ({ log }: Bench) =>
    (await storedBatches(log)).filter(({ batch }) => batch.isControl).map(({ batch }) => batch.baseOffset);

  test("that were aborted leave nothing and replace nothing; their marker stays until nothing of them is left and the horizon is past", async () => {
    const each = bench();
    write(each, [["a", "1"]]);
    write(
      each,
      [
        ["a", "aborted"],
        ["b", "aborted"],
      ],
      { ...producer, baseSequence: 0 },
    );
    end(each, ControlType.ABORT);
    write(each, [["c", "1"]], { ...producer, baseSequence: 2 });
    end(each, ControlType.COMMIT);
    roll(each);
    expect(each.log.abortedTransactions(0, 100)).toEqual([{ producerId: 5, firstOffset: 1 }]);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["0 a=1", "4 c=1"]);
    expect(await markers(each), "nothing is left of the first, but it was met").toEqual([3, 5]);
    expect(each.log.abortedTransactions(0, 100)).toEqual([{ producerId: 5, firstOffset: 1 }]);
    roll(each);
    await compactAll(each.engine);
    expect(await markers(each), "the horizon is set").toEqual([3, 5]);
    expect(each.log.abortedTransactions(0, 100)).toEqual([]);
    await each.folder.clock.advance(1000);
    roll(each);
    await compactAll(each.engine);
    expect(await markers(each)).toEqual([5]);
    expect(await contents(each)).toEqual(["0 a=1", "4 c=1"]);
  });

  test("that are open hold compaction up", async () => {
    const each = bench();
    write(each, [["a", "1"]]);
    roll(each);
    write(each, [["a", "open"]], { ...producer, baseSequence: 0 });
    write(each, [["a", "2"]]);
    roll(each);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["0 a=1", "3 a=open", "4 a=2"]);
    end(each, ControlType.COMMIT);
    roll(each);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["4 a=2"]);
  });

  test("of which the last batch was emptied keep their producer's sequence over a restart", async () => {
    const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
    const each = bench({}, folder);
    write(
      each,
      [
        ["a", "1"],
        ["a", "2"],
      ],
      { producerId: 9, producerEpoch: 3, baseSequence: 40 },
    );
    write(each, [["a", "3"]]);
    roll(each);
    await compactAll(each.engine);
    const [first] = await storedBatches(each.log);
    expect(first?.batch).toMatchObject({ baseOffset: 0, lastOffset: 1, recordCount: 0, lastSequence: 41, producerEpoch: 3 });
    await each.engine.close();
    // Without a snapshot, the state comes from the batches alone.
    for (const name of folder.filesystem.list("/data/orders-0"))
      if (name.endsWith(".snapshot")) folder.filesystem.remove(`/data/orders-0/${name}`);
    folder.filesystem.remove("/data/.kafka_cleanshutdown");
    const again = bench({}, folder);
    expect(again.log.activeProducers()).toMatchObject([{ producerId: 9, producerEpoch: 3, lastSequence: 41 }]);
  });
});

describe("the cleaner", () => {
  test("waits until more of the log is dirty than min.cleanable.dirty.ratio", async () => {
    const each = bench({ "min.cleanable.dirty.ratio": "0.5" });
    for (let count = 0; count < 10; count++) roll(each);
    for (const key of ["a", "b", "c", "d"]) write(each, [[key, "+".repeat(200)]]);
    roll(each);
    expect(await compactAll(each.engine)).toBe(1);
    roll(each);
    expect(await compactAll(each.engine), "little is dirty").toBe(0);
    for (const key of ["a", "b", "c", "d", "e"]) write(each, [[key, "+".repeat(200)]]);
    roll(each);
    expect(await compactAll(each.engine)).toBe(1);
  });

  test("leaves records alone that are younger than min.compaction.lag.ms", async () => {
    const each = bench({ "min.compaction.lag.ms": "1000" });
    write(each, [["a", "1"]]);
    roll(each);
    await each.folder.clock.advance(1000);
    write(each, [["a", "2"]]);
    roll(each);
    write(each, [["a", "3"]]);
    roll(each);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["0 a=1", "3 a=2", "6 a=3"]);
    await each.folder.clock.advance(1000);
    await compactAll(each.engine);
    expect(await contents(each)).toEqual(["6 a=3"]);
  });

  test("does not wait longer than max.compaction.lag.ms", async () => {
    const each = bench({ "min.cleanable.dirty.ratio": "1", "max.compaction.lag.ms": "1000" });
    write(each, [
      ["a", "1"],
      ["a", "2"],
    ]);
    roll(each);
    await each.folder.clock.advance(1000);
    expect(await compactAll(each.engine)).toBe(0);
    await each.folder.clock.advance(1);
    expect(await compactAll(each.engine)).toBe(1);
    expect(await contents(each)).toEqual(["1 a=2"]);
  });

  test("goes on after a restart where it was", async () => {
    const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
    const each = bench({}, folder);
    write(each, [
      ["a", "1"],
      ["a", "2"],
    ]);
    roll(each);
    await compactAll(each.engine);
    expect(folder.filesystem.readFile("/data/cleaner-offset-checkpoint").toString()).toBe("0\n1\norders 0 3\n");
    await each.engine.close();
    const again = bench({}, folder);
    expect(await compactAll(again.engine)).toBe(0);
    roll(again);
    expect(await compactAll(again.engine)).toBe(1);
  });

  test("does several rounds where its memory does not hold all keys", async () => {
    const each = bench();
    for (let round = 0; round < 3; round++) for (let key = 0; key < 20; key++) write(each, [[`key ${key}`, `${round}`]]);
    roll(each);
    expect(await compactAll(each.engine, { dedupeBufferBytes: 24 * 8 })).toBeGreaterThan(2);
    expect(await contents(each)).toEqual(Array.from({ length: 20 }, (_, key) => `${40 + key} key ${key}=2`));
  });

  test("merges segments, up to the size of one", async () => {
    const each = bench();
    for (let count = 0; count < 30; count++) write(each, [["a", `${count}`.padEnd(60, "+")]]);
    roll(each);
    const logs = () => each.folder.filesystem.list("/data/orders-0").filter((name) => name.endsWith(".log"));
    const before = logs().length;
    expect(before).toBeGreaterThan(10);
    await compactAll(each.engine);
    // What is left of each is too much for its neighbours' full size: a second pass sees that it is little.
    roll(each);
    await compactAll(each.engine);
    expect(logs().length).toBeLessThan(6);
    expect(await contents(each)).toEqual([`29 a=${"29".padEnd(60, "+")}`]);
    expect(await each.log.offsetForTimestamp(each.folder.clock.now(), each.log.logEndOffset)).toMatchObject({ offset: 29 });
  });

  test("leaves topics alone that are not compacted", async () => {
    const each = bench({ "cleanup.policy": "delete" });
    write(each, [
      ["a", "1"],
      ["a", "2"],
    ]);
    roll(each);
    expect(await compactAll(each.engine)).toBe(0);
  });

  test("leaves a damaged log alone, and compacts the others", async () => {
    const folder = testFolder(new MemoryFilesystem(), "/data", () => undefined);
    const each = bench({}, folder);
    const other = { folder, engine: each.engine, log: each.engine.open(spec(SETTINGS, 1)) };
    for (const one of [each, other]) {
      write(one, [
        ["a", "1"],
        ["a", "2"],
      ]);
      roll(one);
    }
    const file = folder.filesystem.open("/data/orders-0/00000000000000000000.log", "write");
    file.write([Buffer.from("x")], 80);
    file.close();
    expect(await compactAll(each.engine)).toBe(2);
    expect(await contents(other)).toEqual(["1 a=2"]);
    expect(folder.filesystem.list("/data/orders-0").filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    expect(await compactAll(each.engine)).toBe(0);
  });

  test("spends no more than log.cleaner.io.max.bytes.per.second, and works in slices", async () => {
    const each = bench({ "internal.segment.bytes": "2000000" });
    const value = "+".repeat(100_000);
    for (let count = 0; count < 42; count++) write(each, [[`key ${count % 30}`, value]]);
    const startMs = each.folder.clock.now();
    let isDone = false;
    const compacting = each.engine.compact({ ...LIMITS, ioBytesPerSecond: 1_000_000 }).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await each.folder.clock.advance(10);
      // Others have their turn meanwhile.
      if (each.folder.clock.now() - startMs === 1000) write(each, [["meanwhile", "1"]]);
    }
    expect(await compacting).toBe(true);
    // 4 MB are read twice, and about 3 MB are written.
    expect(each.folder.clock.now() - startMs).toBeGreaterThan(9000);
    expect(each.folder.clock.now() - startMs).toBeLessThan(13_000);
    expect((await contents(each)).at(-1)).toBe("42 meanwhile=1");
  });
});

test("an emptied log still tells where timestamps are", async () => {
  const each = bench();
  const startMs = each.folder.clock.now();
  write(each, [["a", "1"]], { producerId: 9, producerEpoch: 0, baseSequence: 0, timestamp: startMs + 5000 });
  write(each, [["a", "2"]]);
  roll(each);
  await compactAll(each.engine);
  expect(await each.log.offsetOfMaxTimestamp()).toMatchObject({ timestampMs: startMs });
  expect(await each.log.offsetForTimestamp(startMs + 1, each.log.logEndOffset)).toBeUndefined();
  append(each.log, batchOf(["end"], { timestamp: startMs + 6000 }));
  expect(await each.log.offsetOfMaxTimestamp()).toMatchObject({ timestampMs: startMs + 6000 });
});
