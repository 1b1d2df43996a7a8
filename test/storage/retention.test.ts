import { describe, expect, test } from "vitest";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import { countExpiredSegments, type RetentionState } from "../../src/storage/retention.ts";

const NOW_MS = 1_000_000;
const defaults = brokerConfig();

/** Segments of ten offsets and 100 bytes each, of these ages; the last one grows. */
function state(
  agesMs: readonly number[],
  overrides: Readonly<Record<string, string>>,
  changes: Partial<RetentionState> = {},
): RetentionState {
  const segments = agesMs.map((ageMs, index) => ({ baseOffset: index * 10, sizeBytes: 100, largestTimestampMs: NOW_MS - ageMs }));
  const logEndOffset = agesMs.length * 10;
  const settings = topicSettings(defaults, overrides);
  return { segments, settings, logStartOffset: 0, logEndOffset, durableOffset: logEndOffset, ...changes };
}

describe("segments go", () => {
  test.each<{ name: string; state: RetentionState; count: number }>([
    { name: "when their newest record is older than retention.ms", state: state([500, 300, 100], { "retention.ms": "299" }), count: 2 },
    { name: "not at exactly retention.ms", state: state([300, 100], { "retention.ms": "300" }), count: 0 },
    { name: "oldest first, up to one that stays", state: state([500, 100, 500], { "retention.ms": "299" }), count: 1 },
    { name: "all of them, with the one that grows", state: state([500, 400], { "retention.ms": "299" }), count: 2 },
    { name: "never with retention.ms=-1", state: state([500_000, 400_000], { "retention.ms": "-1" }), count: 0 },
    { name: "not while a record of the future is among them", state: state([-900, 500], { "retention.ms": "10" }), count: 0 },
    { name: "while what remains is not below retention.bytes", state: state([0, 0, 0, 0], { "retention.bytes": "250" }), count: 1 },
    { name: "down to exactly retention.bytes", state: state([0, 0, 0, 0], { "retention.bytes": "200" }), count: 2 },
    { name: "all of them with retention.bytes=0", state: state([0, 0], { "retention.bytes": "0" }), count: 2 },
    { name: "not for their size when they are too few", state: state([0, 0], { "retention.bytes": "500" }), count: 0 },
    { name: "by time first, then by size", state: state([500, 0, 0, 0], { "retention.ms": "300", "retention.bytes": "200" }), count: 2 },
    { name: "when the log starts after them", state: state([0, 0, 0], { "retention.ms": "-1" }, { logStartOffset: 20 }), count: 2 },
    { name: "not when the log starts within them", state: state([0, 0, 0], { "retention.ms": "-1" }, { logStartOffset: 19 }), count: 1 },
    { name: "not above the high watermark", state: state([500, 500, 500], { "retention.ms": "1" }, { durableOffset: 19 }), count: 1 },
    {
      name: "not by age or size on a compacted topic",
      state: state([500_000, 0], { "retention.ms": "1", "retention.bytes": "0", "cleanup.policy": "compact" }),
      count: 0,
    },
    {
      name: "by age on a topic with both policies",
      state: state([500, 0], { "retention.ms": "300", "cleanup.policy": "compact,delete" }),
      count: 1,
    },
    {
      name: "below the log start on a compacted topic",
      state: state([0, 0], { "cleanup.policy": "compact" }, { logStartOffset: 15 }),
      count: 1,
    },
  ])("$name", ({ state: given, count }) => {
    expect(countExpiredSegments(given, NOW_MS)).toBe(count);
  });

  test("but not an empty last one, which is where the log goes on", () => {
    const given = state([500], { "retention.ms": "1" });
    const empty = { baseOffset: 10, sizeBytes: 0, largestTimestampMs: 0 };
    expect(countExpiredSegments({ ...given, segments: [...given.segments, empty] }, NOW_MS)).toBe(1);
    expect(countExpiredSegments({ ...given, segments: [empty] }, NOW_MS)).toBe(0);
  });
});
