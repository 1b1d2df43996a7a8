// A node on virtual time for tests of what settings do: its data is in files in memory that outlive it.

import { expect } from "vitest";
import { incrementalAlterConfigs } from "../../protocol/messages/index.ts";
import { type BatchOptions, buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { SegmentedLog } from "../../src/log/segmented-log.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import type { Partition } from "../../src/partition/partition.ts";
import { AskingBroker, BROKER } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

const FOLDER = "/data";
const SET = 0;

type Texts = Readonly<Record<string, string>>;

export interface BenchOptions {
  readonly settings?: SettingInputs;
  /** Settings of brokers 2, 3, … */
  readonly others?: readonly SettingInputs[];
  /** Of the topic "t", which has one partition. */
  readonly topic?: Texts;
  /** What an earlier bench left. */
  readonly filesystem?: MemoryFilesystem;
  readonly clock?: VirtualClock;
  readonly logger?: Logger;
}

export class EffectBench implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly filesystem: MemoryFilesystem;
  readonly node: RunningNode;
  readonly asking: AskingBroker;

  private constructor(parts: { clock: VirtualClock; filesystem: MemoryFilesystem; node: RunningNode; asking: AskingBroker }) {
    this.clock = parts.clock;
    this.filesystem = parts.filesystem;
    this.node = parts.node;
    this.asking = parts.asking;
  }

  static async start({ settings = {}, others = [], topic, ...given }: BenchOptions = {}): Promise<EffectBench> {
    const clock = given.clock ?? new VirtualClock();
    const filesystem = given.filesystem ?? new MemoryFilesystem(clock);
    const place = (argument: SettingInputs) => ({ config: brokerConfig({ argument }), host: "127.0.0.1", port: 0 });
    const node = await openNode({
      ...place(settings),
      others: others.map((other, index) => place({ "node.id": index + 2, ...other })),
      data: FOLDER,
      topics: topic === undefined ? [] : [{ name: "t", partitions: 1, configs: topic }],
      clock,
      filesystem,
      ...(given.logger === undefined ? {} : { logger: given.logger }),
    });
    return new EffectBench({ clock, filesystem, node, asking: await askingOf(node, node.broker.port) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.asking.stop();
  }

  get partition(): Partition {
    const partition = this.node.broker.services.partitions.get("t", 0);
    if (partition === undefined) throw new Error("the topic t is not there");
    return partition;
  }

  get log(): SegmentedLog {
    const { log } = this.partition;
    if (!(log instanceof SegmentedLog)) throw new Error("another engine");
    return log;
  }

  /** Appends a batch; gives its error code, 0 for none. */
  append(records: readonly Partial<NewRecord>[] = [{}], options: BatchOptions = {}): number {
    const whole = records.map((record) => ({ key: Buffer.from("k"), value: Buffer.from("v"), ...record }));
    const result = this.partition.append(buildBatch(whole, { timestamp: this.clock.now(), ...options }).bytes, "client");
    return result.ok ? 0 : result.error;
  }

  appendMany(count: number): void {
    for (let index = 0; index < count; index++) expect(this.append()).toBe(0);
  }

  async batches(): Promise<RecordBatch[]> {
    const { log } = this;
    const found: RecordBatch[] = [];
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const read = await log.read({ offset, untilOffset: log.logEndOffset, maxBytes: 1 << 20, firstBatchWhole: true });
      if (read.sizeBytes === 0) break;
      for (const buffer of read.records) found.push(...batchesOf(Buffer.from(buffer)));
      offset = read.nextOffset;
    }
    return found;
  }

  async offsets(): Promise<number[]> {
    return (await this.batches()).flatMap((batch) => [...recordsOf(batch)].map(({ offset }) => offset));
  }

  files(): string[] {
    return this.filesystem.list(`${FOLDER}/t-0`);
  }

  /** Moves the time on in steps, so that work which takes turns gets them. */
  async pass(totalMs: number, stepMs = totalMs): Promise<void> {
    for (let passedMs = 0; passedMs < totalMs; passedMs += stepMs) {
      await this.clock.advance(Math.min(stepMs, totalMs - passedMs));
      await turns(20);
    }
  }

  /** As kafka-configs does it, for all brokers. */
  async alterBrokers(values: Texts): Promise<void> {
    const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: SET, value }));
    const resources = [{ resourceType: BROKER, resourceName: "", configs }];
    const { responses } = await this.asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
    expect(responses.map(({ errorMessage }) => errorMessage)).toEqual([null]);
  }
}

async function askingOf(node: RunningNode, port: number): Promise<AskingBroker> {
  return new AskingBroker({ port, stop: () => node.stop() }, await RawClient.connect(port));
}

/** Keeps the facts of the lines that say `message`. */
export function loggerOf(message: string): { readonly logger: Logger; readonly lines: object[] } {
  const lines: object[] = [];
  const info = (facts: object, text: string) => {
    if (text === message) lines.push(facts);
  };
  const logger: Logger = { ...silentLogger, info, child: () => logger };
  return { logger, lines };
}

/** Lets what runs beside have so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What is seen with the settings, and what without them. */
export async function seen<T>(
  settings: SettingInputs,
  observe: (bench: EffectBench) => Promise<T> | T,
  more: BenchOptions = {},
): Promise<[T, T]> {
  const results: T[] = [];
  for (const each of [{}, settings]) {
    await using bench = await EffectBench.start({ ...more, settings: { ...more.settings, ...each } });
    results.push(await observe(bench));
  }
  const [without, withThem] = results;
  return [without as T, withThem as T];
}
