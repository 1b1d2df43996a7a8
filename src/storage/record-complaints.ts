// What is wrong with single records of a batch, as Kafka tells it: those without a key where the topic is compacted, and those whose timestamp
// the topic does not take. All are counted, and as many named as the request's budget allows.

import { Errors } from "../../protocol/errors.ts";
import { NO_TIMESTAMP, TimestampType } from "../../protocol/records/batch-header.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { RecordScan, RecordVisitor } from "../../protocol/records/record-scan.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { JudgingBudget } from "./judging-budget.ts";
import { type AppendRefusal, type RecordError, refusal } from "./partition-log.ts";
import { type TopicPartition, topicPartitionName } from "./topic-partition.ts";

export interface ValidationContext {
  readonly topicPartition: TopicPartition;
  readonly settings: TopicSettings;
  readonly nowMs: number;
  /** Without it, judging takes all that it needs. */
  readonly budget?: JudgingBudget | undefined;
}

/** Judges all records by their extremes; only where these offend is each record looked at again. */
export function mayOffend(batch: RecordBatch, scan: RecordScan, { settings, nowMs }: ValidationContext): boolean {
  return (
    (scan.firstNullKeyIndex !== -1 && isCompacted(settings)) ||
    batch.timestampType === TimestampType.LOG_APPEND_TIME ||
    (settings["message.timestamp.type"] === "CreateTime" &&
      scan.maxTimestamp !== NO_TIMESTAMP &&
      (nowMs - scan.minTimestamp > settings["message.timestamp.before.max.ms"] ||
        scan.maxTimestamp - nowMs > settings["message.timestamp.after.max.ms"]))
  );
}

function isCompacted(settings: TopicSettings): boolean {
  return settings["cleanup.policy"].includes("compact");
}

/** So many of them stand in the message about all. */
const SHOWN_ERRORS = 3;

export class RecordComplaints {
  readonly #context: ValidationContext;
  readonly #isAppendTime: boolean;
  readonly #keyComplaint: string | undefined;
  readonly #errors: RecordError[] = [];
  #count = 0;
  #hasInvalidTimestamp = false;

  constructor(batch: RecordBatch, context: ValidationContext) {
    this.#context = context;
    this.#isAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
    if (isCompacted(context.settings)) {
      this.#keyComplaint = `Compacted topic cannot accept message without key in topic partition ${topicPartitionName(context.topicPartition)}`;
    }
  }

  readonly visit: RecordVisitor = ({ index, timestamp, hasKey }) => {
    if (!hasKey && this.#keyComplaint !== undefined) {
      this.#add(index, this.#keyComplaint);
    } else if (!this.#takesTimestamp(timestamp)) {
      this.#hasInvalidTimestamp = true;
      this.#add(index, undefined, timestamp);
    }
    return true;
  };

  /** `undefined` where no record offends. */
  get refusal(): AppendRefusal | undefined {
    if (this.#count === 0) return undefined;
    if (this.#hasInvalidTimestamp) {
      return refusal(Errors.INVALID_TIMESTAMP, "One or more records have been rejected due to invalid timestamp", this.#errors);
    }
    const shown = this.#errors
      .slice(0, SHOWN_ERRORS)
      .map(({ batchIndex, message }) => `RecordError(batchIndex=${batchIndex}, message='${message}')`);
    const message = `One or more records have been rejected due to ${this.#count} record errors in total, and only showing the first three errors at most: [${shown.join(", ")}]`;
    return refusal(Errors.INVALID_RECORD, message, this.#errors);
  }

  #add(batchIndex: number, complaint: string | undefined, timestamp = NO_TIMESTAMP): void {
    this.#count++;
    if (this.#context.budget?.takeRecordError() === false) return;
    this.#errors.push({ batchIndex, message: complaint ?? this.#timestampComplaint(batchIndex, timestamp) });
  }

  #takesTimestamp(timestamp: number): boolean {
    const { settings, nowMs } = this.#context;
    if (settings["message.timestamp.type"] !== "CreateTime" || timestamp === NO_TIMESTAMP) return !this.#isAppendTime;
    return (
      nowMs - timestamp <= settings["message.timestamp.before.max.ms"] && timestamp - nowMs <= settings["message.timestamp.after.max.ms"]
    );
  }

  #timestampComplaint(index: number, timestamp: number): string {
    const { settings, nowMs } = this.#context;
    if (settings["message.timestamp.type"] !== "CreateTime" || timestamp === NO_TIMESTAMP)
      return `Record ${index} has timestamp type LogAppendTime, which only the broker may set.`;
    const firstMs = nowMs - settings["message.timestamp.before.max.ms"];
    const lastMs = nowMs + settings["message.timestamp.after.max.ms"];
    return `Timestamp ${timestamp} of record ${index} is out of range. The timestamp should be within [${firstMs}, ${lastMs}]`;
  }
}
