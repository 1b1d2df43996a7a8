// Reading Protocol Buffers without their definitions: a message is a row of fields, each a number, a wire type and a value. Who reads
// takes the fields that it knows by number and passes over the others. Only the wire types that proto3 writes are read.

import { MalformedMessage } from "./malformed-message.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;
/** What a byte of a varint adds; 2^53 and more is rounded, as numbers are. */
const VARINT_BASE = 128;
const WORD = 2 ** 32;

export interface ProtobufField {
  readonly number: number;
  /** A view of the message: 8 bytes of a fixed64, 4 of a fixed32, the content of strings, bytes, messages and packed fields. */
  readonly bytes: Buffer;
  /** Of a varint, without sign; 0 for any other type. */
  readonly value: number;
}

/** The fields in the order in which they stand. Raises MalformedMessage. */
export function* protobufFields(message: Buffer): Generator<ProtobufField, void, undefined> {
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    const number = Math.floor(tag.value / 8);
    const type = tag.value % 8;
    if (number === 0) throw new MalformedMessage("a field without a number");
    if (type === VARINT) {
      const { value, end } = readVarint(message, tag.end);
      yield { number, bytes: message.subarray(tag.end, end), value };
      at = end;
      continue;
    }
    const { start, end } = extentOf(message, type, tag.end);
    if (end > message.length) throw new MalformedMessage(`field ${number} is cut off`);
    yield { number, bytes: message.subarray(start, end), value: 0 };
    at = end;
  }
}

function extentOf(message: Buffer, type: number, at: number): { readonly start: number; readonly end: number } {
  switch (type) {
    case FIXED64:
      return { start: at, end: at + 8 };
    case FIXED32:
      return { start: at, end: at + 4 };
    case LENGTH_DELIMITED: {
      const length = readVarint(message, at);
      return { start: length.end, end: length.end + length.value };
    }
    default:
      throw new MalformedMessage(`wire type ${type} is not one of proto3`);
  }
}

function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < message.length && at < start + MAX_VARINT_BYTES; at++) {
    const byte = message[at] ?? 0;
    value += (byte % VARINT_BASE) * scale;
    if (byte < VARINT_BASE) return { value, end: at + 1 };
    scale *= VARINT_BASE;
  }
  throw new MalformedMessage("a varint is cut off or too long");
}

/** Raises MalformedMessage when the field has another width. */
export function protobufDouble({ number, bytes }: ProtobufField): number {
  return eightBytes(number, bytes).readDoubleLE(0);
}

/** Rounded where it is beyond 2^53. Raises MalformedMessage when the field has another width. */
export function protobufFixed64({ number, bytes }: ProtobufField, { isSigned = false } = {}): number {
  const word = eightBytes(number, bytes);
  const high = isSigned ? word.readInt32LE(4) : word.readUInt32LE(4);
  return high * WORD + word.readUInt32LE(0);
}

/** Of a packed field, or of a single value. Raises MalformedMessage when bytes are left over. */
export function protobufEights({ number, bytes }: ProtobufField): ProtobufField[] {
  if (bytes.length % 8 !== 0) throw new MalformedMessage(`field ${number} does not consist of eight-byte values`);
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({ number, bytes: bytes.subarray(index * 8, index * 8 + 8), value: 0 }));
}

/** A varint as the int64 that it stands for: ten bytes are a negative one. */
export function protobufInt64({ bytes }: ProtobufField): number {
  let value = 0n;
  for (const [index, byte] of bytes.entries()) value |= BigInt(byte % VARINT_BASE) << BigInt(7 * index);
  return Number(BigInt.asIntN(64, value));
}

function eightBytes(number: number, bytes: Buffer): Buffer {
  if (bytes.length !== 8) throw new MalformedMessage(`field ${number} has ${bytes.length} bytes instead of 8`);
  return bytes;
}
