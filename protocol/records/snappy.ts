// placeholder
import { MalformedMessage } from "../wire/malformed-message.ts";
export function snappyCompress(_buffer: Buffer): Buffer {
  throw new MalformedMessage("snappy");
}
export function snappyDecompress(_buffer: Buffer, _maxBytes: number): Buffer {
  throw new MalformedMessage("snappy");
}
