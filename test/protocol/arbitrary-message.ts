// Random values of declared messages, for the property tests: every field that a version carries gets any value that it may have,
// every other one its default, so that a value is exactly what decoding its encoding must give.

import fc from "fast-check";
import type { Field, FieldType, Primitive, Struct } from "../../protocol/schema/field.ts";
import type { Message } from "../../protocol/schema/message.ts";
import { EMPTY_BYTES, ZERO_UUID } from "../../protocol/schema/support.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";

export type MessageValue = { [name: string]: unknown };

export function arbitraryMessage(message: Message, version: number): fc.Arbitrary<MessageValue> {
  return arbitraryStruct(message.struct, version, message.isFlexible(version));
}

/** The value whose fields are all zero, with arrays of so many such elements. */
export function smallestMessage(message: Message, version: number, elements: number): MessageValue {
  return smallestStruct(message.struct, version, message.isFlexible(version), elements);
}

export function versionsOf(message: Message): number[] {
  const { lowest, highest } = message.versions;
  return Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index);
}

function isCarried(field: Field<unknown>, version: number, isFlexible: boolean): boolean {
  const { versions, tag } = field.traits;
  return includesVersion(versions, version) && (tag === undefined || isFlexible);
}

function arbitraryStruct(struct: Struct, version: number, isFlexible: boolean): fc.Arbitrary<MessageValue> {
  const fields: { [name: string]: fc.Arbitrary<unknown> } = {};
  for (const [name, field] of Object.entries(struct.shape)) {
    const value = isCarried(field, version, isFlexible) ? arbitraryValue(field.type, version, isFlexible) : fc.constant(defaultOf(field));
    const isNullable = isCarried(field, version, isFlexible) && includesVersion(field.traits.nullableVersions, version);
    fields[name] = isNullable ? fc.option(value, { nil: null, freq: 3 }) : value;
  }
  return fc.record(fields, { noNullPrototype: true });
}

function arbitraryValue(type: FieldType, version: number, isFlexible: boolean): fc.Arbitrary<unknown> {
  if (type.kind === "primitive") return PRIMITIVES[type.name];
  if (type.kind === "struct") return arbitraryStruct(type.struct, version, isFlexible);
  return fc.array(arbitraryValue(type.element, version, isFlexible), { maxLength: 3 });
}

function smallestStruct(struct: Struct, version: number, isFlexible: boolean, elements: number): MessageValue {
  const entries = Object.entries(struct.shape).map(([name, field]) => {
    const isUntagged = field.traits.tag === undefined && isCarried(field, version, isFlexible);
    return [name, isUntagged ? smallestValue(field.type, version, isFlexible, elements) : defaultOf(field)];
  });
  return Object.fromEntries(entries);
}

function smallestValue(type: FieldType, version: number, isFlexible: boolean, elements: number): unknown {
  if (type.kind === "primitive") return ZERO[type.name];
  if (type.kind === "struct") return smallestStruct(type.struct, version, isFlexible, elements);
  return Array.from({ length: elements }, () => smallestValue(type.element, version, isFlexible, 0));
}

function defaultOf({ type, traits }: Field<unknown>): unknown {
  if (traits.defaultValue !== undefined) return traits.defaultValue;
  if (type.kind === "array") return [];
  if (type.kind === "primitive") return ZERO[type.name];
  return Object.fromEntries(Object.entries(type.struct.shape).map(([name, field]) => [name, defaultOf(field)]));
}

const ZERO: { readonly [name in Primitive]: unknown } = {
  bool: false,
  int8: 0,
  int16: 0,
  uint16: 0,
  int32: 0,
  int64: 0,
  bigInt64: 0n,
  float64: 0,
  string: "",
  bytes: EMPTY_BYTES,
  records: EMPTY_BYTES,
  uuid: ZERO_UUID,
};

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.string({ minLength: 20, maxLength: 300 }));
const bytes = fc
  .oneof({ weight: 20, arbitrary: fc.uint8Array() }, { weight: 1, arbitrary: fc.uint8Array({ minLength: 1000, maxLength: 3000 }) })
  .map((array) => Buffer.from(array));

export const PRIMITIVES: { readonly [name in Primitive]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  int64: fc.oneof({ weight: 9, arbitrary: fc.maxSafeInteger() }, { weight: 1, arbitrary: fc.constant(MAX_INT64) }),
  bigInt64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double(),
  string: text,
  bytes,
  records: bytes,
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array).toString("base64url")),
};
