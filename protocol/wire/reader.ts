// Reads Kafka's primitive types from one frame. Strings are copied, byte fields are views of the frame.
// Every read is bounded by the frame; what does not fit raises MalformedMessage, never a RangeError.

import { joinInt64 } from "./int64.ts";
import { internedUtf8 } from "./interned.ts";
import { MalformedMessage } from "./malformed-message.ts";

/** Longest string that the protocol allows, in UTF-8 bytes. */
const MAX_STRING_BYTES = 0x7fff;

export class Reader {
  readonly buffer: Buffer;
  readonly #end: number;
  #position: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.#position = start;
    this.#end = end;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  #advance(sizeBytes: number): number {
    const at = this.#position;
    if (sizeBytes > this.#end - at) throw new MalformedMessage(`needs ${sizeBytes} bytes at ${at}, has ${this.#end - at}`);
    this.#position = at + sizeBytes;
    return at;
  }

  #uint8(): number {
    return byteAt(this.buffer, this.#advance(1));
  }

  bool(): boolean {
    return this.#uint8() !== 0;
  }

  int8(): number {
    return (this.#uint8() << 24) >> 24;
  }

  int16(): number {
    return (this.uint16() << 16) >> 16;
  }

  uint16(): number {
    const at = this.#advance(2);
    return (byteAt(this.buffer, at) << 8) | byteAt(this.buffer, at + 1);
  }

  int32(): number {
    return int32At(this.buffer, this.#advance(4));
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  int64(): number {
    const at = this.#advance(8);
    const value = joinInt64(int32At(this.buffer, at), int32At(this.buffer, at + 4) >>> 0);
    if (value === undefined) throw new MalformedMessage(`int64 at ${at} is outside the exact range of a number`);
    return value;
  }

  /** For the few fields that use all 64 bits (hashes); costs far more than `int64`. */
  bigInt64(): bigint {
    return this.buffer.readBigInt64BE(this.#advance(8));
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#advance(8));
  }

  /** 16 bytes in Kafka's text form: URL-safe base64 without padding, 22 characters. */
  uuid(): string {
    const at = this.#advance(16);
    return this.buffer.toString("base64url", at, at + 16);
  }

  /** At most five bytes, least significant group first. */
  unsignedVarint(): number {
    const first = this.#uint8();
    return first < 0x80 ? first : this.#longVarint(first & 0x7f);
  }

  #longVarint(lowest: number): number {
    let value = lowest;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#uint8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new MalformedMessage("unsigned varint is longer than five bytes");
  }

  /** Zigzag varint of 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag varint of 64 bits, at most ten bytes; refused outside a number's exact range. */
  varlong(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#uint8();
      if (shift < 28) low += (byte & 0x7f) * 2 ** shift;
      else high += (byte & 0x7f) * 2 ** (shift - 28);
      if (byte < 0x80) {
        const isNegative = low % 2 === 1;
        const magnitude = high * 2 ** 27 + Math.floor(low / 2);
        const value = isNegative ? -magnitude - 1 : magnitude;
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new MalformedMessage("varlong is longer than ten bytes or outside the exact range of a number");
  }

  /** UTF-8 text of a size that the caller has read. */
  utf8(sizeBytes: number): string {
    if (sizeBytes > MAX_STRING_BYTES) throw new MalformedMessage(`string of ${sizeBytes} bytes; at most ${MAX_STRING_BYTES}`);
    const at = this.#advance(sizeBytes);
    return internedUtf8(this.buffer, at, at + sizeBytes);
  }

  /** A view, valid as long as the frame is. */
  bytes(sizeBytes: number): Buffer {
    if (sizeBytes < 0) throw new MalformedMessage(`byte field of length ${sizeBytes}`);
    const at = this.#advance(sizeBytes);
    return this.buffer.subarray(at, at + sizeBytes);
  }

  nullableString(): string | null {
    const size = this.int16();
    if (size < -1) throw new MalformedMessage(`string of length ${size}`);
    return size === -1 ? null : this.utf8(size);
  }

  compactNullableString(): string | null {
    const size = this.unsignedVarint();
    return size === 0 ? null : this.utf8(size - 1);
  }

  nullableBytes(): Buffer | null {
    const size = this.int32();
    if (size < -1) throw new MalformedMessage(`byte field of length ${size}`);
    return size === -1 ? null : this.bytes(size);
  }

  compactNullableBytes(): Buffer | null {
    const size = this.unsignedVarint();
    return size === 0 ? null : this.bytes(size - 1);
  }

  /** Element count, -1 for a null array; checked against what remains, at `minElementBytes` each, before anything is allocated. */
  arrayCount(minElementBytes: number): number {
    return this.#checkedCount(this.int32(), minElementBytes);
  }

  compactArrayCount(minElementBytes: number): number {
    return this.#checkedCount(this.unsignedVarint() - 1, minElementBytes);
  }

  #checkedCount(count: number, minElementBytes: number): number {
    if (count < -1) throw new MalformedMessage(`array of ${count} elements`);
    if (count * minElementBytes > this.remaining) throw new MalformedMessage(`array of ${count} elements in ${this.remaining} bytes`);
    return count;
  }

  /** The section of tagged fields at the end of a struct of which none is known here (KIP-482). */
  skipTaggedFields(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint();
      this.#advance(this.unsignedVarint());
    }
  }

  skip(sizeBytes: number): void {
    if (sizeBytes < 0) throw new MalformedMessage(`cannot skip ${sizeBytes} bytes`);
    this.#advance(sizeBytes);
  }
}

// Single bytes are read through these: as fast as a DataView, which costs more to make than a small message to read.

function byteAt(buffer: Buffer, at: number): number {
  return buffer[at] ?? 0;
}

function int32At(buffer: Buffer, at: number): number {
  return (byteAt(buffer, at) << 24) | (byteAt(buffer, at + 1) << 16) | (byteAt(buffer, at + 2) << 8) | byteAt(buffer, at + 3);
}
