// Packed parts of rows, and arrays in PostgreSQL's binary form.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Chunk } from "../../src/diskless/catalog.ts";
import { byteaArray, int8Array, uuidArray } from "../../src/diskless/postgres/binary-arrays.ts";
import { packBatches, packChunks, unpackBatches, unpackChunks } from "../../src/diskless/postgres/catalog-codec.ts";

const offset = fc.maxSafeNat();
const timestamp = fc.integer({ min: -1, max: 2 ** 52 });
const length = fc.integer({ min: 1, max: 0x7fffffff });

test("chunks come back as they were packed", () => {
  const chunk = fc.record({ skipped: fc.nat(), length, maxTimestampMs: timestamp });
  const segment = fc.record({ baseOffset: fc.nat({ max: 2 ** 45 }), maxTimestampMs: timestamp, from: fc.nat({ max: 2 ** 40 }) });
  fc.assert(
    fc.property(segment, fc.array(chunk, { minLength: 1, maxLength: 20 }), ({ from, ...of }, given) => {
      const chunks: Chunk[] = [];
      let [position, baseOffset] = [from, of.baseOffset];
      for (const { skipped, ...rest } of given) {
        baseOffset += skipped;
        chunks.push({ ...rest, baseOffset, from: position });
        position += rest.length;
      }
      expect(unpackChunks(packChunks(chunks, of), of)).toEqual(chunks);
    }),
  );
});

test("a segment with one chunk needs ten bytes or less", () => {
  const segment = { baseOffset: 2 ** 40, maxTimestampMs: 1_800_000_000_000 };
  expect(packChunks([{ ...segment, from: 8_000_000, length: 1_000_000 }], segment).length).toBeLessThanOrEqual(10);
});

test("batches come back as they were packed", () => {
  const int32 = fc.nat({ max: 0x7fffffff });
  const batch = fc.record({ lastSequence: int32, lastOffset: offset, offsetDelta: int32, timestampMs: timestamp });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), (batches) => {
      expect(unpackBatches(packBatches(batches))).toEqual(batches);
    }),
  );
});

test("numbers are eight bytes each, with their sign", () => {
  const header = "000000010000000000000014000000040000000100000008";
  const [minusOne, one, most, least] = ["ffffffffffffffff", "0000000000000001", "001fffffffffffff", "ffe0000000000001"];
  const numbers = int8Array([-1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
  expect(numbers.toString("hex")).toBe(`${header}${[minusOne, one, most, least].join("00000008")}`);
});

test("bytes and uuids go as they are", () => {
  expect(byteaArray([Buffer.from("ab"), Buffer.alloc(0)]).toString("hex")).toBe(
    `0000000100000000${"00000011"}0000000200000001${"00000002"}6162${"00000000"}`,
  );
  expect(uuidArray(["AAECAwQFBgcICQoLDA0ODw"]).toString("hex")).toBe(
    "000000010000000000000b86000000010000000100000010000102030405060708090a0b0c0d0e0f",
  );
  expect(() => uuidArray(["short"])).toThrow("not a uuid");
});

test("an array of nothing has no dimensions", () => {
  expect(int8Array([]).toString("hex")).toBe("000000000000000000000014");
});
