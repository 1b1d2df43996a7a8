// The leader epochs of what recovery trusts and does not read, when the file that had them is lost or damaged: the batches have them too.
// Nothing but epochs is taken from here. What does not read is damage, which costs no more than itself: it stays where it is, and the epochs
// that begin in what cannot be read begin where reading goes on.

import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Logger } from "../base/logger.ts";
import type { LeaderEpochs } from "../storage/leader-epochs.ts";
import { batchesIn } from "./batch-scan.ts";
import type { Segment } from "./segment.ts";

/** Notes the epochs of a segment's batches that lie before `endPosition`. */
export function noteLostEpochs(segment: Segment, endPosition: number, epochs: LeaderEpochs, logger: Logger): void {
  let position = 0;
  const damage = (problem: string) => logger.error({ segment: segment.file.path, position, problem }, "a stored batch is damaged");
  try {
    for (const batch of batchesIn(segment.file.use(), { from: 0, to: endPosition })) {
      // The checksum does not cover the epoch, but what is damaged beside it is not believed.
      if (batch.isCrcValid()) epochs.start(batch.partitionLeaderEpoch, batch.baseOffset);
      else damage(`the checksum of the batch at offset ${batch.baseOffset} is wrong`);
      position += batch.sizeBytes;
    }
    if (position < endPosition) damage("what follows is not a whole batch");
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    damage(error.message);
  }
}
