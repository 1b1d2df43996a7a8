// Writing of DER, the notation in which certificates are written: as much of it as they need.

import { isIP } from "node:net";

const Tags = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** Tag, length and content. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

export function sequence(...contents: readonly Buffer[]): Buffer {
  return der(Tags.SEQUENCE, ...contents);
}

export function set(...contents: readonly Buffer[]): Buffer {
  return der(Tags.SET, ...contents);
}

/** A node under a number of its own, as a field that may be missing has it: [3] EXPLICIT. */
export function numbered(number: number, ...contents: readonly Buffer[]): Buffer {
  return der(0xa0 + number, ...contents);
}

/** Bytes under a number instead of their type's tag: [6] IMPLICIT. */
export function numberedBytes(number: number, content: Buffer): Buffer {
  return der(0x80 + number, content);
}

export function boolean(value: boolean): Buffer {
  return der(Tags.BOOLEAN, Buffer.from([value ? 0xff : 0]));
}

/** `bytes`: a number that is not negative, the first byte of which is not 0 unless it is the only one. */
export function integer(bytes: Buffer): Buffer {
  const isTakenForNegative = (bytes[0] ?? 0) >= 0x80;
  return der(Tags.INTEGER, isTakenForNegative ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

/** Whole bytes; `unusedBits` of the last one do not count. */
export function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return der(Tags.BIT_STRING, Buffer.from([unusedBits]), bytes);
}

export function octetString(bytes: Buffer): Buffer {
  return der(Tags.OCTET_STRING, bytes);
}

export function utf8String(text: string): Buffer {
  return der(Tags.UTF8_STRING, Buffer.from(text));
}

/** "2.5.29.17". */
export function identifier(text: string): Buffer {
  const [root = 0, first = 0, ...others] = text.split(".").map(Number);
  return der(Tags.OBJECT_IDENTIFIER, Buffer.from([40 * root + first, ...others].flatMap(inSevens)));
}

/** To the second. As certificates have it: with two digits of the year up to 2049 (RFC 5280). */
export function time(timeMs: number): Buffer {
  const digits = `${new Date(timeMs).toISOString().replaceAll(/\D/g, "").slice(0, 14)}Z`;
  return digits < "2050" ? der(Tags.UTC_TIME, Buffer.from(digits.slice(2))) : der(Tags.GENERALIZED_TIME, Buffer.from(digits));
}

/** The bytes of an IP address of either family, without a zone; `undefined` for what is none. */
export function addressBytes(host: string): Buffer | undefined {
  switch (isIP(host)) {
    case 4:
      return Buffer.from(host.split(".").map(Number));
    case 6:
      return host.includes("%") ? undefined : ipv6Bytes(host);
    default:
      return undefined;
  }
}

function ipv6Bytes(host: string): Buffer {
  // URLs have the address in its one form, in which no IPv4 address is left.
  const plain = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of before.entries()) bytes.writeUInt16BE(group, 2 * index);
  for (const [index, group] of after.entries()) bytes.writeUInt16BE(group, 16 - 2 * (after.length - index));
  return bytes;
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.trunc(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

/** A number in groups of seven bits, all but the last of which have the eighth set. */
function inSevens(number: number): number[] {
  const groups = [number % 128];
  for (let rest = Math.trunc(number / 128); rest > 0; rest = Math.trunc(rest / 128)) groups.unshift(0x80 + (rest % 128));
  return groups;
}
