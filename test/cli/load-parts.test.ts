// The parts that the tools of load are made of: statistics, pace, portions of polls, and times.

import { describe, expect, test } from "vitest";
import { dateFormat } from "../../src/cli/kafka/date-format.ts";
import { LatencyStatistics } from "../../src/cli/kafka/latency-statistics.ts";
import { dueBy } from "../../src/cli/kafka/paced-sending.ts";
import { pollsOf } from "../../src/cli/kafka/polls.ts";

describe("statistics of latency", () => {
  test("name rates, the average, the longest, and the latencies that so many percent stay below", () => {
    const statistics = new LatencyStatistics({ expected: 1000, beganMs: 0, reportingIntervalMs: 5000, report: () => undefined });
    for (let latencyMs = 1; latencyMs <= 1000; latencyMs++) statistics.record(latencyMs, 1024, 100);
    expect(statistics.summary(2000)).toBe(
      "1000 records sent, 500.000000 records/sec (0.49 MB/sec), 500.50 ms avg latency, 1000.00 ms max latency, 501 ms 50th, 951 ms 95th, 991 ms 99th, 1000 ms 99.9th.",
    );
  });

  test("of a million records half are kept", () => {
    const statistics = new LatencyStatistics({ expected: 1_000_000, beganMs: 0, reportingIntervalMs: 5000, report: () => undefined });
    for (let index = 0; index < 1_000_000; index++) statistics.record(index % 2 === 0 ? 1 : 7, 1, 0);
    expect(statistics.summary(1000)).toContain("4.00 ms avg latency, 7.00 ms max latency, 1 ms 50th, 1 ms 95th");
  });

  test("report each interval by itself, until they are told not to", () => {
    const reported: string[] = [];
    const statistics = new LatencyStatistics({ expected: 4, beganMs: 0, reportingIntervalMs: 100, report: (line) => reported.push(line) });
    statistics.record(10, 1, 50);
    statistics.record(20, 1, 100);
    statistics.record(40, 1, 200);
    statistics.stopReporting();
    statistics.record(40, 1, 300);
    expect(reported).toEqual([
      "2 records sent, 20.0 records/sec (0.00 MB/sec), 15.0 ms avg latency, 20.0 ms max latency.",
      "1 records sent, 10.0 records/sec (0.00 MB/sec), 40.0 ms avg latency, 40.0 ms max latency.",
    ]);
  });
});

test.each([
  [0, 100, 1],
  [10, 100, 2],
  [1000, 100, 101],
  [1000, 0.5, 1],
  [2000, 0.5, 2],
  [9999, 0, 1],
  [0, -1, Number.POSITIVE_INFINITY],
])("after %d ms at %d a second, %d are due", (elapsedMs, perSecond, due) => {
  expect(dueBy(elapsedMs, perSecond)).toBe(due);
});

test("what was fetched is handed out in portions, of several partitions together", () => {
  const partition = (index: number, count: number) => ({
    topic: "t",
    partition: index,
    offset: 10,
    errorCode: 0,
    isLogAppendTime: false,
    lastLeaderEpoch: 0,
    records: Array.from({ length: count }, (_, at) => ({ offset: 10 + at, timestamp: 0, key: null, value: null, headers: [] })),
    // After a batch that holds nothing for us.
    nextOffset: 11 + count,
  });
  const polls = [...pollsOf([partition(0, 5), partition(1, 0), partition(2, 2)], 3)];
  expect(polls.map((poll) => poll.map(({ partition: index, records, nextOffset }) => [index, records.length, nextOffset]))).toEqual([
    [[0, 3, 13]],
    [
      [0, 2, 16],
      [1, 0, 11],
      [2, 1, 11],
    ],
    [[2, 1, 13]],
  ]);
});

test.each([
  ["yyyy-MM-dd HH:mm:ss:SSS", "2026-03-07 15:04:05:006"],
  ["yy/M/d h 'o''clock'", "26/3/7 3 o'clock"],
  ["HH''mm", "15'04"],
])("a time as %s is %s", (pattern, text) => {
  expect(dateFormat(pattern)(new Date(2026, 2, 7, 15, 4, 5, 6))).toBe(text);
});
