// The registry's log in the topic `_schemas`: one partition, compacted, as Confluent's registry has it. It is read from whichever broker leads it, and
// written by that broker alone: so what a change was decided on cannot be another's by the time it is written. The topic is made with the first record.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { fetch } from "../../protocol/messages/01-fetch.ts";
import { listOffsets } from "../../protocol/messages/02-list-offsets.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import type { Services } from "../api/services.ts";
import type { TopicImage } from "../cluster/image.ts";
import { isRefusal } from "../cluster/refusal.ts";
import { schemaTooLarge } from "./errors.ts";
import { BEGINNING, NotWriter, type SchemaLog, type SchemaRecord } from "./schema-log.ts";
import { SCHEMAS_TOPIC } from "./topic-name.ts";

const PARTITION = 0;
const FETCH_BYTES = 512 * 1024;
/** What others have compressed may be much more than it looks. */
const MOST_BATCH_BYTES = 16 * 1024 * 1024;
const FETCH_VERSION = 12;
const LIST_OFFSETS_VERSION = 7;
const PRODUCE_VERSION = 9;
const EARLIEST = -2;
const FROM_ALL_IN_SYNC = -1;

type Parts = Pick<Services, "brokerId" | "clock" | "cluster" | "config" | "logLevels" | "peers" | "topics">;

/** The topic could not be read or written; it may be soon. */
export class TopicUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TopicUnavailable";
  }
}

export class TopicSchemaLog implements SchemaLog {
  readonly #parts: Parts;
  #topicId: string | undefined;
  #offset = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The broker that writes; `undefined` while there is no topic, -1 while nobody leads it. */
  get writer(): number | undefined {
    return this.#topic?.partitions[PARTITION]?.leader;
  }

  /** Rejects with NotWriter, TopicUnavailable, or 42209 for a record that the topic does not take. */
  async append(key: string, value: string | null): Promise<void> {
    const { brokerId, clock, config, peers } = this.#parts;
    if (this.#topic === undefined) await this.#make();
    if (this.writer !== brokerId) throw new NotWriter();
    const record = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) };
    const answer = await peers.call(brokerId, produce, PRODUCE_VERSION, {
      transactionalId: null,
      acks: FROM_ALL_IN_SYNC,
      timeoutMs: config["request.timeout.ms"],
      topicData: [
        { name: SCHEMAS_TOPIC, partitionData: [{ index: PARTITION, records: buildBatch([record], { timestamp: clock.now() }).bytes }] },
      ],
    });
    const errorCode = answer?.responses[0]?.partitionResponses[0]?.errorCode;
    if (errorCode === Errors.NOT_LEADER_OR_FOLLOWER) throw new NotWriter();
    if (errorCode === Errors.MESSAGE_TOO_LARGE) throw schemaTooLarge("the topic _schemas does not take it (max.message.bytes)");
    if (errorCode !== Errors.NONE) throw unavailable("write", errorCode);
  }

  /** Transactions that are open or were aborted are read as the others, as Confluent's registry does. */
  async *unread(): AsyncIterable<SchemaRecord | typeof BEGINNING> {
    const topic = this.#topic;
    if (topic?.id !== this.#topicId) {
      this.#topicId = topic?.id;
      this.#offset = 0;
      yield BEGINNING;
    }
    if (topic === undefined) return;
    for (let isBehind = true; isBehind; ) {
      const { errorCode, highWatermark, records } = await this.#fetch();
      if (errorCode === Errors.OFFSET_OUT_OF_RANGE) {
        this.#offset = await this.#earliest();
        yield BEGINNING;
        continue;
      }
      if (errorCode !== Errors.NONE) throw unavailable("read", errorCode);
      const from = this.#offset;
      yield* this.#recordsIn(records);
      isBehind = this.#offset > from && this.#offset < highWatermark;
    }
  }

  get #topic(): TopicImage | undefined {
    return this.#parts.cluster.image.topicsByName.get(SCHEMAS_TOPIC);
  }

  *#recordsIn(bytes: Buffer | null): Generator<SchemaRecord> {
    const from = this.#offset;
    // The last batch may be cut short by the limit of bytes.
    for (const batch of bytes === null ? [] : batchesOf(bytes, { toleratePartial: true })) {
      try {
        for (const { offset, key, value } of batch.isControl ? [] : recordsOf(batch, batch.uncompressedBody(MOST_BATCH_BYTES))) {
          if (offset >= from && key !== null) yield { key: key.toString("utf8"), value: value?.toString("utf8") ?? null };
        }
      } catch (error) {
        if (!(error instanceof MalformedMessage)) throw error;
        const { nextOffset } = batch;
        this.#parts.logLevels.logger("registry").warn({ err: error, nextOffset }, "left out a batch of the schema registry's topic");
      }
      this.#offset = batch.nextOffset;
    }
  }

  async #fetch() {
    const answer = await this.#parts.peers.call(this.writer ?? -1, fetch, FETCH_VERSION, {
      ...{ maxWaitMs: 0, minBytes: 0, maxBytes: FETCH_BYTES },
      topics: [{ topic: SCHEMAS_TOPIC, partitions: [{ partition: PARTITION, fetchOffset: this.#offset, partitionMaxBytes: FETCH_BYTES }] }],
    });
    const partition = answer?.responses[0]?.partitions[0];
    if (partition === undefined) throw unavailable("read", undefined);
    return partition;
  }

  async #earliest(): Promise<number> {
    const answer = await this.#parts.peers.call(this.writer ?? -1, listOffsets, LIST_OFFSETS_VERSION, {
      ...{ replicaId: -1, isolationLevel: 0 },
      topics: [{ name: SCHEMAS_TOPIC, partitions: [{ partitionIndex: PARTITION, timestamp: EARLIEST }] }],
    });
    const partition = answer?.topics[0]?.partitions[0];
    if (partition?.errorCode !== Errors.NONE) throw unavailable("read", partition?.errorCode);
    return partition.offset;
  }

  /** Somebody else may have made it meanwhile. */
  async #make(): Promise<void> {
    const configs = [{ name: "cleanup.policy", value: "compact" }];
    const wish = { name: SCHEMAS_TOPIC, partitionCount: 1, replicationFactor: -1, assignments: [], configs };
    const [outcome] = await this.#parts.topics.create([wish]);
    if (outcome !== undefined && isRefusal(outcome) && outcome.error !== Errors.TOPIC_ALREADY_EXISTS)
      throw new TopicUnavailable(outcome.message);
  }
}

function unavailable(what: "read" | "write", errorCode: ErrorCode | number | undefined): TopicUnavailable {
  const reason = errorCode === undefined ? "its leader does not answer" : errorName(errorCode);
  return new TopicUnavailable(`could not ${what} the topic ${SCHEMAS_TOPIC}: ${reason}`);
}
