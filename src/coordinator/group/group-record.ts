// The records of __consumer_offsets that make up groups and their offsets, in the shape in which this layer thinks of them.
// A record that removes (`null`) is a tombstone: compaction then drops everything of its key.

import type { Assignment } from "./assignors/assignor.ts";
import type { MemberIdentity, MemberProgress, ResolvedRegex } from "./consumer/consumer-member.ts";
import type { ShareIdentity, ShareProgress } from "./share/share-member.ts";
import type { SharedPartitions } from "./share/shared-partitions.ts";
import type { StreamsRecord } from "./streams/streams-record.ts";

export interface CommittedOffset {
  readonly offset: number;
  /** -1 when the committer gave none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** Only commits with a retention time of their own (versions 2 to 4) have one. */
  readonly expireTimestampMs: number | undefined;
  /** The topic's id when the offset was committed; ZERO_UUID when unknown. */
  readonly topicId: string;
}

/** What is kept of a classic group when its members have been given their assignments, or have all left. */
export interface ClassicGroupSnapshot {
  readonly protocolType: string | null;
  readonly generation: number;
  readonly protocolName: string | null;
  readonly leader: string | null;
  /** When the group entered the state that is stored. */
  readonly stateTimestampMs: number;
  readonly members: readonly ClassicMemberSnapshot[];
}

export interface ClassicMemberSnapshot {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** Metadata of the chosen protocol. */
  readonly subscription: Buffer;
  readonly assignment: Buffer;
}

export interface OffsetRecord {
  readonly type: "offset";
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset | null;
}

export interface ClassicGroupRecord {
  readonly type: "classicGroup";
  readonly groupId: string;
  readonly snapshot: ClassicGroupSnapshot | null;
}

/** The group of the consumer protocol itself: its epoch rises with every change that asks for another assignment. */
export interface ConsumerGroupRecord {
  readonly type: "consumerGroup";
  readonly groupId: string;
  readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
}

/** What a member has said of itself. */
export interface ConsumerMemberRecord {
  readonly type: "consumerMember";
  readonly groupId: string;
  readonly memberId: string;
  readonly identity: MemberIdentity | null;
}

/** At which epoch of the group everybody's target was computed, and when. */
export interface ConsumerTargetRecord {
  readonly type: "consumerTarget";
  readonly groupId: string;
  readonly value: { readonly epoch: number; readonly timestampMs: number } | null;
}

/** What a member is to have. */
export interface ConsumerMemberTargetRecord {
  readonly type: "consumerMemberTarget";
  readonly groupId: string;
  readonly memberId: string;
  readonly target: Assignment | null;
}

/** What a member has. */
export interface ConsumerMemberProgressRecord {
  readonly type: "consumerMemberProgress";
  readonly groupId: string;
  readonly memberId: string;
  readonly progress: MemberProgress | null;
}

/** The topics that a regular expression stands for. */
export interface ConsumerRegexRecord {
  readonly type: "consumerRegex";
  readonly groupId: string;
  readonly regex: string;
  readonly resolved: ResolvedRegex | null;
}

/** Written by Kafka up to 4.0, before the hash in the group's record; only removed here. */
export interface ConsumerPartitionMetadataRecord {
  readonly type: "consumerPartitionMetadata";
  readonly groupId: string;
  readonly value: "there" | null;
}

/** The records of a group of the consumer protocol (KIP-848). */
export type ConsumerRecord =
  | ConsumerGroupRecord
  | ConsumerMemberRecord
  | ConsumerTargetRecord
  | ConsumerMemberTargetRecord
  | ConsumerMemberProgressRecord
  | ConsumerRegexRecord
  | ConsumerPartitionMetadataRecord;

/** The records of a share group (KIP-932): as those of the consumer protocol, and which of its partitions have state. */
export type ShareRecord =
  | {
      readonly type: "shareGroup";
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    }
  | { readonly type: "shareMember"; readonly groupId: string; readonly memberId: string; readonly identity: ShareIdentity | null }
  | {
      readonly type: "shareTarget";
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly timestampMs: number } | null;
    }
  | { readonly type: "shareMemberTarget"; readonly groupId: string; readonly memberId: string; readonly target: Assignment | null }
  | { readonly type: "shareMemberProgress"; readonly groupId: string; readonly memberId: string; readonly progress: ShareProgress | null }
  | { readonly type: "sharePartitions"; readonly groupId: string; readonly partitions: SharedPartitions | null };

export type GroupRecord = OffsetRecord | ClassicGroupRecord | ConsumerRecord | ShareRecord | StreamsRecord;
