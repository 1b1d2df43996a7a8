// What the database knows of how much is stored, and what was asked of the object store: for people. Nothing is decided by it.

import type { StoreTraffic } from "./store-traffic.ts";

export interface ObjectStatistics {
  readonly objectCount: number;
  readonly objectBytes: number;
  /** As they were appended: they wait to be put together. */
  readonly smallObjectCount: number;
  readonly smallObjectBytes: number;
  /** Rows of segments in them. */
  readonly smallSegmentCount: number;
  /** Records that lie in the database itself. */
  readonly inlineSegmentCount: number;
  readonly inlineBytes: number;
  /** To be removed from the store, after their grace. */
  readonly markedCount: number;
  /** Those of them that were never committed; how large they are the database does not know. */
  readonly markedOrphanCount: number;
  /** Of the others. They are in `objectBytes`, too. */
  readonly markedBytes: number;
  /** How long ago; -1 without any. */
  readonly oldestMarkAgeMs: number;
}

export interface TopicSize {
  readonly topicId: string;
  /** Of all partitions, as they are read: an object that waits to be removed does not count. */
  readonly sizeBytes: number;
}

/** Of all brokers, as they have told. */
export interface MeasuredTraffic extends StoreTraffic {
  /** From the beginning of the first part to the last telling; 0: nothing was told. */
  readonly spanMs: number;
  /** Since the last telling; -1 without any. */
  readonly ageMs: number;
}

/** All reject with StorageError: "UNAVAILABLE" where the database does not answer. */
export interface Usage {
  /** Looks at all rows of objects and segments: for now and then. */
  objects(): Promise<ObjectStatistics>;
  /** The largest first. */
  topics(): Promise<readonly TopicSize[]>;
  /** Of objects in which something lies, by their bytes, after that one; as many as the limit unless there are no more. */
  namedKeys(after: string, limit: number): Promise<readonly string[]>;
  /** Of parts that were told within so long, by the database's clock. What is older than a day or two is forgotten. */
  traffic(withinMs: number): Promise<MeasuredTraffic>;
}
