// Kinder than Kafka: a rebalance does not wait for a dynamic member whose connection has been closed for some time
// (odradek.group.disconnected.member.timeout.ms). Who restarts a crashed consumer gets its partitions at once instead of after the
// session timeout of the dead one. Outside a rebalance nobody is removed: a member may come back on another connection.
//
// A member that was loaded from the log has no connection that could close, and may be as dead as the broker of before or just about to
// reconnect. It is missed only once a rebalance needs it, and has the same time from then on to be heard of.

import type { ClassicEnvironment } from "./classic-environment.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import type { ConnectionLink } from "./connection-link.ts";

/** Sets the time at which the next of them need no longer be waited for. */
export function watchDisconnected({ clock, settings }: ClassicEnvironment, group: ClassicGroup): void {
  const timeoutMs = settings["odradek.group.disconnected.member.timeout.ms"];
  let firstMs = Number.POSITIVE_INFINITY;
  if (timeoutMs >= 0) {
    for (const { link } of [...waitedFor(group), ...pendingOf(group)]) {
      link.missed();
      firstMs = Math.min(firstMs, link.closedSinceMs ?? firstMs);
    }
  }
  if (firstMs === Number.POSITIVE_INFINITY) group.disconnected.clear();
  else group.disconnected.set(Math.max(0, firstMs + timeoutMs - clock.now()));
}

/** The members that are waited for in vain. */
export function disconnectedMembers(environment: ClassicEnvironment, group: ClassicGroup): ClassicMember[] {
  return waitedFor(group).filter(({ link }) => isOverdue(environment, link));
}

/** The ids given out to somebody who is gone. */
export function disconnectedPendingMembers(environment: ClassicEnvironment, group: ClassicGroup): string[] {
  return pendingOf(group)
    .filter(({ link }) => isOverdue(environment, link))
    .map(({ memberId }) => memberId);
}

function isOverdue({ clock, settings }: ClassicEnvironment, { closedSinceMs }: ConnectionLink): boolean {
  return closedSinceMs !== undefined && clock.now() - closedSinceMs >= settings["odradek.group.disconnected.member.timeout.ms"];
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

function pendingOf(group: ClassicGroup): { readonly memberId: string; readonly link: ConnectionLink }[] {
  return group.state === "PreparingRebalance" ? group.pendingMembers.links() : [];
}
