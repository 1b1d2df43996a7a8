// The embedded protocol of consumers in classic groups: what members put into JoinGroup (subscription) and leaders into SyncGroup
// (assignment). A broker passes these bytes on, and reads them only to describe groups, to expire offsets and to migrate groups.
//
//   int16 version, then the fields; never flexible
//
// Clients may write newer versions than a reader knows: it reads the newest one that it knows and passes over the rest.

import { array, bytes, int32, string, struct } from "../schema/field.ts";
import { type DecodedMessage, type EncodableMessage, Message } from "../schema/message.ts";
import { MalformedMessage } from "../wire/malformed-message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

const topicPartition = struct({
  topic: string(),
  partitions: array(int32()),
});

/** Version 1 adds the partitions owned, for cooperative rebalancing (KIP-429); 2 their generation (KIP-792); 3 the rack (KIP-881). */
export const consumerProtocolSubscription = new Message("ConsumerProtocolSubscription", "0-3", "none", {
  topics: array(string()),
  userData: bytes().nullable().default(null),
  ownedPartitions: array(topicPartition, "1+").optional().ignorable(),
  generationId: int32("2+", -1).ignorable(),
  rackId: string("3+").nullable().default(null).ignorable(),
});

/** All versions are the same on the wire. */
export const consumerProtocolAssignment = new Message("ConsumerProtocolAssignment", "0-3", "none", {
  assignedPartitions: array(topicPartition),
  userData: bytes().nullable().default(null),
});

export type ConsumerProtocolSubscription = DecodedMessage<typeof consumerProtocolSubscription>;
export type ConsumerProtocolAssignment = DecodedMessage<typeof consumerProtocolAssignment>;

/** Throws RangeError for a version that does not exist. */
export function encodeSubscription(version: number, subscription: EncodableMessage<typeof consumerProtocolSubscription>): Buffer {
  const writer = new Writer();
  writer.int16(version);
  consumerProtocolSubscription.codec(version).write(writer, subscription);
  return Buffer.concat(writer.finish());
}

/** Throws RangeError for a version that does not exist. */
export function encodeAssignment(version: number, assignment: EncodableMessage<typeof consumerProtocolAssignment>): Buffer {
  const writer = new Writer();
  writer.int16(version);
  consumerProtocolAssignment.codec(version).write(writer, assignment);
  return Buffer.concat(writer.finish());
}

/** `version` is the one that the bytes state, which may be newer than any known. Throws MalformedMessage. */
export function decodeSubscription(buffer: Buffer): { readonly version: number; readonly subscription: ConsumerProtocolSubscription } {
  const reader = new Reader(buffer);
  const version = readVersion(reader);
  return { version, subscription: consumerProtocolSubscription.codec(Math.min(version, HIGHEST_VERSION)).read(reader) };
}

/** `version` is the one that the bytes state, which may be newer than any known. Throws MalformedMessage. */
export function decodeAssignment(buffer: Buffer): { readonly version: number; readonly assignment: ConsumerProtocolAssignment } {
  const reader = new Reader(buffer);
  const version = readVersion(reader);
  return { version, assignment: consumerProtocolAssignment.codec(Math.min(version, HIGHEST_VERSION)).read(reader) };
}

const HIGHEST_VERSION = 3;

function readVersion(reader: Reader): number {
  const version = reader.int16();
  if (version < 0) throw new MalformedMessage(`consumer protocol of version ${version}`);
  return version;
}
