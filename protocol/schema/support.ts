// What compiled codecs call besides the reader and the writer.

import { MalformedMessage } from "../wire/malformed-message.ts";

/** 16 zero bytes: "no id". */
export const ZERO_UUID = "AAAAAAAAAAAAAAAAAAAAAA";
export const EMPTY_BYTES: Buffer = Buffer.alloc(0);

/** A value that the message version cannot carry: a bug of the caller, never of the peer. */
export class EncodingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EncodingError";
  }
}

export function notNull<T>(value: T | null, path: string): T {
  if (value === null) throw new MalformedMessage(`${path} is null`);
  return value;
}

/** Three bytes each at most: what a string can carry. */
const MOST_SHOWN_CHARACTERS = 10_000;

/** A sentence of ours that may quote what somebody gave: it is cut where it would not fit. */
export function shortened(text: string | null): string | null {
  return text === null || text.length <= MOST_SHOWN_CHARACTERS ? text : `${text.slice(0, MOST_SHOWN_CHARACTERS)}…`;
}

export function tagsOutOfOrder(tag: number): never {
  throw new MalformedMessage(`tagged field ${tag} is out of order`);
}

export function taggedFieldSize(tag: number, sizeBytes: number): never {
  throw new MalformedMessage(`tagged field ${tag} is not ${sizeBytes} bytes long`);
}

export function cannotCarry(path: string, version: number): never {
  throw new EncodingError(`version ${version} cannot carry ${path}`);
}

export function cannotBeNull(path: string, version: number): never {
  throw new EncodingError(`${path} cannot be null in version ${version}`);
}
