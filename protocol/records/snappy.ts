// Snappy, in the two ways that clients send it: in the framing of xerial's snappy-java (Java, kafkajs, franz-go) and as one raw
// block (librdkafka). The framing is known by its magic. Written with the framing, which all clients read.
//
//   framing: magic 8 | version int32 | compatible version int32 | for each block: size int32, big-endian | block
//   block:   uncompressed size, unsigned varint | elements, each a tag byte whose low two bits say what it is:
//            00 literals | 01 copy, 11-bit distance | 10 copy, 16-bit distance | 11 copy, 32-bit distance

import { MalformedMessage, TooMuchContent } from "../wire/malformed-message.ts";
import { Bytes, copyLiteral, copyMatch, MatchTable, matchLength } from "./lempel-ziv.ts";

/** 0x82, "SNAPPY", 0; then version 1, compatible with 1. */
export const SNAPPY_HEADER = Buffer.from("82534e4150505900" + "00000001" + "00000001", "hex");
const MAGIC_BYTES = 8;
/** As snappy-java writes them. */
const BLOCK_BYTES = 32 * 1024;
const MIN_MATCH_BYTES = 4;
const MAX_COPY_BYTES = 64;
/** A copy of 64 bytes takes three; nothing expands more. */
const MAX_RATIO = 22;

let table: MatchTable | undefined;

export function snappyCompress(buffer: Buffer): Buffer {
  return snappyBlocks(buffer, SNAPPY_HEADER);
}

/** Content as blocks, which may follow others; after a copy of `header`. */
export function snappyBlocks(buffer: Buffer, header?: Buffer): Buffer {
  table ??= new MatchTable(13);
  const blocks = Math.ceil(buffer.length / BLOCK_BYTES);
  // Literals cost at most one byte in sixty, a block's two sizes at most nine.
  const target = Buffer.allocUnsafe(SNAPPY_HEADER.length + buffer.length + Math.ceil(buffer.length / 6) + 16 * (blocks + 1));
  const source = new Bytes(buffer);
  const compressed = new Bytes(target);
  let at = header?.copy(target) ?? 0;
  for (let start = 0; start < buffer.length; start += BLOCK_BYTES) {
    const end = compressBlock(table, source, start, Math.min(start + BLOCK_BYTES, buffer.length), compressed, at + 4);
    target.writeInt32BE(end - at - 4, at);
    at = end;
  }
  return target.subarray(0, at);
}

function compressBlock(matches: MatchTable, source: Bytes, start: number, end: number, target: Bytes, targetStart: number): number {
  matches.clear();
  const { view } = source;
  let at = writeUnsignedVarint(target.buffer, targetStart, end - start);
  let literals = start;
  let position = start;
  let misses = 0;
  while (position <= end - MIN_MATCH_BYTES) {
    const word = view.getInt32(position, true);
    const candidate = matches.replace(word, position);
    if (candidate < 0 || view.getInt32(candidate, true) !== word) {
      // Steps grow in data that does not match.
      position += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    const size = MIN_MATCH_BYTES + matchLength(source, candidate + MIN_MATCH_BYTES, position + MIN_MATCH_BYTES, end);
    at = writeLiterals(source, literals, position, target, at);
    at = writeCopies(target.buffer, at, position - candidate, size);
    position += size;
    literals = position;
  }
  return writeLiterals(source, literals, end, target, at);
}

function writeLiterals(source: Bytes, from: number, to: number, target: Bytes, start: number): number {
  const count = to - from;
  if (count === 0) return start;
  let at = start;
  if (count <= 60) {
    target.buffer[at++] = (count - 1) << 2;
  } else {
    // A block is smaller than 64 KiB: one or two bytes of length.
    const isShort = count <= 256;
    target.buffer[at++] = (isShort ? 60 : 61) << 2;
    target.buffer[at++] = count - 1;
    if (!isShort) target.buffer[at++] = (count - 1) >>> 8;
  }
  copyLiteral(source, from, target, at, count);
  return at + count;
}

function writeCopies(target: Buffer, start: number, distance: number, sizeBytes: number): number {
  let at = start;
  let rest = sizeBytes;
  while (rest > 0) {
    // The last copy must not be shorter than four bytes, so the one before it leaves enough.
    const size = rest > MAX_COPY_BYTES && rest < MAX_COPY_BYTES + MIN_MATCH_BYTES ? 60 : Math.min(rest, MAX_COPY_BYTES);
    if (size <= 11 && distance < 2048) {
      target[at++] = 0x01 | ((size - 4) << 2) | ((distance >>> 8) << 5);
      target[at++] = distance;
    } else {
      target[at++] = 0x02 | ((size - 1) << 2);
      target[at++] = distance;
      target[at++] = distance >>> 8;
    }
    rest -= size;
  }
  return at;
}

/** Raises MalformedMessage for what is not Snappy from first to last byte, TooMuchContent for more than `maxBytes` of content. */
export function snappyDecompress(buffer: Buffer, maxBytes: number): Buffer {
  const { totalBytes } = measure(buffer, maxBytes);
  const source = new Bytes(buffer);
  const target = new Bytes(Buffer.allocUnsafe(totalBytes));
  let at = 0;
  for (const block of blocksOf(buffer)) {
    new BlockReader(source, block, target, at).read(block.uncompressedBytes);
    at += block.uncompressedBytes;
  }
  return target.buffer;
}

/**
 * The same in pieces of at most `pieceBytes`, each valid until the next is asked for. A copy may reach back to the start of its block, which
 * is held whole: clients that frame write blocks of 32 KiB, and one that is raw holds at most 22 times what it takes.
 */
export function* snappyPieces(buffer: Buffer, maxBytes: number, pieceBytes: number): Generator<Buffer, void, undefined> {
  const { largestBytes } = measure(buffer, maxBytes);
  const source = new Bytes(buffer);
  const target = new Bytes(Buffer.allocUnsafe(largestBytes));
  for (const block of blocksOf(buffer)) {
    const reader = new BlockReader(source, block, target, 0);
    let at = 0;
    do {
      const end = Math.min(at + pieceBytes, block.uncompressedBytes);
      reader.read(end);
      yield target.buffer.subarray(at, end);
      at = end;
    } while (at < block.uncompressedBytes);
  }
}

function measure(buffer: Buffer, maxBytes: number): { readonly totalBytes: number; readonly largestBytes: number } {
  let totalBytes = 0;
  let largestBytes = 0;
  for (const { uncompressedBytes } of blocksOf(buffer)) {
    totalBytes += uncompressedBytes;
    largestBytes = Math.max(largestBytes, uncompressedBytes);
    if (totalBytes > maxBytes) throw new TooMuchContent("snappy", maxBytes);
  }
  return { totalBytes, largestBytes };
}

/** Where a block's elements lie, and what they hold. */
type Block = { start: number; end: number; uncompressedBytes: number };

function* blocksOf(buffer: Buffer): Generator<Block, void, undefined> {
  const isFramed = buffer.length >= SNAPPY_HEADER.length && buffer.compare(SNAPPY_HEADER, 0, MAGIC_BYTES, 0, MAGIC_BYTES) === 0;
  if (!isFramed) {
    yield readBlockHeader(buffer, 0, buffer.length);
    return;
  }
  let at = SNAPPY_HEADER.length;
  while (at < buffer.length) {
    if (buffer.length - at < 4) throw malformed(`cut off at ${at}`);
    const sizeBytes = buffer.readInt32BE(at);
    at += 4;
    if (sizeBytes < 0 || sizeBytes > buffer.length - at) throw malformed(`block of ${sizeBytes} bytes at ${at}`);
    yield readBlockHeader(buffer, at, at + sizeBytes);
    at += sizeBytes;
  }
}

function readBlockHeader(buffer: Buffer, start: number, end: number): Block {
  let uncompressedBytes = 0;
  let at = start;
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) break;
    const byte = buffer[at++] ?? 0;
    uncompressedBytes += (byte & 0x7f) * 2 ** shift;
    if (byte >= 0x80) continue;
    // Checked before anything is allocated by it.
    if (uncompressedBytes > MAX_RATIO * (end - at)) throw malformed(`${uncompressedBytes} bytes of content in ${end - at}`);
    return { start: at, end, uncompressedBytes };
  }
  throw malformed(`block at ${start} has no size`);
}

/** No content reaches so far; an integer, which is quicker to compare with than infinity. */
const FARTHEST = 0x7fffffff;

/** Decompresses a block as far as it is asked to. */
class BlockReader {
  readonly #source: Bytes;
  readonly #target: Bytes;
  readonly #start: number;
  readonly #limit: number;
  readonly #end: number;
  #position: number;
  #at: number;

  constructor(source: Bytes, block: Block, target: Bytes, targetStart: number) {
    this.#source = source;
    this.#target = target;
    this.#start = targetStart;
    this.#limit = targetStart + block.uncompressedBytes;
    this.#end = block.end;
    this.#position = block.start;
    this.#at = targetStart;
  }

  /** Until `sizeBytes` of the block's content are there, or a little more; whoever asks for all hears whether the block ends then. */
  read(sizeBytes: number): void {
    const wanted = this.#start + sizeBytes;
    const isLast = wanted === this.#limit;
    this.#decompress(isLast ? FARTHEST : wanted);
    if (this.#at < wanted || (isLast && this.#position !== this.#end)) throw malformed(`block that ends at ${this.#end} is cut off`);
  }

  #decompress(until: number): void {
    const source = this.#source;
    const target = this.#target;
    const { buffer, view } = source;
    const end = this.#end;
    const limit = this.#limit;
    const start = this.#start;
    let position = this.#position;
    let at = this.#at;
    while (position < end && at < until) {
      const tag = buffer[position++] ?? 0;
      if ((tag & 3) === 0) {
        let count = tag >> 2;
        if (count >= 60) {
          const bytes = count - 59;
          if (bytes > end - position) throw malformed(`block that ends at ${end} is cut off`);
          count = buffer.readUIntLE(position, bytes);
          position += bytes;
        }
        count++;
        if (count > end - position || count > limit - at) throw malformed(`${count} literals at ${position}`);
        copyLiteral(source, position, target, at, count);
        position += count;
        at += count;
        continue;
      }
      let size = (tag >> 2) + 1;
      let distance: number;
      if ((tag & 3) === 1) {
        if (position >= end) throw malformed(`block that ends at ${end} is cut off`);
        size = ((tag >> 2) & 7) + 4;
        distance = ((tag >> 5) << 8) | (buffer[position++] ?? 0);
      } else {
        const bytes = (tag & 3) === 2 ? 2 : 4;
        if (bytes > end - position) throw malformed(`block that ends at ${end} is cut off`);
        distance = bytes === 2 ? view.getUint16(position, true) : view.getUint32(position, true);
        position += bytes;
      }
      if (distance === 0 || distance > at - start || size > limit - at) throw malformed(`copy of ${size} bytes ${distance} back`);
      copyMatch(target, at, distance, size);
      at += size;
    }
    this.#position = position;
    this.#at = at;
  }
}

function writeUnsignedVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

function malformed(what: string): MalformedMessage {
  return new MalformedMessage(`snappy: ${what}`);
}
