// Logs that take their time to open: what the broker says meanwhile, and what becomes of those that are not wanted any more when they come.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { applyChanges, type Change, type ClusterImage, emptyImage, type TopicImage } from "../../src/cluster/image.ts";
import { LocalPartitions } from "../../src/cluster/local-partitions.ts";
import type { PartitionImage } from "../../src/cluster/partition-image.ts";
import { SharedLogs } from "../../src/cluster/shared-logs.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { topicSettings } from "../../src/config/topic-config.ts";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { type AskedOpening, nameAndEpoch, settled, WaitingEngine } from "../storage/fakes/waiting-engine.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const OTHER_MACHINE = 9;
const ledBy = (leader: number, leaderEpoch: number): PartitionImage => ({
  leader,
  leaderEpoch,
  replicas: [leader],
  inSyncReplicas: [leader],
});
const topic = (name: string, partitions: readonly PartitionImage[], id = `id-${name}`): Change => {
  return { type: "topic", name, id, partitions, configs: {} };
};
const moved = (name: string, partition: PartitionImage, index = 0): Change => ({ type: "partition", id: `id-${name}`, index, partition });
const deleted = (id: string): Change => ({ type: "topicDeleted", id });

/** Brokers of one process on one engine; they hear of each image in the order of their ids, or as the test has it. */
class Process {
  readonly clock = new VirtualClock();
  readonly engine = new WaitingEngine();
  readonly logs = new SharedLogs(this.engine);
  readonly lines: RecordedLine[] = [];
  /** "1 elected orders-0" */
  readonly heard: string[] = [];
  readonly brokers: ReadonlyMap<number, LocalPartitions>;
  image: ClusterImage = emptyImage("c");

  constructor(ids: readonly number[] = [1]) {
    this.brokers = new Map(ids.map((id) => [id, this.#broker(id)]));
  }

  #broker(brokerId: number): LocalPartitions {
    const partitions = new LocalPartitions({
      brokerId,
      logs: this.logs,
      settingsOf: ({ configs }: TopicImage) => topicSettings(brokerConfig(), configs),
      clock: this.clock,
      logger: recordingLogger(this.lines),
    });
    partitions.addListener({
      elected: ({ topic, index }) => this.heard.push(`${brokerId} elected ${topic}-${index}`),
      resigned: ({ topic, index }) => this.heard.push(`${brokerId} resigned ${topic}-${index}`),
    });
    return partitions;
  }

  get one(): LocalPartitions {
    return this.brokers.get(1) as LocalPartitions;
  }

  change(...changes: Change[]): void {
    this.changeHeardBy([...this.brokers.keys()], ...changes);
  }

  changeHeardBy(ids: readonly number[], ...changes: Change[]): void {
    const previous = this.image;
    this.image = applyChanges(previous, changes);
    for (const id of ids) this.brokers.get(id)?.follow(this.image, previous);
  }

  /** What the engine was asked to open since the last call. */
  asked(): AskedOpening[] {
    return this.engine.takeAsked();
  }

  /** The only one. */
  opening(): AskedOpening {
    const [first, ...rest] = this.asked();
    if (first === undefined || rest.length > 0) throw new Error(`${rest.length + (first === undefined ? 0 : 1)} openings, not one`);
    return first;
  }

  expectServed(brokerId: number, log: PartitionLog, leaderEpoch: number): void {
    const partition = this.brokers.get(brokerId)?.get("orders", 0);
    expect(partition?.log).toBe(log);
    expect(partition).toMatchObject({ leaderEpoch, isLeader: true });
  }

  expectNotServed(log: PartitionLog): void {
    expect(this.engine.closed).toContain(log);
    for (const partitions of this.brokers.values()) for (const { log: served } of partitions.all()) expect(served).not.toBe(log);
  }
}

describe("a partition whose log is being opened", () => {
  test("is not there until it comes, with an error that clients try again after", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const opening = process.opening();
    expect(nameAndEpoch(opening)).toBe("orders-0 at 5");
    expect(process.one.get("orders", 0)).toBeUndefined();
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
    expect(process.heard).toEqual([]);
    const log = await opening.comes();
    process.expectServed(1, log, 5);
    expect(process.heard).toEqual(["1 elected orders-0"]);
    expect(process.logs.led("orders", 0)?.log).toBe(log);
  });

  test("comes with the settings and replicas that hold by then", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    process.change(
      { type: "topicConfigs", id: "id-orders", configs: { "max.message.bytes": "100", "min.insync.replicas": "2" } },
      moved("orders", { ...ledBy(1, 5), replicas: [1, 2] }),
    );
    await process.opening().comes();
    const partition = process.one.get("orders", 0);
    expect(partition?.settings["max.message.bytes"]).toBe(100);
    expect(partition?.hasEnoughReplicas).toBe(false);
    const { bytes } = buildBatch([{ key: null, value: Buffer.alloc(200) }], { timestamp: 0 });
    expect(partition?.log.append(bytes, { leaderEpoch: 5, origin: "client" })).toMatchObject({ error: Errors.MESSAGE_TOO_LARGE });
  });

  test("is asked for in one turn with all others, those of internal topics first", () => {
    const process = new Process();
    const partitions = [ledBy(1, 0), ledBy(OTHER_MACHINE, 0), ledBy(1, 7)];
    process.change(topic("orders", partitions), topic("__consumer_offsets", [ledBy(1, 2)]), topic("bills", partitions));
    expect(process.asked().map(nameAndEpoch)).toEqual([
      "__consumer_offsets-0 at 2",
      "orders-0 at 0",
      "orders-2 at 7",
      "bills-0 at 0",
      "bills-2 at 7",
    ]);
  });

  test("is asked for once, whatever else changes", () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5), ledBy(1, 5)]));
    expect(process.asked()).toHaveLength(2);
    process.change(moved("orders", ledBy(1, 6), 1));
    process.change({ type: "topicConfigs", id: "id-orders", configs: { "retention.ms": "1" } });
    expect(process.asked()).toEqual([]);
  });
});

describe("a log that comes too late is closed and not served", () => {
  test("when another broker leads by then", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    process.change(moved("orders", ledBy(OTHER_MACHINE, 6)));
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
    process.expectNotServed(await process.opening().comes());
    expect(process.heard).toEqual([]);
    expect(process.asked()).toEqual([]);
  });

  test("when it was another's meanwhile: it is opened again, at the newer epoch", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    process.change(moved("orders", ledBy(OTHER_MACHINE, 6)));
    process.change(moved("orders", ledBy(1, 7)));
    expect(process.asked()).toEqual([]);
    process.expectNotServed(await early.comes());
    const opening = process.opening();
    expect(nameAndEpoch(opening)).toBe("orders-0 at 7");
    const log = await opening.comes();
    process.expectServed(1, log, 7);
  });

  test("when the leader epoch is newer by then: of many only the newest is opened", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    for (const epoch of [6, 7, 8]) process.change(moved("orders", ledBy(1, epoch)));
    process.expectNotServed(await early.comes());
    const opening = process.opening();
    expect(nameAndEpoch(opening)).toBe("orders-0 at 8");
    await opening.comes();
    expect(process.one.get("orders", 0)?.leaderEpoch).toBe(8);
    expect(process.heard).toEqual(["1 elected orders-0"]);
  });

  test("when its topic was deleted: also what is stored goes", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5), ledBy(OTHER_MACHINE, 5)]));
    process.change(deleted("id-orders"));
    process.expectNotServed(await process.opening().comes());
    expect(process.engine.deleted).toEqual([{ topic: "orders", partition: 0, topicId: "id-orders" }]);
  });

  test("when its topic was deleted and made again: the new one is opened", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    process.change(deleted("id-orders"), topic("orders", [ledBy(1, 0)], "id-new"));
    expect(process.engine.deleted).toEqual([{ topic: "orders", partition: 0, topicId: "id-orders" }]);
    process.expectNotServed(await early.comes());
    const opening = process.opening();
    expect(opening.spec).toMatchObject({ topicId: "id-new", leaderEpoch: 0 });
    const log = await opening.comes();
    expect(process.one.get("orders", 0)?.log).toBe(log);
  });

  test.each(["resignAll", "close"] as const)("when the broker has stopped (%s)", async (stop) => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    process.one[stop]();
    process.expectNotServed(await process.opening().comes());
    expect(process.heard).toEqual([]);
  });

  test("when the process stops", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    await process.logs.close();
    process.expectNotServed(await process.opening().comes());
  });

  test("when it is handed over; it is opened again where others did not come to lead it", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    await process.one.handOver(applyChanges(process.image, [moved("orders", ledBy(OTHER_MACHINE, 6))]));
    process.expectNotServed(await early.comes());
    expect(process.asked()).toEqual([]);
    process.one.takeBack();
    const log = await process.opening().comes();
    expect(process.one.get("orders", 0)?.log).toBe(log);
  });

  test("when it is led again before all of it was handed over: it is opened anew, and stays open", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = await process.opening().comes();
    const flushed = Promise.withResolvers<void>();
    Object.defineProperty(early, "flush", { value: () => flushed.promise, configurable: true });
    const handedOver = process.one.handOver(applyChanges(process.image, [moved("orders", ledBy(OTHER_MACHINE, 6))]));
    process.change(moved("orders", ledBy(OTHER_MACHINE, 6)));
    process.change(moved("orders", ledBy(1, 7)));
    process.expectNotServed(early);
    const log = await process.opening().comes();
    flushed.resolve();
    await handedOver;
    process.expectServed(1, log, 7);
    expect(process.engine.closed).not.toContain(log);
    expect(process.heard).toEqual(["1 elected orders-0", "1 resigned orders-0", "1 elected orders-0"]);
  });

  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    test(`when another broker of the process leads by then, hearing of it in the order ${order.join(", ")}`, async () => {
      const process = new Process([1, 2]);
      process.change(topic("orders", [ledBy(1, 5)]));
      const early = process.opening();
      process.changeHeardBy(order, moved("orders", ledBy(2, 6)));
      process.expectNotServed(await early.comes());
      const log = await process.opening().comes();
      process.expectServed(2, log, 6);
      expect(process.heard).toEqual(["2 elected orders-0"]);
    });
  }

  test("when another broker of the process has heard first that it leads", async () => {
    const process = new Process([1, 2]);
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    process.changeHeardBy([2], moved("orders", ledBy(2, 6)));
    process.expectNotServed(await early.comes());
    const log = await process.opening().comes();
    expect(process.brokers.get(2)?.get("orders", 0)?.log).toBe(log);
    expect(process.one.get("orders", 0)).toBeUndefined();
  });
});

describe("a log that is open", () => {
  test("goes as it is to another broker of the process that has heard of it first", async () => {
    const process = new Process([1, 2]);
    process.change(topic("orders", [ledBy(1, 5)]));
    const log = await process.opening().comes();
    process.changeHeardBy([2, 1], moved("orders", ledBy(2, 6)));
    expect(process.asked()).toEqual([]);
    process.expectServed(2, log, 6);
  });

  test("is opened again when it failed: until then its storage is at fault", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const log = await process.opening().comes();
    process.engine.fail(log);
    await process.clock.advance(100);
    process.expectNotServed(log);
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.KAFKA_STORAGE_ERROR);
    const opening = process.opening();
    await process.clock.advance(60_000);
    expect(process.asked()).toEqual([]);
    expect(process.lines.map(({ message }) => message)).not.toContain("opened a log again that had failed");
    const again = await opening.comes();
    expect(process.one.get("orders", 0)?.log).toBe(again);
    expect(process.heard).toEqual(["1 elected orders-0", "1 resigned orders-0", "1 elected orders-0"]);
    expect(process.lines.map(({ message }) => message)).toContain("opened a log again that had failed");
  });
});

describe("a log that could not be opened", () => {
  test("is asked for again after longer and longer waits; meanwhile its storage is at fault", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    await process.opening().fails();
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.KAFKA_STORAGE_ERROR);
    for (const delayMs of [100, 200, 400]) {
      await process.clock.advance(delayMs - 1);
      expect(process.asked()).toEqual([]);
      await process.clock.advance(1);
      await process.opening().fails();
    }
    expect(process.lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual(["could not open a log"]);
    await process.clock.advance(800);
    const log = await process.opening().comes();
    expect(process.one.get("orders", 0)?.log).toBe(log);
    await process.clock.advance(60_000);
    expect(process.asked()).toEqual([]);
  });

  test("is asked for at once at a newer epoch", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    await process.opening().fails();
    process.change(moved("orders", ledBy(1, 6)));
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
    await process.opening().comes();
    expect(process.one.get("orders", 0)?.leaderEpoch).toBe(6);
  });

  test("counts for nothing when another opening has been asked for", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]));
    const early = process.opening();
    process.change(moved("orders", ledBy(1, 6)));
    await early.fails();
    expect(process.one.whyAbsent("orders", 0)).toBe(Errors.NOT_LEADER_OR_FOLLOWER);
    await process.opening().comes();
    expect(process.one.get("orders", 0)?.leaderEpoch).toBe(6);
    await process.clock.advance(60_000);
    expect(process.asked()).toEqual([]);
    expect(process.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("is not asked for again when another broker leads, the topic is gone or the broker stops", async () => {
    const process = new Process();
    process.change(topic("orders", [ledBy(1, 5)]), topic("bills", [ledBy(1, 5)]), topic("stock", [ledBy(1, 5)]));
    for (const opening of process.asked()) await opening.fails();
    process.change(moved("orders", ledBy(OTHER_MACHINE, 6)), deleted("id-bills"));
    expect(process.engine.deleted).toEqual([{ topic: "bills", partition: 0, topicId: "id-bills" }]);
    process.one.resignAll();
    await process.clock.advance(60_000);
    await settled();
    expect(process.asked()).toEqual([]);
  });
});
