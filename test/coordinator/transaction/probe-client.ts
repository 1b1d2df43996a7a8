// A client of bare requests that says what came of each in words, so that two brokers can be compared: errors by name, producer ids by
// the order of their appearance, times not at all.

import { errorName } from "../../../protocol/errors.ts";
import * as messages from "../../../protocol/messages/index.ts";
import { buildBatch } from "../../../protocol/records/batch-builder.ts";
import { readControlBatch } from "../../../protocol/records/control-batch.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { Decoded, Encodable, Shape } from "../../../protocol/schema/field.ts";
import type { Api } from "../../../protocol/schema/message.ts";
import { RawClient } from "../../support/raw-client.ts";

export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly epoch: number;
}

/** A producer id in the observation: "P0" is the first that was given to this id. */
export type Told = string;

const CLOSED = "connection closed";

export class ProbeClient {
  readonly topic: string;
  readonly group: string;
  readonly #port: number;
  #client: RawClient;
  readonly #names = new Map<number, string>();

  private constructor(port: number, client: RawClient, name: string) {
    this.#port = port;
    this.#client = client;
    this.topic = `${name}-topic`;
    this.group = `${name}-group`;
  }

  /** Makes nothing: the topic is the caller's business. */
  static async connect(port: number, name: string): Promise<ProbeClient> {
    return new ProbeClient(port, await RawClient.connect(port), name);
  }

  /** `name` is also what its topic, of three partitions, and its group are called by. */
  static async open(port: number, name: string): Promise<ProbeClient> {
    const probe = await ProbeClient.connect(port, name);
    await probe.call(messages.createTopics, 7, {
      topics: [{ name: probe.topic, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 10_000,
      validateOnly: false,
    });
    for (const partition of [0, 1, 2]) await probe.#until(async () => (await probe.read(partition)).highWatermark === 0);
    await probe.coordinator(1, name);
    await probe.coordinator(0, probe.group);
    return probe;
  }

  close(): void {
    this.#client.close();
  }

  async call<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    const response = await this.#client.call(api, version, body);
    if (response !== undefined) return response;
    this.#client = await RawClient.connect(this.#port);
    throw new Error(CLOSED);
  }

  /** Waits until the coordinator answers. */
  async coordinator(keyType: number, key: string): Promise<void> {
    await this.#until(async () => {
      const { coordinators } = await this.call(messages.findCoordinator, 4, { keyType, coordinatorKeys: [key] });
      return coordinators[0]?.errorCode === 0;
    });
    await this.#until(async () => {
      if (keyType === 0) return (await this.committed(0, { group: key })) !== "COORDINATOR_LOAD_IN_PROGRESS";
      return (await this.describe(key)) === "TRANSACTIONAL_ID_NOT_FOUND";
    });
  }

  /** Long enough for what brokers look for every ten seconds. */
  async #until(isDone: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (await isDone()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("waited too long");
  }

  name(producerId: number): Told {
    if (producerId < 0) return `${producerId}`;
    const known = this.#names.get(producerId) ?? `P${this.#names.size}`;
    this.#names.set(producerId, known);
    return known;
  }

  // ---- transactions

  async init(id: string | null, options: { version?: number; timeoutMs?: number; producer?: ProducerIdAndEpoch } = {}) {
    const { version = 5, timeoutMs = 60_000, producer = { producerId: -1, epoch: -1 } } = options;
    const identity = version >= 3 ? { producerId: producer.producerId, producerEpoch: producer.epoch } : {};
    const response = await this.call(messages.initProducerId, version, {
      transactionalId: id,
      transactionTimeoutMs: timeoutMs,
      ...identity,
    });
    const { errorCode, producerId, producerEpoch } = response;
    return {
      told: errorCode === 0 ? `${this.name(producerId)} epoch ${producerEpoch}` : `${errorName(errorCode)} ${producerId} ${producerEpoch}`,
      producer: { producerId, epoch: producerEpoch },
    };
  }

  /** Repeats InitProducerId until nothing is in its way. */
  async initialized(id: string, options: { version?: number; timeoutMs?: number } = {}) {
    for (;;) {
      const initialized = await this.init(id, options);
      if (!initialized.told.startsWith("CONCURRENT_TRANSACTIONS")) return initialized;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async add(
    id: string,
    { producerId, epoch }: ProducerIdAndEpoch,
    partitions: readonly number[],
    version = 3,
    topic = this.topic,
  ): Promise<Told> {
    const response = await this.call(messages.addPartitionsToTxn, version, {
      v3AndBelowTransactionalId: id,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: epoch,
      v3AndBelowTopics: [{ name: topic, partitions }],
    });
    return partitionErrors(response.resultsByTopicV3AndBelow);
  }

  async addBatch(
    id: string,
    { producerId, epoch }: ProducerIdAndEpoch,
    partitions: readonly number[],
    verifyOnly = false,
    version = 5,
  ): Promise<Told> {
    const transaction = { transactionalId: id, producerId, producerEpoch: epoch, verifyOnly, topics: [{ name: this.topic, partitions }] };
    const response = await this.call(messages.addPartitionsToTxn, version, { transactions: [transaction] });
    if (response.errorCode !== 0) return errorName(response.errorCode);
    return partitionErrors(response.resultsByTransaction[0]?.topicResults ?? []);
  }

  async addOffsets(id: string, { producerId, epoch }: ProducerIdAndEpoch, version = 3, group = this.group): Promise<Told> {
    const response = await this.call(messages.addOffsetsToTxn, version, {
      transactionalId: id,
      producerId,
      producerEpoch: epoch,
      groupId: group,
    });
    return errorName(response.errorCode);
  }

  async end(id: string, { producerId, epoch }: ProducerIdAndEpoch, committed: boolean, version = 4) {
    const response = await this.call(messages.endTxn, version, { transactionalId: id, producerId, producerEpoch: epoch, committed });
    const { errorCode, producerId: nextId, producerEpoch: nextEpoch } = response;
    const told = version >= 5 ? `${errorName(errorCode)} ${this.name(nextId)} ${nextEpoch}` : errorName(errorCode);
    return { told, producer: { producerId: nextId, epoch: nextEpoch } };
  }

  /** Resolves when the id is no longer being completed. */
  async settled(id: string): Promise<Told> {
    let described = "";
    await this.#until(async () => {
      described = await this.describe(id);
      return !described.startsWith("Prepare");
    });
    return described;
  }

  /** Waits for a state that comes with time. */
  async becomes(id: string, status: string): Promise<Told> {
    let described = "";
    await this.#until(async () => {
      described = await this.describe(id);
      return described.startsWith(status);
    });
    return described;
  }

  /** InitProducerId many times, without waiting for one before the next; tells the last. */
  async initMany(id: string, count: number): Promise<Told> {
    let told = "";
    const batch = 500;
    for (let done = 0; done < count; done += batch) {
      const answers = Array.from({ length: Math.min(batch, count - done) }, () => this.init(id));
      for (const answer of await Promise.all(answers)) told = answer.told;
    }
    return told;
  }

  async describe(id: string): Promise<Told> {
    const { transactionStates } = await this.call(messages.describeTransactions, 0, { transactionalIds: [id] });
    const [state] = transactionStates;
    if (state === undefined || state.errorCode !== 0) return errorName(state?.errorCode ?? -1);
    const partitions = state.topics.map(
      ({ topic, partitions: indexes }) => `${topic === this.topic ? `topic ${indexes.toSorted().join(",")}` : topic}`,
    );
    const { transactionState, producerId, producerEpoch, transactionTimeoutMs, transactionStartTimeMs } = state;
    const start = transactionStartTimeMs === -1 ? "no start" : "started";
    return `${transactionState} ${this.name(producerId)} epoch ${producerEpoch} timeout ${transactionTimeoutMs} ${start} [${partitions.toSorted().join("; ")}]`;
  }

  async list(
    filter: { states?: string[]; producerIds?: number[]; durationMs?: number; pattern?: string },
    isOurs: (id: string) => boolean,
    version = 2,
  ) {
    const response = await this.call(messages.listTransactions, version, {
      stateFilters: filter.states ?? [],
      producerIdFilters: filter.producerIds ?? [],
      ...(version >= 1 ? { durationFilter: filter.durationMs ?? -1 } : {}),
      ...(version >= 2 ? { transactionalIdPattern: filter.pattern ?? null } : {}),
    });
    const ids = response.transactionStates.filter(({ transactionalId }) => isOurs(transactionalId));
    const shown = ids.map(
      ({ transactionalId, transactionState, producerId }) => `${transactionalId} ${transactionState} ${this.name(producerId)}`,
    );
    return { error: errorName(response.errorCode), unknown: response.unknownStateFilters, ids: shown.toSorted() };
  }

  // ---- records

  async produce(id: string | null, { producerId, epoch }: ProducerIdAndEpoch, options: ProduceOptions = {}): Promise<Told> {
    const { version = 11, partition = 0, sequence = 0, values = ["v"], isTransactional = true } = options;
    const records = values.map((value) => ({ key: Buffer.from("k"), value: Buffer.from(value) }));
    const batch = buildBatch(records, { timestamp: Date.now(), producerId, producerEpoch: epoch, baseSequence: sequence, isTransactional });
    const response = await this.call(messages.produce, version, {
      transactionalId: id,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: this.topic, partitionData: [{ index: partition, records: batch.bytes }] }],
    });
    const answer = response.responses[0]?.partitionResponses[0];
    if (answer === undefined) return "no answer";
    return answer.errorCode === 0 ? `offset ${answer.baseOffset}` : errorName(answer.errorCode);
  }

  /** What a consumer of each kind sees, once the last stable offset has come to its high watermark or stays behind it. */
  async read(
    partition = 0,
  ): Promise<{ readonly highWatermark: number; readonly lastStable: number; readonly aborted: string; readonly batches: string }> {
    const asked = async (isolationLevel: number) => {
      const response = await this.call(messages.fetch, 12, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1 << 20,
        isolationLevel,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ topic: this.topic, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
      });
      const found = response.responses[0]?.partitions[0];
      if (found === undefined) throw new Error("no partition in the answer");
      return found;
    };
    const committed = await asked(1);
    const all = await asked(0);
    const aborted = (committed.abortedTransactions ?? []).map(
      ({ producerId, firstOffset }) => `${this.name(producerId)} from ${firstOffset}`,
    );
    const batches = [...batchesOf(bytesOf(all.records))].map((batch) => {
      const who = batch.producerId < 0 ? "" : ` ${this.name(batch.producerId)} epoch ${batch.producerEpoch}`;
      if (batch.isControl) return `${batch.baseOffset}: ${readControlBatch(batch)?.type === 1 ? "COMMIT" : "ABORT"}${who}`;
      return `${batch.baseOffset}: ${[...recordsOf(batch)].map(({ value }) => value?.toString()).join(",")}${who}`;
    });
    return {
      highWatermark: all.highWatermark,
      lastStable: committed.lastStableOffset,
      aborted: aborted.toSorted().join("; "),
      batches: batches.join(" | "),
    };
  }

  async latest(isolationLevel: number, partition = 0): Promise<number> {
    const response = await this.call(messages.listOffsets, 5, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name: this.topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }],
    });
    return response.topics[0]?.partitions[0]?.offset ?? -2;
  }

  async writeMarkers(
    marker: ProducerIdAndEpoch & { readonly isCommit: boolean; readonly coordinatorEpoch: number; readonly transactionVersion?: number },
    partitions: readonly number[] = [0],
  ) {
    const { producerId, epoch: producerEpoch, isCommit: transactionResult, coordinatorEpoch, transactionVersion = 0 } = marker;
    const topics = [{ name: this.topic, partitionIndexes: partitions }];
    const response = await this.call(messages.writeTxnMarkers, 2, {
      markers: [{ producerId, producerEpoch, transactionResult, topics, coordinatorEpoch, transactionVersion }],
    });
    return (response.markers[0]?.topics[0]?.partitions ?? [])
      .map(({ partitionIndex, errorCode }) => `${partitionIndex} ${errorName(errorCode)}`)
      .join(", ");
  }

  // ---- offsets

  /** As the only member of the group, whose round is over but whose assignment is not there yet. */
  async join(): Promise<{ readonly memberId: string; readonly generation: number }> {
    const response = await this.call(messages.joinGroup, 3, {
      groupId: this.group,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: "",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    });
    return { memberId: response.memberId, generation: response.generationId };
  }

  async sync({ memberId, generation }: { readonly memberId: string; readonly generation: number }): Promise<Told> {
    const assignments = [{ memberId, assignment: Buffer.alloc(0) }];
    const response = await this.call(messages.syncGroup, 2, { groupId: this.group, generationId: generation, memberId, assignments });
    return errorName(response.errorCode);
  }

  async commitOffset(id: string, { producerId, epoch }: ProducerIdAndEpoch, offset: number, options: CommitOptions = {}): Promise<Told> {
    const {
      version = 3,
      partition = 0,
      generation = -1,
      memberId = "",
      instanceId = null,
      group = this.group,
      metadata = "m",
      topic = this.topic,
    } = options;
    const response = await this.call(messages.txnOffsetCommit, version, {
      transactionalId: id,
      groupId: group,
      producerId,
      producerEpoch: epoch,
      ...(version >= 3 ? { generationId: generation, memberId, groupInstanceId: instanceId } : {}),
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata: metadata }] }],
    });
    return errorName(response.topics[0]?.partitions[0]?.errorCode ?? -1);
  }

  async committed(partition = 0, options: { requireStable?: boolean; group?: string } = {}): Promise<Told> {
    const response = await this.call(messages.offsetFetch, 7, {
      groupId: options.group ?? this.group,
      topics: [{ name: this.topic, partitionIndexes: [partition] }],
      requireStable: options.requireStable ?? false,
    });
    if (response.errorCode !== 0) return errorName(response.errorCode);
    const found = response.topics[0]?.partitions[0];
    if (found === undefined) return "nothing";
    return found.errorCode === 0 ? `${found.committedOffset}` : errorName(found.errorCode);
  }
}

export interface ProduceOptions {
  readonly version?: number;
  readonly partition?: number;
  readonly sequence?: number;
  readonly values?: readonly string[];
  readonly isTransactional?: boolean;
}

export interface CommitOptions {
  readonly version?: number;
  readonly partition?: number;
  readonly generation?: number;
  readonly memberId?: string;
  readonly instanceId?: string | null;
  readonly group?: string;
  readonly topic?: string;
  readonly metadata?: string;
}

function partitionErrors(
  topics: readonly { readonly resultsByPartition: readonly { readonly partitionIndex: number; readonly partitionErrorCode: number }[] }[],
): string {
  const all = topics.flatMap(({ resultsByPartition }) => resultsByPartition);
  const errors = all
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map(({ partitionIndex, partitionErrorCode }) => `${partitionIndex} ${errorName(partitionErrorCode)}`);
  return errors.join(", ");
}

function bytesOf(records: Buffer | readonly Buffer[] | null): Buffer {
  if (records === null) return Buffer.alloc(0);
  return Buffer.isBuffer(records) ? records : Buffer.concat([...records]);
}
