// A client of bare requests for scenarios about what is in the log: it sends exactly the batches that it is given, ends transactions, and
// reads everything that is stored, batch by batch, as Fetch gives it.

import { produce } from "../../protocol/messages/00-produce.ts";
import { fetch } from "../../protocol/messages/01-fetch.ts";
import { listOffsets } from "../../protocol/messages/02-list-offsets.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { findCoordinator } from "../../protocol/messages/10-find-coordinator.ts";
import { createTopics } from "../../protocol/messages/19-create-topics.ts";
import { deleteRecords } from "../../protocol/messages/21-delete-records.ts";
import { initProducerId } from "../../protocol/messages/22-init-producer-id.ts";
import { addPartitionsToTxn } from "../../protocol/messages/24-add-partitions-to-txn.ts";
import { endTxn } from "../../protocol/messages/26-end-txn.ts";
import { incrementalAlterConfigs } from "../../protocol/messages/44-incremental-alter-configs.ts";
import { type BatchOptions, buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import type { ControlType } from "../../protocol/records/control-batch.ts";
import { readControlBatch } from "../../protocol/records/control-batch.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { RawClient } from "../support/raw-client.ts";
import type { Observation } from "./compare.ts";
import { waitFor } from "./processes.ts";

const EARLIEST = -2;
const LATEST = -1;
const TOPIC_RESOURCE = 2;
const SET = 0;
const TRANSACTION_KEY = 1;
const TIMEOUT_MS = 30_000;

export interface Producer {
  readonly transactionalId: string | null;
  readonly producerId: number;
  readonly producerEpoch: number;
  nextSequence: number;
}

export class LogClient {
  readonly #client: RawClient;
  /** By producer id, in the order in which they were made: the ids themselves differ from broker to broker. */
  readonly #producers: number[] = [];

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async connect(bootstrap: string): Promise<LogClient> {
    const [host, port] = bootstrap.split(":");
    return new LogClient(await RawClient.connect(Number(port), host));
  }

  close(): void {
    this.#client.close();
  }

  async createTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const topic = {
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const answer = await this.#client.call(createTopics, 5, { topics: [topic], timeoutMs: TIMEOUT_MS });
    succeed("CreateTopics", answer?.topics[0]?.errorCode);
    await waitFor(
      "a leader",
      () => this.#offset(name, LATEST),
      (offset) => offset !== undefined,
    );
  }

  /** In hexadecimal. */
  async topicId(name: string): Promise<string> {
    const answer = await this.#client.call(metadata, 12, { topics: [{ topicId: ZERO_UUID, name }] });
    return Buffer.from(answer?.topics[0]?.topicId ?? "", "base64url").toString("hex");
  }

  async configure(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const changes = Object.entries(configs).map(([name, value]) => ({ name, configOperation: SET, value }));
    const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configs: changes }];
    const answer = await this.#client.call(incrementalAlterConfigs, 0, { resources, validateOnly: false });
    succeed("IncrementalAlterConfigs", answer?.responses[0]?.errorCode);
  }

  async producer(transactionalId: string | null): Promise<Producer> {
    if (transactionalId !== null) await this.#findCoordinator(transactionalId);
    const answer = await waitFor(
      "a producer id",
      () => this.#client.call(initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 }),
      (each) => each?.errorCode === 0,
    );
    if (answer === undefined) throw new Error("InitProducerId was not answered");
    const { producerId, producerEpoch } = answer;
    this.#producers.push(producerId);
    return { transactionalId, producerId, producerEpoch, nextSequence: 0 };
  }

  async #findCoordinator(transactionalId: string): Promise<void> {
    await waitFor(
      "a coordinator",
      () => this.#client.call(findCoordinator, 3, { key: transactionalId, keyType: TRANSACTION_KEY }),
      (answer) => answer?.errorCode === 0,
    );
  }

  /** One batch, acknowledged. */
  async send(topic: string, records: readonly NewRecord[], options: BatchOptions = {}, producer?: Producer): Promise<void> {
    const identity =
      producer === undefined
        ? {}
        : {
            producerId: producer.producerId,
            producerEpoch: producer.producerEpoch,
            baseSequence: producer.nextSequence,
            isTransactional: producer.transactionalId !== null,
          };
    if (producer !== undefined) producer.nextSequence += records.length;
    const { bytes } = buildBatch(records, { ...options, ...identity });
    const answer = await this.#client.call(produce, 9, {
      transactionalId: producer?.transactionalId ?? null,
      acks: -1,
      timeoutMs: TIMEOUT_MS,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: bytes }] }],
    });
    succeed("Produce", answer?.responses[0]?.partitionResponses[0]?.errorCode);
  }

  async addToTransaction(topic: string, producer: Producer): Promise<void> {
    await waitFor(
      "the partition in the transaction",
      () =>
        this.#client.call(addPartitionsToTxn, 3, {
          v3AndBelowTransactionalId: producer.transactionalId ?? "",
          v3AndBelowProducerId: producer.producerId,
          v3AndBelowProducerEpoch: producer.producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [0] }],
        }),
      (answer) => answer?.resultsByTopicV3AndBelow?.[0]?.resultsByPartition[0]?.partitionErrorCode === 0,
    );
  }

  /** Also waits for the marker. */
  async endTransaction(topic: string, producer: Producer, committed: boolean): Promise<void> {
    const before = await this.#offset(topic, LATEST);
    const { transactionalId, producerId, producerEpoch } = producer;
    const answer = await this.#client.call(endTxn, 3, { transactionalId: transactionalId ?? "", producerId, producerEpoch, committed });
    succeed("EndTxn", answer?.errorCode);
    await waitFor(
      "the marker",
      () => this.#offset(topic, LATEST),
      (offset) => offset !== before,
    );
  }

  async deleteRecords(topic: string, offset: number): Promise<void> {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await this.#client.call(deleteRecords, 1, { topics, timeoutMs: TIMEOUT_MS });
    succeed("DeleteRecords", answer?.topics[0]?.partitions[0]?.errorCode);
  }

  async range(topic: string): Promise<{ readonly start: number; readonly end: number }> {
    return { start: (await this.#offset(topic, EARLIEST)) ?? -1, end: (await this.#offset(topic, LATEST)) ?? -1 };
  }

  async #offset(name: string, timestamp: number): Promise<number | undefined> {
    const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp }] }];
    const answer = await this.#client.call(listOffsets, 5, { replicaId: -1, topics });
    const found = answer?.topics[0]?.partitions[0];
    return found?.errorCode === 0 ? found.offset : undefined;
  }

  /** Every batch with its records, and the transactions that readers are told were aborted; times are counted from `epochMs`. */
  async stored(topic: string, epochMs: number): Promise<Observation> {
    const { start, end } = await this.range(topic);
    const batches: Observation[] = [];
    const aborted = new Set<string>();
    let offset = start;
    while (offset < end) {
      const partition = { partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 };
      const answer = await this.#client.call(fetch, 11, {
        replicaId: -1,
        maxWaitMs: 100,
        minBytes: 1,
        maxBytes: 10_000_000,
        isolationLevel: 1,
        topics: [{ topic, partitions: [partition] }],
      });
      const found = answer?.responses[0]?.partitions[0];
      succeed("Fetch", found?.errorCode);
      for (const { producerId, firstOffset } of found?.abortedTransactions ?? []) aborted.add(`${firstOffset} ${this.#nameOf(producerId)}`);
      let nextOffset = offset;
      for (const batch of batchesOf(found?.records ?? Buffer.alloc(0), { toleratePartial: true })) {
        if (batch.lastOffset >= offset) batches.push(this.#describe(batch, epochMs));
        nextOffset = batch.nextOffset;
      }
      // What compaction removed at the end of the log is never given.
      if (nextOffset === offset) break;
      offset = nextOffset;
    }
    return { start, end, batches, aborted: [...aborted].sort() };
  }

  #nameOf(producerId: number): string {
    return producerId === -1 ? "" : `producer ${this.#producers.indexOf(producerId)}`;
  }

  #describe(batch: ReturnType<typeof buildBatch>, epochMs: number): Observation {
    const { baseOffset, lastOffset, recordCount, producerEpoch, baseSequence, isTransactional, hasDeleteHorizon, compression } = batch;
    const producer = { name: this.#nameOf(batch.producerId), producerEpoch, baseSequence, isTransactional };
    const common = { baseOffset, lastOffset, recordCount, hasDeleteHorizon, compression, producer, isValid: batch.isCrcValid() };
    if (batch.isControl) return { ...common, control: controlName(readControlBatch(batch)?.type) };
    const records = [...recordsOf(batch)].map(({ offset, timestamp, key, value, headers }) => {
      const shown = value === null ? null : `${value.length} ${value.subarray(0, 24).toString()}`;
      return `${offset} ${timestamp - epochMs} ${key?.toString() ?? null} ${shown} ${headers.map((header) => header.key).join()}`;
    });
    return { ...common, maxTimestamp: batch.maxTimestamp - epochMs, records };
  }
}

function controlName(type: ControlType | number | undefined): string {
  return type === undefined ? "emptied" : `type ${type}`;
}

function succeed(request: string, errorCode: number | undefined): void {
  if (errorCode !== 0) throw new Error(`${request} was answered with error ${errorCode}`);
}
