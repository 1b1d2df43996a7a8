// gzip (RFC 1952) by node:zlib, which is loaded on first use.

import { MalformedMessage } from "../wire/malformed-message.ts";

export function gzip(buffer: Buffer, level?: number): Buffer {
  return zlib().gzipSync(buffer, level === undefined ? {} : { level });
}

export function gunzip(buffer: Buffer, maxBytes: number): Buffer {
  try {
    return zlib().gunzipSync(buffer, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new MalformedMessage(`gzip data does not decompress into ${maxBytes} bytes: ${String(error)}`);
  }
}

export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
