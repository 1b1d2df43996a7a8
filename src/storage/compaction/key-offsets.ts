// The last offset of each key, for compaction: a table of a size fixed at the start, so that its memory is bounded whatever the log holds.
// Keys are told apart by the first 128 bits of their SHA-256: two keys that agree in them are not to be found.
//
//   slot    hash, 4 x 32 bits | offset + 1, a double; 0 where the slot is free        24 bytes, as in Apache Kafka's

import { hash } from "node:crypto";

export const BYTES_PER_KEY = 24;
const HASH_WORDS = 4;

export class KeyOffsets {
  readonly #slots: number;
  readonly #capacity: number;
  readonly #hashes: Int32Array;
  readonly #offsets: Float64Array;
  /** Of the key that was looked at last. */
  readonly #words = new Int32Array(HASH_WORDS);
  #size = 0;
  /** Everything up to here has been taken note of. */
  latestOffset = -1;

  /** @param expectedKeys no more can come, so that a small log costs little */
  constructor(memoryBytes: number, loadFactor: number, expectedKeys: number) {
    const most = Math.max(2, Math.floor(memoryBytes / BYTES_PER_KEY));
    const load = Math.min(1, Math.max(0.01, loadFactor));
    this.#slots = Math.min(most, Math.ceil(expectedKeys / load) + 2);
    // One slot stays free: that is where looking for a key ends.
    this.#capacity = Math.min(this.#slots - 1, Math.max(1, Math.floor(this.#slots * load)));
    this.#hashes = new Int32Array(this.#slots * HASH_WORDS);
    this.#offsets = new Float64Array(this.#slots);
  }

  get size(): number {
    return this.#size;
  }

  /** No further key is to be put. */
  get isFull(): boolean {
    return this.#size >= this.#capacity;
  }

  get memoryBytes(): number {
    return this.#slots * BYTES_PER_KEY;
  }

  put(key: Buffer, offset: number): void {
    const slot = this.#find(key);
    if (this.#offsets[slot] === 0) {
      this.#hashes.set(this.#words, slot * HASH_WORDS);
      this.#size++;
    }
    this.#offsets[slot] = offset + 1;
    this.latestOffset = offset;
  }

  /** -1 when there is none. */
  get(key: Buffer): number {
    return (this.#offsets[this.#find(key)] ?? 0) - 1;
  }

  /** The slot that holds the key, or the free one where it would go. */
  #find(key: Buffer): number {
    const words = this.#words;
    const hashes = this.#hashes;
    hashInto(words, key);
    const [one, two, three, four] = words;
    let slot = ((one ?? 0) >>> 0) % this.#slots;
    while (this.#offsets[slot] !== 0) {
      const at = slot * HASH_WORDS;
      if (hashes[at] === one && hashes[at + 1] === two && hashes[at + 2] === three && hashes[at + 3] === four) return slot;
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
    return slot;
  }
}

/** As a string of bytes, the hash costs a third of what it costs as a buffer. */
function hashInto(words: Int32Array, key: Buffer): void {
  const bytes = hash("sha256", key, "binary");
  for (let word = 0; word < HASH_WORDS; word++) {
    const at = word * 4;
    words[word] =
      bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8) | (bytes.charCodeAt(at + 2) << 16) | (bytes.charCodeAt(at + 3) << 24);
  }
}
