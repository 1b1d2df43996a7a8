// The loop of the commands that print records: until there were enough, none came for long, or the user asks to stop. It reads no faster
// than what it prints is taken. Whatever ends it, the consumer is closed with its positions after the last record printed.

import type { Consumer } from "../client/consumer.ts";
import type { FetchedPartition, FetchedRecord } from "../client/partition-fetch.ts";
import type { TopicPartition } from "../client/topic-partition.ts";

const MAX_WAIT_MS = 500;
/** Beyond it, joining a group is waiting in vain like any other. */
const LONGEST_JOIN_MS = 30_000;

export interface PrintedRecord extends FetchedRecord, TopicPartition {
  readonly isLogAppendTime: boolean;
}

export interface Printing {
  /** Infinity: as many as come. */
  readonly limit: number;
  /** Without a record, from when the consumer is ready; Infinity: as long as it takes. */
  readonly timeoutMs: number;
  readonly stopping: Promise<void>;
  /** What it raises ends the loop; that record counts as printed. */
  readonly print: (record: PrintedRecord) => void;
  /** Settles when there is room to print more. */
  readonly drained: () => Promise<void>;
}

/** Gives why it ended. Raises what the consumer or `print` raises. */
export async function printRecords(consumer: Consumer, printing: Printing): Promise<"limit" | "timeout" | "stopped"> {
  const { limit, timeoutMs, stopping } = printing;
  let isStopping = false;
  const stopped = stopping.then((): FetchedPartition[] => {
    isStopping = true;
    return [];
  });
  // Where it is so already.
  await Promise.resolve();
  try {
    let left = limit;
    const startMs = Date.now();
    let lastMs = startMs;
    for (;;) {
      if (!consumer.isReady && Date.now() - startMs < LONGEST_JOIN_MS) lastMs = Date.now();
      if (left <= 0) return "limit";
      if (isStopping) return "stopped";
      const waitMs = timeoutMs - (Date.now() - lastMs);
      if (waitMs <= 0) return "timeout";
      const printed = printFetched(await Promise.race([consumer.poll(Math.min(MAX_WAIT_MS, waitMs)), stopped]), left, {
        consumer,
        printing,
      });
      left -= printed;
      await Promise.race([printing.drained(), stopped]);
      if (printed > 0) lastMs = Date.now();
    }
  } finally {
    await consumer.close();
  }
}

/** Gives the number of records printed. */
function printFetched(
  fetched: readonly FetchedPartition[],
  limit: number,
  { consumer, printing }: { readonly consumer: Consumer; readonly printing: Printing },
): number {
  let printed = 0;
  for (const { topic, partition, records, nextOffset, isLogAppendTime } of fetched) {
    for (const record of records) {
      if (printed >= limit) return printed;
      printed++;
      consumer.passed({ topic, partition }, record.offset + 1);
      printing.print({ ...record, topic, partition, isLogAppendTime });
    }
    consumer.passed({ topic, partition }, nextOffset);
  }
  return printed;
}
