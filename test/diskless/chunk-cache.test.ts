// What a store gives that is not what was put is given to nobody.

import { expect, test } from "vitest";
import { batchHeader } from "../../protocol/records/batch-header.ts";
import type { ObjectStore } from "../../src/base/object-store.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { ChunkCache } from "../../src/diskless/chunk-cache.ts";
import { batchOf } from "../log/support.ts";
import { MemoryBucket } from "./fakes/memory-object-store.ts";

const [first, second] = [batchAt(7, ["a", "b"]), batchAt(9, ["c"])];
const batches = Buffer.concat([first, second]);
const FOOTER = Buffer.alloc(50);
const object = { id: 1, key: "o", sizeBytes: batches.length + FOOTER.length };
const chunk = { baseOffset: 7, from: 0, length: batches.length, maxTimestampMs: 0 };
const range = { baseOffset: 7, endOffset: 10, compactedUntil: 0 };

function batchAt(baseOffset: number, values: readonly string[]): Buffer {
  const bytes = batchOf(values);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  return bytes;
}

/** @param spoil what becomes of an answer; they are counted from 1 */
function cacheOver(spoil: (bytes: Buffer, answer: number) => Buffer): ChunkCache {
  const bucket = new MemoryBucket();
  bucket.put(object.key, Buffer.concat([batches, FOOTER]));
  const client = bucket.client({ clock: new VirtualClock() });
  let answers = 0;
  const get: ObjectStore["get"] = async (...request) => spoil(await client.get(...request), ++answers);
  const store: ObjectStore = {
    get,
    put: client.put.bind(client),
    list: client.list.bind(client),
    delete: client.delete.bind(client),
    close: () => client.close(),
  };
  return new ChunkCache(store, () => 1_000_000);
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

/** No checksum has it. */
const isInEpoch = (at: number) => at >= batchHeader.offsetOf.partitionLeaderEpoch && at < batchHeader.offsetOf.magic;

const positions = Array.from({ length: batches.length }, (_, at) => at).filter((at) => !isInEpoch(at) && !isInEpoch(at - first.length));

test("a byte that is another is noticed, wherever it is, and looked at again", async () => {
  for (const at of positions) {
    const cache = cacheOver((bytes, answer) => (answer === 1 ? flipped(bytes, at) : bytes));
    const { bytes } = await cache.get(object, chunk, range);
    expect(bytes.equals(batches), `byte ${at}`).toBe(true);
  }
});

test("what is spoilt again is given to nobody", async () => {
  for (const at of positions) {
    const cache = cacheOver((bytes) => flipped(bytes, at));
    await expect((async () => cache.get(object, chunk, range))(), `byte ${at}`).rejects.toMatchObject({ code: "SEGMENT_CORRUPT" });
  }
});

test("of an object that came short what is missing is read again", async () => {
  const cache = cacheOver((bytes, answer) => (answer === 1 ? bytes.subarray(0, first.length) : bytes));
  expect((await cache.get(object, chunk, range)).bytes.equals(batches)).toBe(true);
});

test("batches that compaction left are in their order", async () => {
  const gap = { baseOffset: 5, endOffset: 12, compactedUntil: 12 };
  const cache = cacheOver((bytes) => bytes);
  expect((await cache.get(object, { ...chunk, baseOffset: 5 }, gap)).bytes.equals(batches)).toBe(true);
});
