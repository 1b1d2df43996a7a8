// What the database knows of the logs: where each begins and ends, who may append to it, and in which objects its batches lie. Its rows are
// the truth; objects that no row names are nothing.
//
// Who appends is decided here. A log's row has an owner, the incarnation of a broker, and the leader epoch at which it opened the log. Opening
// with a newer epoch takes the log over; from then on no commit of the earlier owner counts, however late it comes. A commit also says
// where it expects the log to end, so that one that is repeated, late or out of turn changes nothing.

import type { LeaderEpochStart } from "../storage/leader-epochs.ts";
import type { ProducerState } from "../storage/producer-states.ts";

export interface LogKey {
  readonly topicId: string;
  readonly partition: number;
}

export interface OpenRequest extends LogKey {
  readonly leaderEpoch: number;
}

export interface StoredObject {
  readonly id: number;
  readonly key: string;
  readonly sizeBytes: number;
}

/** Whole batches that follow one another in a segment. It is what is read and cached at once. */
export interface Chunk {
  readonly baseOffset: number;
  /** In the object. */
  readonly from: number;
  readonly length: number;
  /** Of the records in it. */
  readonly maxTimestampMs: number;
}

/** Batches of a log that lie together: a range of an object, or in the row itself. */
export interface Segment {
  readonly baseOffset: number;
  /** Exclusive; where the next segment begins. Compaction may have left nothing at the end. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  readonly maxTimestampMs: number;
  /** Compaction has gone over it up to here, and removed what newer records of the same keys replace. 0: never. */
  readonly compactedUntil: number;
  readonly place: SegmentPlace;
}

/** In an object there is at least one chunk; they are in order, and touch. */
export type SegmentPlace =
  | { readonly kind: "object"; readonly object: StoredObject; readonly chunks: readonly Chunk[] }
  | { readonly kind: "inline"; readonly bytes: Buffer };

/** A transaction that was aborted. */
export interface AbortedRange {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
}

export interface OpenedLog {
  readonly logId: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Of all segments. */
  readonly sizeBytes: number;
  /** Oldest first; the one opened with is the last, and starts at the end, unless it began before. */
  readonly leaderEpochs: readonly LeaderEpochStart[];
  readonly producers: readonly ProducerState[];
  /** The newest, oldest of them first; at most NEWEST_SEGMENTS, and all there are if fewer. */
  readonly segments: readonly Segment[];
}

export const NEWEST_SEGMENTS = 32;

/**
 * "fenced": another has it, at a newer leader epoch or, at the same, as a newer incarnation; or the lease of this incarnation was ended.
 * "deleted": with its topic.
 */
export type OpenOutcome = ({ readonly kind: "open" } & OpenedLog) | { readonly kind: "fenced" } | { readonly kind: "deleted" };

export interface NewObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface NewSegment {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number;
  readonly maxTimestampMs: number;
  readonly place: NewSegmentPlace;
}

/** `object` is the position in the commit's objects. */
export type NewSegmentPlace =
  | { readonly kind: "object"; readonly object: number; readonly chunks: readonly Chunk[] }
  | { readonly kind: "inline"; readonly bytes: Buffer };

/** What is new of one log; with no segments only its leader epoch. */
export interface LogCommit {
  readonly logId: number;
  /** That of the log from now on; not older than the row's. */
  readonly leaderEpoch: number;
  readonly expectedEndOffset: number;
  readonly endOffset: number;
  /** They touch, from the expected end to the new one. */
  readonly segments: readonly NewSegment[];
  /** Leader epochs that began since the last commit. */
  readonly leaderEpochs: readonly LeaderEpochStart[];
  /** States as they are after these segments, of producers that wrote in them. */
  readonly producers: readonly ProducerState[];
  readonly abortedRanges: readonly AbortedRange[];
}

export interface Commit {
  /** Rises by one with each commit of this incarnation, from 1. */
  readonly sequence: number;
  readonly objects: readonly NewObject[];
  readonly logs: readonly LogCommit[];
}

/**
 * "committed": the ids of the commit's objects, and the logs that took no part because they are another's by now, were deleted, or do not
 * end where expected. With the others nothing was committed:
 * "fenced": the incarnation is not the broker's any more.
 * "outOfTurn": the last commit of the incarnation is neither this nor the one before it. Either the call was so late that nobody waits for it,
 * or the database is not what it was, as after a restore or the promotion of a standby that lacked something.
 */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly objectIds: readonly number[]; readonly refusedLogIds: readonly number[] }
  | { readonly kind: "fenced" }
  | { readonly kind: "outOfTurn"; readonly committedSequence: number };

/** One connection's view, of one incarnation of a broker. All reject with StorageError: "UNAVAILABLE" where it is not known whether it was done. */
export interface Catalog {
  /** Makes logs that are not there. One outcome a request, in order; a log is asked for once. */
  open(requests: readonly OpenRequest[]): Promise<readonly OpenOutcome[]>;
  /** May be repeated, with the same content, for as long as its outcome is unknown: the answer is the same, and it counts once. */
  commit(commit: Commit): Promise<CommitOutcome>;
  /** Those that hold or follow `fromOffset`, in order; fewer than `limit` only at the end of the log. */
  segments(logId: number, fromOffset: number, limit: number): Promise<readonly Segment[]>;
  /** The first segment with a record at or after the timestamp, of those that hold or follow `fromOffset`. */
  segmentAt(logId: number, timestampMs: number, fromOffset: number): Promise<Segment | undefined>;
  /** The first segment with the largest timestamp. */
  segmentOfMaxTimestamp(logId: number): Promise<Segment | undefined>;
  /** Those whose markers lie at or after `fromOffset`, in the order of their markers. */
  abortedRanges(logId: number, fromOffset: number): Promise<readonly AbortedRange[]>;
  /**
   * The log begins at `startOffset` (never earlier than before, never beyond its end): whole segments below it go, and leader epochs and
   * aborted ranges of which nothing is left. Only for the owner.
   * Gives how many segments went, and the log's bytes afterwards; `undefined` when it is not the owner's any more.
   */
  moveStart(logId: number, startOffset: number): Promise<{ readonly removedCount: number; readonly sizeBytes: number } | undefined>;
  /**
   * Forgets producers without an open transaction whose last timestamp is `untilMs` or before. Only for the owner, else nothing happens. What is
   * committed of them later is kept.
   */
  expireProducers(logId: number, untilMs: number): Promise<void>;
  /** Whoever owns them; their rows go afterwards. Logs that are not there are passed over. */
  deleteLogs(keys: readonly LogKey[]): Promise<void>;
  /** Nobody asks any more: what is under way is rejected. */
  close(): Promise<void>;
}
