// Records that coordinators keep in internal topics: a type, with a declared key and a declared value.
//
//   key     int16 type, then the fields; never flexible, version 0 only
//   value   int16 version, then the fields of that version; absent for a tombstone, which removes what the key names
//
// Types are numbered per topic. A reader meets types that it does not know when a newer broker wrote them, and passes over them.

import type { Decoded, Encodable, Shape } from "../schema/field.ts";
import { Message } from "../schema/message.ts";
import { MalformedMessage } from "../wire/malformed-message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

export interface RecordType<K extends Shape = Shape, V extends Shape = Shape, N extends string = string> {
  readonly type: number;
  readonly name: N;
  readonly key: Message<K>;
  readonly value: Message<V>;
}

export interface RecordDeclaration<K extends Shape, V extends Shape, N extends string> {
  readonly type: number;
  readonly name: N;
  readonly key: K;
  /** Versions of the value, and those of them that are flexible. */
  readonly versions: string;
  readonly flexible: string;
  readonly value: V;
}

export function defineRecord<K extends Shape, V extends Shape, const N extends string>(
  record: RecordDeclaration<K, V, N>,
): RecordType<K, V, N> {
  return {
    type: record.type,
    name: record.name,
    key: new Message(`${record.name}Key`, "0", "none", record.key),
    value: new Message(`${record.name}Value`, record.versions, record.flexible, record.value),
  };
}

/** A key together with its type; `name` tells the members of a union apart. */
export type DecodedKey<T extends RecordType> =
  T extends RecordType<infer K, Shape, infer N> ? { readonly name: N; readonly recordType: T; readonly key: Decoded<K> } : never;

/** Throws EncodingError. */
export function encodeKey<K extends Shape>(recordType: RecordType<K>, key: Encodable<K>): Buffer {
  return encode(recordType.type, recordType.key, 0, key);
}

/** Throws EncodingError when the version cannot carry the value. */
export function encodeValue<V extends Shape>(recordType: RecordType<Shape, V>, version: number, value: Encodable<V>): Buffer {
  return encode(version, recordType.value, version, value);
}

/** The key of one of these types, or undefined when it is of another. Byte fields are views of the buffer. Throws MalformedMessage. */
export function decodeKey<const T extends readonly RecordType[]>(recordTypes: T, buffer: Buffer): DecodedKey<T[number]> | undefined {
  const reader = new Reader(buffer);
  const type = reader.int16();
  const recordType = recordTypes.find((candidate) => candidate.type === type);
  if (recordType === undefined) return undefined;
  const key = recordType.key.codec(0).read(reader);
  expectEnd(reader, recordType.key);
  return { name: recordType.name, recordType, key } as unknown as DecodedKey<T[number]>;
}

/** Byte fields are views of the buffer. Throws MalformedMessage, also for a version that is not known. */
export function decodeValue<V extends Shape>(recordType: RecordType<Shape, V>, buffer: Buffer): Decoded<V> {
  const reader = new Reader(buffer);
  const version = reader.int16();
  if (!recordType.value.hasVersion(version)) throw new MalformedMessage(`${recordType.value.name} has no version ${version}`);
  const value = recordType.value.codec(version).read(reader);
  expectEnd(reader, recordType.value);
  return value;
}

function encode<S extends Shape>(prefix: number, message: Message<S>, version: number, value: Encodable<S>): Buffer {
  const codec = message.codec(version);
  const writer = new Writer();
  writer.int16(prefix);
  codec.write(writer, value);
  const parts = writer.finish();
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function expectEnd(reader: Reader, message: Message): void {
  if (reader.remaining > 0) throw new MalformedMessage(`${reader.remaining} bytes after the end of ${message.name}`);
}
