// The copying that LZ4 and Snappy have in common. Callers have checked that source and target lie in their buffers.

/** From here on a call into native code is quicker than a loop. */
const LONG_COPY_BYTES = 64;
/** Short copies go by words, and write up to three bytes too many. */
const WORD_BYTES = 4;
const MAX_EXCESS_BYTES = WORD_BYTES - 1;

/** Bytes with the view that reads and writes words quickest. */
export class Bytes {
  readonly buffer: Buffer;
  readonly view: DataView;
  /** Where a copy by words must end, so that its excess stays within the buffer. */
  readonly wordsEnd: number;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.wordsEnd = buffer.length - MAX_EXCESS_BYTES;
  }
}

/** Copies `sizeBytes` bytes; what follows them in the target is undefined afterwards. */
export function copyLiteral(source: Bytes, from: number, target: Bytes, at: number, sizeBytes: number): void {
  const end = at + sizeBytes;
  if (sizeBytes >= LONG_COPY_BYTES) {
    source.buffer.copy(target.buffer, at, from, from + sizeBytes);
  } else if (end <= target.wordsEnd && from + sizeBytes <= source.wordsEnd) {
    const { view } = source;
    const into = target.view;
    for (let to = at, position = from; to < end; to += WORD_BYTES, position += WORD_BYTES) into.setInt32(to, view.getInt32(position));
  } else {
    for (let index = 0; index < sizeBytes; index++) target.buffer[at + index] = source.buffer[from + index] ?? 0;
  }
}

/** Repeats what lies `distance` bytes back, running into what it has just written; what follows is undefined afterwards. */
export function copyMatch(target: Bytes, at: number, distance: number, sizeBytes: number): void {
  const { buffer, view } = target;
  const end = at + sizeBytes;
  if (sizeBytes >= LONG_COPY_BYTES) {
    // What was copied is a longer pattern to copy from: the size doubles each time.
    for (let to = at; to < end; ) {
      const part = Math.min(end - to, to - at + distance);
      buffer.copyWithin(to, at - distance, at - distance + part);
      to += part;
    }
  } else if (distance >= WORD_BYTES && end <= target.wordsEnd) {
    for (let to = at; to < end; to += WORD_BYTES) view.setInt32(to, view.getInt32(to - distance));
  } else {
    for (let to = at; to < end; to++) buffer[to] = buffer[to - distance] ?? 0;
  }
}

/** How many bytes agree from `left` and from `right` on, `right` being the later, up to `end`. */
export function matchLength({ buffer, view }: Bytes, left: number, right: number, end: number): number {
  const distance = right - left;
  let at = right;
  while (at + WORD_BYTES <= end && view.getInt32(at) === view.getInt32(at - distance)) at += WORD_BYTES;
  while (at < end && buffer[at] === buffer[at - distance]) at++;
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
