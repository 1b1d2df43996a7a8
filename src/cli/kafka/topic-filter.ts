// Which topics a `--topic` or `--include` of Kafka's tools means: a regular expression for the whole name, in which a comma stands for "or".

import { metadata } from "../../../protocol/messages/03-metadata.ts";
import { listTopics } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { messageOf } from "../../client/client-error.ts";
import { FlagError } from "./flags.ts";

const INTERNAL = new Set(["__consumer_offsets", "__transaction_state", "__share_group_state"]);

/** Without a pattern every name passes. Raises FlagError for what is no regular expression. */
export function topicFilter(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const alternatives = pattern
    .trim()
    .replaceAll(",", "|")
    .replaceAll(" ", "")
    .replace(/^["']+|["']+$/g, "");
  try {
    const expression = new RegExp(`^(?:${alternatives})$`);
    return (name) => expression.test(name);
  } catch (error) {
    throw new FlagError(`${pattern} is an invalid regex: ${messageOf(error)}`, { isTerse: true });
  }
}

export interface Subscription {
  /** This one, which is waited for where it is missing; else those that `include` matches. */
  readonly topic: string | undefined;
  readonly include: string | undefined;
  /** Asking for `topic` makes it, where the broker does so. */
  readonly isCreationAllowed: boolean;
}

/** The topics that a consumer reads, asked for anew at each call. Raises FlagError for what is no regular expression. */
export function subscription(brokers: Brokers, { topic, include, isCreationAllowed }: Subscription): () => Promise<readonly string[]> {
  const isWanted = topicFilter(include);
  return async () => {
    if (topic === undefined)
      return (await listTopics(brokers)).map(({ name }) => name).filter((name) => isWanted(name) && !isInternalTopic(name));
    if (isCreationAllowed) await brokers.ask(metadata, 9, { topics: [{ name: topic }], allowAutoTopicCreation: true });
    return [topic];
  };
}

function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name);
}
