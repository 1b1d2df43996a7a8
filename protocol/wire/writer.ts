// Writes Kafka's primitive types into a growing buffer. Large byte fields (records) are not copied: `finish` gives a list
// of buffers for one gathered socket write. A buffer that was handed out is never written again.

import { splitInt64 } from "./int64.ts";

/** Byte fields from this size on are passed by reference. */
const BY_REFERENCE_BYTES = 1024;
/** Small enough that Node takes it from its own pool. */
const INITIAL_BYTES = 256;
/** Strings up to this length are written byte by byte. */
const SHORT_STRING_LENGTH = 24;
const MAX_STRING_BYTES = 0x7fff;
/** A frame begins with the number of bytes that follow. */
const FRAME_SIZE_BYTES = 4;

/** No message is longer, but for what is passed by reference: who asks for more by asking for the same again and again gets nothing. */
const MOST_BYTES = 512 * 1024 * 1024;

export class Writer {
  #buffer: Buffer;
  #start = 0;
  #position = 0;
  #earlierBytes = 0;
  /** Where the size of the frame under way belongs, and how much stood before its first byte. */
  #sizeBuffer: Buffer | undefined;
  #sizeAt = 0;
  #frameStart = 0;
  readonly #earlier: Buffer[] = [];

  /** @param initialBytes how much it takes before it grows */
  constructor(initialBytes = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#earlierBytes + this.#position - this.#start;
  }

  #reserve(sizeBytes: number): number {
    if (this.#position + sizeBytes > this.#buffer.length) this.#grow(sizeBytes);
    const at = this.#position;
    this.#position = at + sizeBytes;
    return at;
  }

  #grow(sizeBytes: number): void {
    const used = this.#position - this.#start;
    if (used + sizeBytes > MOST_BYTES) throw new RangeError(`a message of more than ${MOST_BYTES} bytes`);
    const next = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, 2 * (used + sizeBytes)));
    this.#buffer.copy(next, 0, this.#start, this.#position);
    if (this.#sizeBuffer === this.#buffer && this.#sizeAt >= this.#start) {
      this.#sizeBuffer = next;
      this.#sizeAt -= this.#start;
    }
    this.#buffer = next;
    this.#start = 0;
    this.#position = used;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer[at] = value >> 8;
    this.#buffer[at + 1] = value;
  }

  uint16(value: number): void {
    this.int16(value);
  }

  int32(value: number): void {
    this.#int32At(this.#reserve(4), value);
  }

  uint32(value: number): void {
    this.int32(value);
  }

  int64(value: number): void {
    const { high, low } = splitInt64(value);
    const at = this.#reserve(8);
    this.#int32At(at, high);
    this.#int32At(at + 4, low);
  }

  bigInt64(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  float64(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  #int32At(at: number, value: number): void {
    const buffer = this.#buffer;
    buffer[at] = value >> 24;
    buffer[at + 1] = value >> 16;
    buffer[at + 2] = value >> 8;
    buffer[at + 3] = value;
  }

  uuid(value: string): void {
    const at = this.#reserve(16);
    if (this.#buffer.write(value, at, 16, "base64url") !== 16) throw new RangeError(`"${value}" is not a uuid of 22 base64url characters`);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.int8((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.int8(rest);
  }

  /** Zigzag varint of 32 bits. */
  varint(value: number): void {
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** Zigzag varint of 64 bits. */
  varlong(value: number): void {
    const magnitude = value < 0 ? -value - 1 : value;
    const parity = value < 0 ? 1 : 0;
    // magnitude * 2 + parity may need 54 bits: the lowest seven bits are split off before doubling.
    let rest = Math.floor(magnitude / 64);
    const lowest = (magnitude % 64) * 2 + parity;
    if (rest === 0) {
      this.int8(lowest);
      return;
    }
    this.int8(lowest | 0x80);
    while (rest > 0x7f) {
      this.int8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.int8(rest);
  }

  nullableString(value: string | null): void {
    if (value === null) {
      this.int16(-1);
      return;
    }
    if (this.#shortAscii(value, 2)) return;
    const sizeBytes = stringSize(value);
    this.int16(sizeBytes);
    this.#utf8(value, sizeBytes);
  }

  compactNullableString(value: string | null): void {
    if (value === null) {
      this.int8(0);
      return;
    }
    if (this.#shortAscii(value, 1)) return;
    const sizeBytes = stringSize(value);
    this.unsignedVarint(sizeBytes + 1);
    this.#utf8(value, sizeBytes);
  }

  /** Writes a length and a short ASCII text byte by byte, which is faster than calling into Node; false when it is neither. */
  #shortAscii(value: string, prefixBytes: 1 | 2): boolean {
    const { length } = value;
    if (length > SHORT_STRING_LENGTH) return false;
    const start = this.#reserve(prefixBytes + length);
    const buffer = this.#buffer;
    const at = start + prefixBytes;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.#position = start;
        return false;
      }
      buffer[at + i] = code;
    }
    if (prefixBytes === 2) buffer[start] = 0;
    buffer[at - 1] = prefixBytes === 2 ? length : length + 1;
    return true;
  }

  #utf8(value: string, sizeBytes: number): void {
    const at = this.#reserve(sizeBytes);
    this.#buffer.write(value, at, sizeBytes, "utf8");
  }

  /** Raw bytes without a length. Large ones are kept by reference and must not change until the message was sent. */
  bytes(value: Buffer): void {
    if (value.length < BY_REFERENCE_BYTES) {
      const at = this.#reserve(value.length);
      value.copy(this.#buffer, at);
      return;
    }
    this.#cut();
    this.#earlier.push(value);
    this.#earlierBytes += value.length;
  }

  nullableBytes(value: Buffer | readonly Buffer[] | null): void {
    if (value === null) {
      this.int32(-1);
      return;
    }
    this.int32(lengthOf(value));
    this.#bytesOrList(value);
  }

  compactNullableBytes(value: Buffer | readonly Buffer[] | null): void {
    if (value === null) {
      this.int8(0);
      return;
    }
    this.unsignedVarint(lengthOf(value) + 1);
    this.#bytesOrList(value);
  }

  #bytesOrList(value: Buffer | readonly Buffer[]): void {
    if (Buffer.isBuffer(value)) this.bytes(value);
    else for (const part of value) this.bytes(part);
  }

  arrayCount(count: number): void {
    this.int32(count);
  }

  compactArrayCount(count: number): void {
    this.unsignedVarint(count + 1);
  }

  /** One tagged field: its tag, its size and what `write` puts into it. */
  taggedField(tag: number, write: (writer: Writer) => void): void {
    const body = new Writer();
    write(body);
    const parts = body.finish();
    this.unsignedVarint(tag);
    this.unsignedVarint(lengthOf(parts));
    for (const part of parts) this.bytes(part);
  }

  /** Closes the current chunk so that bytes kept by reference can follow it. */
  #cut(): void {
    if (this.#position > this.#start) {
      this.#earlier.push(this.#buffer.subarray(this.#start, this.#position));
      this.#earlierBytes += this.#position - this.#start;
    }
    this.#start = this.#position;
  }

  /** Leaves room for the size of a frame, which `endFrame` or `finish` fills in. Several frames may follow one another. */
  beginFrame(): void {
    this.#sizeAt = this.#reserve(FRAME_SIZE_BYTES);
    this.#sizeBuffer = this.#buffer;
    this.#frameStart = this.sizeBytes;
  }

  endFrame(): void {
    this.#sizeBuffer?.writeInt32BE(this.sizeBytes - this.#frameStart, this.#sizeAt);
    this.#sizeBuffer = undefined;
  }

  /** What was written as buffers in order. The writer must not be used afterwards. */
  finish(): Buffer[] {
    this.endFrame();
    this.#cut();
    return this.#earlier;
  }
}

function lengthOf(value: Buffer | readonly Buffer[]): number {
  if (Buffer.isBuffer(value)) return value.length;
  let sizeBytes = 0;
  for (const part of value) sizeBytes += part.length;
  return sizeBytes;
}

/** The text is longer than the protocol can carry; a text that came from a client may become that, by what it is decoded to. */
export class TextTooLong extends RangeError {
  constructor(sizeBytes: number) {
    super(`string of ${sizeBytes} bytes; at most ${MAX_STRING_BYTES}`);
    this.name = "TextTooLong";
  }
}

function stringSize(value: string): number {
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes > MAX_STRING_BYTES) throw new TextTooLong(sizeBytes);
  return sizeBytes;
}
