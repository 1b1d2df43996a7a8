// Which topics a `--topic` of Kafka's tools means: a regular expression for the whole name, in which a comma stands for "or".

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

export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name);
}
