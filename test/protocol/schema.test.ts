// The declaration language: defaults, versions, null, tagged fields, and the types derived from a declaration.

import { describe, expect, expectTypeOf, it } from "vitest";
import { array, bigInt64, bool, bytes, int8, int32, int64, nested, string, struct, uuid } from "../../protocol/schema/field.ts";
import { type DecodedMessage, type EncodableMessage, Message } from "../../protocol/schema/message.ts";
import { EncodingError, ZERO_UUID } from "../../protocol/schema/support.ts";
import { includesVersion, parseVersions } from "../../protocol/schema/versions.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";

function encode<M extends Message>(message: M, version: number, value: EncodableMessage<M>): Buffer {
  const writer = new Writer();
  message.codec(version).write(writer, value);
  return Buffer.concat(writer.finish());
}

function decode<M extends Message>(message: M, version: number, buffer: Buffer | readonly number[]): DecodedMessage<M> {
  return message.codec(version).read(new Reader(Buffer.from(buffer))) as DecodedMessage<M>;
}

describe("versions", () => {
  it.each([
    ["0+", [0, 1, 99], [-1]],
    ["3-5", [3, 5], [2, 6]],
    ["7", [7], [6, 8]],
    ["none", [], [0, 1]],
  ])("%s", (text, inside, outside) => {
    const versions = parseVersions(text);
    for (const version of inside) expect(includesVersion(versions, version)).toBe(true);
    for (const version of outside) expect(includesVersion(versions, version)).toBe(false);
  });

  it("a text that is not a range is refused when a declaration is made", () => {
    expect(() => int32("3..5")).toThrow("not a version range");
  });

  it("a version that does not exist has no codec", () => {
    expect(() => new Message("M", "1-2", "none", {}).codec(3)).toThrow(RangeError);
  });

  it("a codec is compiled once", () => {
    const message = new Message("M", "0", "none", { a: int32() });
    expect(message.codec(0)).toBe(message.codec(0));
  });
});

describe("fields that a version lacks", () => {
  const message = new Message("M", "0-2", "none", {
    always: int32(),
    later: int32("1+", -1),
    dropped: string("0-1", "none").ignorable(),
    list: array(int32(), "1+").optional(),
    id: uuid("2+").ignorable(),
  });

  it("have their defaults after decoding, in the order of declaration", () => {
    const value = decode(message, 0, [0, 0, 0, 5, 0, 1, 0x61]);
    expect(value).toEqual({ always: 5, later: -1, dropped: "a", list: [], id: ZERO_UUID });
    expect(Object.keys(value)).toEqual(["always", "later", "dropped", "list", "id"]);
  });

  it("may hold their defaults when encoding, and any value when they are ignorable", () => {
    expect(encode(message, 2, { always: 5, later: 1, dropped: "gone", list: [], id: ZERO_UUID })).toHaveLength(4 + 4 + 4 + 16);
    expect(encode(message, 0, { always: 5, later: -1, list: [], id: "AQAAAAAAAAAAAAAAAAAAAA" })).toHaveLength(4 + 2 + 4);
  });

  it("throw when a value would be lost", () => {
    expect(() => encode(message, 0, { always: 5, later: 7, id: ZERO_UUID })).toThrow(EncodingError);
    expect(() => encode(message, 0, { always: 5, list: [1], id: ZERO_UUID })).toThrow(EncodingError);
  });
});

describe("null", () => {
  const inner = struct({ a: int8() });
  const message = new Message("M", "0-1", "1+", {
    text: string().nullable("1+"),
    list: array(int8()).nullable(),
    some: nested(inner, "1+").nullable().default(null),
  });

  it("is written as the version has it", () => {
    expect(encode(message, 1, { text: null, list: null })).toEqual(Buffer.from([0, 0, 0xff, 0]));
    expect(encode(message, 1, { text: "", list: [], some: { a: 9 } })).toEqual(Buffer.from([1, 1, 1, 9, 0, 0]));
    expect(encode(message, 0, { text: "", list: null })).toEqual(Buffer.from([0, 0, 0xff, 0xff, 0xff, 0xff]));
  });

  it("is refused where it is not allowed: a bug when encoding, malformed when decoding", () => {
    expect(() => encode(message, 0, { text: null, list: null })).toThrow(EncodingError);
    expect(() => decode(message, 0, [0xff, 0xff, 0, 0, 0, 0])).toThrow(MalformedMessage);
  });
});

describe("tagged fields", () => {
  const inner = struct({ a: int8(), b: int8("0+", 3) });
  const message = new Message("M", "0-1", "1+", {
    last: int8("1+", 7).tag(5),
    plain: int8(),
    first: string("1+").nullable().default(null).tag(1),
    middle: nested(inner, "1+").tag(2),
    optional: nested(inner, "1+").nullable().default(null).tag(3),
    hash: bigInt64("1+", 0n).tag(6),
  });

  it("are left out while they have their defaults", () => {
    expect(encode(message, 1, { plain: 1, last: 7, first: null, middle: { a: 0, b: 3 }, optional: null, hash: 0n })).toEqual(
      Buffer.from([1, 0]),
    );
    expect(decode(message, 1, [1, 0])).toEqual({ last: 7, plain: 1, first: null, middle: { a: 0, b: 3 }, optional: null, hash: 0n });
  });

  it("are written in the order of tags, a nullable struct behind the varint 1", () => {
    const bytesOfAll = encode(message, 1, { plain: 1, last: 8, first: "x", middle: { a: 1 }, optional: { a: 2, b: 4 }, hash: -1n });
    const hash = Array<number>(8).fill(0xff);
    expect(bytesOfAll).toEqual(Buffer.from([1, 5, 1, 2, 2, 0x78, 2, 3, 1, 3, 0, 3, 4, 1, 2, 4, 0, 5, 1, 8, 6, 8, ...hash]));
    expect(decode(message, 1, bytesOfAll)).toEqual({
      last: 8,
      plain: 1,
      first: "x",
      middle: { a: 1, b: 3 },
      optional: { a: 2, b: 4 },
      hash: -1n,
    });
  });

  it("that are unknown are passed over", () => {
    expect(decode(message, 1, [1, 3, 0, 2, 9, 9, 5, 1, 8, 99, 0])).toMatchObject({ plain: 1, last: 8 });
  });

  it("are malformed when out of order, repeated, or of another size than stated", () => {
    expect(() => decode(message, 1, [1, 2, 5, 1, 8, 1, 1, 0])).toThrow(MalformedMessage);
    expect(() => decode(message, 1, [1, 2, 5, 1, 8, 5, 1, 8])).toThrow(MalformedMessage);
    expect(() => decode(message, 1, [1, 1, 5, 2, 8, 8])).toThrow(MalformedMessage);
  });

  it("do not exist in versions that are not flexible", () => {
    expect(encode(message, 0, { plain: 1 })).toEqual(Buffer.from([1]));
    expect(() => encode(message, 0, { plain: 1, last: 9 })).toThrow(EncodingError);
  });
});

describe("the types that follow from a declaration", () => {
  const element = struct({ name: string(), offset: int64("1+", -1) });
  const message = new Message("M", "0-1", "none", {
    flag: bool(),
    elements: array(element),
    maybe: bytes().nullable(),
    hash: bigInt64("1+", 0n),
  });

  it("decoding gives every field", () => {
    expectTypeOf<DecodedMessage<typeof message>>().toEqualTypeOf<{
      flag: boolean;
      elements: { name: string; offset: number }[];
      maybe: Buffer | null;
      hash: bigint;
    }>();
  });

  it("encoding may leave out what has an explicit default", () => {
    expectTypeOf<{ flag: boolean; elements: { name: string }[]; maybe: null }>().toExtend<EncodableMessage<typeof message>>();
    expectTypeOf<{ flag: boolean; elements: { offset: number }[]; maybe: null }>().not.toExtend<EncodableMessage<typeof message>>();
    expectTypeOf<{ flag: boolean; elements: []; hash: bigint }>().not.toExtend<EncodableMessage<typeof message>>();
  });
});
