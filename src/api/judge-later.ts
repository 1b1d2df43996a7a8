// Judges a batch that a Produce request brought and that could not be judged at once, because it holds much or because the batches before it
// did, or makes one of messages of an old format. Few are in work at a time, and others are answered meanwhile.

import { Errors } from "../../protocol/errors.ts";
import { othersTurn } from "../base/clock.ts";
import { Slices } from "../base/slices.ts";
import { CLIENT_METRICS_TOPIC, isInternalTopic } from "../cluster/topic-name.ts";
import type { Partition } from "../partition/partition.ts";
import { judgeClientBatch, judgeLongBatch } from "../storage/append-validation.ts";
import type { JudgingBudget } from "../storage/judging-budget.ts";
import { type AppendRefusal, type JudgedBatch, refusal } from "../storage/partition-log.ts";
import { upConverted } from "../storage/up-conversion.ts";
import type { Services } from "./services.ts";

interface LongBatch {
  readonly partition: Partition;
  /** Must stay as they are meanwhile. */
  readonly records: Buffer;
  readonly budget: JudgingBudget;
  /** It was too long by itself, and not because of what came before it. */
  readonly hadWholeBudget: boolean;
}

export function judgeLater({ clock, longBatches }: Services, batch: LongBatch): Promise<JudgedBatch | AppendRefusal> {
  return longBatches.pass(async () => {
    await othersTurn(clock);
    const { records, budget } = batch;
    const { topic, log, settings } = batch.partition;
    const context = { topicPartition: log.topicPartition, settings, nowMs: clock.now(), budget };
    if (!batch.hadWholeBudget) {
      budget.goOn();
      const judged = judgeClientBatch(records, context);
      if (judged.ok || judged.isLong !== true) return judged;
    }
    return isReplayed(topic) ? tooMuchToReplay(topic) : judgeLongBatch(records, context);
  });
}

/** Makes messages of magic 0 and 1 into a batch, which has yet to be judged. They must stay as they are meanwhile. */
export function convertLater({ clock, longBatches }: Services, partition: Partition, messages: Buffer): Promise<Buffer | AppendRefusal> {
  const { log, settings } = partition;
  const context = { topicPartition: log.topicPartition, settings, nowMs: clock.now() };
  return longBatches.pass(() => upConverted(messages, context, new Slices(clock)));
}

/** A coordinator decompresses what is in its partition whenever it takes it over. */
function isReplayed(topic: string): boolean {
  return isInternalTopic(topic) && topic !== CLIENT_METRICS_TOPIC;
}

function tooMuchToReplay(topic: string): AppendRefusal {
  return refusal(Errors.MESSAGE_TOO_LARGE, `A batch for the internal topic ${topic} may not hold so much.`);
}
