// A topic of its own and a client that knows old versions only, for the scenarios; what is answered becomes lines of text.

import { errorName } from "../../protocol/errors.ts";
import { createTopics, fetch, produce } from "../../protocol/messages/index.ts";
import type { BatchOptions, NewRecord } from "../../protocol/records/batch-builder.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { RawClient } from "../support/raw-client.ts";
import { linesOf } from "./message-sets.ts";

export interface FetchAsked {
  readonly versions?: readonly number[];
  readonly maxBytes?: number;
  readonly totalBytes?: number;
}

export class OldStage {
  readonly lines: string[] = [];
  readonly #port: number;
  #client: RawClient;
  readonly topic: string;

  private constructor(port: number, client: RawClient, topic: string) {
    this.#port = port;
    this.#client = client;
    this.topic = topic;
  }

  static async open(port: number, topic: string): Promise<OldStage> {
    return new OldStage(port, await RawClient.connect(port), topic);
  }

  close(): void {
    this.#client.close();
  }

  note(line: string): void {
    this.lines.push(line.replaceAll(this.topic, "T"));
  }

  /** `undefined` where the connection was closed; the next call has another. */
  async ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R> | undefined> {
    const answer = await this.#client.call(api, version, body);
    if (answer === undefined) this.#client = await RawClient.connect(this.#port);
    return answer;
  }

  /** Notes the answer as it is, without times. */
  async tell<Q extends Shape>(api: Api<Q>, version: number, body: Encodable<Q>): Promise<void> {
    const answer = await this.ask(api, version, body);
    this.note(`${api.name} ${version}: ${answer === undefined ? "closed" : plain(answer)}`);
  }

  /** Segments and retention are such that nothing happens to old timestamps. */
  async createTopic(configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const given = Object.entries({ "retention.ms": "-1", ...configs }).map(([name, value]) => ({ name, value }));
    const topics = [{ name: this.topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: given }];
    const answer = await this.ask(createTopics, 4, { topics, timeoutMs: 10_000, validateOnly: false });
    const errorCode = answer?.topics[0]?.errorCode;
    if (errorCode !== 0) throw new Error(`the topic was not made: ${errorCode}`);
    await this.#untilFetched();
  }

  async produce(version: number, records: Buffer | null, options: { acks?: number; topic?: string } = {}): Promise<void> {
    const { acks = -1, topic = this.topic } = options;
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
    const body = { transactionalId: null, acks, timeoutMs: 10_000, topicData };
    if (acks === 0) {
      this.#client.send(produce, version, body);
      return;
    }
    const answer = await this.ask(produce, version, body);
    const partition = answer?.responses[0]?.partitionResponses[0];
    if (partition === undefined) return this.note(`Produce ${version}: closed`);
    const { errorCode, baseOffset, logAppendTimeMs } = partition;
    this.note(`Produce ${version}: ${errorName(errorCode)}, offset ${baseOffset}${logAppendTimeMs > 0 ? ", appended now" : ""}`);
  }

  async produceBatch(records: readonly NewRecord[], options: BatchOptions = {}): Promise<void> {
    await this.produce(7, buildBatch(records, options).bytes);
  }

  /** In all versions that are asked for; those that answer alike are noted together. */
  async fetch(offset: number, asked: FetchAsked = {}): Promise<void> {
    const { versions = [2], maxBytes = 1_000_000 } = asked;
    const answers = new Map<string, number[]>();
    for (const version of versions) {
      const answer = answerLines(await this.#fetched(offset, version, { maxBytes, ...asked })).join("\n");
      answers.set(answer, [...(answers.get(answer) ?? []), version]);
    }
    for (const [answer, alike] of answers) {
      const [head = "", ...lines] = answer.split("\n");
      this.note(`Fetch ${alike.join(", ")} from ${offset}, ${maxBytes} bytes: ${head}`);
      for (const line of lines) this.note(`  ${line}`);
    }
  }

  async #fetched(fetchOffset: number, version: number, { maxBytes = 1000, totalBytes = 1e9 }: FetchAsked) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: maxBytes }];
    const answer = await this.ask(fetch, version, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: totalBytes,
      topics: [{ topic: this.topic, partitions }],
    });
    return answer?.responses[0]?.partitions[0];
  }

  /** A topic is served a moment after it was made. */
  async #untilFetched(): Promise<void> {
    for (;;) {
      const partition = await this.#fetched(0, 11, {});
      if (partition?.errorCode === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

type FetchedPartition = Decoded<typeof fetch.response.struct.shape>["responses"][number]["partitions"][number];

function answerLines(partition: FetchedPartition | undefined): string[] {
  if (partition === undefined) return ["closed"];
  const { errorCode, highWatermark, records } = partition;
  return [`${errorName(errorCode)}, high watermark ${highWatermark}`, ...linesOf(records ?? Buffer.alloc(0))];
}

const TIMES = new Set(["throttleTimeMs"]);

function plain(value: unknown): string {
  return JSON.stringify(value, (name, each: unknown) => (TIMES.has(name) ? undefined : typeof each === "bigint" ? Number(each) : each));
}
