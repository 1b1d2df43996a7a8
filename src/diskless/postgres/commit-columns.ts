// A commit as columns, in the order in which odradek.commit_v1 takes them.

import { LeaderEpochs } from "../../storage/leader-epochs.ts";
import type { Commit, LogCommit, NewSegment } from "../catalog.ts";
import type { Incarnation } from "../leases.ts";
import { byteaArray, int8Array } from "./binary-arrays.ts";
import { packBatches, packChunks } from "./catalog-codec.ts";

/** Rows of so many numbers each, turned by columns. */
class Numbers {
  readonly #columns: number[][];

  constructor(columnCount: number) {
    this.#columns = Array.from({ length: columnCount }, () => []);
  }

  add(...row: readonly number[]): void {
    for (const [index, value] of row.entries()) this.#columns[index]?.push(value);
  }

  get arrays(): readonly Buffer[] {
    return this.#columns.map(int8Array);
  }
}

const NO_TIMESTAMP = -1;

/** The values of its statement. */
export function commitColumns({ brokerId, number }: Incarnation, { sequence, objects, logs }: Commit): readonly unknown[] {
  return [
    ...[brokerId, number, sequence],
    ...[objects.map(({ key }) => key), int8Array(objects.map(({ sizeBytes }) => sizeBytes))],
    ...logColumns(logs),
    ...segmentColumns(logs),
    ...epochColumns(logs),
    ...producerColumns(logs),
    ...abortedColumns(logs),
  ];
}

function logColumns(logs: readonly LogCommit[]): readonly Buffer[] {
  const rows = new Numbers(6);
  for (const { logId, leaderEpoch, expectedEndOffset, endOffset, segments } of logs) {
    let [added, highest] = [0, NO_TIMESTAMP];
    for (const { sizeBytes, maxTimestampMs } of segments) {
      added += sizeBytes;
      highest = Math.max(highest, maxTimestampMs);
    }
    rows.add(logId, leaderEpoch, expectedEndOffset, endOffset, added, highest);
  }
  return rows.arrays;
}

function segmentColumns(logs: readonly LogCommit[]): readonly Buffer[] {
  const rows = new Numbers(7);
  const data: Buffer[] = [];
  for (const [index, { segments }] of logs.entries()) {
    let highest = NO_TIMESTAMP;
    for (const segment of segments) {
      const { baseOffset, endOffset, sizeBytes, maxTimestampMs, place } = segment;
      highest = Math.max(highest, maxTimestampMs);
      const object = place.kind === "object" ? place.object + 1 : 0;
      rows.add(index + 1, baseOffset, endOffset, object, sizeBytes, maxTimestampMs, highest);
      data.push(dataOf(segment));
    }
  }
  return [...rows.arrays, byteaArray(data)];
}

function dataOf({ place, ...segment }: NewSegment): Buffer {
  return place.kind === "inline" ? place.bytes : packChunks(place.chunks, segment);
}

function epochColumns(logs: readonly LogCommit[]): readonly Buffer[] {
  const rows = new Numbers(3);
  for (const [index, { leaderEpochs }] of logs.entries()) {
    if (leaderEpochs.length === 0) continue;
    const begun = new LeaderEpochs();
    for (const { leaderEpoch, startOffset } of leaderEpochs) begun.start(leaderEpoch, startOffset);
    for (const { leaderEpoch, startOffset } of begun.entries) rows.add(index + 1, leaderEpoch, startOffset);
  }
  return rows.arrays;
}

function producerColumns(logs: readonly LogCommit[]): readonly Buffer[] {
  const rows = new Numbers(6);
  const batches: Buffer[] = [];
  for (const [index, { producers }] of logs.entries()) {
    for (const producer of producers) {
      const { producerId, producerEpoch, coordinatorEpoch, lastTimestampMs, transactionFirstOffset } = producer;
      rows.add(index + 1, producerId, producerEpoch, coordinatorEpoch, lastTimestampMs, transactionFirstOffset);
      batches.push(packBatches(producer.batches));
    }
  }
  return [...rows.arrays, byteaArray(batches)];
}

function abortedColumns(logs: readonly LogCommit[]): readonly Buffer[] {
  const rows = new Numbers(4);
  for (const [index, { abortedRanges }] of logs.entries()) {
    for (const { producerId, firstOffset, lastOffset } of abortedRanges) rows.add(index + 1, producerId, firstOffset, lastOffset);
  }
  return rows.arrays;
}
