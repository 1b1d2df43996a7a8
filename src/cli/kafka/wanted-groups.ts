// Which groups `kafka-consumer-groups` is asked about: those of `--group`, or all of consumers.

import { listAllGroups } from "../../client/admin/groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import type { Flags } from "./flags.ts";

export async function wantedGroups(brokers: Brokers, flags: Flags): Promise<string[]> {
  if (!flags.has("all-groups")) return [...new Set(flags.all("group"))].sort();
  const groups = await listAllGroups(brokers, {});
  return groups
    .filter(({ protocolType }) => protocolType === "consumer" || protocolType === "")
    .map(({ id }) => id)
    .sort();
}
