// Compressed data read and written in pieces of bounded size, for content that is too long to be held, or to be worked on in one go: gzip and
// zstd by the threads of node:zlib, LZ4 and Snappy in our own code, which lets others have their turn after each piece.

import { MalformedMessage, TooMuchContent } from "../wire/malformed-message.ts";
import { Compression } from "./batch-header.ts";
import { gzipOptions, inflateError, zlib } from "./gzip.ts";
import { LZ4_END_MARK, LZ4_FRAME_HEADER, type Lz4Options, lz4Blocks, lz4Pieces } from "./lz4.ts";
import { SNAPPY_HEADER, snappyBlocks, snappyPieces } from "./snappy.ts";
import { MAX_ZSTD_FRAMES, zstdOptions } from "./zstd.ts";

/** Takes a fraction of a millisecond to make, and to look at. */
const PIECE_BYTES = 128 * 1024;

/** Taken before tests replace it. */
const { setImmediate: soon } = globalThis;

export type Pieces = AsyncGenerator<Buffer, void, undefined>;

/**
 * The content of `buffer`, which must stay as it is meanwhile; each piece is valid until the next is asked for. Raises MalformedMessage,
 * TooMuchContent for more than `maxBytes`. Held are a few pieces, and what later content may refer to: with gzip 32 KiB; with zstd the
 * window that the client chose, of 128 MiB at most, usually 2; with LZ4 a block, of 4 MiB at most; with Snappy a block, which is all of the
 * content where the client did not frame it.
 */
export async function* piecesOf(codec: Compression, buffer: Buffer, maxBytes: number, lz4?: Lz4Options): Pieces {
  switch (codec) {
    case Compression.NONE:
      return yield* inTurns(slices(buffer));
    case Compression.SNAPPY:
      return yield* inTurns(snappyPieces(buffer, maxBytes, PIECE_BYTES));
    case Compression.LZ4:
      return yield* inTurns(lz4Pieces(buffer, maxBytes, PIECE_BYTES, lz4));
    case Compression.GZIP:
      return yield* gzipPieces(buffer, maxBytes);
    case Compression.ZSTD:
      return yield* zstdPieces(buffer, maxBytes);
  }
}

function* slices(buffer: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < buffer.length; at += PIECE_BYTES) yield buffer.subarray(at, at + PIECE_BYTES);
}

async function* inTurns(pieces: Iterable<Buffer>): Pieces {
  for (const piece of pieces) {
    yield piece;
    await new Promise<void>((resolve) => soon(resolve));
  }
}

async function* gzipPieces(buffer: Buffer, maxBytes: number): Pieces {
  yield* unzipped("gzip", zlib().createGunzip({ chunkSize: PIECE_BYTES }), buffer, { maxBytes, sizeBytes: 0 });
}

async function* zstdPieces(buffer: Buffer, maxBytes: number): Pieces {
  const total = { maxBytes, sizeBytes: 0 };
  let at = 0;
  for (let frames = 0; frames === 0 || at < buffer.length; frames++) {
    if (frames === MAX_ZSTD_FRAMES) throw new MalformedMessage(`zstd data of more than ${MAX_ZSTD_FRAMES} frames`);
    const stream = zlib().createZstdDecompress({ chunkSize: PIECE_BYTES });
    yield* unzipped("zstd", stream, buffer.subarray(at), total);
    at += stream.bytesWritten;
  }
}

type Unzip = import("node:zlib").Gunzip | import("node:zlib").ZstdDecompress;

async function* unzipped(codec: string, stream: Unzip, buffer: Buffer, total: { readonly maxBytes: number; sizeBytes: number }): Pieces {
  try {
    stream.end(buffer);
    for await (const piece of stream) {
      total.sizeBytes += piece.length;
      if (total.sizeBytes > total.maxBytes) throw new TooMuchContent(codec, total.maxBytes);
      yield piece;
    }
  } catch (error) {
    throw inflateError(codec, error, total.maxBytes);
  }
}

export interface CompressOptions {
  /** The codec's own scale; gzip and zstd have one. */
  readonly level?: number | undefined;
  readonly maxBytes: number;
}

/** The content compressed; `undefined` as soon as that takes more than `maxBytes`. Raises what the pieces raise. */
export async function compressPieces(codec: Compression, pieces: Pieces, options: CompressOptions): Promise<Buffer | undefined> {
  const packed = new Packed(options.maxBytes);
  const packer = packerOf(codec, packed, options.level);
  try {
    for await (const piece of pieces) {
      await packer.add(piece);
      if (packed.isTooLong) return undefined;
    }
    await packer.end();
    return packed.isTooLong ? undefined : packed.whole;
  } finally {
    packer.close();
  }
}

/** What has been compressed so far. */
class Packed {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(part: Buffer): void {
    this.#sizeBytes += part.length;
    if (this.isTooLong) this.#parts.length = 0;
    else this.#parts.push(part);
  }

  get isTooLong(): boolean {
    return this.#sizeBytes > this.#maxBytes;
  }

  get whole(): Buffer {
    return Buffer.concat(this.#parts, this.#sizeBytes);
  }
}

interface Packer {
  /** Takes a piece, which may change when that is done. */
  add(piece: Buffer): Promise<void> | void;
  end(): Promise<void> | void;
  close(): void;
}

function packerOf(codec: Compression, packed: Packed, level: number | undefined): Packer {
  switch (codec) {
    case Compression.NONE:
      return packerOfBlocks(packed, Buffer.from);
    case Compression.SNAPPY:
      packed.add(SNAPPY_HEADER);
      return packerOfBlocks(packed, (piece) => snappyBlocks(piece));
    case Compression.LZ4:
      packed.add(LZ4_FRAME_HEADER);
      return packerOfBlocks(packed, (piece) => lz4Blocks(piece), LZ4_END_MARK);
    case Compression.GZIP:
      return packerOfStream(packed, zlib().createGzip(gzipOptions(level)));
    case Compression.ZSTD:
      return packerOfStream(packed, zlib().createZstdCompress(zstdOptions(level)));
  }
}

function packerOfBlocks(packed: Packed, blocksOf: (piece: Buffer) => Buffer, endMark?: Buffer): Packer {
  return {
    add: (piece) => packed.add(blocksOf(piece)),
    end: () => {
      if (endMark !== undefined) packed.add(endMark);
    },
    close: () => undefined,
  };
}

type Zip = import("node:zlib").Gzip | import("node:zlib").ZstdCompress;

/** Compresses on a thread of node:zlib; the stream reads a piece until it calls back. */
function packerOfStream(packed: Packed, stream: Zip): Packer {
  const ended = new Promise<void>((resolve, reject) => stream.on("end", resolve).on("error", reject));
  ended.catch(() => undefined);
  stream.on("data", (part: Buffer) => packed.add(part));
  const written = (piece: Buffer) =>
    new Promise<void>((resolve, reject) => {
      stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  return {
    add: written,
    end: () => {
      stream.end();
      return ended;
    },
    close: () => void stream.destroy(),
  };
}
