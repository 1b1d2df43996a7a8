// Rates and token buckets beside Apache Kafka 4.3.1's own, step by step (test/facts/quota-rates.json): its Rate and TokenBucket were given the same
// values at the same times, and the throttle times computed as its quota managers do.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SampledRate } from "../../src/quota/sampled-rate.ts";
import { TokenBucket } from "../../src/quota/token-bucket.ts";

interface Course {
  readonly samples: number;
  readonly windowMs: number;
  readonly limit: number;
  /** After how long how much comes, and how long the throttle time is then. */
  readonly steps: readonly (readonly [gapMs: number, value: number, throttleMs: number])[];
}

const facts: { readonly rates: readonly Course[]; readonly buckets: readonly Course[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../facts/quota-rates.json"), "utf8"),
);

/** When the courses began. */
const START_MS = 1_700_000_000_000;

function courseOf({ steps }: Course, throttleMs: (value: number, nowMs: number) => number): number[] {
  let nowMs = START_MS;
  return steps.map(([gapMs, value]) => {
    nowMs += gapMs;
    return throttleMs(value, nowMs);
  });
}

test.each(facts.rates)("a rate over $samples samples of $windowMs ms is throttled as by Kafka, to the millisecond", (course) => {
  const rate = new SampledRate();
  const throttled = courseOf(course, (value, nowMs) => {
    rate.record(value, nowMs, course);
    return rate.throttleMs(course.limit, nowMs, course);
  });
  expect(throttled).toEqual(course.steps.map(([, , throttleMs]) => throttleMs));
});

test.each(facts.buckets)("a bucket of $samples times $windowMs ms at $limit a second is refilled as Kafka's", (course) => {
  const bucket = new TokenBucket();
  const throttled = courseOf(course, (value, nowMs) => {
    bucket.spend(value, course.limit, nowMs, course);
    return bucket.throttleMs(course.limit, nowMs, course);
  });
  expect(throttled).toEqual(course.steps.map(([, , throttleMs]) => throttleMs));
});
