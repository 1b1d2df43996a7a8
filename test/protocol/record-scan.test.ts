// Looking at records in pieces finds what looking at them whole finds, wherever the pieces are cut, and keeps none of them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { type RecordVisitor, type SeenRecord, scanPieces, scanRecords } from "../../protocol/records/record-scan.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

const NOW_MS = 1_700_000_000_000;

const bytes = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 200 }).map(Buffer.from));
const records = fc.array(
  fc.record({
    key: bytes,
    value: bytes,
    timestamp: fc.integer({ min: 0, max: NOW_MS }),
    headers: fc.array(fc.record({ key: fc.string({ maxLength: 90 }), value: bytes }), { maxLength: 3 }),
  }) as fc.Arbitrary<NewRecord>,
  { minLength: 1, maxLength: 12 },
);

/** Each piece is spoilt as soon as the next is asked for. */
async function* pieces(body: Buffer, sizeBytes: number) {
  for (let at = 0; at < body.length; at += sizeBytes) {
    const piece = Buffer.from(body.subarray(at, at + sizeBytes));
    yield piece;
    piece.fill(0xee);
  }
}

async function outcome(scan: (visit: RecordVisitor) => unknown): Promise<unknown> {
  const seen: SeenRecord[] = [];
  try {
    const result = await scan((record) => seen.push(record) > 0);
    return { result, seen };
  } catch (error) {
    if (error instanceof MalformedMessage) return "malformed";
    throw error;
  }
}

describe("scanning in pieces", () => {
  test("finds what scanning whole finds, also in records whose bytes were changed", async () => {
    const change = fc.option(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), to: fc.integer({ min: 0, max: 255 }) }));
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 400 }), change, fc.boolean(), async (each, sizeBytes, changed, isCut) => {
        const batch = buildBatch(each);
        const body = Buffer.from(batch.body);
        if (changed !== null) body[Math.floor(changed.at * body.length)] = changed.to;
        const data = isCut ? body.subarray(0, Math.floor(body.length * 0.8)) : body;
        const whole = await outcome((visit) => scanRecords(batch, data, visit));
        expect(await outcome((visit) => scanPieces(batch, pieces(data, sizeBytes), visit))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  async function* endless(piece: Buffer, count: { asked: number }) {
    for (; count.asked < 10_000; count.asked++) yield piece;
  }

  const zeros = Buffer.alloc(64 * 1024);
  const shell = (recordCount: number): RecordBatch => {
    const batch = buildBatch([{ key: null, value: null }]);
    batch.buffer.writeInt32BE(recordCount, 57);
    return batch;
  };

  test("passes over a value of any length without keeping it", async () => {
    const value = Buffer.alloc(3_000_000, 7);
    const batch = buildBatch([{ key: Buffer.from("k"), value, timestamp: NOW_MS }]);
    const seen: SeenRecord[] = [];
    await scanPieces(batch, pieces(batch.body, 10_000), (record) => seen.push(record) > 0);
    expect(seen).toEqual([{ index: 0, offset: 0, timestamp: NOW_MS, hasKey: true }]);
  });

  test("asks for nothing more when a record is broken, or more follows than the header counts", async () => {
    const count = { asked: 0 };
    await expect(scanPieces(shell(1), endless(zeros, count))).rejects.toThrow(MalformedMessage);
    expect(count.asked).toBe(0);
    const one = buildBatch([{ key: null, value: null }]).body;
    const many = Buffer.concat(Array.from({ length: 100 }, () => one));
    await expect(scanPieces(shell(150), endless(many, count))).rejects.toThrow(/follow the last of 150 records/);
    expect(count.asked).toBe(1);
  });

  test("asks for nothing more when its visitor has seen enough", async () => {
    const one = buildBatch([{ key: null, value: null }]).body;
    const count = { asked: 0 };
    let left = 250;
    const many = Buffer.concat(Array.from({ length: 100 }, () => one));
    await scanPieces(shell(1_000_000), endless(many, count), () => --left > 0);
    expect(count.asked).toBe(2);
  });

  test("says which record a batch lacks, or is cut off in", async () => {
    const batch = buildBatch([{ key: null, value: Buffer.alloc(1000) }], { compression: Compression.NONE });
    await expect(scanPieces(batch, pieces(batch.body.subarray(0, 500), 100))).rejects.toThrow(/record 0 is cut off/);
    await expect(scanPieces(shell(3), pieces(batch.body, 100))).rejects.toThrow(/record 1 is missing/);
  });
});
