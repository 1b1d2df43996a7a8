// What is aimed at, as ratios of rows of the table.

import { isBetterHigh, type Row } from "./figures.ts";

export interface Target {
  readonly what: string;
  /** Of Odradek's median, to that of Apache Kafka or of raw Node. */
  readonly to: "kafka" | "sink";
  /** The ratio: at least so high for what is better high, at most so high for the rest. */
  readonly ratio: number;
}

export const TARGETS: readonly Target[] = [
  ...toKafka(1.3, [
    "producer-perf-test, 16 KB batches",
    "producer-perf-test, 16 KB batches, acks=1",
    "producer-perf-test, 256 KB batches",
    "producer-perf-test, 1 MB batches",
  ]),
  ...toKafka(2, [
    "produce, batches of 16 KB",
    "produce, batches of 256 KB",
    "produce, batches of 1 MB",
    "produce, 16 KB batches, acks=1",
    "produce, 256 KB batches, acks=1",
    "produce, 1 MB batches, acks=1",
  ]),
  ...toKafka(0.3, ["broker CPU for a GB produced, batches of 16 KB", "broker CPU for a GB produced, batches of 256 KB"]),
  ...toKafka(0.3, ["broker CPU for a GB of producer-perf-test, 16 KB batches"]),
  ...toKafka(0.7, [
    "broker CPU for a GB fetched at the tail, batches of 16 KB",
    "broker CPU for a GB fetched from the start, batches of 16 KB",
    "broker CPU for a GB fetched from the start, batches of 1 MB",
  ]),
  ...toKafka(1.2, [
    "fetch at the tail, batches of 16 KB",
    "fetch from the start, batches of 16 KB",
    "fetch from the start, batches of 1 MB",
  ]),
  ...toKafka(1.5, [
    "one-record round trips, 1 connection",
    "one-record round trips, 4 connections",
    "one-record round trips, 16 connections",
    "one-record round trips, 100 connections",
  ]),
  ...toKafka(0.7, [
    "latency at 1,000 records/s, p50",
    "latency at 1,000 records/s, p99",
    "latency at 10,000 records/s, p50",
    "latency at 10,000 records/s, p99",
  ]),
  ...toKafka(0.2, ["idle memory"]),
  ...toKafka(0.3, ["peak memory under produce, batches of 1 record and 16 KB"]),
  ...toKafka(0.1, ["process start to first produce"]),
  ...toKafka(0.5, ["log of 2 GB, after a kill: to a record appended to each", "log of 10 GB, after a kill: to a record appended to each"]),
  ...toKafka(1.5, ["heartbeats of consumer groups"]),
  ...toKafka(0.5, ["1,000 consumer groups of 3: first join to all stable", "a consumer group of 1,000: first join to stable"]),
  ...toKafka(1.2, ["share-consumer-perf-test, one share consumer", "share-consumer-perf-test, 4 share consumers of one partition"]),
  ...toKafka(0.5, [
    "broker CPU for a GB of share-consumer-perf-test, one share consumer",
    "broker CPU for a GB of share-consumer-perf-test, 4 share consumers of one partition",
  ]),
  ...toKafka(1, [
    "assignor uniform, one topic, subscriptions alike, one joined: first call",
    "assignor uniform, one topic, subscriptions alike, one joined: later calls",
    "assignor uniform, 100 topics, subscriptions alike, one joined: first call",
    "assignor uniform, 100 topics, subscriptions alike, one joined: later calls",
    "assignor uniform, 100 topics, subscriptions different, one joined: first call",
    "assignor uniform, 100 topics, subscriptions different, one joined: later calls",
    "assignor range, one topic, subscriptions alike, first: first call",
    "assignor range, one topic, subscriptions alike, first: later calls",
  ]),
  ...toSink(0.8, ["produce, batches of 1 record", "produce, batches of 16 KB", "produce, batches of 256 KB", "produce, batches of 1 MB"]),
];

/** The row of a target, if it was measured on both sides. */
export interface Aim<AnyRow extends Row = Row> extends Target {
  readonly row: AnyRow;
  readonly reached: number;
  readonly isMet: boolean;
}

export function aimsOf<AnyRow extends Row>(rows: readonly AnyRow[]): Aim<AnyRow>[] {
  return TARGETS.flatMap((target) => {
    const row = rows.find(({ what }) => what === target.what);
    const reached = target.to === "kafka" ? row?.ratio : row?.ratioToSink;
    if (row === undefined || reached === undefined) return [];
    const isMet = isBetterHigh(row.unit) ? reached >= target.ratio : reached <= target.ratio;
    return [{ ...target, row, reached, isMet }];
  });
}

function toKafka(ratio: number, whats: readonly string[]): Target[] {
  return whats.map((what) => ({ what, to: "kafka", ratio }));
}

function toSink(ratio: number, whats: readonly string[]): Target[] {
  return whats.map((what) => ({ what, to: "sink", ratio }));
}
