// Varints inside record batches, read at one moving position. Unlike Reader it reads int64s that no number holds exactly as the
// nearest number: producers may send any timestamp, and the broker passes it on untouched.

import { MalformedMessage } from "./malformed-message.ts";

export const MAX_VARINT_BYTES = 5;
export const MAX_VARLONG_BYTES = 10;

export class VarintCursor {
  readonly buffer: Buffer;
  /** Where the readable bytes end. May be set, within the buffer, to fence a part in. */
  end: number;
  position: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.position = start;
    this.end = Math.min(end, buffer.length);
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** A view of what has not been read. */
  get rest(): Buffer {
    return this.buffer.subarray(this.position, this.end);
  }

  byte(): number {
    if (this.position >= this.end) throw new MalformedMessage(`needs a byte at ${this.position}, the end`);
    return this.buffer[this.position++] ?? 0;
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const zigzag = this.#short();
    return zigzag < 0 ? this.#longVarint() : (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Up to four bytes, of which nearly all varints are, as they are stored; otherwise -1 and nothing is read. */
  #short(): number {
    const { buffer, end, position } = this;
    const first = buffer[position] ?? 0;
    if (first < 0x80 && position < end) {
      this.position = position + 1;
      return first;
    }
    if (end - position < 4) return -1;
    const second = buffer[position + 1] ?? 0;
    let value = (first & 0x7f) | ((second & 0x7f) << 7);
    this.position = position + 2;
    if (second < 0x80) return value;
    const third = buffer[position + 2] ?? 0;
    value |= (third & 0x7f) << 14;
    this.position = position + 3;
    if (third < 0x80) return value;
    const fourth = buffer[position + 3] ?? 0;
    value |= (fourth & 0x7f) << 21;
    this.position = position + 4;
    if (fourth < 0x80) return value;
    this.position = position;
    return -1;
  }

  #longVarint(): number {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = this.byte();
      if (index === MAX_VARINT_BYTES - 1 && byte > 0x0f) break;
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new MalformedMessage(`varint that ends at ${this.position} has more than 32 bits`);
  }

  /** Zigzag, 64 bits; the nearest number where none is exact. */
  varlong(): number {
    const zigzag = this.#short();
    return zigzag < 0 ? this.#longVarlong() : (zigzag >>> 1) ^ -(zigzag & 1);
  }

  #longVarlong(): number {
    const isNegative = ((this.buffer[this.position] ?? 0) & 1) === 1;
    let magnitude = 0;
    for (let index = 0; index < MAX_VARLONG_BYTES; index++) {
      const byte = this.byte();
      if (index === MAX_VARLONG_BYTES - 1 && byte > 0x01) break;
      // Bit 0 is the sign, so the group at bit 7i contributes from bit 7i - 1 on.
      magnitude += index === 0 ? (byte & 0x7f) >> 1 : (byte & 0x7f) * 2 ** (7 * index - 1);
      if (byte < 0x80) return isNegative ? -magnitude - 1 : magnitude;
    }
    throw new MalformedMessage(`varlong that ends at ${this.position} has more than 64 bits`);
  }

  skip(sizeBytes: number): void {
    if (sizeBytes < 0 || sizeBytes > this.end - this.position) {
      throw new MalformedMessage(`needs ${sizeBytes} bytes at ${this.position}, has ${this.end - this.position}`);
    }
    this.position += sizeBytes;
  }

  /** A view, valid as long as the buffer is. */
  view(sizeBytes: number): Buffer {
    const at = this.position;
    this.skip(sizeBytes);
    return this.buffer.subarray(at, this.position);
  }
}

/** Bytes that `writeVarint` takes. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes an int32 zigzag and returns the position after it. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let position = at;
  for (; rest > 0x7f; rest >>>= 7) buffer[position++] = (rest & 0x7f) | 0x80;
  buffer[position++] = rest;
  return position;
}

/** Bytes that `writeVarlong` takes. */
export function sizeOfVarlong(value: number): number {
  // The first byte holds the sign and six bits, each later one seven.
  let size = 1;
  for (let rest = Math.floor(magnitudeOf(value) / 64); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes an int64, zigzag, and returns the position after it. Raises RangeError for what is not a safe integer. */
export function writeVarlong(buffer: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer that a number holds exactly`);
  const magnitude = magnitudeOf(value);
  let position = at;
  let group = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
  for (let rest = Math.floor(magnitude / 64); rest > 0; rest = Math.floor(rest / 128)) {
    buffer[position++] = group | 0x80;
    group = rest % 128;
  }
  buffer[position++] = group;
  return position;
}

/** What zigzag stores beside the sign. */
function magnitudeOf(value: number): number {
  return value < 0 ? -value - 1 : value;
}
