import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { describedObject, layOut, type NewPart } from "../../src/diskless/object-layout.ts";

const ORIGIN = { clusterId: "Q2x1c3RlcklkMTIzNDU2Nw", incarnation: 7, sequence: 2 ** 40 };

const part = (partition: number, baseOffset: number, sizes: readonly number[]): NewPart => ({
  topicId: "VG9waWNJZDEyMzQ1Njc4OQ",
  partition,
  leaderEpoch: 3,
  baseOffset,
  endOffset: baseOffset + sizes.length * 10,
  chunks: sizes.map((size, index) => ({
    baseOffset: baseOffset + index * 10,
    maxTimestampMs: 1000 + index,
    bytes:
      size > 15 ? [Buffer.alloc(size - 1, partition + index), Buffer.alloc(1, partition + index)] : Buffer.alloc(size, partition + index),
  })),
});

describe("an object", () => {
  test("holds the chunks of each part one after another, and says where", () => {
    const parts = [part(0, 0, [10, 20]), part(1, 500, [5])];
    const { buffers, sizeBytes, chunks } = layOut(parts, ORIGIN);
    const object = Buffer.concat(buffers);
    expect(object.length).toBe(sizeBytes);
    expect(chunks).toEqual([
      [
        { baseOffset: 0, from: 0, length: 10, maxTimestampMs: 1000 },
        { baseOffset: 10, from: 10, length: 20, maxTimestampMs: 1001 },
      ],
      [{ baseOffset: 500, from: 30, length: 5, maxTimestampMs: 1000 }],
    ]);
    expect(buffers[0], "is not a copy").toBe(parts[0]?.chunks[0]?.bytes);
    expect(object.subarray(30, 35)).toEqual(parts[1]?.chunks[0]?.bytes);
  });

  test("describes itself", () => {
    const object = Buffer.concat(layOut([part(0, 0, [10, 20]), part(1, 500, [5])], ORIGIN).buffers);
    const { topicId, leaderEpoch } = part(0, 0, []);
    expect(describedObject(object)).toEqual({
      ...ORIGIN,
      parts: [
        { topicId, leaderEpoch, partition: 0, baseOffset: 0, endOffset: 20, from: 0, length: 30, maxTimestampMs: 1001 },
        { topicId, leaderEpoch, partition: 1, baseOffset: 500, endOffset: 510, from: 30, length: 5, maxTimestampMs: 1000 },
      ],
    });
  });

  test("is refused when it was cut off, or a bit of its description is another", () => {
    const object = Buffer.concat(layOut([part(0, 0, [10, 20])], ORIGIN).buffers);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: object.length - 1 }), (length) => {
        expect(() => describedObject(object.subarray(0, length))).toThrow(MalformedMessage);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 30, max: object.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = Buffer.from(object);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(() => describedObject(damaged)).toThrow(MalformedMessage);
      }),
    );
  });
});
