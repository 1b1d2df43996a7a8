import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { compress } from "../../protocol/records/compression.ts";
import { messagesOf } from "../../protocol/records/message-set.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

const TIME = 1_700_000_000_000;

function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "fixtures", name));
}

type Parts = { offset: number; attributes?: number; timestamp?: number; value: Buffer };

/** A message of magic 1 without a key. */
function message({ offset, attributes = 0, timestamp = TIME, value }: Parts): Buffer {
  const bytes = Buffer.alloc(34 + value.length);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(1, 16);
  bytes.writeInt8(attributes, 17);
  bytes.writeBigInt64BE(BigInt(timestamp), 18);
  bytes.writeInt32BE(-1, 26);
  bytes.writeInt32BE(value.length, 30);
  value.copy(bytes, 34);
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

describe("message sets of before Kafka 0.11", () => {
  const cases = [0, 1].flatMap((magic) => ["none", "gzip", "snappy", "lz4"].map((codec, compression) => ({ magic, codec, compression })));

  it.each(cases)("of magic $magic with $codec hold what Kafka put into them", ({ magic, codec, compression }) => {
    const messages = [...messagesOf(fixture(`message-set-v${magic}-${codec}.bin`))];
    expect(messages).toEqual(
      [0, 1, 2, 3, 4].map((index) => ({
        offset: 100 + index,
        magic,
        timestamp: magic === 0 ? -1 : TIME + index,
        timestampType: TimestampType.CREATE_TIME,
        key: index === 2 ? null : Buffer.from(`key${index}`),
        value: index === 3 ? null : Buffer.from(`value ${index} value value value`),
        compression,
      })),
    );
  });

  it("give all messages of a wrapper its append time", () => {
    const inner = Buffer.concat([0, 1].map((offset) => message({ offset, value: Buffer.from("v") })));
    const wrapper = message({ offset: 51, attributes: 0x09, timestamp: TIME + 99, value: compress(Compression.GZIP, inner) });
    expect([...messagesOf(wrapper)]).toMatchObject([
      { offset: 50, timestamp: TIME + 99, timestampType: TimestampType.LOG_APPEND_TIME },
      { offset: 51, timestamp: TIME + 99, timestampType: TimestampType.LOG_APPEND_TIME },
    ]);
  });

  it("may end in a partial message where that is tolerated", () => {
    const bytes = fixture("message-set-v1-none.bin");
    for (const end of [bytes.length - 1, bytes.length - 45]) {
      expect([...messagesOf(bytes.subarray(0, end), { toleratePartial: true })]).toHaveLength(4);
      expect(() => [...messagesOf(bytes.subarray(0, end))]).toThrow(/cut off/);
    }
  });

  it.each([
    ["a wrong CRC", 20, 0x55, /CRC/],
    ["another magic", 16, 2, /magic 2/],
    ["a size below the smallest", 11, 13, /13 bytes/],
    ["a negative size", 8, 0x80, /bytes/],
  ])("with %s are malformed", (_, at, value, error) => {
    const bytes = Buffer.from(fixture("message-set-v1-none.bin"));
    bytes[at] = value;
    expect(() => [...messagesOf(bytes)]).toThrow(MalformedMessage);
    expect(() => [...messagesOf(bytes)]).toThrow(error);
  });

  it("are malformed when wrappers are nested or empty", () => {
    const empty = message({ offset: 0, attributes: 1, value: compress(Compression.GZIP, Buffer.alloc(0)) });
    expect(() => [...messagesOf(empty)]).toThrow(/wraps none/);
    const nested = message({ offset: 0, attributes: 1, value: compress(Compression.GZIP, empty) });
    expect(() => [...messagesOf(nested)]).toThrow(/inside a compressed/);
  });

  it("refuse a wrapper that grows beyond the bound", () => {
    const inner = message({ offset: 0, value: Buffer.alloc(100_000) });
    const wrapper = message({ offset: 0, attributes: 1, value: compress(Compression.GZIP, inner) });
    expect([...messagesOf(wrapper)]).toHaveLength(1);
    expect(() => [...messagesOf(wrapper, { maxBytes: 50_000 })]).toThrow(MalformedMessage);
  });

  it("lead to nothing but MalformedMessage when bytes change", () => {
    const sources = cases.map(({ magic, codec }) => fixture(`message-set-v${magic}-${codec}.bin`));
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...sources), changes, fc.boolean(), (source, mutations, isCrcMended) => {
        const bytes = Buffer.from(source);
        for (const [at, value] of mutations) bytes[at % bytes.length] = value;
        if (isCrcMended) bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
        try {
          for (const each of messagesOf(bytes)) expect(each.magic).toBeLessThan(2);
        } catch (error) {
          if (!(error instanceof MalformedMessage)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
