// The loop of the tools that send many records: as fast as asked for and no faster than they are taken, some at a time between which answers
// are heard. A record costs no promise.

import { Errors, isRetriable } from "../../../protocol/errors.ts";
import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { Disconnected } from "../../client/client-error.ts";
import type { Producer } from "../../client/producer.ts";
import { Refusal } from "../../client/refusal.ts";
import { TimedOut } from "./java-error.ts";

const MOST_AT_ONCE = 100;
const RETRY_MS = 100;
const LONGEST_PAUSE_MS = 100;

export interface PacedSending<R> {
  /** Infinity: until it is stopped. */
  readonly count: number;
  /** Below 0 as many as can be; at 0 one, and no more. */
  readonly perSecond: number;
  readonly topic: string;
  /** How long each record waits for a topic that is not to be found. */
  readonly maxBlockMs: number;
  readonly isStopping: () => boolean;
  /** Called in order, each as it is sent. */
  readonly record: (index: number) => R;
  /** The record cannot be sent; it counts all the same. */
  readonly refused: (record: R, error: unknown) => void;
  /** Between records, often. */
  readonly pause?: () => Promise<void> | undefined;
}

/** Gives how many were sent. */
export async function sendPaced<R extends NewRecord>(producer: Producer<R>, sending: PacedSending<R>): Promise<number> {
  const { count, perSecond, isStopping, record, refused, pause } = sending;
  const beganMs = performance.now();
  let sent = 0;
  while (sent < count && !isStopping()) {
    if (!producer.isOpen) {
      const next = record(sent);
      await opened(producer, sending).then(
        () => append(producer, next, refused),
        (error: unknown) => refused(next, error),
      );
      sent++;
      continue;
    }
    const due = dueBy(performance.now() - beganMs, perSecond);
    const end = Math.min(count, due, sent + MOST_AT_ONCE);
    for (; sent < end && producer.hasRoom; sent++) append(producer, record(sent), refused);
    await pause?.();
    if (!producer.hasRoom) await producer.room();
    else if (sent < due) await new Promise((resolve) => setImmediate(resolve));
    else if (sent < count) await delay(Math.min(LONGEST_PAUSE_MS, 1000 / perSecond));
  }
  return sent;
}

/** How many may have been sent after this time. */
export function dueBy(elapsedMs: number, perSecond: number): number {
  if (perSecond < 0) return Number.POSITIVE_INFINITY;
  return Math.floor((elapsedMs * perSecond) / 1000) + 1;
}

function append<R extends NewRecord>(producer: Producer<R>, record: R, refused: PacedSending<R>["refused"]): void {
  try {
    producer.append(record);
  } catch (error) {
    refused(record, error);
  }
}

async function opened<R extends NewRecord>(
  producer: Producer<R>,
  { topic, maxBlockMs, isStopping }: Pick<PacedSending<R>, "topic" | "maxBlockMs" | "isStopping">,
): Promise<void> {
  const deadlineMs = performance.now() + maxBlockMs;
  for (;;) {
    try {
      return await producer.open();
    } catch (error) {
      const isPassing = error instanceof Disconnected || (error instanceof Refusal && isRetriable(error.errorCode));
      // As Kafka's producer has it, which looks at names by itself.
      if (error instanceof Refusal && error.errorCode === Errors.INVALID_TOPIC_EXCEPTION)
        throw new Refusal(error.errorCode, `topic ${topic}`, `Invalid topics: [${topic}]`);
      if (!isPassing) throw error;
      if (isStopping() || performance.now() >= deadlineMs)
        throw new TimedOut(`Topic ${topic} not present in metadata after ${maxBlockMs} ms.`);
      await delay(RETRY_MS);
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
