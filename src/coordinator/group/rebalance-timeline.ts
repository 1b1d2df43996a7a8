// What rebalances a group had lately: why each began, who came when, and when it was over. Kept for whoever asks later, in memory, of no more groups
// and rebalances than there is use for; written only when something happens.

import type { Clock } from "../../base/clock.ts";
import { nameOfMember } from "./obstacle-words.ts";

export type RebalanceReason =
  | "memberJoined"
  | "memberRejoined"
  | "memberLeft"
  | "sessionExpired"
  | "rebalanceTimedOut"
  | "disconnected"
  | "subscriptionChanged"
  | "topicsChanged"
  | "asked"
  | "other";

interface Known {
  readonly memberId: string;
  readonly clientId: string;
}

export interface RebalanceCause {
  readonly kind: RebalanceReason;
  /** "a member joined" */
  readonly text: string;
  readonly members?: readonly Known[];
}

export interface Rebalance {
  /** Generation of a classic group, else epoch; of the group as it was when it was last heard of. */
  readonly epoch: number;
  readonly beganMs: number;
  /** `undefined`: it goes on. */
  readonly endedMs: number | undefined;
  readonly memberCount: number;
  readonly reasons: readonly (Known & { readonly atMs: number; readonly kind: RebalanceReason; readonly text: string })[];
  /** Whom the others waited for, longest first. */
  readonly waitedFor: readonly (Known & { readonly ms: number; readonly text: string })[];
}

/** What it needs to know of a group. */
interface Settling {
  readonly groupId: string;
  readonly members: { readonly size: number };
}

interface Entry {
  epoch: number;
  readonly beganMs: number;
  endedMs: number | undefined;
  memberCount: number;
  readonly reasons: Rebalance["reasons"][number][];
  /** By member. */
  readonly arrivals: Map<string, Known & { readonly atMs: number }>;
  joinedMs: number | undefined;
}

const MOST_GROUPS = 500;
const MOST_REBALANCES = 30;
const MOST_REASONS = 20;
const MOST_ARRIVALS = 200;
const MOST_WAITED_FOR = 5;
const NOBODY: Known = { memberId: "", clientId: "" };

export class RebalanceTimeline {
  readonly #clock: Clock;
  /** The newest last; groups in the order in which they last began one. */
  readonly #groups = new Map<string, Entry[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A rebalance begins by it, or goes on. */
  caused(groupId: string, { kind, text, members = [] }: RebalanceCause): void {
    const entry = this.#open(groupId) ?? this.#begin(groupId);
    for (const { memberId, clientId } of members.length === 0 ? [NOBODY] : members) {
      if (entry.reasons.length >= MOST_REASONS) return;
      const who = memberId === "" ? text : `${text}: ${nameOfMember({ memberId, clientId })}`;
      entry.reasons.push({ atMs: this.#clock.now(), kind, memberId, clientId, text: who });
    }
  }

  /** It is where the rebalance wants it. */
  arrived(groupId: string, { memberId, clientId }: Known): void {
    const arrivals = this.#open(groupId)?.arrivals;
    if (arrivals !== undefined && arrivals.size < MOST_ARRIVALS) arrivals.set(memberId, { memberId, clientId, atMs: this.#clock.now() });
  }

  /** Of a classic group: everybody has joined, and its leader says who is to have what. */
  allJoined(groupId: string): void {
    const entry = this.#open(groupId);
    if (entry !== undefined) entry.joinedMs = this.#clock.now();
  }

  ended({ groupId, members }: Settling, epoch: number): void {
    const entry = this.#open(groupId);
    if (entry === undefined) return;
    entry.endedMs = this.#clock.now();
    entry.epoch = epoch;
    entry.memberCount = members.size;
  }

  /** The newest first. */
  of(groupId: string): Rebalance[] {
    return (this.#groups.get(groupId) ?? []).map((entry) => ({ ...entry, waitedFor: waitedFor(entry) })).reverse();
  }

  #open(groupId: string): Entry | undefined {
    const newest = this.#groups.get(groupId)?.at(-1);
    return newest?.endedMs === undefined ? newest : undefined;
  }

  #begin(groupId: string): Entry {
    const entries = this.#groups.get(groupId) ?? [];
    this.#groups.delete(groupId);
    this.#groups.set(groupId, entries);
    if (this.#groups.size > MOST_GROUPS) for (const oldest of [...this.#groups.keys()].slice(0, 1)) this.#groups.delete(oldest);
    const entry: Entry = {
      ...{ epoch: entries.at(-1)?.epoch ?? 0, beganMs: this.#clock.now(), endedMs: undefined, memberCount: 0, reasons: [] },
      ...{ arrivals: new Map(), joinedMs: undefined },
    };
    entries.push(entry);
    if (entries.length > MOST_REBALANCES) entries.shift();
    return entry;
  }
}

function waitedFor({ beganMs, arrivals, joinedMs, endedMs }: Entry): Rebalance["waitedFor"] {
  const late = [...arrivals.values()].filter(({ atMs }) => atMs > beganMs).sort((one, other) => other.atMs - one.atMs);
  const members = late.slice(0, MOST_WAITED_FOR).map(({ memberId, clientId, atMs }) => {
    const ms = atMs - beganMs;
    return { memberId, clientId, ms, text: `${nameOfMember({ memberId, clientId })} came ${ms} ms after it began` };
  });
  const leaderMs = joinedMs === undefined || endedMs === undefined ? 0 : endedMs - joinedMs;
  if (leaderMs === 0) return members;
  return [...members, { ...NOBODY, ms: leaderMs, text: `the leader said who has what ${leaderMs} ms after all had joined` }];
}
