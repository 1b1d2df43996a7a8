// The registry's log in the topic `_schemas` of a Kafka cluster, one partition, compacted: written and read as any client does it, so that it does not matter
// which broker leads it. The topic is made with the first record.

import { Errors } from "../../protocol/errors.ts";
import { OffsetSpec, offsetsAt } from "../client/admin/offsets.ts";
import { createTopic } from "../client/admin/topics.ts";
import type { Brokers } from "../client/brokers.ts";
import { PartitionReader } from "../client/partition-reader.ts";
import { PRODUCER_DEFAULTS, Producer } from "../client/producer.ts";
import { Refusal } from "../client/refusal.ts";
import { topicLeaders } from "../client/topic-leaders.ts";
import type { SchemaLog, SchemaRecord } from "./schema-log.ts";

export const SCHEMAS_TOPIC = "_schemas";
const PARTITION = { topic: SCHEMAS_TOPIC, partition: 0 };
const PARTITION_BYTES = 1024 * 1024;
const WAIT_MS = 500;

export class TopicSchemaLog implements SchemaLog {
  readonly #brokers: Brokers;
  readonly #producer: Producer;
  #isMade = false;
  #failure: { readonly error: unknown } | undefined;

  /** `brokers` stay the caller's to close. */
  constructor(brokers: Brokers) {
    this.#brokers = brokers;
    this.#producer = new Producer(brokers, SCHEMAS_TOPIC, {
      ...PRODUCER_DEFAULTS,
      lingerMs: 0,
      only: PARTITION.partition,
      failed: (_, error) => {
        this.#failure = { error };
      },
    });
  }

  /** Raises what kept the brokers from storing the record. */
  async append(key: string, value: string | null): Promise<void> {
    await this.#make();
    await this.#producer.add({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) });
    await this.#producer.flush();
    const failure = this.#takeFailure();
    if (failure !== undefined) throw failure.error;
  }

  async *records(): AsyncIterable<SchemaRecord> {
    if ((await topicLeaders(this.#brokers, SCHEMAS_TOPIC, { isCreationAllowed: false })) === undefined) return;
    this.#isMade = true;
    const end = await this.#offset(OffsetSpec.LATEST);
    const reset = () => this.#offset(OffsetSpec.EARLIEST);
    const reader = new PartitionReader(this.#brokers, { isCommittedOnly: true, partitionBytes: PARTITION_BYTES, reset });
    let offset = await reset();
    reader.assign([{ ...PARTITION, offset }]);
    while (offset < end) {
      for (const { records, nextOffset } of await reader.poll(WAIT_MS)) {
        for (const { key, value } of records) {
          if (key !== null) yield { key: text(key), value: value === null ? null : text(value) };
        }
        offset = nextOffset;
        reader.passed(PARTITION, nextOffset);
      }
    }
  }

  #takeFailure(): { readonly error: unknown } | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  async #make(): Promise<void> {
    if (this.#isMade) return;
    try {
      const configs = new Map([["cleanup.policy", "compact"]]);
      await createTopic(this.#brokers, { name: SCHEMAS_TOPIC, partitions: 1, replicationFactor: -1, configs });
    } catch (error) {
      if (!(error instanceof Refusal) || error.errorCode !== Errors.TOPIC_ALREADY_EXISTS) throw error;
    }
    this.#isMade = true;
  }

  async #offset(timestamp: number): Promise<number> {
    const found = (await offsetsAt(this.#brokers, [PARTITION], { timestamp })).get(`${PARTITION.topic}-${PARTITION.partition}`);
    if (found === undefined) throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, SCHEMAS_TOPIC, null);
    if (found instanceof Refusal) throw found;
    return found.offset;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
