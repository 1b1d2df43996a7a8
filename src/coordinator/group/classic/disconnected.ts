// Kinder than Kafka: a rebalance does not wait for a dynamic member whose connection has been closed for some time
// (odradek.group.disconnected.member.timeout.ms). Who restarts a crashed consumer gets its partitions at once instead of after the
// session timeout of the dead one. Outside a rebalance nobody is removed: a member may come back on another connection.

import type { ClassicEnvironment } from "./classic-environment.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";

/** Sets the time at which the next of them need no longer be waited for. */
export function watchDisconnected({ clock, settings }: ClassicEnvironment, group: ClassicGroup): void {
  const timeoutMs = settings["odradek.group.disconnected.member.timeout.ms"];
  let firstMs = Number.POSITIVE_INFINITY;
  if (timeoutMs >= 0) {
    for (const { link } of waitedFor(group)) if (link.closedSinceMs !== undefined) firstMs = Math.min(firstMs, link.closedSinceMs);
  }
  if (firstMs === Number.POSITIVE_INFINITY) group.disconnected.clear();
  else group.disconnected.set(Math.max(0, firstMs + timeoutMs - clock.now()));
}

/** The members that are waited for in vain. */
export function disconnectedMembers({ clock, settings }: ClassicEnvironment, group: ClassicGroup): ClassicMember[] {
  const timeoutMs = settings["odradek.group.disconnected.member.timeout.ms"];
  return waitedFor(group).filter(({ link }) => link.closedSinceMs !== undefined && clock.now() - link.closedSinceMs >= timeoutMs);
}

/** In the round of joins everyone but static members; after it the leader, as long as it has not synced. */
function waitedFor(group: ClassicGroup): ClassicMember[] {
  switch (group.state) {
    case "PreparingRebalance":
      return [...group.members.values()].filter((member) => !member.isStatic);
    case "CompletingRebalance": {
      const leader = group.leader === null ? undefined : group.members.get(group.leader);
      return leader === undefined || leader.isStatic || !group.pendingSyncs.has(leader.memberId) ? [] : [leader];
    }
    case "Empty":
    case "Stable":
      return [];
  }
}
