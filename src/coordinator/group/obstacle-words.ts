// How the reasons for which a group is not stable name members, partitions and times.

import type { Clock } from "../../base/clock.ts";
import type { Deadline } from "../deadline.ts";
import type { ConnectionLink } from "./connection-link.ts";
import type { TopicPartitions } from "./group-summary.ts";

interface Known {
  readonly memberId: string;
  readonly clientId: string;
}

/** Of a large group no more than these are told. */
const MOST_TOLD = 5;

export function nameOfMember({ memberId, clientId }: Known): string {
  return `member ${memberId} (client ${clientId})`;
}

/** "orders 0, 3; returns 1". */
export function namePartitions(topics: readonly TopicPartitions[]): string {
  return topics.map(({ topic, partitions }) => `${topic} ${partitions.join(", ")}`).join("; ");
}

/** "it was last heard of 12 ms ago", and whether that was on a connection which is closed now. */
export function lastHeard(
  clock: Clock,
  { session, link }: { readonly session: Deadline; readonly link: ConnectionLink | undefined },
): string {
  const { setAtMs } = session;
  const nowMs = clock.now();
  const when =
    setAtMs === undefined
      ? "it waits for an answer"
      : link === undefined || link.connection !== undefined
        ? `it was last heard of ${nowMs - setAtMs} ms ago`
        : `it has not been heard of in the ${nowMs - setAtMs} ms since its group was loaded`;
  return link?.connection === undefined || link.closedSinceMs === undefined
    ? when
    : `${when}, and its connection has been closed for ${nowMs - link.closedSinceMs} ms`;
}

export function firstOf(sentences: readonly string[]): string[] {
  if (sentences.length <= MOST_TOLD) return [...sentences];
  return [...sentences.slice(0, MOST_TOLD), `${sentences.length - MOST_TOLD} members more are not where they are to be`];
}
