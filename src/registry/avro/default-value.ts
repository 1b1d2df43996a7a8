// Whether a JSON value may be the default of a field of a type (Avro's specification, "Complex Types", table of field default values). That of a
// union may be of any of its branches.

import type { Json } from "../json-text.ts";
import type { AvroSchema } from "./schema.ts";

const INT = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const LONG = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

export function isDefaultOf(schema: AvroSchema, value: Json): boolean {
  switch (schema.type) {
    case "null":
      return value.kind === "literal" && value.value === null;
    case "boolean":
      return value.kind === "literal" && value.value !== null;
    case "int":
      return isWhole(value, INT);
    case "long":
      return isWhole(value, LONG);
    case "float":
    case "double":
      return value.kind === "number";
    case "string":
    case "bytes":
    case "enum":
    case "fixed":
      return value.kind === "string";
    case "array":
      return value.kind === "array" && value.items.every((item) => isDefaultOf(schema.items, item));
    case "map":
      return value.kind === "object" && value.entries.every(([, inner]) => isDefaultOf(schema.values, inner));
    case "union":
      return schema.branches.some((branch) => isDefaultOf(branch, value));
    case "record":
    case "error":
      return value.kind === "object" && schema.fields.every((field) => isDefaultOfField(field, value.entries));
  }
}

function isDefaultOfField(
  { name, type, default: own }: { readonly name: string; readonly type: AvroSchema; readonly default: Json | undefined },
  entries: readonly (readonly [string, Json])[],
): boolean {
  const value = entries.find(([key]) => key === name)?.[1] ?? own;
  return value !== undefined && isDefaultOf(type, value);
}

function isWhole(value: Json, { least, most }: { readonly least: bigint; readonly most: bigint }): boolean {
  if (value.kind !== "number" || !/^-?[0-9]+$/.test(value.text)) return false;
  const number = BigInt(value.text);
  return number >= least && number <= most;
}
