// A broker in memory and a client of bare frames on it, for tests of single APIs.

import { afterAll, beforeAll, expect } from "vitest";
import { createTopics, describeConfigs, produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { type StartOptions, startBroker } from "../../src/index.ts";
import { RawClient } from "./raw-client.ts";

export const TOPIC = 2;
export const BROKER = 4;
export const BROKER_LOGGER = 8;
export const CLIENT_METRICS = 16;
export const GROUP = 32;

interface Stoppable {
  readonly port: number;
  stop(): Promise<void>;
}

export class AskingBroker {
  readonly broker: Stoppable;
  readonly #client: RawClient;

  constructor(broker: Stoppable, client: RawClient) {
    this.broker = broker;
    this.#client = client;
  }

  static async start(options: StartOptions = {}): Promise<AskingBroker> {
    const broker = await startBroker(options);
    return new AskingBroker(broker, await RawClient.connect(broker.port));
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.broker.stop();
  }

  /** The answer in the highest version of the API, unless another is asked for. */
  async ask<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    body: Encodable<Q>,
    version = api.request.versions.highest,
  ): Promise<Decoded<R>> {
    const answer = await this.#client.call(api, version, body);
    if (answer === undefined) throw new Error(`the broker closed the connection at ${api.name}`);
    return answer;
  }

  async createTopic(name: string, options: { partitions?: number; configs?: Readonly<Record<string, string>> } = {}): Promise<void> {
    const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions: options.partitions ?? 1, replicationFactor: 1, assignments: [], configs };
    const answer = await this.ask(createTopics, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual([0]);
  }

  /** Appends records one batch; gives the partition's answer. */
  async append(topic: string, partition: number, count: number, timestamp = Date.now()) {
    const records = buildBatch(
      Array.from({ length: count }, (_, index) => ({ key: Buffer.from(`k${index}`), value: Buffer.from(`v${index}`), timestamp })),
      { timestamp },
    ).bytes;
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    const answer = await this.ask(produce, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData }, 12);
    const answered = answer.responses[0]?.partitionResponses[0];
    if (answered === undefined) throw new Error("no partition was answered");
    return answered;
  }

  /** What holds for a setting, and from where: "5000 from 1". */
  async setting(resourceType: number, resourceName: string, name: string): Promise<string> {
    const resource = { resourceType, resourceName, configurationKeys: [name] };
    const answer = await this.ask(describeConfigs, { resources: [resource], includeSynonyms: true, includeDocumentation: false });
    const found = answer.results[0]?.configs.find((config) => config.name === name);
    return found === undefined ? "absent" : `${found.value} from ${found.configSource}`;
  }
}

/** One for all tests of a file; stopped after them. */
export function askingBroker(options: StartOptions = {}): () => AskingBroker {
  let running: AskingBroker | undefined;
  beforeAll(async () => {
    running = await AskingBroker.start(options);
  });
  afterAll(() => running?.stop());
  return () => {
    if (running === undefined) throw new Error("the broker has not started");
    return running;
  };
}
