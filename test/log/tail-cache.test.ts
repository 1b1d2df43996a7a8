import { describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { Tail, TailCache } from "../../src/log/tail-cache.ts";
import { append, batchOf, spec, testFolder } from "./support.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Appends `count` blocks of `sizeBytes` each, as a log would. */
function fill(tail: Tail, sizeBytes: number, count: number, from = { position: 0, offset: 0 }): void {
  let { position, offset } = from;
  for (let index = 0; index < count; index++) {
    const slab = tail.reserve(sizeBytes, { segmentBaseOffset: 0, position, offset });
    slab.buffer.fill(offset % 251, slab.usedBytes, slab.usedBytes + sizeBytes);
    position += sizeBytes;
    offset++;
    slab.commit(sizeBytes, offset);
  }
}

describe("the tail cache", () => {
  test("starts small and grows with use", () => {
    const cache = new TailCache(512 * MIB);
    const tail = new Tail(cache);
    fill(tail, 100, 1);
    expect(cache.usedBytes).toBe(4 * KIB);
    fill(tail, 10_000, 300, { position: 100, offset: 1 });
    expect(tail.slabs.map(({ buffer }) => buffer.length).slice(0, 6)).toEqual([4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, MIB]);
  });

  test("stays within its budget and takes from the log that was written to longest ago", () => {
    const cache = new TailCache(8 * MIB);
    const [old, older, newest] = [new Tail(cache), new Tail(cache), new Tail(cache)] as const;
    fill(older, 300 * KIB, 6);
    fill(old, 300 * KIB, 6);
    for (let round = 0; round < 10; round++) fill(newest, 300 * KIB, 6);
    expect(cache.usedBytes).toBeLessThanOrEqual(8 * MIB);
    expect(newest.sizeBytes).toBeLessThanOrEqual(2 * MIB);
    const others = Array.from({ length: 8 }, () => new Tail(cache));
    for (const tail of others) fill(tail, 300 * KIB, 6);
    expect(older.slabs).toEqual([]);
    expect(cache.usedBytes).toBeLessThanOrEqual(8 * MIB);
    expect(others.at(-1)?.slabs.length).toBe(1);
  });

  test("finds the slab that holds an offset", () => {
    const tail = new Tail(new TailCache(64 * MIB));
    fill(tail, 3 * KIB, 10);
    expect([0, 1, 5, 6, 9].map((offset) => tail.slabs[tail.indexOf(offset)]?.firstOffset)).toEqual([0, 1, 1, 6, 6]);
    expect(tail.indexOf(10)).toBe(-1);
    tail.dropOldest();
    expect(tail.indexOf(0)).toBe(-1);
  });

  test("starts a new slab where the file does not go on", () => {
    const tail = new Tail(new TailCache(64 * MIB));
    fill(tail, 100, 2);
    const slab = tail.reserve(100, { segmentBaseOffset: 2, position: 0, offset: 2 });
    expect(slab).toMatchObject({ segmentBaseOffset: 2, startPosition: 0, usedBytes: 0, firstOffset: 2 });
  });

  test("gives everything back when it is cleared", () => {
    const cache = new TailCache(64 * MIB);
    const tail = new Tail(cache);
    fill(tail, 10_000, 300);
    tail.clear();
    expect(cache.usedBytes).toBe(0);
  });

  test("never changes what a reader holds, although memory is used again", async () => {
    const engine = testFolder(new MemoryFilesystem(), "/data", () => undefined).open({ tailBytes: 4 * MIB });
    const log = engine.open(spec());
    const held: { views: readonly Buffer[]; copy: Buffer }[] = [];
    for (let count = 0; count < 200; count++) {
      append(log, batchOf([`${count}`.padEnd(50_000, "-")]));
      if (count % 7 !== 0) continue;
      const { records } = await log.read({ offset: count, untilOffset: count + 1, maxBytes: MIB, firstBatchWhole: true });
      held.push({ views: records, copy: Buffer.concat(records) });
    }
    for (const { views, copy } of held) expect(Buffer.concat(views).equals(copy)).toBe(true);
  });
});
