// Every honoured topic setting, changed and its effect seen, in each way in which a topic comes by it: its own value, the broker's setting
// that it is inherited from, and, where Kafka permits it, that setting altered while the broker runs.

import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { compressionOf } from "../../protocol/records/batch-header.ts";
import { brokerSettingTable } from "../../src/config/broker-settings.ts";
import type { SettingTable } from "../../src/config/setting.ts";
import { TOPIC_SYNONYMS, type TopicSettingName, topicSettingTable } from "../../src/config/topic-settings.ts";
import { EffectBench } from "./effect-bench.ts";

interface Effect {
  readonly value: string;
  /** What the topic is given besides. */
  readonly given?: Readonly<Record<string, string>>;
  /** What is seen, which the value makes another. */
  readonly observe: (bench: EffectBench) => unknown;
  /** What is seen with the value; any other than by default where it is not said. */
  readonly sees?: unknown;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MANY_SEGMENTS = { "internal.segment.bytes": "200" };
const COMPACTED = { ...MANY_SEGMENTS, "cleanup.policy": "compact" };
/** Half of it compresses. */
const HALF_RANDOM = Buffer.from(randomBytes(20_000).toString("hex"));

const sealed = ({ log }: EffectBench) => log.segments.length - 1;
const compressedSize = (bench: EffectBench) => {
  expect(bench.append([{ value: HALF_RANDOM }])).toBe(0);
  return bench.log.sizeBytes;
};

const effects: { readonly [Name in TopicSettingName]?: Effect } = {
  "cleanup.policy": { value: "compact", observe: (bench) => bench.append([{ key: null }]), sees: Errors.INVALID_RECORD },
  "compression.gzip.level": { value: "1", given: { "compression.type": "gzip" }, observe: compressedSize },
  "compression.type": {
    value: "gzip",
    observe: async (bench) => {
      compressedSize(bench);
      return (await bench.batches()).map((batch) => compressionOf(batch.attributes));
    },
    sees: [1],
  },
  "compression.zstd.level": { value: "19", given: { "compression.type": "zstd" }, observe: compressedSize },
  "delete.retention.ms": {
    value: "1000",
    given: { ...COMPACTED, "min.cleanable.dirty.ratio": "0" },
    observe: async (bench) => {
      bench.append([{ key: Buffer.from("gone"), value: null }]);
      bench.appendMany(4);
      await bench.pass(MINUTE_MS);
      bench.appendMany(4);
      await bench.pass(MINUTE_MS);
      return (await bench.offsets()).includes(0);
    },
    sees: false,
  },
  "file.delete.delay.ms": {
    value: "5000",
    given: { ...MANY_SEGMENTS, "retention.bytes": "200" },
    observe: async (bench) => {
      bench.appendMany(10);
      bench.partition.enforceRetention();
      expect(bench.files().filter((name) => name.endsWith(".deleted")).length).toBeGreaterThan(0);
      await bench.pass(6000);
      return bench.files().filter((name) => name.endsWith(".deleted")).length;
    },
    sees: 0,
  },
  "flush.messages": {
    value: "2",
    observe: (bench) => {
      bench.appendMany(2);
      return bench.partition.highWatermark;
    },
    sees: 1,
  },
  "flush.ms": {
    value: "5000",
    observe: async (bench) => {
      bench.appendMany(1);
      await bench.pass(6000);
      return bench.log.recoveryPoint;
    },
    sees: 1,
  },
  "index.interval.bytes": {
    value: "100",
    observe: async (bench) => {
      bench.appendMany(20);
      await bench.log.checkpoint();
      return bench.filesystem.stat("/data/t-0/00000000000000000000.index")?.sizeBytes;
    },
  },
  "internal.segment.bytes": {
    value: "200",
    observe: (bench) => {
      bench.appendMany(6);
      return sealed(bench);
    },
    sees: 2,
  },
  "max.compaction.lag.ms": {
    value: "1000",
    given: { ...COMPACTED, "min.cleanable.dirty.ratio": "1" },
    observe: compactedInAMinute,
    sees: true,
  },
  "max.message.bytes": { value: "20", observe: (bench) => bench.append(), sees: Errors.MESSAGE_TOO_LARGE },
  "message.timestamp.after.max.ms": {
    value: "1000",
    observe: (bench) => bench.append([{}], { timestamp: bench.clock.now() + MINUTE_MS }),
    sees: Errors.INVALID_TIMESTAMP,
  },
  "message.timestamp.before.max.ms": {
    value: "1000",
    observe: (bench) => bench.append([{}], { timestamp: bench.clock.now() - MINUTE_MS }),
    sees: Errors.INVALID_TIMESTAMP,
  },
  "message.timestamp.type": {
    value: "LogAppendTime",
    observe: async (bench) => {
      bench.append([{}], { timestamp: bench.clock.now() - MINUTE_MS });
      return (await bench.batches()).map((batch) => batch.maxTimestamp - bench.clock.now());
    },
    sees: [0],
  },
  "min.cleanable.dirty.ratio": { value: "1", given: COMPACTED, observe: compactedInAMinute, sees: false },
  "min.compaction.lag.ms": { value: String(HOUR_MS), given: COMPACTED, observe: compactedInAMinute, sees: false },
  "retention.bytes": {
    value: "200",
    given: MANY_SEGMENTS,
    observe: async (bench) => {
      bench.appendMany(10);
      await bench.pass(10 * MINUTE_MS);
      return bench.log.logStartOffset > 0;
    },
    sees: true,
  },
  "retention.ms": {
    value: String(HOUR_MS),
    observe: async (bench) => {
      bench.appendMany(10);
      await bench.pass(2 * HOUR_MS, 10 * MINUTE_MS);
      return bench.log.logStartOffset;
    },
    sees: 10,
  },
  "segment.bytes": {
    value: "1048576",
    given: { "max.message.bytes": "2000000" },
    observe: (bench) => {
      for (let count = 0; count < 2; count++) expect(bench.append([{ value: Buffer.alloc(600_000) }])).toBe(0);
      return sealed(bench);
    },
    sees: 1,
  },
  "segment.index.bytes": {
    value: "24",
    given: { "index.interval.bytes": "0" },
    observe: (bench) => {
      bench.appendMany(10);
      return sealed(bench) > 0;
    },
    sees: true,
  },
  "segment.jitter.ms": {
    value: String(HOUR_MS),
    given: { "segment.ms": String(HOUR_MS), "internal.segment.bytes": "10000" },
    observe: async (bench) => {
      // Forty segments, each of which would last an hour: some of them are closed within half of it.
      for (let count = 0; count < 40; count++) {
        expect(bench.append([{ value: Buffer.alloc(9000) }])).toBe(0);
        const full = sealed(bench);
        await bench.clock.advance(HOUR_MS / 2);
        bench.appendMany(1);
        if (sealed(bench) > full) return "early";
      }
      return "in time";
    },
    sees: "early",
  },
  "segment.ms": {
    value: String(HOUR_MS),
    observe: async (bench) => {
      bench.appendMany(1);
      await bench.clock.advance(2 * HOUR_MS);
      bench.appendMany(1);
      return sealed(bench);
    },
    sees: 1,
  },
};

async function compactedInAMinute(bench: EffectBench): Promise<boolean> {
  bench.appendMany(10);
  await bench.pass(MINUTE_MS, 15_000);
  return (await bench.offsets()).length < 10;
}

/** Seen in effects-cluster.test.ts and effects-replicas.test.ts, with several brokers. */
const ELSEWHERE = ["unclean.leader.election.enable", "min.insync.replicas"];

test("every honoured topic setting is here", () => {
  const table: SettingTable = topicSettingTable;
  const honoured = Object.keys(table).filter((name) => table[name]?.rules.honoured);
  expect([...Object.keys(effects), ...ELSEWHERE].sort()).toEqual(honoured.sort());
});

const brokerTable: SettingTable = brokerSettingTable;

describe.each(Object.entries(effects))("%s", (name, { value, given = {}, observe, sees }) => {
  async function observed(settings: Readonly<Record<string, string>>, topic: Readonly<Record<string, string>>, altered = {}) {
    await using bench = await EffectBench.start({ settings, topic });
    if (Object.keys(altered).length > 0) await bench.alterBrokers(altered);
    return await observe(bench);
  }

  async function expectEffect(seen: unknown): Promise<void> {
    const usual = await observed({}, given);
    expect(seen).not.toEqual(usual);
    if (sees !== undefined) expect(seen).toEqual(sees);
  }

  test("has its effect as the topic's own", async () => {
    await expectEffect(await observed({}, { ...given, [name]: value }));
  });

  const synonyms = (TOPIC_SYNONYMS as Readonly<Record<string, readonly string[]>>)[name] ?? [];
  test.each(synonyms.map((synonym) => [synonym]))("has its effect as the broker's %s", async (synonym) => {
    await expectEffect(await observed({ [synonym]: inUnitOf(synonym, value) }, given));
  });

  const alterable = synonyms.filter((synonym) => brokerTable[synonym]?.rules.dynamic !== undefined);
  test.each(alterable.map((synonym) => [synonym]))("has its effect as %s of all brokers, altered while they run", async (synonym) => {
    await expectEffect(await observed({}, given, { [synonym]: inUnitOf(synonym, value) }));
  });
});

function inUnitOf(synonym: string, value: string): string {
  if (synonym.endsWith(".hours")) return String(Number(value) / HOUR_MS);
  return synonym.endsWith(".minutes") ? String(Number(value) / MINUTE_MS) : value;
}
