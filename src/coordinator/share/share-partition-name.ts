// What a share partition is called where its coordinator is looked up: "group:topicId:partition", with the id as text (KIP-932). The hash of it
// says which partition of __share_group_state has it.

import type { SharePartitionKey } from "./share-state-persister.ts";

const TOPIC_ID_BYTES = 16;
/** With the padding of base64. */
const LONGEST_TOPIC_ID = 24;
const SMALLEST_INT32 = -(2 ** 31);
const LARGEST_INT32 = 2 ** 31 - 1;

export function sharePartitionName({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}

/** Whether a client's text is the name of a share partition, whether there is one or not. A group may have colons in its name. */
export function isSharePartitionName(text: string): boolean {
  const parts = text.split(":");
  const [topicId = "", partition = ""] = parts.slice(-2);
  const groupId = parts.slice(0, -2).join(":");
  const isTopicId = topicId.length <= LONGEST_TOPIC_ID && Buffer.from(topicId, "base64url").length === TOPIC_ID_BYTES;
  const isPartition = /^[+-]?\d+$/.test(partition) && Number(partition) >= SMALLEST_INT32 && Number(partition) <= LARGEST_INT32;
  return groupId.trim() !== "" && isTopicId && isPartition;
}
