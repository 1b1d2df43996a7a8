// Bytes of a request as they are put together; whatever is given is written, in as many bytes as the type has.

const FIRST_BYTES = 512;
const UINT64 = 2n ** 64n;

export class Draft {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  /** Takes what stands behind `start` away, and gives it. */
  cut(start: number): Buffer {
    const cut = Buffer.from(this.#buffer.subarray(start, this.#length));
    this.#length = start;
    return cut;
  }

  int8(value: number): void {
    this.#buffer[this.#reserve(1)] = value & 0xff;
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value & 0xffff, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value | 0, at);
  }

  int64(value: number): void {
    const at = this.#reserve(8);
    const whole = BigInt(Number.isFinite(value) ? Math.trunc(value) : 0);
    this.#buffer.writeBigUInt64BE(((whole % UINT64) + UINT64) % UINT64, at);
  }

  float64(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  /** Below 2^32. */
  unsignedVarint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.int8((rest % 128) | 0x80);
    this.int8(rest);
  }

  /** In more bytes than it needs. */
  longVarint(value: number, bytes: number): void {
    let rest = value;
    for (let left = bytes; left > 1; left--, rest = Math.floor(rest / 128)) this.int8((rest % 128) | 0x80);
    this.int8(rest % 128);
  }

  raw(bytes: Buffer): void {
    const at = this.#reserve(bytes.length);
    bytes.copy(this.#buffer, at);
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}
