// What a member of a group is to the consumer that reads for it, whichever protocol it speaks: the classic one (classic-member.ts) or the
// newer one of consumer groups (consumer-member.ts).

import type { AssignorName } from "./group-assignors.ts";
import type { Position } from "./partition-fetch.ts";
import type { TopicPartition } from "./topic-partition.ts";

export interface MembershipOptions {
  readonly groupId: string;
  /** Of a static member. */
  readonly instanceId: string | null;
  readonly rackId?: string | null;
  readonly rebalanceTimeoutMs: number;
  /** Classic: the coordinator says it to members of consumer groups. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Classic: those that it can take part in, the preferred one first. */
  readonly assignors: readonly AssignorName[];
  /** Consumer: of the coordinator's assignors; null leaves the choice to it. */
  readonly remoteAssignor?: string | null;
}

export interface Subscription {
  readonly topics: readonly string[];
  /** Consumer: topics with such names are wanted as well. */
  readonly regex: string | undefined;
}

/** The consumer stops to read these, and stores how far it came unless they are lost: they may have another owner already. */
export type GiveUp = (partitions: readonly TopicPartition[], how: { readonly isLost: boolean }) => Promise<void>;

export interface Membership {
  /** The group may have other partitions for it than it has. Raises what ended the membership for good. */
  readonly isToRebalance: boolean;
  /** It has what the group wants it to have, as far as it can know. */
  readonly isSettled: boolean;
  /** Records are asked for. Who asks for none within the rebalance timeout makes room for others, until he asks again. */
  polled(): void;
  /** What it reads from now on; told again when one of the topics has come, gone or grown. */
  subscribe(subscription: Subscription): void;
  /** Joins where it has to, and comes to terms with the group; gives what is its own from then on. Raises Refusal. */
  rebalance(giveUp: GiveUp): Promise<readonly TopicPartition[]>;
  /** Stores how far it has come; gives whether the group took it. It takes nothing of a member that is no longer one. */
  commit(positions: readonly Position[]): Promise<boolean>;
  /** What the group has stored of these; partitions without are missing. */
  committed(partitions: readonly TopicPartition[]): Promise<Position[]>;
  /** Makes room for the others at once; a static member stays until its session ends. */
  leave(): Promise<void>;
}
