import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { fixedLayout, int8, int16, int32, int64, uint32 } from "../../protocol/wire/layout.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { sizeOfVarint, sizeOfVarlong, VarintCursor, writeVarint, writeVarlong } from "../../protocol/wire/varint.ts";

const sample = fixedLayout({ small: int8, medium: int16, normal: int32, unsigned: uint32, large: int64 });
const values = { small: -2, medium: -300, normal: -70_000, unsigned: 0xfffffffe, large: -(2 ** 40) };

const anyInt64 = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 32, -(2 ** 32), MAX_INT64));

describe("a fixed layout", () => {
  it("knows its size and where its fields are", () => {
    expect(sample.sizeBytes).toBe(19);
    expect(sample.offsetOf).toEqual({ small: 0, medium: 1, normal: 3, unsigned: 7, large: 11 });
    expect(sample.fields.unsigned).toMatchObject({ offset: 7, sizeBytes: 4 });
  });

  it("writes its fields in order, big-endian, without gaps", () => {
    const buffer = Buffer.alloc(21, 0xaa);
    sample.encode(values, buffer, 1);
    expect(buffer.toString("hex")).toBe("aafefed4fffeee90fffffffeffffff0000000000aa");
    expect(sample.decode(buffer, 1)).toEqual(values);
  });

  it("reads and writes single fields as whole structures do", () => {
    const value = fc.record({
      small: fc.integer({ min: -128, max: 127 }),
      medium: fc.integer({ min: -32768, max: 32767 }),
      normal: fc.integer(),
      unsigned: fc.nat(0xffffffff),
      large: anyInt64,
    });
    fc.assert(
      fc.property(value, (each) => {
        const whole = Buffer.alloc(sample.sizeBytes + 3);
        sample.encode(each, whole, 3);
        const single = Buffer.alloc(sample.sizeBytes + 3);
        for (const name of ["small", "medium", "normal", "unsigned", "large"] as const) {
          sample.fields[name].write(single, 3, each[name]);
          expect(sample.fields[name].read(whole, 3)).toBe(each[name]);
        }
        expect(single).toEqual(whole);
        expect(sample.decode(single, 3)).toEqual(each);
      }),
    );
  });

  it("reads Long.MAX_VALUE as MAX_INT64 and other large int64s as the nearest number", () => {
    const layout = fixedLayout({ value: int64 });
    const buffer = Buffer.alloc(8);
    for (const [bigint, number] of [
      [2n ** 63n - 1n, MAX_INT64],
      [2n ** 60n + 1n, 2 ** 60],
      [-(2n ** 63n), -(2 ** 63)],
    ] as const) {
      buffer.writeBigInt64BE(bigint);
      expect(layout.decode(buffer, 0).value).toBe(number);
      expect(layout.fields.value.read(buffer, 0)).toBe(number);
    }
  });

  it("refuses to write an int64 that a number does not hold exactly", () => {
    const layout = fixedLayout({ value: int64 });
    expect(() => layout.encode({ value: 2 ** 60 }, Buffer.alloc(8), 0)).toThrow(RangeError);
    expect(() => layout.fields.value.write(Buffer.alloc(8), 0, 0.5)).toThrow(RangeError);
  });

  it("refuses values that do not fit, and buffers that are too short", () => {
    expect(() => sample.encode({ ...values, small: 128 }, Buffer.alloc(19), 0)).toThrow(RangeError);
    expect(() => sample.encode(values, Buffer.alloc(18), 0)).toThrow(RangeError);
    expect(() => sample.decode(Buffer.alloc(18), 0)).toThrow(RangeError);
  });
});

describe("varints of records", () => {
  it("of 32 bits read back what was written, in the size foretold", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const buffer = Buffer.alloc(5);
        const end = writeVarint(buffer, 0, value);
        expect(end).toBe(sizeOfVarint(value));
        expect(new VarintCursor(buffer, 0, end).varint()).toBe(value);
      }),
    );
  });

  it("of 64 bits read back what was written, in the size foretold", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
        const buffer = Buffer.alloc(10);
        const end = writeVarlong(buffer, 0, value);
        expect(end).toBe(sizeOfVarlong(value));
        expect(new VarintCursor(buffer, 0, end).varlong()).toBe(value);
      }),
    );
  });

  it.each([
    ["00", 0],
    ["01", -1],
    ["02", 1],
    ["ac02", 150],
    ["feffffff0f", 2147483647],
    ["ffffffff0f", -2147483648],
  ])("read %s as %d", (hex, value) => {
    expect(new VarintCursor(Buffer.from(hex, "hex")).varint()).toBe(value);
    expect(new VarintCursor(Buffer.from(hex, "hex")).varlong()).toBe(value);
  });

  it("of 64 bits give the nearest number beyond 2^53", () => {
    expect(new VarintCursor(Buffer.from("feffffffffffffffff01", "hex")).varlong()).toBe(MAX_INT64);
    expect(new VarintCursor(Buffer.from("ffffffffffffffffff01", "hex")).varlong()).toBe(-(2 ** 63));
  });

  it.each(["", "80", "ffffffff1f", "ffffffffff01"])("of 32 bits refuse %s", (hex) => {
    expect(() => new VarintCursor(Buffer.from(hex, "hex")).varint()).toThrow(MalformedMessage);
  });

  it.each(["", "8080", "ffffffffffffffffff02", "ffffffffffffffffffff01"])("of 64 bits refuse %s", (hex) => {
    expect(() => new VarintCursor(Buffer.from(hex, "hex")).varlong()).toThrow(MalformedMessage);
  });

  it("do not read beyond the end that was set", () => {
    const cursor = new VarintCursor(Buffer.from([1, 2, 3]), 0, 1);
    expect(cursor.varint()).toBe(-1);
    expect(() => cursor.varint()).toThrow(MalformedMessage);
    expect(() => cursor.skip(1)).toThrow(MalformedMessage);
    expect(() => cursor.skip(-1)).toThrow(MalformedMessage);
  });
});
