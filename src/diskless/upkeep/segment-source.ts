// The bytes of segments, read for being written anew.

import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import type { Chunk, Segment } from "../catalog.ts";

/** The bytes of these chunks, which lie together. Rejects with ObjectStoreError. */
export function readChunks(store: ObjectStore, key: string, chunks: readonly Chunk[]): Promise<Buffer> {
  return store.get(key, rangeOf(chunks));
}

/** All of a segment's bytes. Rejects with ObjectStoreError. */
export async function readSegment(store: ObjectStore, { place }: Segment): Promise<Buffer> {
  return place.kind === "inline" ? place.bytes : readChunks(store, place.object.key, place.chunks);
}

/** Of a segment that lies in this object, all of which was read. Raises MalformedMessage. */
export function segmentIn(object: Buffer, { place }: Segment): Buffer {
  if (place.kind === "inline") return place.bytes;
  const { from, length } = rangeOf(place.chunks);
  if (from + length > object.length) throw new MalformedMessage(`an object of ${object.length} bytes does not reach to ${from + length}`);
  return object.subarray(from, from + length);
}

function rangeOf(chunks: readonly Chunk[]): { readonly from: number; readonly length: number } {
  const from = chunks[0]?.from ?? 0;
  return { from, length: chunks.reduce((sum, { length }) => sum + length, 0) };
}
