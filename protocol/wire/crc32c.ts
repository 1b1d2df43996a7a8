// CRC-32C (Castagnoli; reflected polynomial 0x82F63B78), which record batches and snapshots carry. Input is copied to memory that
// has a DataView, the quickest way to read words. There, long input is first folded by a WebAssembly program, where there is one; short
// input and what folding leaves goes through sixteen tables of 256 words, one for each byte of a 16-byte step, so that a step has
// no dependency inside. All of it is made on first use.

import { type Crc32cKernel, createKernel, MAX_BYTES, MESSAGE_AT, MIN_BYTES, REST_AT } from "./crc32c-kernel.ts";

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;

class Workspace {
  readonly kernel: Crc32cKernel | undefined;
  readonly memory: Buffer;
  readonly view: DataView;

  constructor(kernel: Crc32cKernel | undefined) {
    this.kernel = kernel;
    this.memory = kernel?.memory ?? Buffer.alloc(MESSAGE_AT + MAX_BYTES);
    this.view = new DataView(this.memory.buffer, this.memory.byteOffset, this.memory.length);
  }
}

let tables: Int32Array | undefined;
/** Two, because making the kernel takes a millisecond, and a broker that starts meets short input first. */
let forShort: Workspace | undefined;
let forLong: Workspace | undefined;

/**
 * The checksum, unsigned, of bytes `start` to `end`.
 * @param seed the checksum of what came before, to continue it
 */
export function crc32c(buffer: Buffer, start = 0, end = buffer.length, seed = 0): number {
  tables ??= buildTables();
  const stop = Math.min(end, buffer.length);
  const { kernel, memory, view } = workspaceFor(stop - start);
  let crc = ~seed;
  for (let at = start; at < stop; at += MAX_BYTES) {
    const size = Math.min(stop - at, MAX_BYTES);
    buffer.copy(memory, MESSAGE_AT, at, at + size);
    if (kernel === undefined || size < MIN_BYTES) crc = update(tables, view, MESSAGE_AT, size, crc);
    else crc = update(tables, view, REST_AT, kernel.fold(size, crc), 0);
  }
  return ~crc >>> 0;
}

function workspaceFor(sizeBytes: number): Workspace {
  if (sizeBytes < MIN_BYTES) {
    forShort ??= new Workspace(undefined);
    return forShort;
  }
  forLong ??= new Workspace(createKernel());
  return forLong;
}

/** Table `i` advances a byte over the i zero bytes that follow it. */
function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256] ?? 0;
    tables[at] = (shorter >>> 8) ^ (tables[shorter & 0xff] ?? 0);
  }
  return tables;
}

function update(table: Int32Array, view: DataView, start: number, sizeBytes: number, seed: number): number {
  const end = start + sizeBytes;
  let crc = seed;
  let at = start;
  // `?? 0` is for the type checker: every index is in range.
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const a = view.getInt32(at, true) ^ crc;
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc =
      (table[3840 + (a & 0xff)] ?? 0) ^
      (table[3584 + ((a >>> 8) & 0xff)] ?? 0) ^
      (table[3328 + ((a >>> 16) & 0xff)] ?? 0) ^
      (table[3072 + (a >>> 24)] ?? 0) ^
      (table[2816 + (b & 0xff)] ?? 0) ^
      (table[2560 + ((b >>> 8) & 0xff)] ?? 0) ^
      (table[2304 + ((b >>> 16) & 0xff)] ?? 0) ^
      (table[2048 + (b >>> 24)] ?? 0) ^
      (table[1792 + (c & 0xff)] ?? 0) ^
      (table[1536 + ((c >>> 8) & 0xff)] ?? 0) ^
      (table[1280 + ((c >>> 16) & 0xff)] ?? 0) ^
      (table[1024 + (c >>> 24)] ?? 0) ^
      (table[768 + (d & 0xff)] ?? 0) ^
      (table[512 + ((d >>> 8) & 0xff)] ?? 0) ^
      (table[256 + ((d >>> 16) & 0xff)] ?? 0) ^
      (table[d >>> 24] ?? 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (table[(crc ^ view.getUint8(at)) & 0xff] ?? 0);
  return crc;
}
