// The records of __consumer_offsets that make up groups and their offsets, in the shape in which this layer thinks of them.
// A record that removes (`null`) is a tombstone: compaction then drops everything of its key.

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

export type GroupRecord = OffsetRecord | ClassicGroupRecord;
