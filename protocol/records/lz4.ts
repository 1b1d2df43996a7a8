// placeholder
import { MalformedMessage } from "../wire/malformed-message.ts";
export function lz4Compress(_buffer: Buffer): Buffer {
  throw new MalformedMessage("lz4");
}
export function lz4Decompress(_buffer: Buffer, _maxBytes: number): Buffer {
  throw new MalformedMessage("lz4");
}
