// The metrics that a client pushes (KIP-714): a MetricsData message of OpenTelemetry's protocol, OTLP 1.x, in Protocol Buffers. Read is what
// tells the values: names, units, labels, points. Exemplars, flags and the scale of exponential histograms are passed over.
//
//   MetricsData ─ 1 ResourceMetrics ┬ 1 Resource ─ 1 KeyValue
//                                   └ 2 ScopeMetrics ─ 2 Metric ─ 5 gauge, 7 sum, 9 histogram, … ─ 1 points

import {
  type ProtobufField,
  protobufDouble,
  protobufEights,
  protobufFields,
  protobufFixed64,
  protobufInt64,
} from "../../protocol/wire/protobuf.ts";
import { emptyRecord } from "../base/foreign-names.ts";

/** What a label says; a list or a map is told as `null`. */
export type LabelValue = string | number | boolean | null;
export type Labels = Readonly<Record<string, LabelValue>>;

export type MetricType = "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";

export interface MetricPoint {
  readonly labels: Labels;
  /** Milliseconds since 1970: from when on a sum or a distribution counts; absent where the client does not say. */
  readonly startTimeMs?: number;
  readonly timeMs: number;
  /** Of a gauge or a sum; `null` for what is not a number (NaN, infinities). */
  readonly value?: number | null;
  /** Of a distribution. */
  readonly count?: number;
  readonly sum?: number | null;
  readonly bucketCounts?: readonly number[];
  /** Upper bounds of all buckets but the last. */
  readonly bounds?: readonly number[];
}

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly unit?: string;
  /** Of a sum or a histogram: since the last push, or since the start. */
  readonly temporality?: "delta" | "cumulative";
  readonly points: readonly MetricPoint[];
}

export interface MetricsData {
  /** What the client says of itself: group, transactional id, rack. */
  readonly resource: Labels;
  /** By name; those of one name and kind as one. */
  readonly metrics: readonly Metric[];
}

const TYPES: ReadonlyMap<number, MetricType> = new Map([
  [5, "gauge"],
  [7, "sum"],
  [9, "histogram"],
  [10, "exponentialHistogram"],
  [11, "summary"],
]);
const NANOSECONDS_IN_MS = 1e6;

/** Raises MalformedMessage for what is not Protocol Buffers or has other types than OTLP has. */
export function readMetrics(message: Buffer): MetricsData {
  const resource = emptyRecord<LabelValue>();
  const metrics: Metric[] = [];
  for (const { bytes: group } of all(message, 1)) {
    for (const { bytes } of all(group, 1)) Object.assign(resource, readLabels(bytes, 1));
    for (const { bytes: scope } of all(group, 2)) for (const { bytes } of all(scope, 2)) metrics.push(readMetric(bytes));
  }
  return { resource, metrics: together(metrics) };
}

/** Java clients send a metric anew for each set of labels. */
function together(metrics: readonly Metric[]): Metric[] {
  const joined = new Map<string, Metric & { readonly points: MetricPoint[] }>();
  for (const metric of metrics) {
    const { name, type, unit = "", temporality = "" } = metric;
    const key = JSON.stringify([name, type, unit, temporality]);
    const known = joined.get(key);
    if (known === undefined) joined.set(key, { ...metric, points: [...metric.points] });
    else for (const point of metric.points) known.points.push(point);
  }
  return [...joined.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function* all(message: Buffer, number: number): Generator<ProtobufField, void, undefined> {
  for (const field of protobufFields(message)) if (field.number === number) yield field;
}

function readMetric(message: Buffer): Metric {
  let name = "";
  let unit = "";
  let data: { readonly type: MetricType; readonly bytes: Buffer } | undefined;
  for (const { number, bytes } of protobufFields(message)) {
    const type = TYPES.get(number);
    if (number === 1) name = bytes.toString("utf8");
    else if (number === 3) unit = bytes.toString("utf8");
    else if (type !== undefined) data = { type, bytes };
  }
  const units = unit === "" ? {} : { unit };
  if (data === undefined) return { name, type: "gauge", ...units, points: [] };
  const points: MetricPoint[] = [];
  let temporality = 0;
  for (const { number, bytes, value } of protobufFields(data.bytes)) {
    if (number === 1) points.push(readPoint(bytes, data.type));
    else if (number === 2) temporality = value;
  }
  const temporalities =
    temporality === 1 ? { temporality: "delta" as const } : temporality === 2 ? { temporality: "cumulative" as const } : {};
  return { name, type: data.type, ...units, ...temporalities, points };
}

/** Where each kind of point has its labels. */
const LABELS_FIELD: { readonly [type in MetricType]: number } = { gauge: 7, sum: 7, histogram: 9, exponentialHistogram: 1, summary: 7 };

function readPoint(message: Buffer, type: MetricType): MetricPoint {
  const point: { -readonly [name in keyof MetricPoint]: MetricPoint[name] } = {
    labels: readLabels(message, LABELS_FIELD[type]),
    timeMs: 0,
  };
  for (const field of protobufFields(message)) {
    if (field.number === 2) point.startTimeMs = milliseconds(field);
    else if (field.number === 3) point.timeMs = milliseconds(field);
    else if (type === "gauge" || type === "sum") readNumber(field, point);
    else readDistribution(field, type, point);
  }
  if (point.startTimeMs === 0) delete point.startTimeMs;
  return point;
}

type Draft<T> = { -readonly [Name in keyof T]: T[Name] };

function readNumber(field: ProtobufField, point: Draft<MetricPoint>): void {
  if (field.number === 4) point.value = finite(protobufDouble(field));
  else if (field.number === 6) point.value = protobufFixed64(field, { isSigned: true });
}

function readDistribution(field: ProtobufField, type: MetricType, point: Draft<MetricPoint>): void {
  if (field.number === 4) point.count = protobufFixed64(field);
  else if (field.number === 5) point.sum = finite(protobufDouble(field));
  else if (type === "histogram" && field.number === 6)
    point.bucketCounts = [...(point.bucketCounts ?? []), ...protobufEights(field).map((each) => protobufFixed64(each))];
  else if (type === "histogram" && field.number === 7)
    point.bounds = [...(point.bounds ?? []), ...protobufEights(field).map(protobufDouble)];
}

function milliseconds(field: ProtobufField): number {
  return Math.floor(protobufFixed64(field) / NANOSECONDS_IN_MS);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The KeyValue messages in one field of a message. */
function readLabels(message: Buffer, number: number): Labels {
  const labels = emptyRecord<LabelValue>();
  for (const { bytes: pair } of all(message, number)) {
    let name = "";
    let value: LabelValue = null;
    for (const field of protobufFields(pair)) {
      if (field.number === 1) name = field.bytes.toString("utf8");
      else if (field.number === 2) value = readLabel(field.bytes);
    }
    labels[name] = value;
  }
  return labels;
}

function readLabel(message: Buffer): LabelValue {
  let value: LabelValue = null;
  for (const field of protobufFields(message)) {
    if (field.number === 1) value = field.bytes.toString("utf8");
    else if (field.number === 2) value = field.value !== 0;
    else if (field.number === 3) value = protobufInt64(field);
    else if (field.number === 4) value = finite(protobufDouble(field));
    else if (field.number === 7) value = field.bytes.toString("base64");
  }
  return value;
}
