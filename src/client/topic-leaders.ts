// The partitions of one topic with their leaders, which may have to be made, or elected, first.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { type Brokers, retried } from "./brokers.ts";
import { failOn, present, Refusal } from "./refusal.ts";
import type { Address } from "./socket.ts";

export interface Partition {
  readonly index: number;
  readonly leader: Address;
}

/**
 * In order, once each has a leader; undefined when there is no such topic and none is made. `isCreationAllowed` makes it, where the broker
 * does so. Raises Refusal, with LEADER_NOT_AVAILABLE when it takes too long.
 */
export function topicLeaders(
  brokers: Brokers,
  topic: string,
  { isCreationAllowed }: { readonly isCreationAllowed: boolean },
): Promise<Partition[] | undefined> {
  return retried(async () => {
    const answer = await brokers.ask(metadata, 9, { topics: [{ name: topic }], allowAutoTopicCreation: isCreationAllowed });
    const found = present(answer.topics[0], `topic ${topic}`);
    if (found.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION && !isCreationAllowed) return undefined;
    failOn(found.errorCode, `topic ${topic}`);
    const addresses = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const partitions = found.partitions.map(({ partitionIndex, leaderId }) => {
      const leader = addresses.get(leaderId);
      if (leader === undefined) throw new Refusal(Errors.LEADER_NOT_AVAILABLE, `topic ${topic}`, null);
      return { index: partitionIndex, leader };
    });
    return partitions.sort((one, other) => one.index - other.index);
  }, isRetriable);
}
