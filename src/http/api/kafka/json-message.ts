// Kafka's messages as JSON, by their declarations: fields by name, those that the version has. Bytes are base64, uuids as Kafka prints them,
// numbers of 64 bits numbers, and text where they use all of their bits. What is left out has its default.

import type { Field, FieldType, Primitive, Shape, Struct } from "../../../../protocol/schema/field.ts";
import type { Message } from "../../../../protocol/schema/message.ts";
import { includesVersion } from "../../../../protocol/schema/versions.ts";
import { Problem } from "../../problem.ts";

export type JsonObject = { readonly [name: string]: unknown };

const UUID = /^[-_0-9A-Za-z]{22}$/;
const BASE64 = /^(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?$/;
const INT64 = /^-?\d{1,19}$/;

const RANGES: { readonly [name in Primitive]?: readonly [lowest: number, highest: number] } = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

export function toJson({ struct }: Message, version: number, value: object): JsonObject {
  return structToJson(struct, version, value as JsonObject);
}

function structToJson({ shape }: Struct, version: number, value: JsonObject): JsonObject {
  const present = Object.entries(shape).filter(([, { traits }]) => includesVersion(traits.versions, version));
  return Object.fromEntries(present.map(([name, { type }]) => [name, valueToJson(type, version, value[name])]));
}

function valueToJson(type: FieldType, version: number, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === "struct") return structToJson(type.struct, version, value as JsonObject);
  if (type.kind === "array") return (value as readonly unknown[]).map((each) => valueToJson(type.element, version, each));
  if (typeof value === "bigint") return String(value);
  if (Buffer.isBuffer(value)) return value.toString("base64");
  return value;
}

/** Throws Problem, which names the field that does not fit. */
export function fromJson({ name, struct }: Message, version: number, given: unknown): JsonObject {
  return structFromJson(struct, version, given, name);
}

function structFromJson({ shape }: Struct, version: number, given: unknown, path: string): JsonObject {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw unfit(path, "is to be an object");
  const values: [string, unknown][] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (field === undefined) throw unfit(`${path}.${name}`, `is not known: there are ${namesIn(shape, version)}`);
    values.push([name, fieldFromJson(field, version, value, `${path}.${name}`)]);
  }
  return Object.fromEntries(values);
}

function fieldFromJson({ type, traits }: Field<unknown>, version: number, given: unknown, path: string): unknown {
  if (!includesVersion(traits.versions, version)) throw unfit(path, `is not in version ${version}`);
  if (given !== null) return valueFromJson(type, version, given, path);
  if (includesVersion(traits.nullableVersions, version)) return null;
  throw unfit(path, `cannot be null in version ${version}`);
}

function valueFromJson(type: FieldType, version: number, given: unknown, path: string): unknown {
  if (type.kind === "struct") return structFromJson(type.struct, version, given, path);
  if (type.kind === "primitive") return primitiveFromJson(type.name, given, path);
  if (!Array.isArray(given)) throw unfit(path, "is to be a list");
  return given.map((each, index) => valueFromJson(type.element, version, each, `${path}[${index}]`));
}

function primitiveFromJson(name: Primitive, given: unknown, path: string): unknown {
  switch (name) {
    case "bool":
      if (typeof given === "boolean") return given;
      throw unfit(path, "is to be true or false");
    case "string":
      if (typeof given === "string") return given;
      throw unfit(path, "is to be a text");
    case "uuid":
      if (typeof given === "string" && UUID.test(given)) return given;
      throw unfit(path, "is to be a uuid as Kafka prints it, of 22 characters");
    case "bytes":
    case "records":
      if (typeof given === "string" && BASE64.test(given)) return Buffer.from(given, "base64");
      throw unfit(path, "is to be base64");
    case "float64":
      if (typeof given === "number") return given;
      throw unfit(path, "is to be a number");
    case "bigInt64":
      if ((typeof given === "string" && INT64.test(given)) || Number.isSafeInteger(given))
        return BigInt.asIntN(64, BigInt(given as string));
      throw unfit(path, "is to be a whole number of 64 bits, or its digits as text");
    default:
      return wholeFromJson(name, given, path);
  }
}

function wholeFromJson(name: Primitive, given: unknown, path: string): number {
  const value = typeof given === "string" && name === "int64" && INT64.test(given) ? Number(given) : given;
  const [lowest, highest] = RANGES[name] ?? [0, 0];
  if (typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw unfit(path, `is to be a whole number from ${lowest} to ${highest}`);
}

function namesIn(shape: Shape, version: number): string {
  const names = Object.entries(shape).flatMap(([name, { traits }]) => (includesVersion(traits.versions, version) ? [name] : []));
  return names.join(", ") || "none";
}

function unfit(path: string, what: string): Problem {
  return new Problem(400, `${path} ${what}.`);
}
