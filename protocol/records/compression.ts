// The codecs of record batches. Importing this costs nothing: each codec prepares itself on first use.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { Compression } from "./batch-header.ts";
import { gunzip, gzip } from "./gzip.ts";
import { lz4Compress, lz4Decompress } from "./lz4.ts";
import { snappyCompress, snappyDecompress } from "./snappy.ts";
import { zstdCompress, zstdDecompress } from "./zstd.ts";

/** What one batch may decompress to, unless the caller knows better. */
export const MAX_UNCOMPRESSED_BYTES = 256 * 1024 * 1024;

/** @param level the codec's own scale; gzip and zstd have one */
export function compress(codec: Compression, buffer: Buffer, level?: number): Buffer {
  switch (codec) {
    case Compression.NONE:
      return buffer;
    case Compression.GZIP:
      return gzip(buffer, level);
    case Compression.SNAPPY:
      return snappyCompress(buffer);
    case Compression.LZ4:
      return lz4Compress(buffer);
    case Compression.ZSTD:
      return zstdCompress(buffer, level);
  }
}

/** Raises MalformedMessage for data that is not of the codec, is cut off, or grows beyond `maxBytes`. */
export function decompress(codec: Compression, buffer: Buffer, maxBytes: number): Buffer {
  switch (codec) {
    case Compression.NONE:
      if (buffer.length > maxBytes) throw new MalformedMessage(`${buffer.length} bytes of records; at most ${maxBytes}`);
      return buffer;
    case Compression.GZIP:
      return gunzip(buffer, maxBytes);
    case Compression.SNAPPY:
      return snappyDecompress(buffer, maxBytes);
    case Compression.LZ4:
      return lz4Decompress(buffer, maxBytes);
    case Compression.ZSTD:
      return zstdDecompress(buffer, maxBytes);
  }
}
