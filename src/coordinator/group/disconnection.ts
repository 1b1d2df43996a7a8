// Kinder than Kafka: nobody waits for a dynamic member whose connection has been closed for some time
// (odradek.group.disconnected.member.timeout.ms). Who restarts a crashed consumer gets its partitions at once instead of after the session
// timeout of the dead one. Who is not waited for stays: a member may come back on another connection.

import type { Deadline } from "../deadline.ts";
import type { ConnectionLink } from "./connection-link.ts";
import type { GroupEnvironment } from "./group-environment.ts";

/** Sets the time at which the next of them need no longer be waited for. */
export function watchLinks({ clock, settings }: GroupEnvironment, deadline: Deadline, links: Iterable<ConnectionLink>): void {
  const timeoutMs = settings["odradek.group.disconnected.member.timeout.ms"];
  let firstMs = Number.POSITIVE_INFINITY;
  if (timeoutMs >= 0) for (const { closedSinceMs } of links) firstMs = Math.min(firstMs, closedSinceMs ?? firstMs);
  if (firstMs === Number.POSITIVE_INFINITY) deadline.clear();
  else deadline.set(Math.max(0, firstMs + timeoutMs - clock.now()));
}

export function isOverdue({ clock, settings }: GroupEnvironment, { closedSinceMs }: ConnectionLink): boolean {
  return closedSinceMs !== undefined && clock.now() - closedSinceMs >= settings["odradek.group.disconnected.member.timeout.ms"];
}
