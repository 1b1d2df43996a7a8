// Buffers that are used again, by powers of two, for frames that straddle reads and for records read from files: a fresh megabyte costs
// as much in page faults as copying three.

const SMALLEST_BYTES = 8 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;
/** Kept for reuse over all size classes. */
const KEPT_BYTES = 32 * 1024 * 1024;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least `sizeBytes` long, with arbitrary content. */
  take(sizeBytes: number): Buffer {
    const classBytes = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(sizeBytes)));
    const buffer = this.#free.get(classBytes)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(sizeBytes > LARGEST_BYTES ? sizeBytes : classBytes);
    this.#freeBytes -= classBytes;
    return buffer;
  }

  /** Only what `take` gave, and only when nobody looks at it any more. */
  give(buffer: Buffer): void {
    if (buffer.length > LARGEST_BYTES || this.#freeBytes + buffer.length > KEPT_BYTES) return;
    const free = this.#free.get(buffer.length);
    if (free === undefined) this.#free.set(buffer.length, [buffer]);
    else free.push(buffer);
    this.#freeBytes += buffer.length;
  }
}
