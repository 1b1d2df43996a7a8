// Targets of members, whatever the protocol of their group: when everybody's may be computed anew, and for whom it comes out differently.

import { type Assignment, isSameAssignment } from "./assignors/assignor.ts";

/** By member id. */
export type Targets = ReadonlyMap<string, Assignment>;

/** A clock that was set back does not keep anybody waiting. @param group when its target was last computed; 0: never */
export function isDue({ targetTimestampMs }: { readonly targetTimestampMs: number }, nowMs: number, intervalMs: number): boolean {
  return nowMs >= targetTimestampMs + intervalMs || nowMs < targetTimestampMs;
}

/** Those of the members whose target is another than before, or whose first it is, in the order of the members. */
export function changedTargets(
  before: Targets,
  targets: Targets,
  members: Iterable<{ readonly memberId: string }>,
): { readonly memberId: string; readonly target: Assignment }[] {
  const changed: { readonly memberId: string; readonly target: Assignment }[] = [];
  for (const { memberId } of members) {
    const target = targets.get(memberId);
    if (target === undefined) continue;
    const former = before.get(memberId);
    if (former === undefined || !isSameAssignment(former, target)) changed.push({ memberId, target });
  }
  return changed;
}
