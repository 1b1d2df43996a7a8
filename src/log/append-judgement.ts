// Whether a log takes what it is asked to append, and as what: records of clients are judged in full, those of coordinators, which we built
// ourselves, for their size and their producer only.

import { TimestampType } from "../../protocol/records/batch-header.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { assert } from "../base/assert.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import { duplicateOf } from "../storage/append-results.ts";
import { judgeClientBatch, tooLarge } from "../storage/append-validation.ts";
import { type AppendOptions, type AppendResult, refusal, type WriteOutcome } from "../storage/partition-log.ts";
import type { ProducerStates } from "../storage/producer-states.ts";
import type { DatedStamp } from "../storage/stamp.ts";
import type { TopicPartition } from "../storage/topic-partition.ts";

export interface Judge {
  readonly topicPartition: TopicPartition;
  readonly settings: TopicSettings;
  readonly producers: ProducerStates;
  readonly nowMs: number;
  /** Of what is gathered and not written yet. */
  readonly outcome: WriteOutcome | undefined;
}

interface Accepted {
  readonly batch: RecordBatch;
  readonly stamp: DatedStamp;
}

/** Nothing is to be appended. */
interface Answered {
  readonly answer: AppendResult;
}

export function judgeAppend(records: Buffer, options: AppendOptions, judge: Judge): Accepted | Answered {
  return options.origin === "client" ? judgeFromClient(records, options, judge) : judgeFromCoordinator(records, options, judge);
}

function judgeFromClient(
  records: Buffer,
  options: AppendOptions,
  { topicPartition, settings, producers, nowMs, outcome }: Judge,
): Accepted | Answered {
  const { judging, leaderEpoch } = options;
  const judged = judging?.judged ?? judgeClientBatch(records, { topicPartition, settings, nowMs, budget: judging?.budget });
  if (!judged.ok) return { answer: judged };
  const { batch, timestampType } = judged;
  const maxTimestampMs = timestampType === TimestampType.LOG_APPEND_TIME ? nowMs : judged.maxTimestampMs;
  const decision = producers.check(batch, options);
  if (decision.kind === "refused") return { answer: refusal(decision.error, decision.message) };
  if (decision.kind === "duplicate") return { answer: duplicateOf(decision.batch, timestampType, outcome) };
  return { batch, stamp: { leaderEpoch, timestampType, maxTimestampMs, nowMs } };
}

function judgeFromCoordinator(
  records: Buffer,
  options: AppendOptions,
  { topicPartition, settings, producers, nowMs }: Judge,
): Accepted | Answered {
  const batch = new RecordBatch(records);
  assert(batch.end === records.length, "a coordinator appends one batch at a time");
  if (batch.sizeBytes > settings["max.message.bytes"]) return { answer: tooLarge(batch.sizeBytes, { settings, topicPartition }) };
  const decision = producers.check(batch, options);
  if (decision.kind === "refused") return { answer: refusal(decision.error, decision.message) };
  const { timestampType, maxTimestamp: maxTimestampMs } = batch;
  return { batch, stamp: { leaderEpoch: options.leaderEpoch, timestampType, maxTimestampMs, nowMs } };
}
