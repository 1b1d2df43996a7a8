// A log as what brings its batches into the store has to do with it.

import type { ProducerStates } from "../storage/producer-states.ts";
import type { LogKey, NewSegmentPlace, StoredObject } from "./catalog.ts";
import type { LogPart } from "./log-part.ts";

/** What is on its way. */
export interface LogQueue {
  /** To go into rows with the next commit. */
  inline: LogPart | undefined;
  /** In the object that is being gathered. */
  gathered: LogPart | undefined;
  /** Parts in objects that were closed and are not in a commit yet. */
  queuedCount: number;
}

/** A part that was committed, and where it lies. */
export interface PlacedPart {
  readonly part: LogPart;
  readonly place: NewSegmentPlace;
  /** `undefined`: in the row itself. */
  readonly object: StoredObject | undefined;
}

export interface WritingLog {
  readonly logId: number;
  readonly key: LogKey;
  readonly leaderEpoch: number;
  /** Where the log ends by the rows. */
  readonly durableOffset: number;
  readonly producers: ProducerStates;
  readonly queue: LogQueue;
  /** False once it was closed, or is another's: nothing of it is committed any more. */
  readonly isWritten: boolean;
  /** Parts that follow one another, from where the last one ended. */
  committed(parts: readonly PlacedPart[]): void;
  /** The log is another's by now, or gone. */
  refused(): void;
}
