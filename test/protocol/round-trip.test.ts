// What is encoded comes back: for every message, in every version, on random values.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../protocol/schema/message.ts";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import { arbitraryMessage, type MessageValue, PRIMITIVES, smallestMessage, versionsOf } from "./arbitrary-message.ts";
import { declaredMessages } from "./declared-messages.ts";

const RUNS = 25;

function encode(message: Message, version: number, value: MessageValue): Buffer {
  const writer = new Writer();
  message.codec(version).write(writer, value);
  const parts = writer.finish();
  expect(Buffer.concat(parts).length).toBe(parts.reduce((sizeBytes, part) => sizeBytes + part.length, 0));
  return Buffer.concat(parts);
}

function decode(message: Message, version: number, buffer: Buffer): MessageValue {
  const reader = new Reader(buffer);
  const value = message.codec(version).read(reader);
  expect(reader.remaining).toBe(0);
  return value;
}

describe("decoding gives what was encoded", () => {
  for (const message of declaredMessages) {
    it(message.name, () => {
      for (const version of versionsOf(message)) {
        fc.assert(
          fc.property(arbitraryMessage(message, version), (value) => {
            expect(decode(message, version, encode(message, version, value))).toEqual(value);
          }),
          { numRuns: RUNS },
        );
      }
    });
  }
});

it("the bound on array counts lets the smallest elements pass, in every message and version", () => {
  for (const message of declaredMessages) {
    for (const version of versionsOf(message)) {
      const value = smallestMessage(message, version, 5);
      expect(decode(message, version, encode(message, version, value)), `${message.name} ${version}`).toEqual(value);
    }
  }
});

describe("primitives", () => {
  function roundTrip<T>(value: T, write: (writer: Writer, value: T) => void, read: (reader: Reader) => T): void {
    const writer = new Writer();
    write(writer, value);
    const reader = new Reader(Buffer.concat(writer.finish()));
    expect(read(reader)).toEqual(value);
    expect(reader.remaining).toBe(0);
  }

  for (const name of ["bool", "int8", "int16", "uint16", "int32", "int64", "bigInt64", "float64", "uuid"] as const) {
    it(`${name} round-trips`, () => {
      fc.assert(
        fc.property(PRIMITIVES[name], (value) =>
          roundTrip(
            value,
            (writer) => writer[name](value as never),
            (reader) => reader[name](),
          ),
        ),
      );
    });
  }

  it("unsigned varints, varints and varlongs round-trip", () => {
    const unsigned = fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1));
    fc.assert(
      fc.property(unsigned, (value) =>
        roundTrip(
          value,
          (writer, v) => writer.unsignedVarint(v),
          (reader) => reader.unsignedVarint(),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.integer(), (value) =>
        roundTrip(
          value,
          (writer, v) => writer.varint(v),
          (reader) => reader.varint(),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) =>
        roundTrip(
          value,
          (writer, v) => writer.varlong(v),
          (reader) => reader.varlong(),
        ),
      ),
    );
  });

  it("the longest string passes and a longer one is refused", () => {
    for (const method of ["nullableString", "compactNullableString"] as const) {
      roundTrip(
        "é".repeat(16_383),
        (writer, value) => writer[method](value),
        (reader) => reader[method]() ?? "",
      );
      expect(() => new Writer()[method]("é".repeat(16_384))).toThrow(RangeError);
    }
  });

  it("an int64 that a number does not hold exactly is refused, apart from the largest", () => {
    const writer = new Writer();
    expect(() => writer.int64(2 ** 53)).toThrow(RangeError);
    expect(() => writer.int64(0.5)).toThrow(RangeError);
    roundTrip(
      MAX_INT64,
      (w, value) => w.int64(value),
      (reader) => reader.int64(),
    );
  });

  it("large bytes are passed on without a copy, and what follows them stays in order", () => {
    const large = Buffer.alloc(5000, 7);
    const writer = new Writer();
    writer.beginFrame();
    writer.int16(1);
    writer.nullableBytes([large, Buffer.from([8])]);
    writer.int16(2);
    const parts = writer.finish();
    expect(parts).toContain(large);
    const frame = Buffer.concat(parts);
    const reader = new Reader(frame);
    expect(reader.int32()).toBe(frame.length - 4);
    expect(reader.int16()).toBe(1);
    expect(reader.nullableBytes()).toEqual(Buffer.concat([large, Buffer.from([8])]));
    expect(reader.int16()).toBe(2);
    expect(reader.remaining).toBe(0);
  });
});
