// Puts the pieces of a content together again so that each holds whole items only, of which each says in front how long it is: records, or
// messages. Held is the item that a piece breaks off in.

import { MalformedMessage } from "../wire/malformed-message.ts";
import { MAX_VARINT_BYTES, VarintCursor } from "../wire/varint.ts";
import type { Pieces } from "./pieces.ts";

/** One that is longer is not put together, whatever it says of itself: none would fit into a request. */
export const LARGEST_ITEM_BYTES = 128 * 1024 * 1024;

/** What stands before the content of a message: offset and size. */
const MESSAGE_PREFIX_BYTES = 12;

/** The size of the item at `at`, with what says so; `undefined` where that is not all there. */
export type SizeAt = (buffer: Buffer, at: number) => number | undefined;

export const messageSizeAt: SizeAt = (buffer, at) =>
  buffer.length - at < MESSAGE_PREFIX_BYTES ? undefined : MESSAGE_PREFIX_BYTES + buffer.readInt32BE(at + 8);

export const recordSizeAt: SizeAt = (buffer, at) => {
  const cursor = new VarintCursor(buffer, at);
  if (cursor.remaining < MAX_VARINT_BYTES && !cursor.rest.some((byte) => byte < 0x80)) return undefined;
  const sizeBytes = cursor.varint();
  return sizeBytes < 0 ? sizeBytes : cursor.position - at + sizeBytes;
};

/** Each piece is valid until the next is asked for. What breaks off at the end is left out. Raises MalformedMessage. */
export async function* wholeItems(pieces: Pieces, sizeAt: SizeAt): Pieces {
  const parts: Buffer[] = [];
  let heldBytes = 0;
  let neededBytes = 0;
  for await (const piece of pieces) {
    if (heldBytes + piece.length < neededBytes) {
      parts.push(Buffer.from(piece));
      heldBytes += piece.length;
      continue;
    }
    const content = heldBytes === 0 ? piece : Buffer.concat([...parts, piece]);
    const { end, nextBytes } = lastWhole(content, sizeAt);
    if (end > 0) yield content.subarray(0, end);
    neededBytes = nextBytes;
    heldBytes = content.length - end;
    parts.length = 0;
    if (heldBytes > 0) parts.push(Buffer.from(content.subarray(end)));
  }
}

/** Where the last whole item ends, and how long the one behind it is, as far as is known. */
function lastWhole(content: Buffer, sizeAt: SizeAt): { readonly end: number; readonly nextBytes: number } {
  for (let end = 0; ; ) {
    const sizeBytes = sizeAt(content, end);
    if (sizeBytes === undefined) return { end, nextBytes: 0 };
    if (sizeBytes <= 0 || sizeBytes > LARGEST_ITEM_BYTES) throw new MalformedMessage(`an item of ${sizeBytes} bytes at ${end}`);
    if (sizeBytes > content.length - end) return { end, nextBytes: sizeBytes };
    end += sizeBytes;
  }
}
