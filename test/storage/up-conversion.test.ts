// Message sets of magic 0 and 1 become batches, and batches become message sets: whatever both can hold comes through. What Kafka says to
// sets with a fault is in the scenarios of test/old-clients.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression, TimestampType } from "../../protocol/records/batch-header.ts";
import { wrapperOf } from "../../protocol/records/down-conversion.ts";
import { messagesOf } from "../../protocol/records/message-set.ts";
import { type LegacyMagic, MessageSetWriter } from "../../protocol/records/message-set-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { Slices } from "../../src/base/slices.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import { judgeLongBatch } from "../../src/storage/append-validation.ts";
import type { AppendRefusal } from "../../src/storage/partition-log.ts";
import { upConverted } from "../../src/storage/up-conversion.ts";
import { messageSet, TIME, withCrc } from "../old-clients/message-sets.ts";

const defaults = brokerConfig();
const LARGE = { "max.message.bytes": "100000000" };

function contextOf(overrides: Readonly<Record<string, string>>) {
  return { topicPartition: { topic: "orders", partition: 0 }, settings: topicSettings(defaults, overrides), nowMs: TIME };
}

function converted(set: Buffer, overrides: Readonly<Record<string, string>> = LARGE): Promise<Buffer | AppendRefusal> {
  return upConverted(set, contextOf(overrides), new Slices(new VirtualClock()));
}

async function batchOf(set: Buffer, overrides = LARGE): Promise<RecordBatch> {
  const bytes = await converted(set, overrides);
  if (!Buffer.isBuffer(bytes)) throw new Error(`refused with ${bytes.error}: ${bytes.message}`);
  return new RecordBatch(bytes);
}

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)));
const record = fc.record({ key: bytes, value: bytes, timestamp: fc.integer({ min: TIME - 5000, max: TIME }) });
const codec = fc.constantFrom(Compression.GZIP, Compression.SNAPPY, Compression.LZ4);
const magic = fc.constantFrom<LegacyMagic>(0, 1);

describe("conversion both ways", () => {
  test("keeps offsets, keys and values, and timestamps where the format has them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        codec,
        magic,
        fc.nat(1e9),
        async (records, compression, to, baseOffset) => {
          const batch = buildBatch(records, { baseOffset, compression });
          const wrapper = (await wrapperOf(batch, to)) ?? Buffer.alloc(0);
          const expected = records.map((each, index) => ({
            offset: baseOffset + index,
            key: each.key,
            value: each.value,
            timestamp: to === 0 ? -1 : each.timestamp,
          }));
          expect([...messagesOf(wrapper)]).toMatchObject(expected);
          const back = await batchOf(wrapper);
          expect(back.compression).toBe(compression);
          back.baseOffset = baseOffset;
          expect([...recordsOf(back)]).toMatchObject(expected);
          expect(await judgeLongBatch(withoutOffset(back), contextOf(LARGE))).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("is the same of messages that come one by one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), magic, async (records, from) => {
        const writer = new MessageSetWriter(from, TimestampType.CREATE_TIME);
        for (const [offset, each] of records.entries()) writer.add({ ...each, offset });
        const batch = await batchOf(writer.take());
        expect([...recordsOf(batch)]).toMatchObject(
          records.map((each, offset) => ({ ...each, offset, timestamp: from === 0 ? -1 : each.timestamp })),
        );
        expect(batch.maxTimestamp).toBe(from === 0 ? -1 : Math.max(...records.map(({ timestamp }) => timestamp)));
      }),
      { numRuns: 60 },
    );
  });

  test.each([Compression.GZIP, Compression.SNAPPY, Compression.LZ4])(
    "goes through a content of many pieces, codec %i",
    async (compression) => {
      const records = Array.from({ length: 4000 }, (_, index) => ({
        key: Buffer.from(`key ${index}`),
        value: Buffer.from(`${index} `.repeat(index === 7 ? 90_000 : 20)),
        timestamp: TIME + index,
      }));
      const wrapper = (await wrapperOf(buildBatch(records, { compression }), 1)) ?? Buffer.alloc(0);
      const back = [...recordsOf(await batchOf(wrapper))];
      expect(back.map(({ offset, key, value, timestamp }) => ({ offset, key, value, timestamp }))).toEqual(
        records.map((each, offset) => ({ ...each, offset })),
      );
    },
  );

  test("gives all messages of a batch with the append time that time", async () => {
    const batch = buildBatch(
      [1, 2].map((at) => ({ key: null, value: Buffer.from("v"), timestamp: TIME + at })),
      {
        compression: Compression.GZIP,
        timestampType: TimestampType.LOG_APPEND_TIME,
        timestamp: TIME + 99,
      },
    );
    expect([...messagesOf((await wrapperOf(batch, 1)) ?? Buffer.alloc(0))]).toMatchObject([
      { timestamp: TIME + 99, timestampType: TimestampType.LOG_APPEND_TIME },
      { timestamp: TIME + 99, timestampType: TimestampType.LOG_APPEND_TIME },
    ]);
  });
});

describe("what cannot be converted", () => {
  test("is given up as soon as it is more than the topic takes", async () => {
    const bomb = messageSet([["k", "x".repeat(30_000_000)]], { magic: 1, codec: Compression.GZIP });
    const limits = { "max.message.bytes": "100000", "compression.type": "uncompressed" };
    const result = await converted(bomb, limits);
    expect(Buffer.isBuffer(result)).toBe(false);
    expect(result).toMatchObject({ ok: false, error: Errors.MESSAGE_TOO_LARGE });
  });

  test.each([
    ["several formats", () => [messageSet([["k", "v"]], { magic: 0 }), messageSet([["k", "v"]], { magic: 1 })], Errors.INVALID_RECORD],
    ["a timestamp that no number holds", () => [withCrc(timedAt(-(2n ** 60n)))], Errors.INVALID_TIMESTAMP],
    ["a wrong checksum", () => [timedAt(1n)], Errors.CORRUPT_MESSAGE],
    [
      "a wrong checksum around others",
      () => {
        const wrapper = messageSet([["k", "v"]], { magic: 1, codec: Compression.GZIP });
        wrapper.writeUInt32BE(1, 12);
        return [wrapper];
      },
      Errors.CORRUPT_MESSAGE,
    ],
  ])("is refused when it has %s", async (_, sets, error) => {
    expect(await converted(Buffer.concat(sets()))).toMatchObject({ ok: false, error });
  });

  test.each([0, 1] as const)("of magic %i is refused whatever byte of it is changed, or cut off", async (from) => {
    const sets = [messageSet([["k", "v"]], { magic: from }), messageSet([["k", "v"]], { magic: from, codec: Compression.LZ4 })];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sets), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (set, at, by, isCut) => {
        const place = at % set.length;
        const broken = isCut ? set.subarray(0, place) : Buffer.from(set);
        if (!isCut) broken[place] = (broken[place] ?? 0) ^ by;
        const result = await converted(broken);
        // Its offset nobody looks at; a longer size is that of a message which is cut off.
        if (!isCut && place < 8) expect(Buffer.isBuffer(result)).toBe(true);
        else expect(Buffer.isBuffer(result) && result.length > 0).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

/** A message whose checksum does not know of its timestamp. */
function timedAt(timestamp: bigint): Buffer {
  const message = messageSet([["k", "v"]], { magic: 1 });
  message.writeBigInt64BE(timestamp, 18);
  return message;
}

/** As a producer sends it. */
function withoutOffset(batch: RecordBatch): Buffer {
  batch.baseOffset = 0;
  return batch.bytes;
}
