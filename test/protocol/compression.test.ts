import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Compression } from "../../protocol/records/batch-header.ts";
import { compress, decompress } from "../../protocol/records/compression.ts";
import { lz4Decompress } from "../../protocol/records/lz4.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

const MIB = 1024 * 1024;
const codecs = (["GZIP", "SNAPPY", "LZ4", "ZSTD"] as const).map((name) => ({ name, codec: Compression[name] }));

/** Bytes that do not compress, the same each time. */
function noise(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = 12345;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Runs of repeats near and far, and of literals, as no sample text has them all. */
const patterned = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.constantFrom(1, 2, 5, 30, 700)), { maxLength: 20 })
  .chain((parts) =>
    fc.array(fc.nat(Math.max(parts.length - 1, 0)), { maxLength: 30 }).map((order) =>
      Buffer.concat(
        order.flatMap((index) => {
          const [bytes, times] = parts[index] ?? [new Uint8Array(0), 0];
          return Array.from({ length: times }, () => bytes);
        }),
      ),
    ),
  );

describe.each(codecs)("$name", ({ codec }) => {
  const roundTrip = (bytes: Buffer): Buffer => decompress(codec, compress(codec, bytes), Math.max(bytes.length, 1));

  it("gives back what was compressed, of any shape", () => {
    fc.assert(
      fc.property(fc.oneof(patterned, fc.uint8Array({ maxLength: 300 }).map(Buffer.from)), (bytes) => {
        expect(roundTrip(bytes).equals(bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("gives back what was compressed, of every size around a block's", () => {
    const source = Buffer.concat([noise(70_000), Buffer.alloc(70_000, "odradek "), noise(60_000)]);
    for (const size of [
      0, 1, 2, 3, 4, 5, 11, 12, 13, 59, 60, 61, 62, 255, 256, 257, 32767, 32768, 32769, 65535, 65536, 65537, 131072, 200_000,
    ]) {
      for (const start of [0, 60_000]) {
        const bytes = source.subarray(start, start + size);
        expect(roundTrip(bytes).equals(bytes), `${size} bytes`).toBe(true);
      }
    }
  });

  it("compresses a view without reading its surroundings", () => {
    const whole = Buffer.concat([Buffer.from("abcdabcdabcd"), Buffer.from("abcdabcdabcdabcdabcd"), Buffer.from("abcdabcd")]);
    const view = whole.subarray(12, 32);
    expect(roundTrip(view).equals(view)).toBe(true);
    expect(compress(codec, view).equals(compress(codec, Buffer.from(view)))).toBe(true);
  });

  it("makes repetitive data much smaller and random data hardly larger", () => {
    expect(compress(codec, Buffer.alloc(100_000, "a JSON-like record, ")).length).toBeLessThan(8_000);
    expect(compress(codec, noise(100_000)).length).toBeLessThan(100_200);
  });

  it("accepts content of exactly the bound and refuses more", () => {
    const bytes = Buffer.alloc(100_000, "bound ");
    expect(decompress(codec, compress(codec, bytes), 100_000)).toHaveLength(100_000);
    expect(() => decompress(codec, compress(codec, bytes), 99_999)).toThrow(MalformedMessage);
    expect(() => decompress(codec, compress(codec, noise(100_000)), 99_999)).toThrow(MalformedMessage);
  });

  it("refuses a bomb without making room for it", () => {
    const bomb = compress(codec, Buffer.alloc(64 * MIB));
    const before = process.memoryUsage();
    expect(() => decompress(codec, bomb, MIB)).toThrow(MalformedMessage);
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(16 * MIB);
  });

  it("refuses data that is cut off anywhere", () => {
    const bytes = compress(codec, Buffer.concat([noise(300), Buffer.alloc(300, "cut off "), noise(100)]));
    for (let end = 0; end < bytes.length; end++) {
      // Snappy's framing has no end mark: without a block it is empty.
      if (codec === Compression.SNAPPY && end === 16) continue;
      expect(() => decompress(codec, bytes.subarray(0, end), MIB), `${end} of ${bytes.length}`).toThrow(MalformedMessage);
    }
  });

  it("refuses data followed by something else", () => {
    const bytes = Buffer.concat([compress(codec, Buffer.from("content")), Buffer.from("something else")]);
    expect(() => decompress(codec, bytes, MIB)).toThrow(MalformedMessage);
  });

  it("meets changed and random bytes with MalformedMessage or content within the bound", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    const mutated = fc.tuple(patterned, changes).map(([bytes, mutations]) => {
      const compressed = Buffer.from(compress(codec, bytes));
      for (const [at, value] of mutations) compressed[at % compressed.length] = value;
      return compressed;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 }).map(Buffer.from)), (bytes) => {
        try {
          expect(decompress(codec, bytes, 100_000).length).toBeLessThanOrEqual(100_000);
        } catch (error) {
          if (!(error instanceof MalformedMessage)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("gzip and zstd", () => {
  it("take a level", () => {
    const bytes = Buffer.from(noise(20_000).toString("base64").replaceAll("A", "words that repeat "));
    expect(compress(Compression.GZIP, bytes, 9).length).toBeLessThan(compress(Compression.GZIP, bytes, 1).length);
    expect(compress(Compression.ZSTD, bytes, 19).length).toBeLessThan(compress(Compression.ZSTD, bytes, 1).length);
  });

  it("accept several members or frames in a row, within one bound", () => {
    const halves = [noise(1000), Buffer.alloc(500, 7)];
    for (const [codec, one] of [
      [Compression.GZIP, gzipSync],
      [Compression.ZSTD, zstdCompressSync],
    ] as const) {
      const bytes = Buffer.concat(halves.map((half) => one(half)));
      expect(decompress(codec, bytes, 1500).equals(Buffer.concat(halves))).toBe(true);
      expect(() => decompress(codec, bytes, 1499)).toThrow(MalformedMessage);
    }
  });

  it("accept zstd that does not say its size", () => {
    const bytes = zstdCompressSync(noise(5000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0, [constants.ZSTD_c_checksumFlag]: 1 } });
    expect(decompress(Compression.ZSTD, bytes, 5000).equals(noise(5000))).toBe(true);
  });

  it("refuse zstd of very many tiny frames", () => {
    const frame = zstdCompressSync(Buffer.alloc(0));
    expect(() => decompress(Compression.ZSTD, Buffer.concat(Array.from({ length: 2000 }, () => frame)), MIB)).toThrow(/frames/);
  });
});

describe("snappy", () => {
  it("accepts a raw block of every kind of element", () => {
    // size 28 | "abcd" | copy of 4, 4 back (one-byte distance) | copy of 10, 8 back (two bytes) | copy of 10, 10 back (four bytes)
    const elements = [[28], [0x0c, ...Buffer.from("abcd")], [0x01, 4], [(9 << 2) | 2, 8, 0], [(9 << 2) | 3, 10, 0, 0, 0]];
    const expected = "abcdabcdabcdabcdabcdabcdabcd".split("");
    expected.splice(18, 10, ...expected.slice(8, 18));
    expect(decompress(Compression.SNAPPY, Buffer.from(elements.flat()), 100).toString()).toBe(expected.join(""));
  });

  it("accepts literals with lengths of one to four bytes", () => {
    const literal = Buffer.alloc(5, "x");
    for (const bytes of [1, 2, 3, 4]) {
      const length = Buffer.alloc(bytes);
      length[0] = literal.length - 1;
      const block = Buffer.concat([Buffer.from([5, (59 + bytes) << 2]), length, literal]);
      expect(decompress(Compression.SNAPPY, block, 100).toString()).toBe("xxxxx");
    }
  });

  it("refuses a block that claims more than its bytes can hold", () => {
    expect(() => decompress(Compression.SNAPPY, Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00, 0x61]), 2 ** 31)).toThrow(/content in 2/);
  });

  it("refuses copies from before the start or of distance zero", () => {
    expect(() => decompress(Compression.SNAPPY, Buffer.from([8, 0x0c, 97, 98, 99, 100, 0x01, 5]), 100)).toThrow(/5 back/);
    expect(() => decompress(Compression.SNAPPY, Buffer.from([8, 0x0c, 97, 98, 99, 100, 0x01, 0]), 100)).toThrow(/0 back/);
  });
});

describe("lz4", () => {
  /** A frame of stored and compressed blocks, given as hexadecimal. */
  function frame(descriptor: string, ...blocks: string[]): Buffer {
    return Buffer.from(`04224d18${descriptor}${blocks.join("")}`, "hex");
  }
  const END = "00000000";
  const STORED_ABCD = `04000080${Buffer.from("abcd").toString("hex")}`;
  /** One literal, "x", a match of 4 bytes 3 back, then five literals, "56789". */
  const MATCH_3_BACK = `0a000000${"1078"}${"0300"}${"50"}${Buffer.from("56789").toString("hex")}`;

  it("accepts blocks that refer to earlier ones where the frame says so", () => {
    expect(lz4Decompress(frame("4040c0", STORED_ABCD, MATCH_3_BACK, END), 100).toString()).toBe("abcdxcdxc56789");
    expect(() => lz4Decompress(frame("604082", STORED_ABCD, MATCH_3_BACK, END), 100)).toThrow(/3 back/);
  });

  it("passes over checksums of blocks and content, and reads the content size over", () => {
    const checksum = "deadbeef";
    const sized = Buffer.concat([frame("7c40"), Buffer.from("0400000000000000", "hex")]);
    const rest = Buffer.from(`00${STORED_ABCD}${checksum}${END}${checksum}`, "hex");
    const bytes = Buffer.concat([sized, rest]);
    expect(lz4Decompress(bytes, 100, { ignoreHeaderChecksum: true }).toString()).toBe("abcd");
    expect(() => lz4Decompress(bytes.subarray(0, -1), 100, { ignoreHeaderChecksum: true })).toThrow(MalformedMessage);
  });

  it("accepts several frames in a row", () => {
    const one = compress(Compression.LZ4, Buffer.from("one "));
    expect(lz4Decompress(Buffer.concat([one, one]), 100).toString()).toBe("one one ");
  });

  it("refuses a wrong header checksum, unless told that the client was old", () => {
    expect(() => lz4Decompress(frame("604083", END), 100)).toThrow(/checksum/);
    expect(lz4Decompress(frame("604083", END), 100, { ignoreHeaderChecksum: true })).toHaveLength(0);
  });

  it.each([
    ["another version", "a04000"],
    ["a dictionary", "614000"],
    ["a block size that does not exist", "603000"],
  ])("refuses a frame with %s", (_, descriptor) => {
    expect(() => lz4Decompress(frame(descriptor, END), 100, { ignoreHeaderChecksum: true })).toThrow(MalformedMessage);
  });

  it("refuses a block larger than the frame announces", () => {
    const block = Buffer.alloc(4 + 65537);
    block.writeUInt32LE(0x80000000 + 65537);
    expect(() => lz4Decompress(Buffer.concat([frame("604082"), block, Buffer.alloc(4)]), MIB)).toThrow(/block of 65537/);
  });
});
