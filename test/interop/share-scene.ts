// A share group, a topic of its own and consumers that a scenario leads by the hand (share-client.ts). Records go in as exactly the batches that
// the scenario sends, by bare requests (log-client.ts).

import { incrementalAlterConfigs } from "../../protocol/messages/44-incremental-alter-configs.ts";
import { describeShareGroupOffsets } from "../../protocol/messages/90-describe-share-group-offsets.ts";
import { RawClient } from "../support/raw-client.ts";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { LogClient, type Producer } from "./log-client.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";
import { RestartableBrokers } from "./restartable-brokers.ts";
import { ShareClient, type ShareClientName, type ShareConsumer, type ShareConsumerOptions, type SharedRecord } from "./share-client.ts";

const GROUP_RESOURCE = 32;
const SET = 0;

/** Members hear soon of what has changed, and locks may be short. */
const SETTINGS = {
  "group.share.min.heartbeat.interval.ms": "100",
  "group.share.heartbeat.interval.ms": "300",
  "group.share.min.session.timeout.ms": "1000",
  "group.share.session.timeout.ms": "10000",
  "group.share.assignment.interval.ms": "0",
  "group.share.min.record.lock.duration.ms": "1000",
  "share.coordinator.state.topic.num.partitions": "4",
};

export function shareBrokers(title: string): RestartableBrokers {
  return new RestartableBrokers({ title, ports: { kafka: port(19592), odradek: port(19692) }, settings: SETTINGS });
}

export class ShareScene {
  readonly group: string;
  readonly topic: string;
  readonly #broker: BrokerUnderTest;
  readonly #clients = new Map<ShareClientName, Promise<ShareClient>>();
  #log: LogClient | undefined;
  #consumerCount = 0;
  #sent = 0;

  private constructor(broker: BrokerUnderTest, name: string) {
    this.#broker = broker;
    this.group = `share-${name}`;
    this.topic = `share-${name}-topic`;
  }

  /** @param configs of the group, without "share." in front; it reads from the beginning */
  static async run<T>(
    broker: BrokerUnderTest,
    name: string,
    configs: Readonly<Record<string, string>>,
    play: (scene: ShareScene) => Promise<T>,
  ): Promise<T> {
    const scene = new ShareScene(broker, name);
    try {
      await (await scene.#logClient()).createTopic(scene.topic, {});
      await scene.configure({ "auto.offset.reset": "earliest", ...configs });
      return await play(scene);
    } finally {
      for (const client of scene.#clients.values()) await (await client).stop();
      scene.#log?.close();
    }
  }

  /** The settings of the group, without "share." in front. */
  async configure(configs: Readonly<Record<string, string>>): Promise<void> {
    const changes = Object.entries(configs).map(([name, value]) => ({ name: `share.${name}`, configOperation: SET, value }));
    const resources = [{ resourceType: GROUP_RESOURCE, resourceName: this.group, configs: changes }];
    const answer = await this.#ask((raw) => raw.call(incrementalAlterConfigs, 1, { resources, validateOnly: false }));
    if (answer?.responses[0]?.errorCode !== 0) throw new Error(`not set: ${answer?.responses[0]?.errorMessage}`);
  }

  /** Numbered records in one batch, "v0" the first of all. */
  async send(count: number, producer?: Producer): Promise<void> {
    const records = Array.from({ length: count }, (_, index) => ({
      timestamp: Date.now(),
      key: null,
      value: Buffer.from(`v${this.#sent + index}`),
    }));
    this.#sent += count;
    await (await this.#logClient()).send(this.topic, records, {}, producer);
  }

  /** A transaction of one batch. */
  async sendInTransaction(count: number, isCommitted: boolean): Promise<void> {
    const log = await this.#logClient();
    const producer = await log.producer(`${this.group}-${this.#sent}`);
    await log.addToTransaction(this.topic, producer);
    await this.send(count, producer);
    await log.endTransaction(this.topic, producer, isCommitted);
  }

  async deleteRecords(beforeOffset: number): Promise<void> {
    await (await this.#logClient()).deleteRecords(this.topic, beforeOffset);
  }

  /** In the process that all consumers of the kind share. */
  async open(options: Partial<ShareConsumerOptions> = {}, client: ShareClientName = "java"): Promise<ShareConsumer> {
    const started = this.#clients.get(client) ?? ShareClient.start(client, this.#broker.bootstrap);
    this.#clients.set(client, started);
    return this.#open(await started, options);
  }

  /** In a process of its own, which can be killed. */
  async openMortal(
    options: Partial<ShareConsumerOptions> = {},
    client: ShareClientName = "java",
  ): Promise<{ readonly consumer: ShareConsumer; readonly die: () => void }> {
    const own = await ShareClient.start(client, this.#broker.bootstrap);
    return { consumer: await this.#open(own, options), die: () => own.die() };
  }

  #open(client: ShareClient, options: Partial<ShareConsumerOptions>): Promise<ShareConsumer> {
    return client.open(`consumer-${++this.#consumerCount}`, { group: this.group, topics: [this.topic], ...options });
  }

  /** Where the group starts in the first partition and how many records are left to it there, as its state says. */
  async offsets(): Promise<{ readonly start: number; readonly lag: number }> {
    const [{ start, lag } = { start: -2, lag: -2 }] = await this.#offsets(1);
    return { start, lag };
  }

  /** How many records are left to it in the first so many partitions. */
  async lag(partitionCount: number): Promise<number> {
    return (await this.#offsets(partitionCount)).reduce((sum, { lag }) => sum + lag, 0);
  }

  async #offsets(partitionCount: number): Promise<{ readonly start: number; readonly lag: number }[]> {
    const partitions = Array.from({ length: partitionCount }, (_, index) => index);
    const groups = [{ groupId: this.group, topics: [{ topicName: this.topic, partitions }] }];
    const answer = await this.#ask((raw) => raw.call(describeShareGroupOffsets, 1, { groups }));
    const found = answer?.groups[0]?.topics[0]?.partitions ?? [];
    return found.map(({ startOffset, lag }) => ({ start: startOffset, lag }));
  }

  /** Polls until so many records came, with what is to be done to each answer. */
  async pollAll(
    consumer: ShareConsumer,
    count: number,
    each: (records: SharedRecord[]) => Promise<void> = () => Promise.resolve(),
  ): Promise<SharedRecord[]> {
    const all: SharedRecord[] = [];
    await waitFor(
      `${count} records of ${this.group}`,
      async () => {
        const records = await consumer.poll(1000);
        await each(records);
        return all.push(...records);
      },
      (seen) => seen >= count,
    );
    return all;
  }

  async #ask<T>(call: (raw: RawClient) => Promise<T>): Promise<T> {
    const [host, port] = this.#broker.bootstrap.split(":");
    const raw = await RawClient.connect(Number(port), host);
    try {
      return await call(raw);
    } finally {
      raw.close();
    }
  }

  async #logClient(): Promise<LogClient> {
    this.#log ??= await LogClient.connect(this.#broker.bootstrap);
    return this.#log;
  }
}

/** As "offset" or "offset×deliveries", neighbours alike joined: "0-3 4-6×2". */
export function described(records: readonly SharedRecord[]): string {
  const runs: { first: number; last: number; deliveries: number }[] = [];
  for (const { offset, deliveries } of records) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === offset - 1 && run.deliveries === deliveries) run.last = offset;
    else runs.push({ first: offset, last: offset, deliveries });
  }
  return runs
    .map(({ first, last, deliveries }) => `${first}${last > first ? `-${last}` : ""}${deliveries > 1 ? `×${deliveries}` : ""}`)
    .join(" ");
}
