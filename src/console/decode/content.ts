// Bytes of keys, values and headers: as text, as hexadecimal digits, and with a schema's id before them (Confluent's wire format: a zero, four bytes of
// the id, for Protobuf then which message of the schema it is).

import type { Content } from "../../http/api/shapes.ts";

/** What of it has come; its end may be cut. */
export function bytesOf({ text, base64 }: Content): Uint8Array {
  if (base64 === undefined) return new TextEncoder().encode(text ?? "");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** `undefined` where there is none. */
export function schemaIdOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6 || bytes[0] !== 0) return undefined;
  const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  return id > 0 && id < 0x7fff_ffff ? id : undefined;
}

const HEADER_BYTES = 5;

export function withoutSchemaId(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER_BYTES);
}

/** Sixteen bytes a line: offset, digits, characters. */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)];
    const digits = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const characters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${digits.padEnd(47)}  ${characters}`);
  }
  return lines.join("\n");
}

export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
