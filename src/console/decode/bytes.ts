// Reads what Avro and Protobuf share: variable-length numbers, and pieces of known length.

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("the bytes end too soon");
    this.#at += 1;
    return byte;
  }

  /** Unsigned, of at most 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("a number is too long");
  }

  zigzag(): bigint {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  take(count: number): Uint8Array {
    if (count < 0 || this.#at + count > this.#bytes.length) throw new Error("the bytes end too soon");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  float(): number {
    this.take(4);
    return this.#view.getFloat32(this.#at - 4, true);
  }

  double(): number {
    this.take(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }

  fixed32(): number {
    this.take(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  fixed64(): bigint {
    this.take(8);
    return this.#view.getBigUint64(this.#at - 8, true);
  }
}

/** A number where it keeps all its digits, else their text. */
export function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
