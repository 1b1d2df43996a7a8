// What batches that could not be written are taken back to.

import type { ProducerState, ProducerStates } from "../storage/producer-states.ts";
import type { Segment, SegmentMark } from "./segment.ts";

export class WrittenState {
  readonly logEndOffset: number;
  readonly sizeBytes: number;
  readonly segment: SegmentMark;
  /** Of those that appended since; `undefined` for one that was not known. */
  readonly producers = new Map<number, ProducerState | undefined>();

  /** The log as it is now; `active` is its last segment. */
  constructor({ logEndOffset, sizeBytes }: { readonly logEndOffset: number; readonly sizeBytes: number }, active: Segment) {
    this.logEndOffset = logEndOffset;
    this.sizeBytes = sizeBytes;
    this.segment = active.mark();
  }

  /** Before the producer's first batch since. */
  keep(producerId: number, states: ProducerStates): void {
    if (producerId >= 0 && !this.producers.has(producerId)) this.producers.set(producerId, states.get(producerId));
  }
}
