// The engine goes by the broker's settings; what each does is seen in the tests of what it is about.

import { expect, test } from "vitest";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { disklessSettings } from "../../src/diskless/settings.ts";

const MIB = 1024 * 1024;

test("without settings batches are gathered for 250 ms, and memory is bounded", () => {
  expect(disklessSettings(brokerConfig({}))).toEqual({
    appendLingerMs: 250,
    appendMaxBytes: 8 * MIB,
    cacheBytes: 256 * MIB,
    cacheDirectory: undefined,
    cacheDiskBytes: 10_737_418_240,
    pendingMaxBytes: 64 * MIB,
    objectGraceMs: 600_000,
    upkeepIntervalMs: 60_000,
  });
});

test("each of them can be given", () => {
  const given = {
    "diskless.append.linger.ms": "50",
    "diskless.append.max.bytes": "1000",
    "diskless.cache.bytes": "2000",
    "diskless.cache.dir": "/cache",
    "diskless.cache.disk.bytes": "2500",
    "diskless.object.grace.ms": "3000",
    "diskless.pending.max.bytes": "4000",
    "diskless.upkeep.interval.ms": "5000",
  };
  const file = new Map(Object.entries(given).map(([name, value]) => [name, { value, place: "here" }]));
  expect(disklessSettings(brokerConfig({ file }))).toEqual({
    appendLingerMs: 50,
    appendMaxBytes: 1000,
    cacheBytes: 2000,
    cacheDirectory: "/cache",
    cacheDiskBytes: 2500,
    pendingMaxBytes: 4000,
    objectGraceMs: 3000,
    upkeepIntervalMs: 5000,
  });
});
