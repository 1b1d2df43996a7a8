// What a group of the consumer protocol remembers of the topics that it subscribes to: a hash, stored with its epoch
// (ConsumerGroupMetadata). When topics come, go, get partitions or other racks the hash is another, and the group needs an assignment anew.
// As Kafka's, so that a coordinator which takes over a log finds the hash that it would have written.
//
//   topic   XXH3 of: 0 (one byte) · id, as two integers · name · partition count · for each partition its index and, sorted, its racks,
//           each as its length and the rack
//   group   XXH3 of the hashes of its topics that exist, in the order of their names; 0 without any
//
// Integers are little-endian, of 32 bits but for id and hashes; a text is its UTF-16 units, little-endian, and then their number.

import { xxh3 } from "../../base/xxh3.ts";

export interface HashedTopic {
  readonly name: string;
  readonly id: string;
  readonly partitionCount: number;
  /** Of the partition's replicas; empty where none is known. */
  readonly racks: (partition: number) => Iterable<string>;
}

const MAGIC = 0;
const INTEGER = 4;
const ID = 16;

/** All 64 bits are used; signed, as it is stored. */
export function hashOfTopic({ name, id, partitionCount, racks }: HashedTopic): bigint {
  const racksOf = Array.from({ length: partitionCount }, (_, partition) => [...racks(partition)].sort());
  const bytes = Buffer.allocUnsafe(
    1 + ID + lengthOfText(name) + INTEGER + partitionCount * INTEGER + racksOf.reduce((sum, names) => sum + lengthOfRacks(names), 0),
  );
  let at = bytes.writeUInt8(MAGIC);
  at += Buffer.from(id, "base64url").swap64().copy(bytes, at);
  at = writeText(bytes, name, at);
  at = bytes.writeInt32LE(partitionCount, at);
  for (const [partition, names] of racksOf.entries()) {
    at = bytes.writeInt32LE(partition, at);
    for (const rack of names) at = writeText(bytes, rack, bytes.writeInt32LE(rack.length, at));
  }
  return BigInt.asIntN(64, xxh3(bytes));
}

/** Of the hashes of topics by name. */
export function hashOfTopics(hashes: ReadonlyMap<string, bigint>): bigint {
  if (hashes.size === 0) return 0n;
  const bytes = Buffer.allocUnsafe(8 * hashes.size);
  const inOrder = [...hashes].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, [, hash]] of inOrder.entries()) bytes.writeBigInt64LE(hash, index * 8);
  return BigInt.asIntN(64, xxh3(bytes));
}

function lengthOfText(text: string): number {
  return 2 * text.length + INTEGER;
}

function lengthOfRacks(racks: readonly string[]): number {
  return racks.reduce((sum, rack) => sum + INTEGER + lengthOfText(rack), 0);
}

/** Gives the place after it. */
function writeText(bytes: Buffer, text: string, at: number): number {
  return bytes.writeInt32LE(text.length, at + bytes.write(text, at, "utf16le"));
}
