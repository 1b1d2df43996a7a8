// What others do to a log, and with it, while it is compacted.

import { describe, expect, test } from "vitest";
import { type Bench, bench, contents, write } from "./compaction-bench.ts";
import { LIMITS } from "./compaction-support.ts";
import { readAll } from "./support.ts";

describe("while a log is compacted", () => {
  /** A compaction that stands still in its middle. */
  async function compacting(): Promise<Bench & { readonly done: Promise<boolean> }> {
    const each = bench({ "internal.segment.bytes": "200000" });
    for (let count = 0; count < 60; count++) write(each, [[`key ${count % 7}`, `${count}`.padEnd(20_000, "+")]]);
    const done = each.engine.compact({ ...LIMITS, ioBytesPerSecond: 1_000_000 });
    const isWriting = () => each.folder.filesystem.list("/data/orders-0").some((name) => name.endsWith(".cleaned"));
    for (let steps = 0; steps < 300 && !isWriting(); steps++) await each.folder.clock.advance(10);
    expect(isWriting()).toBe(true);
    return { ...each, done };
  }

  test("it can be closed: nothing has changed then", async () => {
    const each = await compacting();
    const before = await readAll(each.log);
    await each.engine.close();
    expect(await each.done).toBe(false);
    expect(each.folder.filesystem.list("/data/orders-0").filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    const again = bench({}, each.folder);
    expect(await readAll(again.log)).toEqual(before);
  });

  test("it can be deleted", async () => {
    const each = await compacting();
    each.engine.delete(each.log.topicPartition);
    await each.folder.clock.advance(100_000);
    expect(await each.done).toBe(false);
    expect(each.folder.filesystem.list("/data").filter((name) => name.startsWith("orders"))).toEqual([]);
  });

  test("its oldest records can be deleted: it is compacted later", async () => {
    const each = await compacting();
    each.log.deleteRecordsBefore(30);
    await each.folder.clock.advance(100_000);
    expect(await each.done).toBe(false);
    expect((await contents(each)).length).toBe(30);
    let isDone = false;
    const again = each.engine.compact(LIMITS).finally(() => {
      isDone = true;
    });
    while (!isDone) await each.folder.clock.advance(1);
    expect(await again).toBe(true);
    expect((await contents(each)).length).toBeLessThan(30);
  });

  test("a reader that stands in a segment which is replaced goes on", async () => {
    const each = await compacting();
    let offset = 0;
    const seen: number[] = [];
    const reading = (async () => {
      while (offset < each.log.logEndOffset) {
        const read = await each.log.read({ offset, untilOffset: each.log.logEndOffset, maxBytes: 30_000, firstBatchWhole: true });
        seen.push(read.nextOffset);
        offset = read.nextOffset;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await each.folder.clock.advance(100_000);
    await reading;
    expect(await each.done).toBe(true);
    expect(seen.at(-1)).toBe(60);
  });
});
