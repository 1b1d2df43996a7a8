// Which topics the members of a group of consumers subscribe to: their offsets neither expire nor may be deleted.

import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from "../consumer-subscription.ts";
import type { ClassicMember } from "./classic-member.ts";

export interface SubscribingGroup {
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly members: ReadonlyMap<string, ClassicMember>;
}

/** `undefined` when unknown: not a group of consumers, no generation yet, or metadata that cannot be read. */
export function topicsOf(group: SubscribingGroup): ReadonlySet<string> | undefined {
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined;
  if (group.members.size > 0 && group.protocolName === null) return undefined;
  const topics = new Set<string>();
  for (const member of group.members.values()) {
    const subscribed = subscribedTopics(member.metadataFor(group.protocolName));
    if (subscribed === undefined) return undefined;
    for (const topic of subscribed) topics.add(topic);
  }
  return topics;
}
