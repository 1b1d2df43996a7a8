// Settings of what a broker does to its logs from time to time: each is changed and its effect seen.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import type { OpenFile } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { EffectBench, loggerOf } from "./effect-bench.ts";

const SMALL = { "internal.segment.bytes": "200" };
const COMPACTED = { ...SMALL, "cleanup.policy": "compact" };

async function seen<T>(settings: SettingInputs, topic: Readonly<Record<string, string>>, observe: (bench: EffectBench) => Promise<T> | T) {
  const results: T[] = [];
  for (const each of [{}, settings]) {
    await using bench = await EffectBench.start({ settings: each, topic });
    results.push(await observe(bench));
  }
  return results;
}

async function isCompactedIn20s(bench: EffectBench): Promise<boolean> {
  bench.appendMany(10);
  await bench.pass(20_000);
  return (await bench.offsets()).length < 10;
}

test("log.cleaner.enable: compacted topics are compacted", async () => {
  expect(await seen({ "log.cleaner.enable": false }, COMPACTED, isCompactedIn20s)).toEqual([true, false]);
});

test("log.cleaner.backoff.ms: the cleaner looks for work after that time", async () => {
  expect(await seen({ "log.cleaner.backoff.ms": 60_000 }, COMPACTED, isCompactedIn20s)).toEqual([true, false]);
});

test("log.cleaner.backoff.ms: is followed while the broker runs", async () => {
  await using bench = await EffectBench.start({ topic: COMPACTED });
  await bench.pass(15_000);
  await bench.alterBrokers({ "log.cleaner.backoff.ms": "60000" });
  await bench.pass(15_000);
  expect(await isCompactedIn20s(bench)).toBe(false);
});

describe("the memory for keys", () => {
  /** Of a log with fifty keys. */
  async function compactions(settings: SettingInputs, altered: Readonly<Record<string, string>> = {}): Promise<number> {
    const { logger, lines } = loggerOf("compacted a log");
    await using bench = await EffectBench.start({ settings, topic: COMPACTED, logger });
    if (Object.keys(altered).length > 0) await bench.alterBrokers(altered);
    for (let key = 0; key < 50; key++) bench.append([{ key: Buffer.from(`key ${key}`) }]);
    await bench.pass(60_000, 15_000);
    return lines.length;
  }

  test("log.cleaner.dedupe.buffer.size: more keys than it holds take several compactions", async () => {
    expect(await compactions({})).toBe(1);
    expect(await compactions({ "log.cleaner.dedupe.buffer.size": 24 * 20 })).toBeGreaterThan(1);
    expect(await compactions({}, { "log.cleaner.dedupe.buffer.size": "480" })).toBeGreaterThan(1);
  });

  test("log.cleaner.io.buffer.load.factor: it is filled to that share", async () => {
    const sized = { "log.cleaner.dedupe.buffer.size": 24 * 100 };
    expect(await compactions(sized)).toBe(1);
    expect(await compactions({ ...sized, "log.cleaner.io.buffer.load.factor": 0.2 })).toBeGreaterThan(1);
  });
});

test("log.cleaner.io.buffer.size: the cleaner reads no more at a time", async () => {
  const largestRead = async (settings: SettingInputs) => {
    const filesystem = new WatchedFilesystem();
    await using bench = await EffectBench.start({ settings, topic: COMPACTED, filesystem });
    bench.appendMany(10);
    await bench.pass(20_000);
    expect((await bench.offsets()).length).toBeLessThan(10);
    return filesystem.largestReadBytes;
  };
  expect(await largestRead({})).toBeGreaterThan(100);
  expect(await largestRead({ "log.cleaner.io.buffer.size": 200 })).toBeLessThanOrEqual(100);
});

class WatchedFilesystem extends MemoryFilesystem {
  largestReadBytes = 0;

  override open(path: string, mode: "read" | "write"): OpenFile {
    const file = super.open(path, mode);
    const readLater = file.readLater.bind(file);
    file.readLater = (target, position) => {
      this.largestReadBytes = Math.max(this.largestReadBytes, target.length);
      return readLater(target, position);
    };
    return file;
  }
}

test("log.cleaner.io.max.bytes.per.second: the cleaner takes its time", async () => {
  const topic = { "cleanup.policy": "compact", "segment.bytes": "1048576" };
  const isCompacted = async (bench: EffectBench) => {
    for (let count = 0; count < 4; count++) expect(bench.append([{ value: Buffer.alloc(900_000) }])).toBe(0);
    await bench.pass(60_000, 1000);
    return (await bench.offsets()).length < 4;
  };
  expect(await seen({ "log.cleaner.io.max.bytes.per.second": 1000 }, topic, isCompacted)).toEqual([true, false]);
});

async function isRetainedFor2s(bench: EffectBench): Promise<boolean> {
  bench.appendMany(10);
  await bench.pass(2000);
  return bench.log.logStartOffset === 0;
}

test("log.initial.task.delay.ms: retention is looked at after that time first", async () => {
  const topic = { ...SMALL, "retention.bytes": "200" };
  expect(await seen({ "log.initial.task.delay.ms": 1000 }, topic, isRetainedFor2s)).toEqual([true, false]);
});

test("log.retention.check.interval.ms: retention is looked at in that interval", async () => {
  const topic = { ...SMALL, "retention.bytes": "200" };
  const afterTheFirst = async (bench: EffectBench) => {
    await bench.pass(31_000);
    return isRetainedFor2s(bench);
  };
  expect(await seen({ "log.retention.check.interval.ms": 1000 }, topic, afterTheFirst)).toEqual([true, false]);
});

test("log.flush.offset.checkpoint.interval.ms: the recovery point moves on in that interval", async () => {
  const recoveryPoint = async (bench: EffectBench) => {
    bench.appendMany(3);
    await bench.pass(2000);
    return bench.log.recoveryPoint;
  };
  expect(await seen({ "log.flush.offset.checkpoint.interval.ms": 1000 }, {}, recoveryPoint)).toEqual([0, 3]);
});

test("producer.id.expiration.ms: a producer that was silent for that time may begin with any sequence", async () => {
  const error = async (bench: EffectBench) => {
    const producer = { producerId: 7, producerEpoch: 0 };
    expect(bench.append([{}], { ...producer, baseSequence: 0 })).toBe(0);
    await bench.pass(31_000);
    return bench.append([{}], { ...producer, baseSequence: 5 });
  };
  expect(await seen({ "producer.id.expiration.ms": 1000 }, {}, error)).toEqual([Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, 0]);
});

test("producer.id.expiration.ms: is followed while the broker runs", async () => {
  await using bench = await EffectBench.start({ topic: {} });
  const producer = { producerId: 7, producerEpoch: 0 };
  expect(bench.append([{}], { ...producer, baseSequence: 0 })).toBe(0);
  await bench.alterBrokers({ "producer.id.expiration.ms": "1000" });
  await bench.pass(31_000);
  expect(bench.append([{}], { ...producer, baseSequence: 5 })).toBe(0);
});
