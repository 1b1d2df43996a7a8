// The partitions that a member of protocol type "consumer" was given, as its group's leader said it.

import { decodeAssignment } from "../../../protocol/state/consumer-protocol.ts";
import { MalformedMessage } from "../../../protocol/wire/malformed-message.ts";
import type { TopicPartitions } from "./group-summary.ts";

/** None where the bytes are something else. */
export function assignedPartitions(bytes: Buffer): TopicPartitions[] {
  if (bytes.length === 0) return [];
  try {
    const { assignedPartitions: assigned } = decodeAssignment(bytes).assignment;
    return assigned.map(({ topic, partitions }) => ({ topic, partitions: partitions.toSorted((a, b) => a - b) }));
  } catch (error) {
    if (error instanceof MalformedMessage) return [];
    throw error;
  }
}
