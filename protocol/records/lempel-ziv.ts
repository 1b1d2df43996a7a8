// The copying that LZ4 and Snappy have in common. Callers have checked that source and target lie in their buffers.

/** From here on a call into native code is quicker than a loop. */
const LONG_COPY_BYTES = 48;

/** Copies `sizeBytes` bytes from one buffer to another. */
export function copyLiteral(source: Buffer, from: number, target: Buffer, at: number, sizeBytes: number): void {
  if (sizeBytes >= LONG_COPY_BYTES) {
    source.copy(target, at, from, from + sizeBytes);
    return;
  }
  for (let index = 0; index < sizeBytes; index++) target[at + index] = source[from + index] ?? 0;
}

/** Repeats what lies `distance` bytes back; the copy may run into bytes that it has just written. */
export function copyMatch(target: Buffer, at: number, distance: number, sizeBytes: number): void {
  const from = at - distance;
  if (sizeBytes < LONG_COPY_BYTES) {
    for (let index = 0; index < sizeBytes; index++) target[at + index] = target[from + index] ?? 0;
    return;
  }
  // What was copied is a longer pattern to copy from: the size doubles each time.
  let copied = 0;
  while (copied < sizeBytes) {
    const part = Math.min(sizeBytes - copied, distance + copied);
    target.copyWithin(at + copied, from, from + part);
    copied += part;
  }
}

/** Bytes that agree from `left` and from `right` on, at most up to `end`. */
export function matchLength(source: Buffer, left: number, right: number, end: number): number {
  let at = right;
  for (let other = left; at < end && source[at] === source[other]; other++) at++;
  return at - right;
}

/** Where a compressor last saw four bytes, by their hash; kept, because filling is cheaper than allocating. */
export class MatchTable {
  readonly #positions: Int32Array;
  readonly #shift: number;

  constructor(bits: number) {
    this.#positions = new Int32Array(1 << bits);
    this.#shift = 32 - bits;
  }

  clear(): void {
    this.#positions.fill(-1);
  }

  /** Stores a position under the hash of the word there; returns the one that was stored, -1 without. */
  replace(word: number, position: number): number {
    const slot = Math.imul(word, 0x9e3779b1) >>> this.#shift;
    const previous = this.#positions[slot] ?? -1;
    this.#positions[slot] = position;
    return previous;
  }
}
