// The leader epochs of what recovery trusts and does not read, when the file that had them is lost or damaged: the batches have them too.
// Nothing but epochs is taken from here. What does not read is damage, which costs no more than itself: it stays where it is, and the epochs
// that begin in what cannot be read begin where reading goes on.

import type { Logger } from "../base/logger.ts";
import type { LeaderEpochs } from "../storage/leader-epochs.ts";
import type { Segment } from "./segment.ts";
import { sayDamage, wholeBatchesIn } from "./whole-batches.ts";

/** Notes the epochs of a segment's batches that lie before `endPosition`. The checksum does not cover the epoch, but what is damaged beside it is not believed. */
export function noteLostEpochs(segment: Segment, endPosition: number, epochs: LeaderEpochs, logger: Logger): void {
  const range = { from: 0, to: endPosition, nextOffset: segment.baseOffset, endOffset: Number.MAX_SAFE_INTEGER };
  for (const item of wholeBatchesIn(segment.file.use(), range)) {
    if ("batch" in item) epochs.start(item.batch.partitionLeaderEpoch, item.batch.baseOffset);
    else sayDamage(logger, segment.file.path, item);
  }
}
