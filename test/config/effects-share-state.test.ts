// Settings of the share coordinator: each is changed and its effect seen. How its topic is made is in effects-cluster.test.ts.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { SHARE_GROUP_STATE_TOPIC } from "../../src/cluster/topic-name.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { ShareCoordinator } from "../../src/coordinator/share/share-coordinator.ts";
import type { Partition } from "../../src/partition/partition.ts";
import { Partition as LedPartition } from "../../src/partition/partition.ts";
import { MemoryPartitionLog } from "../coordinator/support/memory-partition-log.ts";
import { topicSettings } from "../coordinator/support/topic-settings.ts";
import { EffectBench } from "./effect-bench.ts";

const SMALL = { "share.coordinator.state.topic.num.partitions": 1, "connections.max.idle.ms": -1 };
const MINUTE_MS = 60_000;

/** What is told without the settings, and with them. */
async function told<T>(settings: SettingInputs, tell: (share: ShareStage) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (const each of [{}, settings]) {
    await using bench = await EffectBench.start({ settings: { ...SMALL, ...each }, topic: {}, clock: new VirtualClock(Date.now()) });
    all.push(await tell(new ShareStage(bench)));
  }
  return all;
}

/** The share partition of a group `g` and the topic of the bench. */
class ShareStage {
  readonly bench: EffectBench;
  readonly key;

  constructor(bench: EffectBench) {
    this.bench = bench;
    this.key = { groupId: "g", topicId: bench.partition.topicId, partition: 0 };
  }

  get states(): Partition {
    const partition = this.bench.node.broker.services.partitions.get(SHARE_GROUP_STATE_TOPIC, 0);
    if (partition === undefined) throw new Error("there are no states");
    return partition;
  }

  async initialize(): Promise<void> {
    expect(await this.bench.node.broker.services.shareStates.initialize(this.key, { stateEpoch: 1, startOffset: 0 })).toBe(undefined);
  }

  async write(startOffset: number): Promise<void> {
    const change = { stateEpoch: 1, leaderEpoch: 0, startOffset, deliveryCompleteCount: 0, batches: [] };
    expect(await this.bench.node.broker.services.shareStates.write(this.key, change)).toBe(undefined);
  }

  /** Snapshots as S, updates as u, in the order of the log. */
  async kinds(): Promise<string> {
    const { logStartOffset: offset, highWatermark: untilOffset, log } = this.states;
    const { records } = await log.read({ offset, untilOffset, maxBytes: 1 << 20, firstBatchWhole: true });
    return records
      .flatMap((buffer) => [...batchesOf(buffer)])
      .flatMap((batch) => [...recordsOf(batch)])
      .filter((record) => record.offset >= offset)
      .map(({ key }) => (key?.readInt16BE() === 0 ? "S" : "u"))
      .join("");
  }
}

test("share.coordinator.snapshot.update.records.per.snapshot: after so many updates comes a snapshot", async () => {
  const tell = async (share: ShareStage) => {
    await share.initialize();
    for (let offset = 1; offset <= 6; offset++) await share.write(offset);
    return share.kinds();
  };
  expect(await told({ "share.coordinator.snapshot.update.records.per.snapshot": 2 }, tell)).toEqual(["Suuuuuu", "SuuSuuS"]);
  expect((await told({ "share.coordinator.snapshot.update.records.per.snapshot": 0 }, tell))[1]).toBe("SSSSSSS");
});

test("share.coordinator.cold.partition.snapshot.interval.ms: what nobody changes for that long is written once more, and then left alone", async () => {
  const settings = { "share.coordinator.cold.partition.snapshot.interval.ms": MINUTE_MS };
  const tell = async (share: ShareStage) => {
    await share.initialize();
    await share.bench.pass(4 * MINUTE_MS, MINUTE_MS);
    return share.kinds();
  };
  expect(await told(settings, tell)).toEqual(["S", "SS"]);
});

test("share.coordinator.state.topic.prune.interval.ms: what lies before the snapshots that are needed is deleted after that time", async () => {
  const settings = { "share.coordinator.state.topic.prune.interval.ms": MINUTE_MS };
  const tell = async (share: ShareStage) => {
    await share.initialize();
    await share.write(1);
    await share.initialize();
    await share.write(2);
    await share.bench.pass(2 * MINUTE_MS, MINUTE_MS);
    return `${share.states.logStartOffset} ${await share.kinds()}`;
  };
  expect(await told(settings, tell)).toEqual(["0 SuSu", "2 Su"]);
});

test("share.coordinator.write.timeout.ms: a change that does not become durable fails after that time", async () => {
  const answered = async (settings: SettingInputs) => {
    const clock = new VirtualClock();
    const coordinator = new ShareCoordinator({
      clock,
      logger: silentLogger,
      config: brokerConfig({ argument: { ...SMALL, ...settings } }),
      isServed: () => true,
      partitionCount: () => 1,
      partitionCountOf: () => 1,
    });
    const log = new MemoryPartitionLog(0);
    coordinator.elected(new LedPartition(log, topicSettings, 0));
    log.isDurableAtOnce = false;
    let error: number | undefined;
    const key = { groupId: "g", topicId: "AAAAAAAAAAAAAAAAAAAAAQ", partition: 0 };
    void Promise.resolve(coordinator.initialize(key, { stateEpoch: 1, startOffset: 0 })).then((refusal) => {
      error = refusal?.error;
    });
    await clock.advance(2000);
    return error;
  };
  expect(await answered({})).toBe(undefined);
  expect(await answered({ "share.coordinator.write.timeout.ms": 1000 })).toBe(Errors.COORDINATOR_NOT_AVAILABLE);
});
