// Which groups `kafka-consumer-groups` is asked about: those of `--group`, or all of consumers; and that it is consumers' that are named.

import { type DescribedGroup, describeGroup, listAllGroups } from "../../client/admin/groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { CommandError } from "../command-error.ts";
import type { Flags } from "./flags.ts";

/** Of something else than consumers, such as Kafka Connect. */
export class OtherGroup extends CommandError {
  constructor({ id, protocolType }: Pick<DescribedGroup, "id" | "protocolType">) {
    super(`java.lang.IllegalArgumentException: GroupId ${id} is not a consumer group (${protocolType}).`);
  }
}

export async function wantedGroups(brokers: Brokers, flags: Flags): Promise<string[]> {
  if (!flags.has("all-groups")) return [...new Set(flags.all("group"))].sort();
  const groups = await listAllGroups(brokers, {});
  return groups
    .filter(isOfConsumers)
    .map(({ id }) => id)
    .sort();
}

/** Raises OtherGroup, and Refusal for a group that is missing. */
export async function describeConsumerGroup(brokers: Brokers, id: string): Promise<DescribedGroup> {
  const group = await describeGroup(brokers, id);
  if (!isOfConsumers(group)) throw new OtherGroup(group);
  return group;
}

/** A group that only ever stored offsets has no protocol. */
function isOfConsumers({ protocolType }: Pick<DescribedGroup, "protocolType">): boolean {
  return protocolType === "consumer" || protocolType === "";
}
