// Fixed structures (record batch header, index entries, snapshots), declared once as data and big-endian throughout:
//
//   const timeIndexEntry = fixedLayout({ timestamp: int64, relativeOffset: int32 });
//   timeIndexEntry.sizeBytes                          12
//   timeIndexEntry.offsetOf.relativeOffset            8
//   timeIndexEntry.decode(buffer, at)                 { timestamp, relativeOffset }
//   timeIndexEntry.fields.timestamp.read(buffer, at)  one field of the structure at `at`, for hot paths
//
// buffer-layout does the declaring, decoding and encoding; this module gives it types and Kafka's int64. The single-field
// accessors are plain byte arithmetic: they do not check bounds, so the caller has checked that the structure lies in the buffer.

import bufferLayout from "buffer-layout";
import { splitInt64 } from "./int64.ts";

const HIGH = 2 ** 32;

type Integer = {
  readonly sizeBytes: number;
  read(buffer: Buffer, at: number): number;
  write(buffer: Buffer, at: number, value: number): void;
  layout(property: string): LibraryLayout;
};
type LibraryLayout = ReturnType<typeof bufferLayout.s8>;

/** One field of a structure; `at` is where the structure starts, not the field. */
type Field = {
  readonly offset: number;
  readonly sizeBytes: number;
  read(buffer: Buffer, at: number): number;
  write(buffer: Buffer, at: number, value: number): void;
};

type Shape = Readonly<Record<string, Integer>>;
type Values<S extends Shape> = { [K in keyof S]: number };

export type FixedLayout<S extends Shape> = {
  readonly sizeBytes: number;
  readonly offsetOf: { readonly [K in keyof S]: number };
  readonly fields: { readonly [K in keyof S]: Field };
  /** All fields. Raises RangeError when the structure does not lie in the buffer. */
  decode(buffer: Buffer, at: number): Values<S>;
  /** Writes all fields. Raises RangeError when the structure does not fit or a value is not one of its field's type. */
  encode(values: Readonly<Values<S>>, buffer: Buffer, at: number): void;
};

/** The value behind `FixedLayout.decode` and `encode`. */
export type ValuesOf<L> = L extends FixedLayout<infer S> ? Values<S> : never;

export const int8: Integer = {
  sizeBytes: 1,
  read: (buffer, at) => (byteAt(buffer, at) << 24) >> 24,
  write: (buffer, at, value) => {
    buffer[at] = value;
  },
  layout: (property) => bufferLayout.s8(property),
};

export const int16: Integer = {
  sizeBytes: 2,
  read: readInt16,
  write: writeInt16,
  layout: (property) => bufferLayout.s16be(property),
};

export const int32: Integer = {
  sizeBytes: 4,
  read: readInt32,
  write: writeInt32,
  layout: (property) => bufferLayout.s32be(property),
};

export const uint32: Integer = {
  sizeBytes: 4,
  read: readUint32,
  write: writeInt32,
  layout: (property) => bufferLayout.u32be(property),
};

/** Reads give the nearest number: exact up to 2^53, and MAX_INT64 for Long.MAX_VALUE. Writes refuse what is not exact. */
export const int64: Integer = {
  sizeBytes: 8,
  read: readInt64,
  write: writeInt64,
  layout: (property) => new Int64Layout(8, property),
};

/** buffer-layout is extended by subclassing: its own 64-bit integer cannot write MAX_INT64. */
class Int64Layout extends bufferLayout.Layout {
  override decode(buffer: Buffer, at = 0): number {
    return buffer.readInt32BE(at) * HIGH + buffer.readUInt32BE(at + 4);
  }

  override encode(value: number, buffer: Buffer, at = 0): number {
    const { high, low } = splitInt64(value);
    buffer.writeInt32BE(high, at);
    buffer.writeUInt32BE(low, at + 4);
    return 8;
  }
}

/** Declares a structure: its fields in order, without gaps. */
export function fixedLayout<const S extends Shape>(shape: S): FixedLayout<S> {
  const names = Object.keys(shape);
  const structure = bufferLayout.struct(Object.entries(shape).map(([name, integer]) => integer.layout(name)));
  const fields: Record<string, Field> = {};
  const offsetOf: Record<string, number> = {};
  let offset = 0;
  for (const [name, integer] of Object.entries(shape)) {
    offsetOf[name] = offset;
    fields[name] = fieldAt(integer, offset);
    offset += integer.sizeBytes;
  }
  return {
    sizeBytes: structure.span,
    // What is built here by name is what the mapped types say; TypeScript cannot follow a loop over the keys.
    offsetOf: Object.freeze(offsetOf) as FixedLayout<S>["offsetOf"],
    fields: Object.freeze(fields) as FixedLayout<S>["fields"],
    decode: (buffer, at) => structure.decode(buffer, at) as Values<S>,
    encode: (values, buffer, at) => {
      for (const name of names) {
        // buffer-layout would leave the old bytes of a missing field in place.
        if (values[name] === undefined) throw new RangeError(`field ${name} has no value`);
      }
      structure.encode(values, buffer, at);
    },
  };
}

function fieldAt(integer: Integer, offset: number): Field {
  const { read, write } = integer;
  return {
    offset,
    sizeBytes: integer.sizeBytes,
    read: (buffer, at) => read(buffer, at + offset),
    write: (buffer, at, value) => write(buffer, at + offset, value),
  };
}

function byteAt(buffer: Buffer, at: number): number {
  return buffer[at] as number;
}

function readInt16(buffer: Buffer, at: number): number {
  return ((byteAt(buffer, at) << 24) >> 16) | byteAt(buffer, at + 1);
}

export function readInt32(buffer: Buffer, at: number): number {
  return (byteAt(buffer, at) << 24) | (byteAt(buffer, at + 1) << 16) | (byteAt(buffer, at + 2) << 8) | byteAt(buffer, at + 3);
}

export function readUint32(buffer: Buffer, at: number): number {
  return readInt32(buffer, at) >>> 0;
}

/** The nearest number; Long.MAX_VALUE becomes MAX_INT64, other values beyond 2^53 lose their last bits. */
export function readInt64(buffer: Buffer, at: number): number {
  return readInt32(buffer, at) * HIGH + (readInt32(buffer, at + 4) >>> 0);
}

function writeInt16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >> 8;
  buffer[at + 1] = value;
}

/** Also writes unsigned values. */
function writeInt32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** Raises RangeError for a value that is neither a safe integer nor MAX_INT64. */
export function writeInt64(buffer: Buffer, at: number, value: number): void {
  const { high, low } = splitInt64(value);
  writeInt32(buffer, at, high);
  writeInt32(buffer, at + 4, low);
}
