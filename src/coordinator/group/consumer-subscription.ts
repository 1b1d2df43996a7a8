// The topics that a member of protocol type "consumer" subscribes to: the part of its metadata that all versions share.
//
//   version int16 | topics: array of string | user data, owned partitions, … which later versions add and nobody reads here
//
// The metadata is the client's own and otherwise opaque; it may be anything.

import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import { Reader } from "../../../protocol/wire/reader.ts";

const SHORTEST_STRING_BYTES = 2;

export const CONSUMER_PROTOCOL_TYPE = "consumer";

/** `undefined` when the metadata is not a consumer's subscription. */
export function subscribedTopics(metadata: Buffer): string[] | undefined {
  try {
    const reader = new Reader(metadata);
    reader.int16();
    const topics: string[] = [];
    for (let count = reader.arrayCount(SHORTEST_STRING_BYTES); count > 0; count--) {
      const topic = reader.nullableString();
      if (topic === null) return undefined;
      topics.push(topic);
    }
    return topics;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}
