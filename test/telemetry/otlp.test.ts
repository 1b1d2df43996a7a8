// What clients push, read from recorded bytes of real clients and from bytes put together here by the rules of Protocol Buffers and OTLP.

import { expect, test } from "vitest";
import type { Compression } from "../../protocol/records/batch-header.ts";
import { decompress } from "../../protocol/records/compression.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { type Metric, readMetrics } from "../../src/telemetry/otlp.ts";
import { type RecordedPush, recordedPushes } from "./recorded-pushes.ts";

const MOST_BYTES = 1 << 20;

function metricsOf({ compressionType, metrics }: RecordedPush): ReadonlyMap<string, Metric> {
  const data = readMetrics(decompress(compressionType as Compression, metrics, MOST_BYTES));
  return new Map(data.metrics.map((metric) => [metric.name, metric]));
}

test("the metrics of a Java producer are read with their values, kinds and labels", () => {
  const [first, second] = recordedPushes("java").map(metricsOf);
  expect(first?.size).toBe(87);
  const sent = second?.get("org.apache.kafka.producer.topic.record.send.total");
  expect(sent).toMatchObject({ type: "sum", temporality: "delta", points: [{ labels: { topic: "t1" }, value: 3 }] });
  expect(first?.get("org.apache.kafka.producer.node.request.total")?.points.map(({ labels }) => labels)).toEqual([
    { node_id: "node-1" },
    { node_id: "node--1" },
  ]);
  const [point] = sent?.points ?? [];
  expect(point?.timeMs).toBeGreaterThan(point?.startTimeMs ?? Number.POSITIVE_INFINITY);
  expect(second?.get("org.apache.kafka.producer.request.latency.avg")).toMatchObject({ type: "gauge", points: [{ value: 53 }] });
  // The client had sent nothing yet, so that the average is not a number.
  expect(first?.get("org.apache.kafka.producer.request.latency.avg")?.points[0]?.value).toBeNull();
});

test("a Java client says its rack", () => {
  const [push] = recordedPushes("java");
  if (push === undefined) throw new Error("nothing was recorded");
  expect(readMetrics(decompress(push.compressionType as Compression, push.metrics, MOST_BYTES)).resource).toEqual({ client_rack: "r1" });
});

test("the metrics of librdkafka are read, with labels that are numbers", () => {
  const [first] = recordedPushes("librdkafka").map(metricsOf);
  expect(first?.size).toBe(10);
  expect(first?.get("org.apache.kafka.producer.node.request.latency.avg")).toMatchObject({
    type: "gauge",
    points: [{ labels: { "node.id": 1 }, value: 11.593 }],
  });
});

/** A field: of a varint, of eight bytes, or with a length in front of it. */
function field(number: number, value: number | Buffer | { readonly eight: Buffer }): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  if ("eight" in value) return Buffer.concat([varint(number * 8 + 1), value.eight]);
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function double(value: number): { readonly eight: Buffer } {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  return { eight };
}

function int64(value: bigint): { readonly eight: Buffer } {
  const eight = Buffer.alloc(8);
  eight.writeBigInt64LE(value);
  return { eight };
}

function label(name: string, value: Buffer): Buffer {
  return Buffer.concat([field(1, Buffer.from(name)), field(2, value)]);
}

function dataOf(metric: Buffer): Buffer {
  return field(1, field(2, field(2, metric)));
}

test("a histogram is read with its buckets, packed or one by one", () => {
  const point = Buffer.concat([
    field(9, label("node", field(1, Buffer.from("a")))),
    field(3, int64(1_700_000_000_123_000_000n)),
    field(4, int64(6n)),
    field(5, double(12.5)),
    field(6, Buffer.concat([int64(1n).eight, int64(2n).eight])),
    field(6, int64(3n)),
    field(7, Buffer.concat([double(0.5).eight, double(10).eight])),
  ]);
  const metric = Buffer.concat([
    field(1, Buffer.from("latency")),
    field(3, Buffer.from("ms")),
    field(9, Buffer.concat([field(1, point), field(2, 2)])),
  ]);
  expect(readMetrics(dataOf(metric)).metrics).toEqual([
    {
      name: "latency",
      type: "histogram",
      unit: "ms",
      temporality: "cumulative",
      points: [{ labels: { node: "a" }, timeMs: 1_700_000_000_123, count: 6, sum: 12.5, bucketCounts: [1, 2, 3], bounds: [0.5, 10] }],
    },
  ]);
});

test("whole numbers may be negative, and labels of every simple type", () => {
  const minusOne = Buffer.concat([Buffer.from([3 * 8]), Buffer.from("ffffffffffffffffff01", "hex")]);
  const point = Buffer.concat([
    field(6, int64(-7n)),
    field(7, label("yes", field(2, 1))),
    field(7, label("less", minusOne)),
    field(7, label("half", field(4, double(0.5)))),
    field(7, label("raw", field(7, Buffer.from("hi")))),
    field(7, label("list", field(5, Buffer.alloc(0)))),
  ]);
  const metric = Buffer.concat([field(1, Buffer.from("n")), field(7, field(1, point))]);
  expect(readMetrics(dataOf(metric)).metrics[0]?.points).toEqual([
    { labels: { yes: true, less: -1, half: 0.5, raw: "aGk=", list: null }, timeMs: 0, value: -7 },
  ]);
});

test("fields that are not known are passed over", () => {
  const metric = Buffer.concat([field(90, 300), field(91, Buffer.from("?")), field(92, int64(1n)), field(1, Buffer.from("n"))]);
  expect(readMetrics(dataOf(metric)).metrics.map(({ name }) => name)).toEqual(["n"]);
});

test("every cut of a push is refused or read as what is there, and none ends the process", () => {
  const [push] = recordedPushes("librdkafka");
  if (push === undefined) throw new Error("nothing was recorded");
  const whole = decompress(push.compressionType as Compression, push.metrics, MOST_BYTES);
  let refusedCount = 0;
  for (let length = 1; length < whole.length; length++) {
    try {
      readMetrics(whole.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage);
      refusedCount++;
    }
  }
  // One resource holds everything, so that only the whole of it is readable.
  expect(refusedCount).toBe(whole.length - 1);
});

test.each([
  ["a group, which proto3 does not have", Buffer.from([1 * 8 + 3])],
  ["a field without a number", Buffer.from([0, 1])],
  ["a varint that does not end", Buffer.alloc(11, 0xff)],
  ["a double of four bytes", dataOf(field(5, field(1, field(4, Buffer.alloc(4)))))],
])("%s is refused", (_, bytes) => {
  expect(() => readMetrics(bytes)).toThrow(MalformedMessage);
});
