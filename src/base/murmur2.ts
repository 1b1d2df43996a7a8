// MurmurHash2 (32 bits, by Austin Appleby, public domain) with the seed that Kafka's clients partition keys with.

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** A signed 32-bit hash. */
export function murmur2(bytes: Uint8Array): number {
  let hash = SEED ^ bytes.length;
  const words = bytes.length >> 2;
  for (let word = 0; word < words; word++) {
    const at = word * 4;
    let mixed = Math.imul(
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24),
      MULTIPLIER,
    );
    mixed ^= mixed >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed, MULTIPLIER);
  }
  const tail = words * 4;
  const left = bytes.length - tail;
  if (left > 0) {
    for (let index = left - 1; index >= 0; index--) hash ^= byteAt(bytes, tail + index) << (8 * index);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
