// Reads what was written with an Avro schema (specification 1.12, "Binary Encoding"), into what JSON can tell. Logical types: decimals, dates, times
// and timestamps are told as people write them.

import { ByteReader, plain } from "./bytes.ts";

type Schema = string | readonly Schema[] | SchemaObject;

interface SchemaObject {
  readonly type: Schema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[];
  readonly symbols?: readonly string[];
  readonly items?: Schema;
  readonly values?: Schema;
  readonly size?: number;
  readonly logicalType?: string;
  readonly scale?: number;
}

type Read = (from: ByteReader) => unknown;
const MOST_ITEMS = 100_000;

/** @param schemas JSON texts: those that are referred to, then the schema itself */
export function avroDecoder(schemas: readonly string[]): (bytes: Uint8Array) => unknown {
  const names = new Map<string, Read>();
  let read: Read | undefined;
  for (const text of schemas) read = readerOf(JSON.parse(text) as Schema, "", names);
  return (bytes) => read?.(new ByteReader(bytes));
}

function readerOf(schema: Schema, namespace: string, names: Map<string, Read>): Read {
  if (typeof schema === "string") return PRIMITIVES[schema] ?? named(schema, namespace, names);
  if (Array.isArray(schema)) return unionOf(schema.map((branch: Schema) => readerOf(branch, namespace, names)));
  const { type, logicalType, ...rest } = schema as SchemaObject;
  const full =
    rest.name === undefined ? "" : rest.name.includes(".") ? rest.name : [rest.namespace ?? namespace, rest.name].filter(Boolean).join(".");
  const within = full === "" ? namespace : full.slice(0, Math.max(0, full.lastIndexOf(".")));
  const define = (read: Read) => {
    if (full !== "") names.set(full, read);
    return read;
  };
  switch (type) {
    case "record":
    case "error": {
      const fields: (readonly [string, Read])[] = [];
      define((from) => Object.fromEntries(fields.map(([name, read]) => [name, read(from)])));
      for (const field of rest.fields ?? []) fields.push([field.name, readerOf(field.type, within, names)]);
      return names.get(full) ?? PRIMITIVES["null"] ?? (() => null);
    }
    case "enum":
      return define((from) => rest.symbols?.[Number(from.zigzag())] ?? null);
    case "fixed":
      return define(
        logical(
          logicalType,
          rest.scale,
          (from) => hex(from.take(rest.size ?? 0)),
          (from) => from.take(rest.size ?? 0),
        ),
      );
    case "array": {
      const item = readerOf(rest.items ?? "null", namespace, names);
      return (from) => blocks(from, () => item(from));
    }
    case "map": {
      const value = readerOf(rest.values ?? "null", namespace, names);
      return (from) => Object.fromEntries(blocks(from, () => [text(from), value(from)] as const));
    }
    default:
      return logical(logicalType, rest.scale, readerOf(type, namespace, names), binary);
  }
}

const PRIMITIVES: { readonly [name: string]: Read } = {
  null: () => null,
  boolean: (from) => from.byte() !== 0,
  int: (from) => Number(from.zigzag()),
  long: (from) => plain(from.zigzag()),
  float: (from) => from.float(),
  double: (from) => from.double(),
  bytes: (from) => hex(binary(from)),
  string: text,
};

/** A name may be used before what has it is read to its end: it is looked up when it is needed. */
function named(name: string, namespace: string, names: Map<string, Read>): Read {
  return (from) => {
    const read = names.get(name.includes(".") || namespace === "" ? name : `${namespace}.${name}`) ?? names.get(name);
    if (read === undefined) throw new Error(`the schema does not say what ${name} is`);
    return read(from);
  };
}

function unionOf(branches: readonly Read[]): Read {
  return (from) => {
    const branch = branches[Number(from.zigzag())];
    if (branch === undefined) throw new Error("there is no such branch of a union");
    return branch(from);
  };
}

function blocks<T>(from: ByteReader, item: () => T): T[] {
  const items: T[] = [];
  for (;;) {
    let count = from.zigzag();
    if (count === 0n) return items;
    if (count < 0n) {
      from.zigzag();
      count = -count;
    }
    if (count + BigInt(items.length) > MOST_ITEMS) throw new Error("there are too many items to show");
    for (let index = 0n; index < count; index += 1n) items.push(item());
  }
}

function binary(from: ByteReader): Uint8Array {
  return from.take(Number(from.zigzag()));
}

function text(from: ByteReader): string {
  return new TextDecoder().decode(binary(from));
}

function hex(bytes: Uint8Array): string {
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function logical(type: string | undefined, scale: number | undefined, read: Read, bytes: (from: ByteReader) => Uint8Array): Read {
  switch (type) {
    case "decimal":
      return (from) => decimal(bytes(from), scale ?? 0);
    case "date":
      return (from) => iso(Number(read(from)) * 86_400_000).slice(0, 10);
    case "time-millis":
      return (from) => iso(Number(read(from))).slice(11, 23);
    case "timestamp-millis":
      return (from) => iso(Number(read(from)));
    case "timestamp-micros":
      return (from) => iso(Number(read(from)) / 1000);
    default:
      return read;
  }
}

function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function decimal(bytes: Uint8Array, scale: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  value = BigInt.asIntN(bytes.length * 8, value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ""}`;
}
