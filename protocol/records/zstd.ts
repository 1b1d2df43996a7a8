// zstd by node:zlib (Node 22.15 and later), which is loaded on first use.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { zlib } from "./gzip.ts";

export function zstdCompress(buffer: Buffer, level?: number): Buffer {
  const { zstdCompressSync, constants } = zlib();
  return zstdCompressSync(buffer, level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

export function zstdDecompress(buffer: Buffer, maxBytes: number): Buffer {
  try {
    return zlib().zstdDecompressSync(buffer, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new MalformedMessage(`zstd data does not decompress into ${maxBytes} bytes: ${String(error)}`);
  }
}
