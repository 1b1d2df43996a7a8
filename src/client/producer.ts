// Sends records to one topic: gathers them into batches per partition, sends one batch a partition at a time, and sends it again while
// that may help. An idempotent producer numbers its batches, so that what is sent twice is stored once (KIP-98).
//
//   add ──► the partition's open batch ──full, or lingered──► its queue ──► its leader ──► acknowledged, or `failed`

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { initProducerId } from "../../protocol/messages/22-init-producer-id.ts";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { murmur2 } from "../base/murmur2.ts";
import { type Brokers, retried } from "./brokers.ts";
import { ClientError } from "./client-error.ts";
import { Disconnected } from "./connection.ts";
import { failOn, present, Refusal } from "./refusal.ts";
import { type Partition, topicLeaders } from "./topic-leaders.ts";

const BATCH_OVERHEAD_BYTES = 61;
/** At most, beside key, value and headers. */
const RECORD_OVERHEAD_BYTES = 21;
const HEADER_OVERHEAD_BYTES = 10;

export interface ProducerOptions {
  /** 0: no answer is waited for; 1: the leader's; -1: all in-sync replicas have it. */
  readonly acks: -1 | 0 | 1;
  readonly isIdempotent: boolean;
  readonly batchBytes: number;
  readonly lingerMs: number;
  /** What waits to be sent; at it `add` takes its time. */
  readonly bufferBytes: number;
  readonly maxRecordBytes: number;
  readonly compression: Compression;
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  /** Records without a key go round the partitions, or a batch's worth of them to the same one, as Kafka's producer does it. */
  readonly keyless: "in turn" | "sticky";
  /** This partition only. */
  readonly only?: number | undefined;
  /** Told of records that were given up. */
  readonly failed: (records: readonly NewRecord[], error: unknown) => void;
}

export const PRODUCER_DEFAULTS = {
  acks: -1,
  isIdempotent: true,
  batchBytes: 256 * 1024,
  lingerMs: 5,
  bufferBytes: 32 * 1024 * 1024,
  maxRecordBytes: 64 * 1024 * 1024,
  compression: Compression.NONE,
  retries: 100,
  retryBackoffMs: 100,
  requestTimeoutMs: 30_000,
  deliveryTimeoutMs: 120_000,
  keyless: "in turn",
} as const satisfies Partial<ProducerOptions>;

interface Batch {
  readonly records: NewRecord[];
  sizeBytes: number;
  timer?: NodeJS.Timeout;
}

/** Of one partition. */
interface Lane {
  readonly index: number;
  leader: Partition["leader"] | undefined;
  open: Batch | undefined;
  /** Settles when what was queued so far is done with. */
  sending: Promise<void>;
  nextSequence: number;
  /** Under which `nextSequence` counts. */
  identity: Identity | undefined;
}

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class Producer {
  readonly #brokers: Brokers;
  readonly #topic: string;
  readonly #options: ProducerOptions;
  #lanes: Promise<readonly Lane[]> | undefined;
  #identity: Promise<Identity> | undefined;
  #waitingBytes = 0;
  #turn = 0;
  #stuckTo: { readonly lane: Lane; sizeBytes: number } | undefined;
  /** Acknowledged, or sent where no acknowledgement is waited for. */
  count = 0;

  constructor(brokers: Brokers, topic: string, options: ProducerOptions) {
    this.#brokers = brokers;
    this.#topic = topic;
    this.#options = options;
  }

  /** Finds the topic, or makes it; `add` does so too. */
  async open(): Promise<void> {
    await this.#partitions();
  }

  /** Takes a record to send it soon. Raises what hinders to find the partition, and ClientError for a record that is too large. */
  async add(record: NewRecord): Promise<void> {
    const sizeBytes = sizeOf(record);
    const { batchBytes, maxRecordBytes, lingerMs, bufferBytes } = this.#options;
    const wholeBytes = BATCH_OVERHEAD_BYTES + sizeBytes;
    if (wholeBytes > maxRecordBytes) throw new RecordTooLarge(wholeBytes, maxRecordBytes);
    const lane = this.#laneFor(record, await this.#partitions(), sizeBytes);
    if (lane.open !== undefined && lane.open.sizeBytes + sizeBytes > batchBytes) this.#close(lane);
    lane.open ??= { records: [], sizeBytes: BATCH_OVERHEAD_BYTES };
    lane.open.records.push({ timestamp: Date.now(), ...record });
    lane.open.sizeBytes += sizeBytes;
    this.#waitingBytes += sizeBytes;
    if (lane.open.sizeBytes >= batchBytes) this.#close(lane);
    else lane.open.timer ??= setTimeout(() => this.#close(lane), lingerMs);
    if (this.#waitingBytes > bufferBytes) await this.flush();
  }

  /** Settles when all that was added is acknowledged or given up. */
  async flush(): Promise<void> {
    const lanes = (await this.#lanes?.catch(() => undefined)) ?? [];
    for (const lane of lanes) this.#close(lane);
    await Promise.all(lanes.map((lane) => lane.sending));
  }

  #partitions(): Promise<readonly Lane[]> {
    this.#lanes ??= this.#findPartitions().catch((error: unknown) => {
      this.#lanes = undefined;
      throw error;
    });
    return this.#lanes;
  }

  async #findPartitions(): Promise<readonly Lane[]> {
    const { only } = this.#options;
    const found = (await topicLeaders(this.#brokers, this.#topic, { isCreationAllowed: true })) ?? [];
    const chosen = found.filter(({ index }) => only === undefined || index === only);
    if (chosen.length === 0) throw new ClientError(`The topic ${this.#topic} has no partition ${only ?? 0}.`);
    return chosen.map(({ index, leader }) => ({
      index,
      leader,
      open: undefined,
      sending: Promise.resolve(),
      nextSequence: 0,
      identity: undefined,
    }));
  }

  /** A key always goes to the same partition, the one that Kafka's own clients choose for it. */
  #laneFor({ key }: NewRecord, lanes: readonly Lane[], sizeBytes: number): Lane {
    const at = (index: number) => present(lanes[index], `partition ${index} of ${this.#topic}`);
    if (key !== null) return at((murmur2(key) & 0x7fffffff) % lanes.length);
    if (this.#options.keyless === "in turn") return at(this.#turn++ % lanes.length);
    if (this.#stuckTo === undefined || this.#stuckTo.sizeBytes >= this.#options.batchBytes)
      this.#stuckTo = { lane: at(Math.floor(Math.random() * lanes.length)), sizeBytes: 0 };
    this.#stuckTo.sizeBytes += sizeBytes;
    return this.#stuckTo.lane;
  }

  #close(lane: Lane): void {
    const batch = lane.open;
    if (batch === undefined) return;
    clearTimeout(batch.timer);
    lane.open = undefined;
    lane.sending = lane.sending
      .then(() => this.#deliver(lane, batch.records))
      .then(
        () => {
          this.count += batch.records.length;
        },
        (error: unknown) => {
          // The numbers of later batches would not follow on those that were stored.
          if (this.#options.isIdempotent) this.#identity = undefined;
          this.#options.failed(batch.records, error);
        },
      )
      .then(() => {
        this.#waitingBytes -= batch.sizeBytes - BATCH_OVERHEAD_BYTES;
      });
  }

  async #deliver(lane: Lane, records: readonly NewRecord[]): Promise<void> {
    const { retries, retryBackoffMs, deliveryTimeoutMs, compression } = this.#options;
    const deadlineMs = Date.now() + deliveryTimeoutMs;
    const numbering = this.#options.isIdempotent ? await this.#numberingFor(lane, records.length) : {};
    const { bytes } = buildBatch(records, { ...numbering, compression });
    for (let tries = 0; ; tries++) {
      try {
        return await this.#send(lane, bytes);
      } catch (error) {
        const isWorthIt = error instanceof Disconnected || (error instanceof Refusal && isRetriable(error.errorCode));
        if (!isWorthIt || tries >= retries || Date.now() >= deadlineMs) throw error;
        lane.leader = undefined;
        await new Promise((resolve) => setTimeout(resolve, retryBackoffMs));
      }
    }
  }

  async #numberingFor(lane: Lane, count: number): Promise<Identity & { readonly baseSequence: number }> {
    this.#identity ??= this.#identify();
    const identity = await this.#identity;
    if (lane.identity !== identity) {
      lane.identity = identity;
      lane.nextSequence = 0;
    }
    const baseSequence = lane.nextSequence;
    lane.nextSequence += count;
    return { ...identity, baseSequence };
  }

  #identify(): Promise<Identity> {
    return retried(async () => {
      const order = { transactionalId: null, transactionTimeoutMs: this.#options.deliveryTimeoutMs };
      const { errorCode, producerId, producerEpoch } = await this.#brokers.ask(initProducerId, 4, order);
      failOn(errorCode, "the producer id");
      return { producerId, producerEpoch };
    });
  }

  async #send(lane: Lane, records: Buffer): Promise<void> {
    const { acks, requestTimeoutMs: timeoutMs } = this.#options;
    const name = `${this.#topic}-${lane.index}`;
    lane.leader ??= (await topicLeaders(this.#brokers, this.#topic, { isCreationAllowed: false }))?.find(
      ({ index }) => index === lane.index,
    )?.leader;
    if (lane.leader === undefined) throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, name, null);
    const connection = await this.#brokers.at(lane.leader);
    const order = { acks, timeoutMs, topicData: [{ name: this.#topic, partitionData: [{ index: lane.index, records }] }] };
    if (acks === 0) return connection.sendUnanswered(produce, 9, order);
    const { responses } = await connection.send(produce, 9, order, { timeoutMs });
    const { errorCode, errorMessage } = present(responses[0]?.partitionResponses[0], name);
    if (errorCode !== Errors.DUPLICATE_SEQUENCE_NUMBER) failOn(errorCode, name, errorMessage);
  }
}

export class RecordTooLarge extends ClientError {
  constructor(sizeBytes: number, limitBytes: number) {
    super(
      `The message is ${sizeBytes} bytes when serialized which is larger than ${limitBytes}, which is the value of the max.request.size configuration.`,
    );
  }
}

/** At most, as Kafka's producer reckons it. */
function sizeOf({ key, value, headers = [] }: NewRecord): number {
  const headerBytes = headers.map((header) => Buffer.byteLength(header.key) + (header.value?.length ?? 0) + HEADER_OVERHEAD_BYTES);
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes.reduce((sum, bytes) => sum + bytes, 0);
}
