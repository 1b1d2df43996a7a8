// New partitions are open where this broker leads them when whoever made them hears of it, so that what he sends next finds them. Where storage
// takes its time, that has the request's timeout; afterwards they are there all the same, and their leaders tell clients to try again until
// they are open.

import type { Services } from "./services.ts";

/** @param topics those with new partitions */
export async function whenOpened({ partitions, clock }: Services, topics: ReadonlySet<string>, timeoutMs: number): Promise<void> {
  const opened = partitions.opened(topics);
  if (opened === undefined) return;
  const { promise: timedOut, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(Math.max(0, timeoutMs), resolve);
  await Promise.race([opened, timedOut]);
  timer.cancel();
}
