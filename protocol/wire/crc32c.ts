// CRC-32C (Castagnoli; reflected polynomial 0x82F63B78), which record batches and snapshots carry. Slicing-by-16: sixteen
// tables of 256 words, one for each byte of a 16-byte step, so that a step has no dependency inside. The tables (16 KiB)
// are filled on first use.

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;

let tables: Int32Array | undefined;

/**
 * The checksum, unsigned, of bytes `start` to `end`.
 * @param seed the checksum of what came before, to continue it
 */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length, seed = 0): number {
  tables ??= buildTables();
  return (update(tables, buffer, start, Math.min(end, buffer.length), ~seed) ^ -1) >>> 0;
}

/** Table `i` advances a byte over the i zero bytes that follow it. */
function buildTables(): Int32Array {
  const result = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    result[byte] = crc;
  }
  for (let at = 256; at < result.length; at++) {
    const shorter = result[at - 256] ?? 0;
    result[at] = (shorter >>> 8) ^ (result[shorter & 0xff] ?? 0);
  }
  return result;
}

function update(table: Int32Array, bytes: Uint8Array, start: number, end: number, seed: number): number {
  let crc = seed;
  let at = start;
  // `?? 0` is for the type checker: every index is in range.
  for (const last = end - SLICES; at <= last; at += SLICES) {
    crc =
      (table[3840 + ((crc ^ (bytes[at] ?? 0)) & 0xff)] ?? 0) ^
      (table[3584 + (((crc >>> 8) ^ (bytes[at + 1] ?? 0)) & 0xff)] ?? 0) ^
      (table[3328 + (((crc >>> 16) ^ (bytes[at + 2] ?? 0)) & 0xff)] ?? 0) ^
      (table[3072 + (((crc >>> 24) ^ (bytes[at + 3] ?? 0)) & 0xff)] ?? 0) ^
      (table[2816 + (bytes[at + 4] ?? 0)] ?? 0) ^
      (table[2560 + (bytes[at + 5] ?? 0)] ?? 0) ^
      (table[2304 + (bytes[at + 6] ?? 0)] ?? 0) ^
      (table[2048 + (bytes[at + 7] ?? 0)] ?? 0) ^
      (table[1792 + (bytes[at + 8] ?? 0)] ?? 0) ^
      (table[1536 + (bytes[at + 9] ?? 0)] ?? 0) ^
      (table[1280 + (bytes[at + 10] ?? 0)] ?? 0) ^
      (table[1024 + (bytes[at + 11] ?? 0)] ?? 0) ^
      (table[768 + (bytes[at + 12] ?? 0)] ?? 0) ^
      (table[512 + (bytes[at + 13] ?? 0)] ?? 0) ^
      (table[256 + (bytes[at + 14] ?? 0)] ?? 0) ^
      (table[bytes[at + 15] ?? 0] ?? 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return crc;
}
