import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { advanceSequence, BATCH_HEADER_BYTES, batchHeader, Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { ControlType, controlBatch, readControlBatch } from "../../protocol/records/control-batch.ts";
import { recompress } from "../../protocol/records/recompress.ts";
import { type DecodedRecord, recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, batchSizeAt, magicAt, RecordBatch } from "../../protocol/records/record-batch.ts";
import { scanRecords } from "../../protocol/records/record-scan.ts";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

const CODECS = Object.values(Compression);
const TIME = 1_700_000_000_000;

function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "fixtures", name));
}

/** The value of the i-th record of the long part of every fixture. */
function fixtureValue(index: number): string {
  const tags = Array.from({ length: index % 20 }, (_, tag) => `"tag-${(index * 31 + tag * 17) % 97}",`);
  return `{"id":${index},"name":"Odradek ${(index * 7919) % 1000}","tags":[${tags.join("")}0]}`;
}

function fixtureRecord(index: number): Partial<DecodedRecord> {
  return { timestamp: TIME + index, key: Buffer.from(`k${index}`), value: Buffer.from(fixtureValue(index)), headers: [] };
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

/** Sets the body of an uncompressed batch of one record. */
function batchWithBody(body: Buffer, recordCount = 1): RecordBatch {
  const header = buildBatch([{ key: null, value: null }]).bytes.subarray(0, BATCH_HEADER_BYTES);
  const bytes = Buffer.concat([header, body]);
  batchHeader.fields.batchLength.write(bytes, 0, bytes.length - 12);
  batchHeader.fields.recordCount.write(bytes, 0, recordCount);
  return new RecordBatch(bytes);
}

describe("batches of the Java producer", () => {
  const names = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

  it.each(names.map((name, codec) => ({ name, codec })))("with $name decode to what was produced", ({ name, codec }) => {
    const count = name === "none" ? 20 : 700;
    const batches = [...batchesOf(fixture(`java-${name}.bin`))];
    expect(batches).toHaveLength(1);
    const [batch] = batches;
    if (batch === undefined) return;
    expect(batch.isCrcValid()).toBe(true);
    expect(batch.compression).toBe(codec);
    expect(batch).toMatchObject({ baseOffset: 0, baseTimestamp: TIME, baseSequence: 0, producerEpoch: 0, recordCount: count + 4 });
    expect(batch).toMatchObject({ lastOffset: count + 3, lastSequence: count + 3, maxTimestamp: TIME + count - 1, isTransactional: false });
    const records = [...recordsOf(batch)];
    expect(records.map((record) => record.offset)).toEqual(records.map((_, index) => index));
    expect(records[0]).toMatchObject({ timestamp: TIME, key: text("key"), value: text("value"), headers: [] });
    expect(records[1]).toMatchObject({ timestamp: TIME + 5, key: null, value: text("null key") });
    expect(records[2]).toMatchObject({ timestamp: TIME - 7, key: text(""), value: null });
    expect(records[3]).toMatchObject({ key: text("headers"), value: text("") });
    expect(records[3]?.headers).toEqual([
      { key: "trace", value: text("1") },
      { key: "trace", value: text("2") },
      { key: "ü", value: null },
      { key: "", value: text("") },
    ]);
    records.slice(4).forEach((record, index) => {
      expect(record).toMatchObject(fixtureRecord(index));
    });
    expect(scanRecords(batch)).toEqual({
      maxTimestamp: TIME + count - 1,
      offsetDeltaOfMaxTimestamp: count + 3,
      minTimestamp: TIME - 7,
      firstNullKeyIndex: 1,
      hasConsecutiveOffsets: true,
    });
  });

  it("are built by us byte for byte, uncompressed", () => {
    const bytes = fixture("java-none.bin");
    const original = new RecordBatch(bytes);
    const { partitionLeaderEpoch, producerId, producerEpoch, baseSequence } = original;
    const rebuilt = buildBatch([...recordsOf(original)], { partitionLeaderEpoch, producerId, producerEpoch, baseSequence });
    expect(rebuilt.bytes).toEqual(bytes);
  });

  it("in transactions are followed by the markers that end them", () => {
    const batches = [...batchesOf(fixture("java-transactions.bin"))];
    expect(batches.map((batch) => batch.isCrcValid())).toEqual([true, true, true, true]);
    expect(batches.map((batch) => batch.isTransactional)).toEqual([true, true, true, true]);
    expect(batches.map((batch) => batch.isControl)).toEqual([false, true, false, true]);
    expect(batches.map((batch) => [batch.baseOffset, batch.nextOffset])).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    const [, commit, , abort] = batches;
    if (commit === undefined || abort === undefined) return;
    expect(readControlBatch(commit)).toEqual({ type: ControlType.COMMIT, coordinatorEpoch: 0 });
    expect(readControlBatch(abort)).toEqual({ type: ControlType.ABORT, coordinatorEpoch: 0 });
    expect(commit).toMatchObject({ baseSequence: -1, lastSequence: -1, recordCount: 1, producerId: batches[0]?.producerId });
  });

  it("and their markers are built by us byte for byte", () => {
    const batch = [...batchesOf(fixture("java-transactions.bin"))][1];
    if (batch === undefined) return;
    const { producerId, producerEpoch, maxTimestamp: timestamp, baseOffset, partitionLeaderEpoch } = batch;
    const type = ControlType.COMMIT;
    const built = controlBatch({ producerId, producerEpoch, timestamp, baseOffset, partitionLeaderEpoch, type, coordinatorEpoch: 0 });
    expect(built.bytes).toEqual(batch.bytes);
  });
});

describe("batches of librdkafka", () => {
  it.each(["snappy", "lz4"])("with %s decode to what was produced", (name) => {
    const batches = [...batchesOf(fixture(`librdkafka-${name}.bin`))];
    expect(batches.every((batch) => batch.isCrcValid())).toBe(true);
    expect(batches.some((batch) => batch.compression === Compression[name === "lz4" ? "LZ4" : "SNAPPY"])).toBe(true);
    const records = batches.flatMap((batch) => [...recordsOf(batch)]);
    expect(records).toHaveLength(702);
    expect(records[0]).toMatchObject({ offset: 0, timestamp: TIME, key: text("key"), value: text("value") });
    expect(records[1]).toMatchObject({ offset: 1, timestamp: TIME + 5, key: null, value: text("null key") });
    expect(records[1]?.headers).toEqual([
      { key: "trace", value: text("1") },
      { key: "trace", value: text("2") },
      { key: "none", value: null },
    ]);
    records.slice(2).forEach((record, index) => {
      expect(record).toMatchObject({ ...fixtureRecord(index), offset: index + 2 });
    });
  });
});

const anyBytes = fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)));
const anyRecord: fc.Arbitrary<NewRecord & { timestamp: number }> = fc.record({
  key: anyBytes,
  value: anyBytes,
  timestamp: fc.oneof(fc.integer({ min: TIME - 1e6, max: TIME + 1e6 }), fc.integer({ min: -1, max: 2 ** 50 })),
  headers: fc.array(fc.record({ key: fc.string({ unit: "grapheme", maxLength: 5 }), value: anyBytes }), { maxLength: 3 }),
});
const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 12 });

describe("a built batch", () => {
  it("decodes to the records it was built of, with every codec", () => {
    fc.assert(
      fc.property(anyRecords, fc.constantFrom(...CODECS), fc.nat(2 ** 40), (records, compression, baseOffset) => {
        const batch = buildBatch(records, { compression, baseOffset });
        expect(batch.isCrcValid()).toBe(true);
        expect([...recordsOf(batch)]).toEqual(records.map((record, index) => ({ ...record, offset: baseOffset + index })));
        expect(batch.maxTimestamp).toBe(Math.max(...records.map((record) => record.timestamp)));
      }),
    );
  });

  it("is scanned as it is decoded", () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const timestamps = records.map((record) => record.timestamp);
        const present = timestamps.filter((timestamp) => timestamp !== -1);
        const maxTimestamp = Math.max(...timestamps);
        expect(scanRecords(buildBatch(records))).toEqual({
          maxTimestamp,
          offsetDeltaOfMaxTimestamp: timestamps.indexOf(maxTimestamp),
          minTimestamp: present.length === 0 ? -1 : Math.min(...present),
          firstNullKeyIndex: records.findIndex((record) => record.key === null),
          hasConsecutiveOffsets: true,
        });
      }),
    );
  });

  it("says in its header what it was told", () => {
    const options = { baseOffset: 40, partitionLeaderEpoch: 6, producerId: 12, producerEpoch: 3, baseSequence: 2147483646 };
    const records = [1, 2, 3].map(() => ({ key: null, value: null }));
    const batch = buildBatch(records, { ...options, isTransactional: true, timestamp: TIME });
    expect(batch).toMatchObject({ ...options, isTransactional: true, isControl: false, hasDeleteHorizon: false, hasProducerId: true });
    expect(batch).toMatchObject({ lastOffset: 42, nextOffset: 43, lastSequence: 0, baseTimestamp: TIME, maxTimestamp: TIME });
  });

  it("keeps holes in its offsets", () => {
    const records = [3, 7].map((offsetDelta) => ({ key: null, value: null, offsetDelta }));
    const batch = buildBatch(records, { baseOffset: 10 });
    expect(batch.lastOffset).toBe(17);
    expect([...recordsOf(batch)].map((record) => record.offset)).toEqual([13, 17]);
    expect(scanRecords(batch).hasConsecutiveOffsets).toBe(false);
  });

  it("has no timestamps unless they are given", () => {
    const batch = buildBatch([{ key: null, value: null }]);
    expect(batch).toMatchObject({ baseTimestamp: -1, maxTimestamp: -1 });
    expect([...recordsOf(batch)][0]?.timestamp).toBe(-1);
  });

  it("may be empty, as compaction leaves batches", () => {
    const batch = buildBatch([], { baseOffset: 5 });
    expect(batch.sizeBytes).toBe(BATCH_HEADER_BYTES);
    expect([...recordsOf(batch)]).toEqual([]);
    expect(scanRecords(batch)).toMatchObject({ maxTimestamp: -1, firstNullKeyIndex: -1 });
  });

  it("may hold a timestamp of Long.MAX_VALUE", () => {
    const batch = buildBatch([{ key: null, value: null, timestamp: MAX_INT64 }]);
    expect(batch.buffer.readBigInt64BE(batchHeader.offsetOf.maxTimestamp)).toBe(2n ** 63n - 1n);
    expect(scanRecords(batch).maxTimestamp).toBe(MAX_INT64);
  });
});

describe("a batch in place", () => {
  const records = [1, 2, 3].map((index) => ({ key: text("k"), value: text(`${index}`), timestamp: TIME + index }));

  it("takes base offset and leader epoch without a new CRC", () => {
    const batch = buildBatch(records);
    const { crc } = batch;
    batch.baseOffset = 123_456_789_012;
    batch.partitionLeaderEpoch = 9;
    expect(batch).toMatchObject({ baseOffset: 123_456_789_012, lastOffset: 123_456_789_014, partitionLeaderEpoch: 9, crc });
    expect(batch.isCrcValid()).toBe(true);
  });

  it("gives all records the time of the append, with a new CRC", () => {
    const batch = buildBatch(records);
    batch.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, TIME + 500);
    expect(batch.isCrcValid()).toBe(true);
    expect([...recordsOf(batch)].map((record) => record.timestamp)).toEqual([TIME + 500, TIME + 500, TIME + 500]);
    expect(scanRecords(batch)).toMatchObject({ maxTimestamp: TIME + 500, minTimestamp: TIME + 500 });
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, TIME + 3);
    expect(batch.bytes).toEqual(buildBatch(records).bytes);
  });

  it("keeps timestamps that no number holds exactly, and takes the nearest as its maximum", () => {
    const batch = buildBatch(records);
    const before = Buffer.from(batch.bytes);
    batch.buffer.writeBigInt64BE(2n ** 60n + 1n, batchHeader.offsetOf.baseTimestamp);
    batch.updateCrc();
    expect(scanRecords(batch).maxTimestamp).toBe(2 ** 60);
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, 2 ** 60);
    expect(batch.isCrcValid()).toBe(true);
    expect(batch.buffer.readBigInt64BE(batchHeader.offsetOf.baseTimestamp)).toBe(2n ** 60n + 1n);
    expect(batch.buffer.readBigInt64BE(batchHeader.offsetOf.maxTimestamp)).toBe(2n ** 60n);
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, -(2 ** 70));
    expect(batch.buffer.readBigInt64BE(batchHeader.offsetOf.maxTimestamp)).toBe(-(2n ** 63n));
    expect(batch.body).toEqual(before.subarray(BATCH_HEADER_BYTES));
  });

  it("has a wrong CRC once a byte that it covers is changed", () => {
    const batch = buildBatch(records);
    for (let at = 21; at < batch.sizeBytes; at++) {
      const changed = Buffer.from(batch.bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(new RecordBatch(changed).isCrcValid()).toBe(false);
    }
  });

  it("counts sequences on from 2147483647 with 0", () => {
    expect(advanceSequence(2147483647, 1)).toBe(0);
    expect(advanceSequence(2147483647, 0)).toBe(2147483647);
    expect(advanceSequence(2147483640, 10)).toBe(2);
    expect(advanceSequence(0, 4)).toBe(4);
  });
});

describe("the batches of a buffer", () => {
  const batches = [3, 1, 2].map((count) => buildBatch(Array.from({ length: count }, () => ({ key: null, value: text("v") }))));
  const buffer = Buffer.concat(batches.map((batch) => batch.bytes));
  const sizes = batches.map((batch) => batch.sizeBytes);

  it("follow one another", () => {
    expect([...batchesOf(buffer)].map((batch) => batch.sizeBytes)).toEqual(sizes);
    expect([...batchesOf(buffer, { start: sizes[0] ?? 0 })].map((batch) => batch.recordCount)).toEqual([1, 2]);
    expect([...batchesOf(Buffer.alloc(0))]).toEqual([]);
  });

  it("may end in a partial one where that is tolerated, wherever it is cut", () => {
    for (let end = buffer.length - 1; end > buffer.length - (sizes[2] ?? 0); end--) {
      expect([...batchesOf(buffer, { end, toleratePartial: true })]).toHaveLength(2);
      expect(() => [...batchesOf(buffer.subarray(0, end))]).toThrow(MalformedMessage);
    }
  });

  it("are refused with another magic, a length below the header's or a negative one", () => {
    const [batch] = batches;
    if (batch === undefined) return;
    const withField = (name: "magic" | "batchLength", value: number): Buffer => {
      const bytes = Buffer.concat([batch.bytes, Buffer.alloc(100)]);
      batchHeader.fields[name].write(bytes, 0, value);
      return bytes;
    };
    for (const magic of [0, 1, 3, -1]) {
      expect(magicAt(withField("magic", magic))).toBe(magic);
      expect(() => new RecordBatch(withField("magic", magic))).toThrow(/magic/);
    }
    for (const batchLength of [0, 14, 48])
      expect(() => new RecordBatch(withField("batchLength", batchLength))).toThrow(/fewer than its header/);
    for (const batchLength of [-1, -2147483648]) expect(() => batchSizeAt(withField("batchLength", batchLength), 0)).toThrow(/length -/);
  });

  it("name no codec with the ids 5 to 7", () => {
    for (const id of [5, 6, 7]) {
      const batch = new RecordBatch(Buffer.from(buffer));
      batchHeader.fields.attributes.write(batch.buffer, 0, id);
      expect(() => batch.compression).toThrow(MalformedMessage);
      expect(() => [...recordsOf(batch)]).toThrow(MalformedMessage);
    }
  });
});

describe("a malformed record", () => {
  // length 7, attributes, timestamp delta, offset delta, null key, null value, no headers
  const good = [0x0c, 0, 0, 0, 1, 1, 0];

  it.each([
    ["is missing", [], /record 0 is missing/],
    ["has a negative length", [0x01, ...good.slice(1)], /length -1/],
    ["is longer than the batch", [0x0e, ...good.slice(1)], /length 7, 6 bytes remain/],
    ["does not fill its length", [0x0e, ...good.slice(1), 0], /1 bytes more/],
    ["needs more than its length", [0x0a, ...good.slice(1)], /needs a byte/],
    ["is followed by bytes that belong to none", [...good, 0], /1 bytes follow/],
    ["has a key of negative length", [0x0c, 0, 0, 0, 3, 1, 0], /key of length -2/],
    ["has a key longer than itself", [0x0c, 0, 0, 0, 20, 1, 0], /key of length 10/],
    ["has a value longer than itself", [0x0c, 0, 0, 0, 1, 20, 0], /value of length 10/],
    ["has a negative number of headers", [0x0c, 0, 0, 0, 1, 1, 1], /-1 headers/],
    ["has more headers than bytes", [0x0c, 0, 0, 0, 1, 1, 8], /4 headers in 0 bytes/],
    ["has a header key of negative length", [0x10, 0, 0, 0, 1, 1, 2, 1, 1], /header key of length -1/],
    ["has a header key longer than itself", [0x10, 0, 0, 0, 1, 1, 2, 8, 1], /bytes/],
    ["has a varint of more than 32 bits", [0x16, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1, 0], /32 bits/],
  ])("that %s is named as such", (_, bytes, message) => {
    const batch = batchWithBody(Buffer.from(bytes));
    expect(() => [...recordsOf(batch)]).toThrow(MalformedMessage);
    expect(() => [...recordsOf(batch)]).toThrow(message);
    expect(() => scanRecords(batch)).toThrow(MalformedMessage);
  });

  it("is found when the header counts fewer than none, or more than there are", () => {
    expect(() => scanRecords(batchWithBody(Buffer.from(good), -1))).toThrow(/-1 records/);
    expect(() => scanRecords(batchWithBody(Buffer.from(good), 0x7fffffff))).toThrow(/record 1 is missing/);
    expect(() => [...recordsOf(batchWithBody(Buffer.from(good), 2))]).toThrow(/record 1 is missing/);
  });

  it("is all that changed bytes can lead to, and decoding finds what scanning finds", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyRecords, fc.constantFrom(...CODECS), changes, (records, compression, mutations) => {
        const bytes = buildBatch(records, { compression }).bytes;
        for (const [at, value] of mutations) bytes[at % bytes.length] = value;
        const outcome = (act: () => void): boolean => {
          try {
            act();
            return true;
          } catch (error) {
            if (!(error instanceof MalformedMessage)) throw error;
            return false;
          }
        };
        let batch: RecordBatch | undefined;
        outcome(() => {
          batch = new RecordBatch(bytes);
        });
        if (batch === undefined) return;
        const found = batch;
        const decodes = outcome(() => void [...recordsOf(found)]);
        expect(outcome(() => void scanRecords(found))).toBe(decodes);
        outcome(() => void recompress(found, Compression.NONE));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a recompressed batch", () => {
  it("keeps header and records from any codec to any other", () => {
    fc.assert(
      fc.property(anyRecords, fc.constantFrom(...CODECS), fc.constantFrom(...CODECS), (records, from, to) => {
        const batch = buildBatch(records, { compression: from, baseOffset: 3, producerId: 8, producerEpoch: 1, baseSequence: 4 });
        const result = recompress(batch, to);
        expect(result.isCrcValid()).toBe(true);
        expect(result.compression).toBe(to);
        expect([...recordsOf(result)]).toEqual([...recordsOf(batch)]);
        const header = (each: RecordBatch) => ({ ...batchHeader.decode(each.buffer, each.start), batchLength: 0, crc: 0, attributes: 0 });
        expect(header(result)).toEqual(header(batch));
      }),
    );
  });

  it("numbers records anew that a client numbered wrongly", () => {
    const count = 200;
    const records = Array.from({ length: count }, (_, index) => ({ key: text(`${index}`), value: null, timestamp: TIME - index }));
    const wrong = buildBatch(records.map((record, index) => ({ ...record, offsetDelta: index === count - 1 ? index : 0 })));
    const result = recompress(wrong, Compression.GZIP);
    expect(scanRecords(result).hasConsecutiveOffsets).toBe(true);
    expect(recompress(result, Compression.NONE).bytes).toEqual(buildBatch(records).bytes);
  });

  it("keeps holes that compaction made", () => {
    const records = [0, 5].map((offsetDelta) => ({ key: null, value: null, offsetDelta }));
    const result = recompress(buildBatch(records), Compression.LZ4);
    expect([...recordsOf(result)].map((record) => record.offset)).toEqual([0, 5]);
  });
});

describe("a control batch", () => {
  it("of another type than those that end transactions is tolerated", () => {
    const batch = buildBatch([{ key: Buffer.from([0, 0, 0, 2]), value: text("anything") }], { isControl: true });
    expect(readControlBatch(batch)).toEqual({ type: 2, coordinatorEpoch: undefined });
  });

  it("that is empty says nothing", () => {
    expect(readControlBatch(buildBatch([], { isControl: true }))).toBeUndefined();
  });

  it("without a type, or a marker without an epoch, is malformed", () => {
    expect(() => readControlBatch(buildBatch([{ key: null, value: null }]))).toThrow(MalformedMessage);
    expect(() => readControlBatch(buildBatch([{ key: Buffer.from([0, 0, 0, 1]), value: text("x") }]))).toThrow(MalformedMessage);
  });
});
