// What the console makes of bytes: by schemas of Avro and Protobuf, as JSON, and where two texts differ.

import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { avroDecoder } from "../../src/console/decode/avro.ts";
import { prettyJson } from "../../src/console/decode/pretty-json.ts";
import { protobufDecoder } from "../../src/console/decode/protobuf.ts";
import { differences } from "../../src/console/pages/schemas/differences.ts";

const bytes = (...values: (number | string)[]) =>
  Buffer.concat(values.map((value) => (typeof value === "string" ? Buffer.from(value) : Buffer.from([value]))));

test.each<[string, unknown, Buffer, unknown]>([
  ["long", "long", bytes(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "9223372036854775807"],
  ["a union", ["null", "string"], bytes(2, 6, "Ada"), "Ada"],
  ["an array in blocks, one with its size", { type: "array", items: "int" }, bytes(2, 2, 3, 4, 4, 6, 0), [1, 2, 3]],
  ["a map", { type: "map", values: "boolean" }, bytes(2, 2, "a", 1, 0), { a: true }],
  ["an enum", { type: "enum", name: "E", symbols: ["A", "B"] }, bytes(2), "B"],
  ["fixed", { type: "fixed", name: "F", size: 2 }, bytes(0xab, 0xcd), "0xabcd"],
  ["a negative decimal", { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 }, bytes(4, 0xff, 0x85), "-1.23"],
  ["a date", { type: "int", logicalType: "date" }, bytes(2), "1970-01-02"],
  ["a time", { type: "long", logicalType: "timestamp-millis" }, bytes(0xd0, 0x0f), "1970-01-01T00:00:01.000Z"],
])("Avro: %s", (_, schema, encoded, expected) => {
  expect(avroDecoder([JSON.stringify(schema)])(encoded)).toEqual(expected);
});

test("Avro: a record that holds itself, and one that another schema declares", () => {
  const money = '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"int"}]}';
  const order =
    '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"price","type":"Money"},{"name":"before","type":["null","Order"]}]}';
  const decode = avroDecoder([money, order]);
  expect(decode(bytes(2, 2, 4, 0))).toEqual({ price: { cents: 1 }, before: { price: { cents: 2 }, before: null } });
  expect(() => decode(bytes(2, 2, 4))).toThrow("end too soon");
});

test("Protobuf: by descriptors, with what they do not know by its number", () => {
  const field = (name: string, number: number, type: Type, more = {}) => ({ name, number, type, label: Label.OPTIONAL, ...more });
  const entry = {
    name: "CountsEntry",
    field: [field("key", 1, Type.STRING), field("value", 2, Type.INT32)],
    options: { mapEntry: true },
  };
  const order = {
    name: "Order",
    nestedType: [entry, { name: "Line", field: [field("sku", 1, Type.STRING)] }],
    enumType: [
      {
        name: "State",
        value: [
          { name: "NEW", number: 0 },
          { name: "PAID", number: 1 },
        ],
      },
    ],
    field: [
      field("id", 1, Type.SINT64),
      field("lines", 2, Type.MESSAGE, { typeName: ".shop.Order.Line", label: Label.REPEATED }),
      field("counts", 3, Type.MESSAGE, { typeName: ".shop.Order.CountsEntry", label: Label.REPEATED }),
      field("state", 4, Type.ENUM, { typeName: ".shop.Order.State" }),
      field("sizes", 5, Type.FIXED32, { label: Label.REPEATED }),
    ],
  };
  const file = create(FileDescriptorProtoSchema, { name: "o.proto", package: "shop", messageType: [order] });
  const decode = protobufDecoder([toBinary(FileDescriptorProtoSchema, file)]);
  const line = bytes(0x12, 3, 0x0a, 1, "a");
  const counts = bytes(0x1a, 5, 0x0a, 1, "k", 0x10, 7);
  const sizes = bytes(0x2a, 8, 1, 0, 0, 0, 2, 0, 0, 0);
  expect(decode(bytes(0, 0x08, 3, ...line, ...line, ...counts, 0x20, 1, ...sizes, 0x48, 9))).toEqual({
    id: -2,
    lines: [{ sku: "a" }, { sku: "a" }],
    counts: { k: 7 },
    state: "PAID",
    sizes: [1, 2],
    9: 9,
  });
  // The second type within the first message, where entries of maps do not count.
  expect(decode(bytes(4, 0, 0, 0x0a, 1, "z"))).toEqual({ sku: "z" });
});

test("JSON keeps its digits and the order of its keys", () => {
  expect(prettyJson('{"2":12345678901234567890,"1":[ ],"a":[1.0,"x, {y}: \\"z\\""]}')).toBe(
    '{\n  "2": 12345678901234567890,\n  "1": [],\n  "a": [\n    1.0,\n    "x, {y}: \\"z\\""\n  ]\n}',
  );
});

test("what differs between two texts is the fewest lines", () => {
  const shown = differences("a\nb\nc", "a\nx\nc\nd").map(({ mark, text }) => mark + text);
  expect(shown).toEqual([" a", "-b", "+x", " c", "+d"]);
});
