// gzip (RFC 1952) by node:zlib, which is loaded on first use.

import { MalformedMessage, TooMuchContent } from "../wire/malformed-message.ts";

export function gzip(buffer: Buffer, level?: number): Buffer {
  return zlib().gzipSync(buffer, gzipOptions(level));
}

export function gzipOptions(level: number | undefined): { readonly level?: number } {
  return level === undefined ? {} : { level };
}

export function gunzip(buffer: Buffer, maxBytes: number): Buffer {
  try {
    return zlib().gunzipSync(buffer, { maxOutputLength: maxBytes });
  } catch (error) {
    throw inflateError("gzip", error, maxBytes);
  }
}

/** What an error of node:zlib says of the data. */
export function inflateError(codec: string, error: unknown, maxBytes: number): MalformedMessage {
  if (error instanceof MalformedMessage) return error;
  if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return new TooMuchContent(codec, maxBytes);
  return new MalformedMessage(`${codec} data does not decompress into ${maxBytes} bytes: ${String(error)}`);
}

export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
