// What odradek.open_v1 answers, as logs: it gives columns of what is in all of them, in the order of the logs' ids.

import type { LeaderEpochStart } from "../../storage/leader-epochs.ts";
import type { ProducerState } from "../../storage/producer-states.ts";
import type { OpenOutcome, Segment, StoredObject } from "../catalog.ts";
import { unpackBatches } from "./catalog-codec.ts";
import { segmentOf } from "./segment-rows.ts";

/** Columns are null where there is nothing at all. */
type Numbers = readonly number[] | null;

export interface OpenedColumns {
  readonly outcomes: readonly OpenOutcome["kind"][] | null;
  readonly log_ids: Numbers;
  readonly start_offsets: Numbers;
  readonly end_offsets: Numbers;
  readonly log_sizes: Numbers;
  readonly epoch_logs: Numbers;
  readonly leader_epochs: Numbers;
  readonly epoch_starts: Numbers;
  readonly producer_logs: Numbers;
  readonly producers: Numbers;
  readonly producer_epochs: Numbers;
  readonly coordinator_epochs: Numbers;
  readonly last_timestamps: Numbers;
  readonly transaction_offsets: Numbers;
  readonly batch_lengths: Numbers;
  readonly batches: Buffer | null;
  readonly segment_logs: Numbers;
  readonly bases: Numbers;
  readonly ends: Numbers;
  readonly segment_objects: Numbers;
  readonly sizes: Numbers;
  readonly timestamps: Numbers;
  readonly compacted_until: Numbers;
  readonly data_lengths: Numbers;
  readonly data: Buffer | null;
  readonly object_ids: Numbers;
  readonly object_keys: readonly string[] | null;
  readonly object_sizes: Numbers;
}

export function openedLogs(columns: OpenedColumns): readonly OpenOutcome[] {
  const epochs = byLog(columns.epoch_logs, epochsOf(columns));
  const producers = byLog(columns.producer_logs, producersOf(columns));
  const segments = byLog(columns.segment_logs, segmentsOf(columns));
  return (columns.outcomes ?? []).map((kind, index): OpenOutcome => {
    if (kind !== "open") return { kind };
    const logId = at(columns.log_ids, index);
    return {
      ...{ kind, logId, startOffset: at(columns.start_offsets, index), endOffset: at(columns.end_offsets, index) },
      sizeBytes: at(columns.log_sizes, index),
      leaderEpochs: epochs.get(logId) ?? [],
      producers: producers.get(logId) ?? [],
      segments: segments.get(logId) ?? [],
    };
  });
}

function epochsOf(columns: OpenedColumns): readonly LeaderEpochStart[] {
  return (columns.leader_epochs ?? []).map((leaderEpoch, index) => ({ leaderEpoch, startOffset: at(columns.epoch_starts, index) }));
}

function producersOf(columns: OpenedColumns): readonly ProducerState[] {
  const batches = pieces(columns.batches, columns.batch_lengths);
  return (columns.producers ?? []).map((producerId, index) => ({
    producerId,
    producerEpoch: at(columns.producer_epochs, index),
    coordinatorEpoch: at(columns.coordinator_epochs, index),
    lastTimestampMs: at(columns.last_timestamps, index),
    transactionFirstOffset: at(columns.transaction_offsets, index),
    batches: unpackBatches(batches[index] ?? Buffer.alloc(0)),
  }));
}

function segmentsOf(columns: OpenedColumns): readonly Segment[] {
  const objects = new Map<number, StoredObject>();
  for (const [index, id] of (columns.object_ids ?? []).entries()) {
    objects.set(id, { id, key: columns.object_keys?.[index] ?? "", sizeBytes: at(columns.object_sizes, index) });
  }
  const data = pieces(columns.data, columns.data_lengths);
  return (columns.bases ?? []).map((baseOffset, index) =>
    segmentOf({
      baseOffset,
      endOffset: at(columns.ends, index),
      sizeBytes: at(columns.sizes, index),
      maxTimestampMs: at(columns.timestamps, index),
      compactedUntil: at(columns.compacted_until, index),
      object: objects.get(at(columns.segment_objects, index)),
      data: data[index] ?? Buffer.alloc(0),
    }),
  );
}

function pieces(whole: Buffer | null, lengths: Numbers): readonly Buffer[] {
  let end = 0;
  return (lengths ?? []).map((length) => {
    end += length;
    return whole?.subarray(end - length, end) ?? Buffer.alloc(0);
  });
}

function byLog<Item>(logIds: Numbers, items: readonly Item[]): ReadonlyMap<number, readonly Item[]> {
  const found = new Map<number, Item[]>();
  for (const [index, item] of items.entries()) {
    const logId = at(logIds, index);
    const others = found.get(logId);
    if (others === undefined) found.set(logId, [item]);
    else others.push(item);
  }
  return found;
}

function at(column: Numbers, index: number): number {
  return column?.[index] ?? 0;
}
