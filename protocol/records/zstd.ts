// zstd by node:zlib (Node 22.15 and later), which is loaded on first use. Several frames in a row are one content, as for Kafka's
// own library; node:zlib stops after the first and says how far it came.

import { MalformedMessage, TooMuchContent } from "../wire/malformed-message.ts";
import { inflateError, zlib } from "./gzip.ts";

/** Each costs some 20 microseconds however small it is. */
export const MAX_ZSTD_FRAMES = 1024;

export function zstdCompress(buffer: Buffer, level?: number): Buffer {
  return zlib().zstdCompressSync(buffer, zstdOptions(level));
}

export function zstdOptions(level: number | undefined): { readonly params?: Record<number, number> } {
  return level === undefined ? {} : { params: { [zlib().constants.ZSTD_c_compressionLevel]: level } };
}

/** Raises MalformedMessage for what is not zstd from first to last byte, and for more than `maxBytes` of content. */
export function zstdDecompress(buffer: Buffer, maxBytes: number): Buffer {
  const frames: Buffer[] = [];
  let at = 0;
  let sizeBytes = 0;
  do {
    if (frames.length === MAX_ZSTD_FRAMES) throw new MalformedMessage(`zstd data of more than ${MAX_ZSTD_FRAMES} frames`);
    if (sizeBytes === maxBytes) throw new TooMuchContent("zstd", maxBytes);
    const frame = decompressFrame(buffer.subarray(at), maxBytes - sizeBytes);
    frames.push(frame.content);
    at += frame.consumedBytes;
    sizeBytes += frame.content.length;
  } while (at < buffer.length);
  return frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames, sizeBytes);
}

type Frame = { content: Buffer; consumedBytes: number };

function decompressFrame(buffer: Buffer, maxBytes: number): Frame {
  let result: unknown;
  try {
    result = zlib().zstdDecompressSync(buffer, { maxOutputLength: maxBytes, info: true });
  } catch (error) {
    throw inflateError("zstd", error, maxBytes);
  }
  if (!hasInfo(result)) throw new TypeError("node:zlib does not say how much it has read");
  return { content: result.buffer, consumedBytes: result.engine.bytesWritten };
}

/** With `info`, node:zlib answers with more than its types say. */
function hasInfo(result: unknown): result is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof result === "object" && result !== null && "engine" in result && "buffer" in result;
}
