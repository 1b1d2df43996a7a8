// Buffers that are used again, by classes of size, for frames that straddle reads and for records read from files: a fresh megabyte costs
// as much in page faults as copying three. What is not kept is free at once: an idle process collects no garbage.

const SMALLEST_BYTES = 8 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;
/** So many classes between a size and its double: a buffer is at most a quarter larger than asked for. */
const CLASSES_PER_DOUBLING = 4;
/** Kept for reuse over all size classes. */
const KEPT_BYTES = 32 * 1024 * 1024;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least `sizeBytes` long, with arbitrary content. */
  take(sizeBytes: number): Buffer {
    const classBytes = classOf(sizeBytes);
    const buffer = this.#free.get(classBytes)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(classBytes);
    this.#freeBytes -= classBytes;
    return buffer;
  }

  /** Only what `take` gave, and only when nobody looks at it any more: views of it may be empty from now on. */
  give(buffer: Buffer): void {
    if (buffer.length > LARGEST_BYTES || this.#freeBytes + buffer.length > KEPT_BYTES) {
      if (buffer.buffer instanceof ArrayBuffer) buffer.buffer.transfer(0);
      return;
    }
    const free = this.#free.get(buffer.length);
    if (free === undefined) this.#free.set(buffer.length, [buffer]);
    else free.push(buffer);
    this.#freeBytes += buffer.length;
  }
}

function classOf(sizeBytes: number): number {
  if (sizeBytes <= SMALLEST_BYTES) return SMALLEST_BYTES;
  if (sizeBytes > LARGEST_BYTES) return sizeBytes;
  const stepBytes = 2 ** Math.floor(Math.log2(sizeBytes)) / CLASSES_PER_DOUBLING;
  return Math.ceil(sizeBytes / stepBytes) * stepBytes;
}
