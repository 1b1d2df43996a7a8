// Retention as a broker enforces it, over hours of virtual time.

import { describe, expect, test } from "vitest";
import { EffectBench } from "../config/effect-bench.ts";

const HOUR_MS = 3_600_000;
const CHECKS = { "log.retention.check.interval.ms": 300_000 };

function start(topic: Readonly<Record<string, string>>): Promise<EffectBench> {
  return EffectBench.start({ settings: CHECKS, topic: { "internal.segment.bytes": "200", "file.delete.delay.ms": "60000", ...topic } });
}

/** A record an hour, each in a segment of its own or with one other. */
async function live(bench: EffectBench, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    expect(bench.append()).toBe(0);
    await bench.pass(HOUR_MS, CHECKS["log.retention.check.interval.ms"]);
  }
}

describe("what is older than retention.ms goes", () => {
  test("with the age of the records, and their files a minute later", async () => {
    await using bench = await start({ "retention.ms": `${5 * HOUR_MS}` });
    await live(bench, 20);
    const offsets = await bench.offsets();
    // Records go by segments, and segments at the next check.
    expect(offsets.length).toBeGreaterThanOrEqual(5);
    expect(offsets.length).toBeLessThanOrEqual(8);
    expect(offsets.at(-1)).toBe(19);
    expect(bench.log.logStartOffset).toBe(offsets[0]);
    expect(bench.files().filter((name) => name.endsWith(".deleted"))).toEqual([]);
    expect(bench.files().filter((name) => name.endsWith(".log")).length).toBeLessThanOrEqual(5);
  });

  test("also from the segment that is written to: everything, and offsets go on", async () => {
    await using bench = await start({ "retention.ms": `${5 * HOUR_MS}`, "internal.segment.bytes": "100000" });
    await live(bench, 3);
    await bench.pass(6 * HOUR_MS, CHECKS["log.retention.check.interval.ms"]);
    expect(bench.log).toMatchObject({ logStartOffset: 3, logEndOffset: 3, sizeBytes: 0 });
    expect(bench.append()).toBe(0);
    expect(await bench.offsets()).toEqual([3]);
  });

  test("by the records' timestamps, however young their files are", async () => {
    await using bench = await start({ "retention.ms": `${5 * HOUR_MS}` });
    const nowMs = bench.clock.now();
    for (let count = 0; count < 10; count++) expect(bench.append([{}], { timestamp: nowMs - 6 * HOUR_MS })).toBe(0);
    await bench.pass(30_000);
    expect(bench.log.logStartOffset).toBe(10);
  });

  test("not below a record that is younger, or of the future", async () => {
    await using bench = await start({ "retention.ms": `${5 * HOUR_MS}`, "message.timestamp.after.max.ms": `${9 * HOUR_MS}` });
    const nowMs = bench.clock.now();
    expect(bench.append([{}], { timestamp: nowMs + 8 * HOUR_MS })).toBe(0);
    for (let count = 0; count < 10; count++) expect(bench.append([{}], { timestamp: nowMs - 6 * HOUR_MS })).toBe(0);
    await bench.pass(HOUR_MS);
    expect(bench.log.logStartOffset).toBe(0);
    await bench.pass(13 * HOUR_MS, CHECKS["log.retention.check.interval.ms"]);
    expect(bench.log.logStartOffset).toBe(11);
  });
});

test("what is more than retention.bytes goes, never more", async () => {
  await using bench = await start({ "retention.bytes": "1000", "retention.ms": "-1" });
  for (let count = 0; count < 100; count++) expect(bench.append()).toBe(0);
  await bench.pass(30_000);
  expect(bench.log.sizeBytes).toBeGreaterThanOrEqual(1000);
  expect(bench.log.sizeBytes).toBeLessThan(1200);
  expect((await bench.offsets()).at(-1)).toBe(99);
});

test("DeleteRecords moves the start into a segment; its files go when all of it is deleted", async () => {
  await using bench = await start({ "retention.ms": "-1", "internal.segment.bytes": "500" });
  for (let count = 0; count < 20; count++) expect(bench.append()).toBe(0);
  const segments = () => bench.log.segments.map(({ baseOffset }) => baseOffset);
  const [, second = 0, third = 0] = segments();
  bench.partition.deleteRecordsBefore(second + 1);
  expect(segments()[0]).toBe(second);
  expect((await bench.offsets())[0]).toBeLessThanOrEqual(second + 1);
  bench.partition.deleteRecordsBefore(third);
  expect(segments()[0]).toBe(third);
  expect(bench.log.logStartOffset).toBe(third);
});

test("with compact,delete both: the latest of each key, as long as it is young enough", async () => {
  await using bench = await start({
    "cleanup.policy": "compact,delete",
    "retention.ms": `${5 * HOUR_MS}`,
    "min.cleanable.dirty.ratio": "0",
  });
  const write = (key: string) => expect(bench.append([{ key: Buffer.from(key) }])).toBe(0);
  for (const key of ["a", "b", "a", "c", "a", "end", "end"]) write(key);
  await bench.pass(60_000, 15_000);
  expect(await bench.offsets()).toEqual(expect.arrayContaining([1, 3, 4]));
  expect(await bench.offsets()).not.toContain(0);
  await bench.pass(6 * HOUR_MS, CHECKS["log.retention.check.interval.ms"]);
  expect(await bench.offsets()).toEqual([]);
  expect(bench.log).toMatchObject({ logStartOffset: 7, logEndOffset: 7 });
});

test("a topic that is only compacted keeps what is old", async () => {
  await using bench = await start({ "cleanup.policy": "compact", "retention.ms": "1", "retention.bytes": "1" });
  for (const key of ["a", "b", "c", "d", "e", "f"]) expect(bench.append([{ key: Buffer.from(key) }])).toBe(0);
  await bench.pass(20 * HOUR_MS, HOUR_MS);
  expect(await bench.offsets()).toEqual([0, 1, 2, 3, 4, 5]);
});
