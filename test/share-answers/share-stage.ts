// Where a scenario of share groups plays: a broker, a topic and a group of its own, and a line for each thing that a member asks, with what it
// was answered. State of share partitions is set up as a group coordinator would, so that members need none.

import { setTimeout as delay } from "node:timers/promises";
import { errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { RawClient } from "../support/raw-client.ts";

const DEADLINE_MS = 20_000;
const PAUSE_MS = 20;
const SETTLE_MS = 300;
const GROUP_RESOURCE = 32;
/** What a key of a coordinator is of. */
const SHARE_STATE = 2;
const TRANSACTION = 1;

export interface StageOptions {
  /** Until settings that were altered, and ends of transactions, are seen everywhere. */
  readonly settleMs?: number;
  /** The broker's time. */
  readonly nowMs?: () => number;
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Where the group begins; -1: by its settings. */
  readonly startOffset?: number;
}

/** `[first, last, ...types]` */
export type Acknowledgement = readonly [first: number, last: number, ...types: number[]];

export interface FetchWish {
  readonly epoch?: number;
  readonly partitions?: readonly number[];
  readonly forget?: readonly number[];
  readonly acks?: readonly Acknowledgement[];
  readonly version?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly maxRecords?: number;
  readonly batchSize?: number;
  readonly mode?: number;
  readonly isRenewAck?: boolean;
  readonly topicId?: string;
  /** Whether it waited is compared. */
  readonly isTimed?: boolean;
}

export class ShareStage {
  readonly lines: string[] = [];
  readonly #port: number;
  readonly #prefix: string;
  readonly #options: Required<StageOptions>;
  readonly #client: RawClient;
  readonly #clients: RawClient[] = [];
  #topicId = "";
  #transactionCount = 0;

  private constructor(port: number, prefix: string, client: RawClient, options: StageOptions) {
    this.#port = port;
    this.#prefix = prefix;
    this.#options = { settleMs: SETTLE_MS, nowMs: Date.now, ...options };
    this.#client = client;
  }

  static async open(port: number, prefix: string, options: StageOptions = {}): Promise<ShareStage> {
    return new ShareStage(port, prefix, await RawClient.connect(port), options);
  }

  close(): void {
    for (const client of [this.#client, ...this.#clients]) client.close();
  }

  get group(): string {
    return `${this.#prefix}g`;
  }

  get topic(): string {
    return `${this.#prefix}t`;
  }

  get topicId(): string {
    return this.#topicId;
  }

  async ask<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    body: Encodable<Q>,
    client = this.#client,
  ): Promise<Decoded<R>> {
    const answer = await Promise.race([client.call(api, version, body), delay(DEADLINE_MS)]);
    if (answer === undefined) throw new Error(`no answer to ${api.name}`);
    return answer;
  }

  note(line: string): void {
    this.lines.push(line);
  }

  wait(ms: number): Promise<void> {
    return delay(ms);
  }

  /** The topic, and the group's state of its partitions. */
  async begin({ partitions = 1, configs = {}, startOffset = 0 }: TopicOptions = {}): Promise<void> {
    const asked = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const topics = [{ name: this.topic, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: asked }];
    const made = await this.ask(messages.createTopics, 7, { topics, timeoutMs: DEADLINE_MS, validateOnly: false });
    this.#topicId = made.topics[0]?.topicId ?? "";
    await this.#until(async () => {
      const seen = await this.ask(messages.metadata, 12, { topics: [{ name: this.topic }], allowAutoTopicCreation: false });
      return seen.topics[0]?.errorCode === 0 && seen.topics[0].partitions.every(({ errorCode }) => errorCode === 0);
    });
    for (let partition = 0; partition < partitions; partition++) {
      await this.#until(async () => {
        const coordinatorKeys = [`${this.group}:${this.#topicId}:${partition}`];
        const found = await this.ask(messages.findCoordinator, 6, { keyType: SHARE_STATE, coordinatorKeys });
        return found.coordinators[0]?.errorCode === 0;
      });
      await this.initialize(partition, startOffset);
    }
  }

  async initialize(partition: number, startOffset: number, stateEpoch = 0): Promise<void> {
    await this.#until(async () => {
      const topics = [{ topicId: this.#topicId, partitions: [{ partition, stateEpoch, startOffset }] }];
      const done = await this.ask(messages.initializeShareGroupState, 0, { groupId: this.group, topics });
      return done.results[0]?.partitions[0]?.errorCode === 0;
    });
  }

  /** A batch of the log for each size. */
  async produce(sizes: readonly number[], { partition = 0, valueBytes = 1 } = {}): Promise<void> {
    for (const size of sizes) {
      const records = Array.from({ length: size }, () => ({ key: null, value: Buffer.alloc(valueBytes, "v") }));
      const { bytes } = buildBatch(records, { baseOffset: 0, timestamp: this.#options.nowMs() });
      await this.#append(bytes, partition, null);
    }
  }

  /** A batch for each size, in a transaction of its own. */
  async transact(sizes: readonly number[], end: "commit" | "abort" | "open"): Promise<void> {
    const transactionalId = `${this.#prefix}x${this.#transactionCount++}`;
    const begun = await this.#begun(transactionalId);
    const { producerId, producerEpoch } = begun;
    const topics = [{ name: this.topic, partitions: [0] }];
    const added = { v3AndBelowTransactionalId: transactionalId, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch };
    await this.#until(async () => {
      const answer = await this.ask(messages.addPartitionsToTxn, 3, { ...added, v3AndBelowTopics: topics });
      return answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode === 0;
    });
    let baseSequence = 0;
    for (const size of sizes) {
      const records = Array.from({ length: size }, () => ({ key: null, value: Buffer.from("v") }));
      const { bytes } = buildBatch(records, {
        timestamp: this.#options.nowMs(),
        producerId,
        producerEpoch,
        baseSequence,
        isTransactional: true,
      });
      baseSequence += size;
      await this.#append(bytes, 0, transactionalId);
    }
    if (end === "open") return;
    await this.ask(messages.endTxn, 4, { transactionalId, producerId, producerEpoch, committed: end === "commit" });
    // The marker follows.
    await delay(this.#options.settleMs);
  }

  async #append(records: Buffer, index: number, transactionalId: string | null): Promise<void> {
    const topicData = [{ name: this.topic, partitionData: [{ index, records }] }];
    const answer = await this.ask(messages.produce, 11, { transactionalId, acks: -1, timeoutMs: DEADLINE_MS, topicData });
    const error = answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
    if (error !== 0) throw new Error(`records cannot be appended: ${errorName(error)}`);
  }

  async #begun(transactionalId: string) {
    const endMs = Date.now() + DEADLINE_MS;
    for (;;) {
      await this.ask(messages.findCoordinator, 4, { keyType: TRANSACTION, coordinatorKeys: [transactionalId] });
      const answer = await this.ask(messages.initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 });
      if (answer.errorCode === 0) return answer;
      if (Date.now() > endMs) throw new Error(`no transaction can be begun: ${errorName(answer.errorCode)}`);
      await delay(PAUSE_MS);
    }
  }

  async deleteRecords(offset: number): Promise<void> {
    const topics = [{ name: this.topic, partitions: [{ partitionIndex: 0, offset }] }];
    await this.ask(messages.deleteRecords, 2, { topics, timeoutMs: DEADLINE_MS });
  }

  async alterGroup(settings: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value }));
    const resource = { resourceType: GROUP_RESOURCE, resourceName: this.group, configs };
    const done = await this.ask(messages.incrementalAlterConfigs, 1, { resources: [resource], validateOnly: false });
    if (done.responses[0]?.errorCode !== 0) throw new Error(`the group cannot be altered: ${done.responses[0]?.errorMessage}`);
    await delay(this.#options.settleMs);
  }

  async member(name: string): Promise<ShareMember> {
    const client = await RawClient.connect(this.#port);
    this.#clients.push(client);
    return new ShareMember(this, `member-${name}`, client);
  }

  /** What is stored of a partition. */
  async stored(partition = 0): Promise<void> {
    const read = await this.ask(messages.readShareGroupState, 0, {
      groupId: this.group,
      topics: [{ topicId: this.#topicId, partitions: [{ partition, leaderEpoch: 0 }] }],
    });
    const summary = await this.ask(messages.readShareGroupStateSummary, 1, {
      groupId: this.group,
      topics: [{ topicId: this.#topicId, partitions: [{ partition, leaderEpoch: 0 }] }],
    });
    const state = read.results[0]?.partitions[0];
    const batches = state?.stateBatches.map(
      ({ firstOffset, lastOffset, deliveryState, deliveryCount }) => `${firstOffset}-${lastOffset} s${deliveryState} x${deliveryCount}`,
    );
    const complete = summary.results[0]?.partitions[0]?.deliveryCompleteCount;
    this.note(`stored: start ${state?.startOffset}, complete ${complete}, [${batches?.join(", ")}]${errorText(state?.errorCode ?? 0)}`);
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + DEADLINE_MS;
    while (!(await isSo())) {
      if (Date.now() > endMs) throw new Error("the broker is not ready in time");
      await delay(PAUSE_MS);
    }
  }
}

export class ShareMember {
  readonly #stage: ShareStage;
  readonly #id: string;
  readonly #client: RawClient;
  #epoch = 0;

  constructor(stage: ShareStage, id: string, client: RawClient) {
    this.#stage = stage;
    this.#id = id;
    this.#client = client;
  }

  /** Another connection closes: the one of this member. */
  async disconnect(): Promise<void> {
    this.#client.close();
    this.#stage.note(`${this.#id} disconnects`);
    await delay(200);
  }

  async fetch(wish: FetchWish = {}): Promise<void> {
    const { version = 2, partitions = this.#epoch === 0 ? [0] : [], acks = [], forget = [] } = wish;
    const epoch = wish.epoch ?? this.#epoch;
    const asked = acks.length > 0 && partitions.length === 0 ? [0] : partitions;
    const topicId = wish.topicId ?? this.#stage.topicId;
    const body = {
      ...{ groupId: this.#stage.group, memberId: this.#id, shareSessionEpoch: epoch },
      ...{ maxWaitMs: wish.maxWaitMs ?? 5000, minBytes: wish.minBytes ?? 1, maxBytes: wish.maxBytes ?? 1 << 20 },
      ...{ maxRecords: wish.maxRecords ?? 500, batchSize: wish.batchSize ?? 500 },
      ...(version >= 2 ? { shareAcquireMode: wish.mode ?? 0, isRenewAck: wish.isRenewAck ?? false } : {}),
      topics:
        asked.length === 0
          ? []
          : [
              {
                topicId,
                partitions: asked.map((partitionIndex) => ({
                  partitionIndex,
                  acknowledgementBatches: batchesOf(partitionIndex === asked[0] ? acks : []),
                })),
              },
            ],
      forgottenTopicsData: forget.length === 0 ? [] : [{ topicId, partitions: [...forget] }],
    };
    const startMs = Date.now();
    const answer = await this.#stage.ask(messages.shareFetch, version, body, this.#client);
    const waitedMs = Date.now() - startMs;
    if (answer.errorCode === 0 || wish.epoch === undefined) this.#follow(epoch, answer.errorCode);
    const told = answer.responses.flatMap(({ partitions: each }) => each.map(partitionText)).sort();
    const wait = wish.isTimed !== true ? "" : waitedMs >= body.maxWaitMs * 0.9 ? " after its wait" : " at once";
    this.#stage.note(
      `${this.#id} fetches in epoch ${epoch}${wishText(wish)} → ${[errorText(answer.errorCode), ...told].filter((text) => text !== "").join("; ") || "nothing"}${wait}`,
    );
  }

  async acknowledge(
    acks: readonly Acknowledgement[],
    options: { epoch?: number; isRenewAck?: boolean; version?: number } = {},
  ): Promise<void> {
    const epoch = options.epoch ?? this.#epoch;
    const version = options.version ?? 2;
    const partitions = [{ partitionIndex: 0, acknowledgementBatches: batchesOf(acks) }];
    const body = {
      ...{ groupId: this.#stage.group, memberId: this.#id, shareSessionEpoch: epoch },
      ...(version >= 2 ? { isRenewAck: options.isRenewAck ?? false } : {}),
      topics: acks.length === 0 ? [] : [{ topicId: this.#stage.topicId, partitions }],
    };
    const answer = await this.#stage.ask(messages.shareAcknowledge, version, body, this.#client);
    if (answer.errorCode === 0 || options.epoch === undefined) this.#follow(epoch, answer.errorCode);
    const told = answer.responses.flatMap(({ partitions: each }) =>
      each.map(
        ({ partitionIndex, errorCode, errorMessage }) => `${partitionIndex}:${errorText(errorCode) || " ok"}${messageText(errorMessage)}`,
      ),
    );
    this.#stage.note(
      `${this.#id} acknowledges ${acksText(acks)} in epoch ${epoch}${options.isRenewAck === true ? " renewing" : ""} → ${[errorText(answer.errorCode) + messageText(answer.errorMessage), ...told].filter((text) => text !== "").join("; ")}`,
    );
  }

  #follow(epoch: number, errorCode: number): void {
    if (errorCode === 0) this.#epoch = epoch === -1 ? 0 : epoch + 1;
  }
}

type Partition = Decoded<typeof messages.shareFetch.response.struct.shape>["responses"][number]["partitions"][number];

function partitionText(partition: Partition): string {
  const { partitionIndex, errorCode, errorMessage, acknowledgeErrorCode, acknowledgeErrorMessage, records, acquiredRecords } = partition;
  const ranges = acquiredRecords.map(({ firstOffset, lastOffset, deliveryCount }) => `${firstOffset}-${lastOffset} x${deliveryCount}`);
  const parts = [
    `${errorText(errorCode)}${messageText(errorMessage)}`,
    acknowledgeErrorCode === 0 ? "" : ` ack${errorText(acknowledgeErrorCode)}${messageText(acknowledgeErrorMessage)}`,
    ranges.length === 0 ? "" : ` [${ranges.join(", ")}]`,
    records === null
      ? " null records"
      : records.length === 0
        ? ""
        : ` of ${offsetsOf(Buffer.isBuffer(records) ? records : Buffer.concat([...records]))}`,
  ];
  return `${partitionIndex}:${parts.join("") || " nothing"}`;
}

function offsetsOf(records: Buffer): string {
  let first = -1;
  let last = -1;
  for (let at = 0; at < records.length; ) {
    const batch = new RecordBatch(records, at);
    if (first === -1) first = batch.baseOffset;
    last = batch.lastOffset;
    at = batch.end;
  }
  return `${first}-${last}`;
}

function batchesOf(acks: readonly Acknowledgement[]) {
  return acks.map(([firstOffset, lastOffset, ...acknowledgeTypes]) => ({ firstOffset, lastOffset, acknowledgeTypes }));
}

function wishText(wish: FetchWish): string {
  const { epoch: _, isTimed: __, acks = [], ...others } = wish;
  const parts = Object.entries(others).map(
    ([name, value]) => ` ${name}=${Array.isArray(value) ? `[${value.join(",")}]` : name === "topicId" ? "other" : value}`,
  );
  return `${parts.join("")}${acks.length === 0 ? "" : `, acknowledging ${acksText(acks)}`}`;
}

function acksText(acks: readonly Acknowledgement[]): string {
  return `[${acks.map(([first, last, ...types]) => `${first}-${last}=${types.join("")}`).join(", ")}]`;
}

function errorText(code: number): string {
  return code === 0 ? "" : ` ${errorName(code)}`;
}

function messageText(message: string | null): string {
  return message === null ? "" : ` "${message}"`;
}
