// What a client's batch must be like, as Kafka has it: each violation with its error, and which one counts when there are several.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { type BatchOptions, buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { batchHeader, Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import { judgeClientBatch, judgeLongBatch } from "../../src/storage/append-validation.ts";
import { JudgingBudget } from "../../src/storage/judging-budget.ts";
import type { JudgedBatch } from "../../src/storage/partition-log.ts";
import type { ValidationContext } from "../../src/storage/record-complaints.ts";

const NOW_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const { fields } = batchHeader;
const defaults = brokerConfig();

type Overrides = Readonly<Record<string, string>>;

function contextOf(overrides: Overrides, budget = new JudgingBudget()): ValidationContext {
  const topicPartition = { topic: "orders", partition: 2 };
  return { topicPartition, settings: topicSettings(defaults, overrides), nowMs: NOW_MS, budget };
}

function validate(records: Buffer, overrides: Overrides = {}) {
  return judgeClientBatch(records, contextOf(overrides));
}

function accepted(records: Buffer, overrides: Overrides = {}): JudgedBatch {
  const result = validate(records, overrides);
  if (!result.ok) throw new Error(`refused with ${result.error}: ${result.message}`);
  return result;
}

const record = (options: Partial<NewRecord> = {}): NewRecord => ({ key: Buffer.from("key"), value: Buffer.from("value"), ...options });

function batch(options: BatchOptions = {}, records: readonly NewRecord[] = [record(), record()]): Buffer {
  return buildBatch(records, { timestamp: NOW_MS, ...options }).bytes;
}

/** Changes the batch and sets its checksum right again. */
function altered(change: (bytes: Buffer) => void, bytes = batch()): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  new RecordBatch(copy).updateCrc();
  return copy;
}

/** A message of magic 0 or 1, as far as the check of its format looks. */
function legacyMessage(magic: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeInt32BE(28, 8);
  bytes.writeInt8(magic, 16);
  return bytes;
}

interface Violation {
  readonly name: string;
  readonly records: () => Buffer;
  readonly overrides?: Overrides;
  readonly error: ErrorCode;
}

const violations: readonly Violation[] = [
  { name: "nothing", records: () => Buffer.alloc(0), error: Errors.INVALID_RECORD },
  { name: "less than a batch", records: () => batch().subarray(0, 40), error: Errors.INVALID_RECORD },
  { name: "two batches", records: () => Buffer.concat([batch(), batch()]), error: Errors.INVALID_RECORD },
  { name: "a message of magic 0", records: () => legacyMessage(0), error: Errors.INVALID_RECORD },
  { name: "a message of magic 1", records: () => legacyMessage(1), error: Errors.INVALID_RECORD },
  { name: "an unknown magic", records: () => legacyMessage(3), error: Errors.CORRUPT_MESSAGE },
  {
    name: "an impossible length",
    records: () => {
      const bytes = batch();
      fields.batchLength.write(bytes, 0, 13);
      return bytes;
    },
    error: Errors.CORRUPT_MESSAGE,
  },
  {
    name: "a batch shorter than its header",
    records: () => {
      const bytes = Buffer.from(batch().subarray(0, 60));
      fields.batchLength.write(bytes, 0, 48);
      return bytes;
    },
    error: Errors.CORRUPT_MESSAGE,
  },
  { name: "a base offset", records: () => batch({ baseOffset: 1 }), error: Errors.INVALID_RECORD },
  { name: "more than max.message.bytes", records: batch, overrides: { "max.message.bytes": "70" }, error: Errors.MESSAGE_TOO_LARGE },
  {
    name: "a wrong checksum",
    records: () => {
      const bytes = batch();
      bytes.writeInt8(7, bytes.length - 1);
      return bytes;
    },
    error: Errors.CORRUPT_MESSAGE,
  },
  { name: "an unknown codec", records: () => altered((bytes) => fields.attributes.write(bytes, 0, 5)), error: Errors.UNKNOWN_SERVER_ERROR },
  {
    name: "a negative last offset delta",
    records: () => altered((bytes) => fields.lastOffsetDelta.write(bytes, 0, -1)),
    error: Errors.INVALID_RECORD,
  },
  { name: "no records", records: () => altered((bytes) => fields.recordCount.write(bytes, 0, 0)), error: Errors.INVALID_RECORD },
  {
    name: "a count that is not that of the offsets",
    records: () => altered((bytes) => fields.recordCount.write(bytes, 0, 3)),
    error: Errors.INVALID_RECORD,
  },
  { name: "a control batch", records: () => batch({ isControl: true }), error: Errors.INVALID_RECORD },
  { name: "a producer id without a sequence", records: () => batch({ producerId: 1, producerEpoch: 0 }), error: Errors.INVALID_RECORD },
  {
    name: "fewer records than declared",
    records: () =>
      altered((bytes) => {
        fields.recordCount.write(bytes, 0, 3);
        fields.lastOffsetDelta.write(bytes, 0, 2);
      }),
    error: Errors.INVALID_RECORD,
  },
  {
    name: "a record with a wrong length",
    records: () => altered((bytes) => bytes.writeUInt8(bytes.readUInt8(61) + 2, 61)),
    error: Errors.INVALID_RECORD,
  },
  {
    name: "a body that does not decompress",
    records: () => altered((bytes) => fields.attributes.write(bytes, 0, Compression.GZIP)),
    error: Errors.INVALID_RECORD,
  },
  {
    name: "a null key on a compacted topic",
    records: () => batch({}, [record({ key: null })]),
    overrides: { "cleanup.policy": "compact,delete" },
    error: Errors.INVALID_RECORD,
  },
  { name: "a record from the future", records: () => batch({ timestamp: NOW_MS + HOUR_MS + 1 }), error: Errors.INVALID_TIMESTAMP },
  {
    name: "a record from too long ago",
    records: () => batch({ timestamp: NOW_MS - 1001 }),
    overrides: { "message.timestamp.before.max.ms": "1000" },
    error: Errors.INVALID_TIMESTAMP,
  },
  {
    name: "the broker's timestamp type on a LogAppendTime topic",
    records: () => batch({ timestampType: TimestampType.LOG_APPEND_TIME }),
    overrides: { "message.timestamp.type": "LogAppendTime" },
    error: Errors.INVALID_TIMESTAMP,
  },
  {
    name: "the broker's timestamp type without a timestamp",
    records: () => batch({ timestampType: TimestampType.LOG_APPEND_TIME, timestamp: -1 }),
    error: Errors.INVALID_TIMESTAMP,
  },
  {
    name: "more than a segment takes",
    records: () => batch({}, [record({ value: Buffer.alloc(2000) })]),
    overrides: { "internal.segment.bytes": "1000" },
    error: Errors.RECORD_LIST_TOO_LARGE,
  },
  {
    name: "more than max.message.bytes after the broker has compressed it differently",
    records: () => batch({ compression: Compression.GZIP }, [record({ value: Buffer.alloc(5000) })]),
    overrides: { "compression.type": "uncompressed", "max.message.bytes": "1000" },
    error: Errors.MESSAGE_TOO_LARGE,
  },
];

describe("a batch is refused that has", () => {
  test.each(violations)("$name", ({ records, overrides, error }) => {
    const bytes = records();
    const before = Buffer.from(bytes);
    expect(validate(bytes, overrides)).toMatchObject({ ok: false, error, message: expect.any(String) });
    expect(bytes.equals(before)).toBe(true);
  });

  test.each(violations)("$name, judged in pieces", async ({ records, overrides = {}, error }) => {
    expect(await judgeLongBatch(records(), contextOf(overrides))).toMatchObject({ ok: false, error, message: expect.any(String) });
  });
});

describe("of several violations the first counts:", () => {
  test.each([
    {
      name: "base offset before size",
      records: () => batch({ baseOffset: 1 }),
      overrides: { "max.message.bytes": "70" },
      error: Errors.INVALID_RECORD,
    },
    {
      name: "size before checksum",
      records: () => {
        const bytes = batch();
        bytes.writeInt8(7, bytes.length - 1);
        return bytes;
      },
      overrides: { "max.message.bytes": "70" },
      error: Errors.MESSAGE_TOO_LARGE,
    },
    {
      name: "checksum before count",
      records: () => {
        const bytes = batch();
        fields.recordCount.write(bytes, 0, 3);
        return bytes;
      },
      overrides: {},
      error: Errors.CORRUPT_MESSAGE,
    },
    {
      name: "a timestamp names the error where others complain as well",
      records: () => batch({}, [record({ key: null }), record({ timestamp: NOW_MS + 2 * HOUR_MS })]),
      overrides: { "cleanup.policy": "compact" },
      error: Errors.INVALID_TIMESTAMP,
    },
  ])("$name", ({ records, overrides, error }) => {
    expect(validate(records(), overrides)).toMatchObject({ ok: false, error });
  });
});

describe("record errors", () => {
  test("name every offending record, also in a compressed batch", () => {
    const records = [record(), record({ key: null }), record(), record({ key: null })];
    for (const compression of [Compression.NONE, Compression.LZ4]) {
      const result = validate(batch({ compression }, records), { "cleanup.policy": "compact" });
      expect(result).toMatchObject({ ok: false, error: Errors.INVALID_RECORD, recordErrors: [{ batchIndex: 1 }, { batchIndex: 3 }] });
    }
    const late = validate(batch({}, [record(), record({ timestamp: NOW_MS + 2 * HOUR_MS })]));
    expect(late).toMatchObject({ recordErrors: [{ batchIndex: 1, message: expect.stringContaining("out of range") }] });
  });

  test("say what Apache Kafka says", () => {
    const records = Array.from({ length: 5 }, () => record({ key: null }));
    const complaint = "Compacted topic cannot accept message without key in topic partition orders-2";
    const shown = [0, 1, 2].map((index) => `RecordError(batchIndex=${index}, message='${complaint}')`).join(", ");
    const result = validate(batch({}, records), { "cleanup.policy": "compact" });
    expect(result).toMatchObject({
      message: `One or more records have been rejected due to 5 record errors in total, and only showing the first three errors at most: [${shown}]`,
      recordErrors: [0, 1, 2, 3, 4].map((batchIndex) => ({ batchIndex, message: complaint })),
    });
  });

  test("are 10 000 in all the batches of a request together, and all are counted", () => {
    const compacted = { "cleanup.policy": "compact" };
    const keyless = batch(
      {},
      Array.from({ length: 6_000 }, () => record({ key: null })),
    );
    const budget = new JudgingBudget();
    const results = [1, 2, 3].map(() => judgeClientBatch(keyless, contextOf(compacted, budget)));
    expect(results.map((result) => !result.ok && result.recordErrors.length)).toEqual([6_000, 4_000, 0]);
    for (const result of results) expect(!result.ok && result.message).toContain("6000 record errors in total");
  });

  test("are none where the whole batch is at fault", () => {
    expect(validate(batch({ isControl: true }))).toMatchObject({ recordErrors: [] });
  });
});

describe("a batch is accepted", () => {
  test("as it came, without being copied", () => {
    const records = batch();
    const result = accepted(records);
    expect(result.batch.buffer).toBe(records);
    expect(result).toMatchObject({ timestampType: TimestampType.CREATE_TIME, maxTimestampMs: NOW_MS });
  });

  test("with a piece of another one behind it, which is left out", () => {
    expect(accepted(Buffer.concat([batch(), batch().subarray(0, 11)])).batch.sizeBytes).toBe(batch().length);
    expect(accepted(Buffer.concat([batch(), batch().subarray(0, 50)])).batch.sizeBytes).toBe(batch().length);
  });

  test("without timestamps", () => {
    expect(accepted(batch({ timestamp: -1 })).maxTimestampMs).toBe(-1);
  });

  test("with the oldest timestamps and those an hour ahead", () => {
    expect(accepted(batch({ timestamp: 0 })).maxTimestampMs).toBe(0);
    expect(accepted(batch({ timestamp: NOW_MS + HOUR_MS })).maxTimestampMs).toBe(NOW_MS + HOUR_MS);
  });

  test("with record offsets that are wrong, which are mended where it is compressed", () => {
    const wrong = [record({ offsetDelta: 5 }), record({ offsetDelta: 1 })];
    const plain = accepted(batch({}, wrong)).batch;
    expect([...recordsOf(plain)].map(({ offset }) => offset)).toEqual([5, 1]);
    const compressed = accepted(batch({ compression: Compression.SNAPPY }, wrong)).batch;
    expect([...recordsOf(compressed)].map(({ offset }) => offset)).toEqual([0, 1]);
    expect(compressed.compression).toBe(Compression.SNAPPY);
    expect(compressed.isCrcValid()).toBe(true);
  });

  test("with an empty key on a compacted topic", () => {
    accepted(batch({}, [record({ key: Buffer.alloc(0) })]), { "cleanup.policy": "compact" });
  });

  test("at exactly max.message.bytes", () => {
    accepted(batch(), { "max.message.bytes": String(batch().length) });
  });

  test("with the topic's time on a LogAppendTime topic, however far off its own is", () => {
    const result = accepted(batch({ timestamp: NOW_MS + 9 * HOUR_MS }), { "message.timestamp.type": "LogAppendTime" });
    expect(result).toMatchObject({ timestampType: TimestampType.LOG_APPEND_TIME, maxTimestampMs: NOW_MS });
  });

  test("and its true maximum timestamp found, whatever its header says", () => {
    const timestamps = fc.array(fc.integer({ min: 0, max: NOW_MS }), { minLength: 1, maxLength: 20 });
    const codecs = fc.constantFrom(...Object.values(Compression));
    fc.assert(
      fc.property(timestamps, fc.integer({ min: -1, max: NOW_MS }), codecs, (times, claimed, compression) => {
        const records = times.map((timestamp) => record({ timestamp }));
        const bytes = altered((copy) => fields.maxTimestamp.write(copy, 0, claimed), batch({ compression }, records));
        expect(accepted(bytes).maxTimestampMs).toBe(Math.max(...times));
      }),
    );
  });
});

describe("a long batch", () => {
  const MIB = 1024 * 1024;
  const zeros = (sizeBytes: number) => [record({ value: Buffer.alloc(sizeBytes) })];
  const compressed = Object.values(Compression).filter((codec) => codec !== Compression.NONE);

  test.each(compressed)(
    "of codec %i is not judged at once, and is accepted as it came when it is judged in pieces",
    async (compression) => {
      const records = batch({ compression }, zeros(2 * MIB));
      expect(validate(records)).toMatchObject({ ok: false, isLong: true });
      const result = await judgeLongBatch(records, contextOf({}));
      expect(result).toMatchObject({ ok: true, timestampType: TimestampType.CREATE_TIME, maxTimestampMs: NOW_MS });
      expect(result.ok && result.batch.buffer).toBe(records);
    },
  );

  test("is also one that does not fit in what the batches before it have left", () => {
    const budget = new JudgingBudget();
    const half = batch({ compression: Compression.ZSTD }, zeros(MIB / 2));
    const outcomes = () => [1, 2, 3].map(() => judgeClientBatch(half, contextOf({}, budget)).ok);
    expect(outcomes()).toEqual([true, false, false]);
    budget.goOn();
    expect(outcomes()).toEqual([true, false, false]);
  });

  test("is also one that takes long to compress for its topic", async () => {
    const records = batch({}, zeros(100_000));
    expect(validate(records).ok).toBe(true);
    expect(validate(records, { "compression.type": "gzip" })).toMatchObject({ isLong: true });
    expect(validate(records, { "compression.type": "lz4" }).ok).toBe(true);
  });

  test.each(Object.values(Compression))("is compressed for its topic with codec %i", async (target) => {
    const source = buildBatch([record(), ...zeros(3 * MIB), record()], { timestamp: NOW_MS, compression: Compression.LZ4 });
    const codec = ["uncompressed", "gzip", "snappy", "lz4", "zstd"][target] ?? "";
    const result = await judgeLongBatch(source.bytes, contextOf({ "compression.type": codec, "max.message.bytes": String(4 * MIB) }));
    expect(result.ok && result.batch.compression).toBe(target);
    expect(result.ok && result.batch.isCrcValid() && [...recordsOf(result.batch)]).toEqual([...recordsOf(source)]);
    const small = await judgeLongBatch(source.bytes, contextOf({ "compression.type": codec, "max.message.bytes": "14000" }));
    if (target === Compression.NONE) expect(small).toMatchObject({ error: Errors.MESSAGE_TOO_LARGE });
  });

  test("names its offending records", async () => {
    const records = batch({ compression: Compression.GZIP }, [record(), record({ key: null, value: Buffer.alloc(2 * MIB) })]);
    const result = await judgeLongBatch(records, contextOf({ "cleanup.policy": "compact" }));
    expect(result).toMatchObject({ error: Errors.INVALID_RECORD, recordErrors: [{ batchIndex: 1 }] });
  });

  test("whose records are numbered wrongly is refused where it would have to be built anew", async () => {
    const records = batch({ compression: Compression.ZSTD }, [record({ offsetDelta: 5 }), ...zeros(2 * MIB)]);
    expect(await judgeLongBatch(records, contextOf({}))).toMatchObject({ error: Errors.INVALID_RECORD });
  });
});

describe("compression.type", () => {
  const codecs = ["uncompressed", "gzip", "snappy", "lz4", "zstd"] as const;
  const cases = Object.values(Compression).flatMap((from) => codecs.map((to, index) => ({ from, to, expected: index as Compression })));

  test.each(cases)("$to turns codec $from into codec $expected and keeps the records", ({ from, to, expected }) => {
    const records = Array.from({ length: 20 }, (_, index) =>
      record({ value: Buffer.from(`value ${index}`), headers: [{ key: "h", value: Buffer.from([index]) }] }),
    );
    const producer = { producerId: 4, producerEpoch: 1, baseSequence: 9, isTransactional: true };
    const source = buildBatch(records, { timestamp: NOW_MS, compression: from, ...producer });
    const { batch: stored } = accepted(source.bytes, { "compression.type": to });
    expect(stored.compression).toBe(expected);
    expect(stored.isCrcValid()).toBe(true);
    expect([...recordsOf(stored)]).toEqual([...recordsOf(source)]);
    expect(stored).toMatchObject(producer);
  });

  test("producer leaves every batch as it is", () => {
    for (const compression of Object.values(Compression)) {
      const records = batch({ compression });
      expect(accepted(records).batch.buffer).toBe(records);
    }
  });
});
