// What is asked of the database about what was committed: which objects are small, by which larger ones they are replaced, and of which
// objects nothing is left. Its answers decide what is deleted; nothing else does.
//
// A row that names an object was made together with the object's, in one commit or replacement. So what nothing names is never named again,
// unless by a call that is still under way.

import type { AbortedRange, LogKey, NewObject, NewSegmentPlace, Segment, StoredObject } from "../catalog.ts";
import type { TrafficPart } from "../store-traffic.ts";

/** A segment, and of which log. */
export interface LogSegment extends LogKey {
  readonly logId: number;
  readonly segment: Segment;
}

export interface SmallObjectsRequest {
  /** How often what lies in them was put together: 0 as it was appended, and so on. */
  readonly level: number;
  /** At least one object is given, whatever its size. */
  readonly mostBytes: number;
  readonly mostObjects: number;
  /** Fewer than the most are given only when the oldest is as old as this. */
  readonly waitMs: number;
  /** How long nobody else is given them. */
  readonly ttlMs: number;
}

export interface SmallObjects {
  /** Oldest first. */
  readonly objects: readonly StoredObject[];
  /** All that lie in them, by log and offset. */
  readonly segments: readonly LogSegment[];
}

export interface InlineRequest {
  /** Of logs that have more than so many such rows, or more bytes in them. */
  readonly mostRows: number;
  readonly mostBytes: number;
  /** Rows given at most. */
  readonly limit: number;
}

export interface ReplacingSegment {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number;
  readonly maxTimestampMs: number;
  readonly compactedUntil: number;
  /** `object` is the position in the replacement's objects. */
  readonly place: NewSegmentPlace;
}

/** Of neighbouring segments of one log by others that cover the same offsets. */
export interface LogReplacement {
  readonly logId: number;
  /** They touch. */
  readonly old: readonly Segment[];
  /** They touch, from the first offset of the old to their end. */
  readonly segments: readonly ReplacingSegment[];
  /** Of which nothing is left in the new segments. */
  readonly endedAbortedRanges: readonly AbortedRange[];
}

export interface Replacement {
  /** Of this level from now on. */
  readonly level: number;
  readonly objects: readonly NewObject[];
  readonly logs: readonly LogReplacement[];
}

/**
 * "fenced": the incarnation is not the broker's any more, nothing was replaced. Else one claim for each of the logs, in order: whether it was
 * replaced. It was not when the old segments are not all there as they were: whoever wants to try again looks at the rows anew.
 */
export type ReplaceOutcome = { readonly kind: "replaced"; readonly areDone: readonly boolean[] } | { readonly kind: "fenced" };

/** One connection's view, of one incarnation of a broker. All reject with StorageError: "UNAVAILABLE" where it is not known whether it was done. */
export interface UpkeepCatalog {
  /** One incarnation at a time has a job; whoever has it may take it again, for longer. */
  takeJob(name: string, ttlMs: number): Promise<boolean>;
  endJob(name: string): Promise<void>;

  /** The oldest that nobody else was given, and that are not to be removed; none while too few. */
  takeSmallObjects(request: SmallObjectsRequest): Promise<SmallObjects>;
  /** Whole logs one after another, as far as the limit goes; oldest rows first. */
  inlineSegments(request: InlineRequest): Promise<readonly LogSegment[]>;
  /**
   * Puts segments in the place of others, log by log, where exactly the old ones are there. New ones that end at or below the log's start by now
   * are left out. Nothing that is owned or appended changes: whoever leads the logs need not be asked.
   */
  replace(replacement: Replacement): Promise<ReplaceOutcome>;

  /** Of all objects, in the order of their ids. */
  objectIds(afterId: number, limit: number): Promise<readonly number[]>;
  /** Marks those of the objects that no segment names, from now on, to be removed. Gives how many are new. */
  markUnnamed(objectIds: readonly number[]): Promise<number>;
  /** Marks those of the keys that no object has. Gives how many are new. */
  markKeys(keys: readonly string[]): Promise<number>;
  /** Marked at least so long ago, by the database's clock; the oldest first. */
  markedKeys(ageMs: number, limit: number): Promise<readonly string[]>;
  /** Looks again, and keeps others from what it looks at: gives those that nothing names. The others are not marked any more. */
  confirmMarked(keys: readonly string[]): Promise<readonly string[]>;
  /** They are gone from the store: their objects and marks go too. */
  forgetRemoved(keys: readonly string[]): Promise<void>;
  /** The greatest, by its bytes, of the keys of objects that begin so; `undefined` without any. */
  newestKey(prefix: string): Promise<string | undefined>;

  /** Those that were not deleted, in the order of their ids. */
  logs(afterLogId: number, limit: number): Promise<readonly (LogKey & { readonly logId: number })[]>;
  /** Takes away about so many rows of logs that were deleted; `false`: there are none. */
  purgeDeletedLogs(limit: number): Promise<boolean>;
  /**
   * Takes away the rows of logs of which nothing else has been there for so long: whoever opens such a log from then on makes it anew. Gives how
   * many; fewer than there are where others keep it from doing so.
   */
  forgetDeletedLogs(keepMs: number, limit: number): Promise<number>;

  /** How far a part has come by now, instead of what was told of it before. */
  tellTraffic(part: TrafficPart): Promise<void>;

  /** Nobody asks any more: what is under way is rejected. */
  close(): Promise<void>;
}
