// LZ4 frames (lz4_Frame_format 1.6) as Kafka's clients write them. Written here: independent blocks of 64 KiB, no checksums of
// content. Read: blocks of any size, independent or linked, several frames in a row; checksums of blocks and content are passed over.
//
//   frame: magic | FLG | BD | [content size 8] | [dictionary id 4] | HC | blocks | end mark, four zero bytes | [content checksum 4]
//   block: size 4, top bit set when stored uncompressed | data | [block checksum 4]        all little-endian
//   data:  sequences of token (literal length << 4 | match length - 4) | [more length] | literals | distance 2 | [more length]

import { MalformedMessage, TooMuchContent } from "../wire/malformed-message.ts";
import { Bytes, copyLiteral, copyMatch, MatchTable, matchLength } from "./lempel-ziv.ts";

const MAGIC = 0x184d2204;
/** Version 1, independent blocks, of at most 64 KiB; the third byte is the checksum of the other two. */
export const LZ4_FRAME_HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
export const LZ4_END_MARK = Buffer.alloc(4);
const BLOCK_BYTES = 0x10000;
const STORED_BIT = 0x80000000;

const MIN_MATCH_BYTES = 4;
/** The format's end rules: the last 5 bytes are literals, and no match starts in the last 12. */
const LAST_LITERALS_BYTES = 5;
const LAST_MATCH_DISTANCE = 12;
/** No byte of compressed data stands for more than this many. */
const MAX_RATIO = 255;

let table: MatchTable | undefined;

export function lz4Compress(buffer: Buffer): Buffer {
  return lz4Blocks(buffer, LZ4_FRAME_HEADER, LZ4_END_MARK);
}

const NO_BYTES = Buffer.alloc(0);

/** Content as blocks, which may stand between others of a frame; between copies of `header` and `endMark`. */
export function lz4Blocks(buffer: Buffer, header = NO_BYTES, endMark = NO_BYTES): Buffer {
  table ??= new MatchTable(13);
  const blocks = Math.ceil(buffer.length / BLOCK_BYTES);
  // A block that does not shrink is stored, but may grow before that is known.
  const target = Buffer.allocUnsafe(buffer.length + blocks * 4 + BLOCK_BYTES / MAX_RATIO + 16 + header.length + endMark.length);
  const source = new Bytes(buffer);
  const compressed = new Bytes(target);
  let at = header.copy(target);
  for (let start = 0; start < buffer.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, buffer.length);
    const sizeBytes = compressBlock(table, source, start, end, compressed, at + 4) - at - 4;
    if (sizeBytes < end - start) {
      at = target.writeUInt32LE(sizeBytes, at) + sizeBytes;
    } else {
      at = target.writeUInt32LE((STORED_BIT | (end - start)) >>> 0, at);
      at += buffer.copy(target, at, start, end);
    }
  }
  return target.subarray(0, at + endMark.copy(target, at));
}

function compressBlock(matches: MatchTable, source: Bytes, start: number, end: number, target: Bytes, targetStart: number): number {
  matches.clear();
  const { view } = source;
  const lastMatchStart = end - LAST_MATCH_DISTANCE;
  const matchEnd = end - LAST_LITERALS_BYTES;
  let literals = start;
  let position = start;
  let at = targetStart;
  let misses = 0;
  while (position <= lastMatchStart) {
    const word = view.getInt32(position, true);
    const candidate = matches.replace(word, position);
    if (candidate < 0 || view.getInt32(candidate, true) !== word) {
      // Steps grow in data that does not match.
      position += 1 + (misses++ >> 6);
      continue;
    }
    misses = 0;
    const size = MIN_MATCH_BYTES + matchLength(source, candidate + MIN_MATCH_BYTES, position + MIN_MATCH_BYTES, matchEnd);
    at = writeSequence(source, literals, position, target, at, size);
    const distance = position - candidate;
    target.view.setUint16(at, distance, true);
    at = writeMoreLength(target, at + 2, size - MIN_MATCH_BYTES);
    position += size;
    literals = position;
  }
  return writeSequence(source, literals, end, target, at, MIN_MATCH_BYTES);
}

/** Token, length and literals. */
function writeSequence(source: Bytes, from: number, to: number, target: Bytes, start: number, matchSize: number): number {
  const count = to - from;
  target.buffer[start] = (Math.min(count, 15) << 4) | Math.min(matchSize - MIN_MATCH_BYTES, 15);
  const at = writeMoreLength(target, start + 1, count);
  copyLiteral(source, from, target, at, count);
  return at + count;
}

/** What a length that does not fit in its half of the token goes on with. */
function writeMoreLength({ buffer }: Bytes, start: number, length: number): number {
  if (length < 15) return start;
  let at = start;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) buffer[at++] = 255;
  buffer[at++] = rest;
  return at;
}

export type Lz4Options = {
  /** Message sets of magic 0 carry a header checksum that old clients computed wrongly (KIP-57). */
  ignoreHeaderChecksum?: boolean;
};

/** Raises MalformedMessage for what is not LZ4 frames from first to last byte, TooMuchContent for more than `maxBytes` of content. */
export function lz4Decompress(buffer: Buffer, maxBytes: number, options: Lz4Options = {}): Buffer {
  const output = new Output(Math.min(maxBytes, 4 * buffer.length), maxBytes);
  for (const _ of decompressFrames(new Bytes(buffer), output, options));
  return output.content;
}

/**
 * The same in pieces of at most `pieceBytes`, each valid until the next is asked for. Held are a block, of 4 MiB at most, and the 64 KiB
 * before it, to which its matches may reach back.
 */
export function* lz4Pieces(
  buffer: Buffer,
  maxBytes: number,
  pieceBytes: number,
  options: Lz4Options = {},
): Generator<Buffer, void, undefined> {
  const output = new Output(0, maxBytes);
  let at = 0;
  for (const _ of decompressFrames(new Bytes(buffer), output, options)) {
    const { content } = output;
    for (; at < content.length; at += pieceBytes) yield content.subarray(at, Math.min(at + pieceBytes, content.length));
    at = output.forget();
  }
}

/** Farther back no match reaches. */
const HISTORY_BYTES = 0x10000;

/** The content so far, or the newest of it; it grows as blocks prove to need it. */
class Output {
  bytes: Bytes;
  sizeBytes = 0;
  /** Where the content of the frame begins. */
  frameStart = 0;
  readonly #maxBytes: number;
  #forgottenBytes = 0;

  constructor(sizeBytes: number, maxBytes: number) {
    this.bytes = new Bytes(Buffer.allocUnsafe(sizeBytes));
    this.#maxBytes = maxBytes;
  }

  get content(): Buffer {
    return this.bytes.buffer.subarray(0, this.sizeBytes);
  }

  /** Makes room for what a block may hold; returns where the room ends. */
  reserve(sizeBytes: number): number {
    const { buffer } = this.bytes;
    const end = this.sizeBytes + sizeBytes;
    if (end > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, Math.min(this.#maxBytes, 2 * buffer.length)));
      buffer.copy(grown, 0, 0, this.sizeBytes);
      this.bytes = new Bytes(grown);
    }
    return end;
  }

  grew(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    if (this.#forgottenBytes + sizeBytes > this.#maxBytes) throw new TooMuchContent("lz4", this.#maxBytes);
  }

  /** Drops what no match can reach any more; returns where new content will begin. */
  forget(): number {
    const keptBytes = Math.min(this.sizeBytes, HISTORY_BYTES);
    const goneBytes = this.sizeBytes - keptBytes;
    this.bytes.buffer.copyWithin(0, goneBytes, this.sizeBytes);
    this.#forgottenBytes += goneBytes;
    this.frameStart = Math.max(0, this.frameStart - goneBytes);
    this.sizeBytes = keptBytes;
    return keptBytes;
  }
}

/** Yields after each block. */
function* decompressFrames(source: Bytes, output: Output, options: Lz4Options): Generator<void, void, undefined> {
  let at = 0;
  do at = yield* decompressFrame(source, at, output, options);
  while (at < source.buffer.length);
}

function* decompressFrame(source: Bytes, start: number, output: Output, options: Lz4Options): Generator<void, number, undefined> {
  const { buffer } = source;
  const frame = readFrameHeader(buffer, start, options);
  output.frameStart = output.sizeBytes;
  let at = frame.end;
  for (;;) {
    const word = readUint32(buffer, at);
    at += 4;
    if (word === 0) break;
    const sizeBytes = word % STORED_BIT;
    const isStored = word >= STORED_BIT;
    if (sizeBytes > frame.maxBlockBytes || sizeBytes > buffer.length - at) throw malformed(`block of ${sizeBytes} bytes at ${at}`);
    const limit = output.reserve(Math.min(frame.maxBlockBytes, isStored ? sizeBytes : MAX_RATIO * sizeBytes));
    const { bytes, sizeBytes: contentEnd } = output;
    const historyStart = frame.areBlocksLinked ? output.frameStart : contentEnd;
    if (!isStored) output.grew(decompressBlock(source, at, at + sizeBytes, bytes, contentEnd, limit, historyStart));
    else output.grew(contentEnd + buffer.copy(bytes.buffer, contentEnd, at, at + sizeBytes));
    at += sizeBytes + (frame.hasBlockChecksums ? 4 : 0);
    yield;
  }
  if (frame.hasContentChecksum) at += 4;
  if (at > buffer.length) throw malformed("cut off in a checksum");
  return at;
}

type FrameHeader = {
  end: number;
  maxBlockBytes: number;
  areBlocksLinked: boolean;
  hasBlockChecksums: boolean;
  hasContentChecksum: boolean;
};

function readFrameHeader(buffer: Buffer, start: number, options: Lz4Options): FrameHeader {
  if (readUint32(buffer, start) !== MAGIC) throw malformed(`no frame at ${start}`);
  const flags = buffer[start + 4] ?? 0;
  const blockDescriptor = buffer[start + 5] ?? 0;
  if (flags >> 6 !== 1) throw malformed(`frame of version ${flags >> 6}`);
  if ((flags & 0x01) !== 0) throw malformed("frame that needs a dictionary");
  const sizeId = (blockDescriptor >> 4) & 0x07;
  if (sizeId < 4) throw malformed(`frame with block size id ${sizeId}`);
  const checksumAt = start + 6 + ((flags & 0x08) !== 0 ? 8 : 0);
  if (checksumAt >= buffer.length) throw malformed("cut off in the frame header");
  const checksum = (shortXxHash32(buffer.subarray(start + 4, checksumAt)) >>> 8) & 0xff;
  if (buffer[checksumAt] !== checksum && options.ignoreHeaderChecksum !== true) throw malformed("wrong checksum of the frame header");
  return {
    end: checksumAt + 1,
    maxBlockBytes: 1 << (8 + 2 * sizeId),
    areBlocksLinked: (flags & 0x20) === 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
  };
}

/** Returns where the output of the block ends; `limit` is where it must. */
function decompressBlock(
  source: Bytes,
  start: number,
  end: number,
  target: Bytes,
  targetStart: number,
  limit: number,
  historyStart: number,
): number {
  const { buffer, view } = source;
  let position = start;
  let at = targetStart;
  while (position < end) {
    const token = buffer[position++] ?? 0;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && position < end) literals += more = buffer[position++] ?? 0;
    }
    if (literals > end - position || literals > limit - at) throw malformed(`${literals} literals at ${position}`);
    copyLiteral(source, position, target, at, literals);
    position += literals;
    at += literals;
    if (position === end) return at;
    if (end - position < 2) break;
    const distance = view.getUint16(position, true);
    position += 2;
    let size = token & 15;
    if (size === 15) {
      let more = 255;
      while (more === 255 && position < end) size += more = buffer[position++] ?? 0;
    }
    size += MIN_MATCH_BYTES;
    if (distance === 0 || distance > at - historyStart || size > limit - at) throw malformed(`match of ${size} bytes ${distance} back`);
    copyMatch(target, at, distance, size);
    at += size;
  }
  throw malformed(`block that ends at ${end} is cut off`);
}

function readUint32(buffer: Buffer, at: number): number {
  if (buffer.length - at < 4) throw malformed(`cut off at ${at}`);
  return buffer.readUInt32LE(at);
}

function malformed(what: string): MalformedMessage {
  return new MalformedMessage(`lz4: ${what}`);
}

/** xxHash32 with seed 0 of fewer than 16 bytes. */
function shortXxHash32(bytes: Buffer): number {
  let hash = (0x165667b1 + bytes.length) | 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (hash + Math.imul(bytes.readInt32LE(at), 0xc2b2ae3d)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), 0x27d4eb2f);
  }
  for (; at < bytes.length; at++) {
    hash = (hash + Math.imul(bytes[at] ?? 0, 0x165667b1)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), 0x9e3779b1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae3d);
  return (hash ^ (hash >>> 16)) >>> 0;
}
