// Compressed data in pieces: the same content as decompressed whole, and never much of it at a time.

import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { compress, decompress } from "../../protocol/records/compression.ts";
import { compressPieces, piecesOf } from "../../protocol/records/pieces.ts";
import { MalformedMessage, TooMuchContent } from "../../protocol/wire/malformed-message.ts";

const MIB = 1024 * 1024;
const LARGEST_PIECE_BYTES = 128 * 1024;
const codecs = Object.entries(Compression);
const compressing = codecs.filter(([, codec]) => codec !== Compression.NONE);

/** Parts that compress well, not at all, and by matches of every length. */
const mixed = Buffer.concat([
  Buffer.alloc(2 * MIB),
  randomBytes(MIB / 2),
  Buffer.from(Array.from({ length: 60_000 }, (_, index) => `record ${index * 7919} `).join("")),
]);

/** What a reader of pieces sees, which must not keep them. */
async function read(codec: Compression, buffer: Buffer, maxBytes = 64 * MIB) {
  const parts: Buffer[] = [];
  let largest = 0;
  for await (const piece of piecesOf(codec, buffer, maxBytes)) {
    parts.push(Buffer.from(piece));
    largest = Math.max(largest, piece.length);
  }
  return { content: Buffer.concat(parts), count: parts.length, largest };
}

describe("pieces of compressed data", () => {
  test.each(codecs)("%s: are together what was compressed, and each is small", async (_, codec) => {
    const { content, largest } = await read(codec, compress(codec, mixed));
    expect(content.equals(mixed)).toBe(true);
    expect(largest).toBeLessThanOrEqual(LARGEST_PIECE_BYTES);
  });

  test.each(codecs)("%s: are none of nothing", async (_, codec) => {
    expect((await read(codec, compress(codec, Buffer.alloc(0)))).content).toHaveLength(0);
  });

  test("of Snappy that is not framed, and of LZ4 and zstd in several frames, are the whole of it", async () => {
    const framed = compress(Compression.SNAPPY, Buffer.alloc(30_000, "spool "));
    expect((await read(Compression.SNAPPY, framed.subarray(20))).content).toEqual(Buffer.alloc(30_000, "spool "));
    for (const codec of [Compression.LZ4, Compression.ZSTD, Compression.GZIP]) {
      const one = compress(codec, mixed);
      expect((await read(codec, Buffer.concat([one, one]))).content.equals(Buffer.concat([mixed, mixed]))).toBe(true);
    }
  });

  test.each(compressing)("%s: end at the limit of what is taken", async (_, codec) => {
    const zeros = compress(codec, Buffer.alloc(4 * MIB));
    await expect(read(codec, zeros, 4 * MIB - 1)).rejects.toThrow(TooMuchContent);
    expect((await read(codec, zeros, 4 * MIB)).content).toHaveLength(4 * MIB);
    expect(() => decompress(codec, zeros, 4 * MIB - 1)).toThrow(TooMuchContent);
  });

  test.each(compressing)("%s: of data that is cut off or is none end with MalformedMessage", async (_, codec) => {
    const whole = compress(codec, mixed);
    await expect(read(codec, whole.subarray(0, whole.length - 9))).rejects.toThrow(MalformedMessage);
    await expect(read(codec, Buffer.from("no codec writes this"))).rejects.toThrow(MalformedMessage);
  });

  test.each(compressing)("%s: are made as they are asked for", async (_, codec) => {
    let count = 0;
    for await (const piece of piecesOf(codec, compress(codec, Buffer.alloc(16 * MIB)), 16 * MIB)) {
      expect(piece.length).toBeLessThanOrEqual(LARGEST_PIECE_BYTES);
      if (++count === 3) break;
    }
    expect(count).toBe(3);
  });

  test.each(compressing)("%s: let others have their turn", async (_, codec) => {
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    let count = 0;
    for await (const piece of piecesOf(codec, compress(codec, Buffer.alloc(32 * MIB)), 32 * MIB)) if (piece.length > 0) count++;
    clearInterval(others);
    expect(count).toBeGreaterThanOrEqual(256);
    expect(turns).toBeGreaterThan(0);
  });
});

describe("compressing pieces", () => {
  test.each(codecs)("%s: gives what decompresses to them", async (_, codec) => {
    const pieces = piecesOf(Compression.ZSTD, compress(Compression.ZSTD, mixed), 64 * MIB);
    const packed = await compressPieces(codec, pieces, { maxBytes: 64 * MIB });
    expect(packed !== undefined && decompress(codec, packed, 64 * MIB).equals(mixed)).toBe(true);
  });

  test.each(codecs)("%s: stops when that is too long, without asking for the rest", async (_, codec) => {
    let asked = 0;
    async function* endless() {
      for (; asked < 10_000; asked++) yield randomBytes(64 * 1024);
    }
    expect(await compressPieces(codec, endless(), { maxBytes: MIB })).toBeUndefined();
    expect(asked).toBeLessThan(100);
  });

  test("raises what the pieces raise", async () => {
    const cut = compress(Compression.GZIP, mixed).subarray(0, 5000);
    await expect(compressPieces(Compression.ZSTD, piecesOf(Compression.GZIP, cut, MIB), { maxBytes: MIB })).rejects.toThrow(
      MalformedMessage,
    );
  });
});
