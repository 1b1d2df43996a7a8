// How soon members are to be heard of again. They learn of what has changed by their own heartbeats: with Kafka's five seconds a group of two
// takes ten to settle. So a group that has just changed asks for heartbeats soon, and then ever more rarely, until the interval of its
// settings is reached.

/** The next heartbeat comes after this part of the time that has passed since the change. */
const PART = 4;
/** A large group's heartbeats are spread so that no more than these come in a millisecond, which keeps a core busy for some percent. */
const MEMBERS_IN_MS = 5;

export interface Intervals {
  /** Of the group's settings. */
  readonly usualMs: number;
  /** Right after a change; -1: the usual one. */
  readonly shortestMs: number;
  readonly nowMs: number;
}

/** @param group when it last changed; `undefined`: not that anybody knew */
export function intervalAfterChange(
  { usualMs, shortestMs, nowMs }: Intervals,
  group: { readonly changedAtMs: number | undefined; readonly members: { readonly size: number } },
): number {
  if (shortestMs < 0 || group.changedAtMs === undefined) return usualMs;
  const soonMs = Math.max(shortestMs, Math.ceil(group.members.size / MEMBERS_IN_MS), Math.trunc((nowMs - group.changedAtMs) / PART));
  return Math.min(usualMs, soonMs);
}
