// Snappy, in the two ways that clients send it: in the framing of xerial's snappy-java (Java, kafkajs, franz-go) and as one raw
// block (librdkafka). The framing is known by its magic. Written with the framing, which all clients read.
//
//   framing: magic 8 | version int32 | compatible version int32 | for each block: size int32, big-endian | block
//   block:   uncompressed size, unsigned varint | elements, each a tag byte whose low two bits say what it is:
//            00 literals | 01 copy, 11-bit distance | 10 copy, 16-bit distance | 11 copy, 32-bit distance

import { MalformedMessage } from "../wire/malformed-message.ts";
import { Bytes, copyLiteral, copyMatch, MatchTable, matchLength } from "./lempel-ziv.ts";

/** 0x82, "SNAPPY", 0; then version 1, compatible with 1. */
const FRAMING_HEADER = Buffer.from("82534e4150505900" + "00000001" + "00000001", "hex");
const MAGIC_BYTES = 8;
/** As snappy-java writes them. */
const BLOCK_BYTES = 32 * 1024;
const MIN_MATCH_BYTES = 4;
const MAX_COPY_BYTES = 64;
/** A copy of 64 bytes takes three; nothing expands more. */
const MAX_RATIO = 22;

let table: MatchTable | undefined;

export function snappyCompress(buffer: Buffer): Buffer {
  table ??= new MatchTable(13);
  const blocks = Math.ceil(buffer.length / BLOCK_BYTES);
  // Literals cost at most one byte in sixty, a block's two sizes at most nine.
  const target = Buffer.allocUnsafe(FRAMING_HEADER.length + buffer.length + Math.ceil(buffer.length / 6) + 16 * (blocks + 1));
  const source = new Bytes(buffer);
  const compressed = new Bytes(target);
  let at = FRAMING_HEADER.copy(target);
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

/** Raises MalformedMessage for what is not Snappy from first to last byte, and for more than `maxBytes` of content. */
export function snappyDecompress(buffer: Buffer, maxBytes: number): Buffer {
  const isFramed = buffer.length >= FRAMING_HEADER.length && buffer.compare(FRAMING_HEADER, 0, MAGIC_BYTES, 0, MAGIC_BYTES) === 0;
  const blocks = isFramed ? framedBlocks(buffer) : [readBlockHeader(buffer, 0, buffer.length)];
  let sizeBytes = 0;
  for (const block of blocks) sizeBytes += block.uncompressedBytes;
  if (sizeBytes > maxBytes) throw malformed(`${sizeBytes} bytes of content; at most ${maxBytes}`);
  const source = new Bytes(buffer);
  const target = new Bytes(Buffer.allocUnsafe(sizeBytes));
  let at = 0;
  for (const block of blocks) {
    decompressBlock(source, block, target, at);
    at += block.uncompressedBytes;
  }
  return target.buffer;
}

/** Where a block's elements lie, and what they hold. */
type Block = { start: number; end: number; uncompressedBytes: number };

function framedBlocks(buffer: Buffer): Block[] {
  const blocks: Block[] = [];
  let at = FRAMING_HEADER.length;
  while (at < buffer.length) {
    if (buffer.length - at < 4) throw malformed(`cut off at ${at}`);
    const sizeBytes = buffer.readInt32BE(at);
    at += 4;
    if (sizeBytes < 0 || sizeBytes > buffer.length - at) throw malformed(`block of ${sizeBytes} bytes at ${at}`);
    blocks.push(readBlockHeader(buffer, at, at + sizeBytes));
    at += sizeBytes;
  }
  return blocks;
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

function decompressBlock(source: Bytes, block: Block, target: Bytes, targetStart: number): void {
  const { buffer, view } = source;
  const { end } = block;
  const limit = targetStart + block.uncompressedBytes;
  let position = block.start;
  let at = targetStart;
  while (position < end) {
    const tag = buffer[position++] ?? 0;
    if ((tag & 3) === 0) {
      let count = tag >> 2;
      if (count >= 60) {
        const bytes = count - 59;
        if (bytes > end - position) break;
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
      if (position >= end) break;
      size = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | (buffer[position++] ?? 0);
    } else {
      const bytes = (tag & 3) === 2 ? 2 : 4;
      if (bytes > end - position) break;
      distance = bytes === 2 ? view.getUint16(position, true) : view.getUint32(position, true);
      position += bytes;
    }
    if (distance === 0 || distance > at - targetStart || size > limit - at) throw malformed(`copy of ${size} bytes ${distance} back`);
    copyMatch(target, at, distance, size);
    at += size;
  }
  if (position !== end || at !== limit) throw malformed(`block that ends at ${end} is cut off`);
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
