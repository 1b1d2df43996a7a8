// Which members a rebalance need not wait for, because they have no connection (disconnection.ts). Outside a rebalance nobody is removed.
//
// A member that was loaded from the log has no connection that could close, and may be as dead as the broker of before or just about to
// reconnect. It is missed only once a rebalance needs it, and has the time of a heartbeat more from then on to be heard of.

import type { ConnectionLink } from "../connection-link.ts";
import { isOverdue, watchLinks } from "../disconnection.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";

/** Sets the time at which the next of them need no longer be waited for. */
export function watchDisconnected(environment: GroupEnvironment, group: ClassicGroup): void {
  const links = [...waitedFor(group), ...pendingOf(group)].map(({ link }) => link);
  if (environment.settings["odradek.group.disconnected.member.timeout.ms"] >= 0) for (const link of links) link.missed();
  watchLinks(environment, group.disconnected, links);
}

/** The members that are waited for in vain. */
export function disconnectedMembers(environment: GroupEnvironment, group: ClassicGroup): ClassicMember[] {
  return waitedFor(group).filter(({ link }) => isOverdue(environment, link));
}

/** The ids given out to somebody who is gone. */
export function disconnectedPendingMembers(environment: GroupEnvironment, group: ClassicGroup): string[] {
  return pendingOf(group)
    .filter(({ link }) => isOverdue(environment, link))
    .map(({ memberId }) => memberId);
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
