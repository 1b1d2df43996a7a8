// A wish to commit offsets, and what is said to it.

import type { ErrorCode } from "../../../protocol/errors.ts";
import type { MemberConnection } from "./request-context.ts";

export interface Commit {
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Of a member of the consumer protocol its epoch; -1 outside of a membership. */
  readonly generation: number;
  readonly apiVersion: number;
  /** The member's; of a transaction's offsets it is the producer's, and says nothing of the member's. */
  readonly connection?: MemberConnection;
  /** Of the transaction that the offsets belong to: they are pending until it ends. */
  readonly producer?: { readonly producerId: number; readonly producerEpoch: number };
}

/** What is said of a partition: as a rule the same of all. */
export type CommitOutcome = (topicId: string, partition: number) => ErrorCode;
