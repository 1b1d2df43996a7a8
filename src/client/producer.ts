// Sends records to one topic: gathers them into batches per partition, sends one batch a partition at a time, and sends it again while
// that may help. An idempotent producer numbers its batches, so that what is sent twice is stored once; one with a transactional id writes
// all of them in transactions (KIP-98).
//
//   append ──► the partition's open batch ──full, or lingered──► its queue ──► its leader ──► `delivered`, or `failed`

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { produce } from "../../protocol/messages/00-produce.ts";
import { initProducerId } from "../../protocol/messages/22-init-producer-id.ts";
import { buildBatch, type NewRecord } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import { sizeOfBytes } from "../../protocol/records/record.ts";
import { sizeOfVarint } from "../../protocol/wire/varint.ts";
import { murmur2 } from "../base/murmur2.ts";
import { type Brokers, retried } from "./brokers.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import { failOn, present, Refusal } from "./refusal.ts";
import { type Partition, topicLeaders } from "./topic-leaders.ts";
import { type Identity, TransactionalId, type TransactionOptions } from "./transactional-id.ts";

const BATCH_OVERHEAD_BYTES = 61;
/** At most, beside key, value and headers. */
const RECORD_OVERHEAD_BYTES = 21;
const NO_HEADERS = [] as const;
const NO_OFFSET = -1;

/** Records that a partition has taken, or that were sent where no acknowledgement is waited for. */
export interface Delivery<R> {
  readonly partition: number;
  /** Of the first record; -1 without an acknowledgement. */
  readonly baseOffset: number;
  readonly records: readonly R[];
}

export interface ProducerOptions<R extends NewRecord = NewRecord> {
  /** 0: no answer is waited for; 1: the leader's; -1: all in-sync replicas have it. */
  readonly acks: -1 | 0 | 1;
  readonly isIdempotent: boolean;
  readonly batchBytes: number;
  readonly lingerMs: number;
  /** What may wait to be sent; at it there is no room for more. */
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
  /** Writes in transactions, which `commit` ends. */
  readonly transaction?: TransactionOptions | undefined;
  readonly delivered?: (delivery: Delivery<R>) => void;
  /** Told of records that were given up. */
  readonly failed: (records: readonly R[], error: unknown) => void;
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

interface Batch<R> {
  readonly records: R[];
  sizeBytes: number;
  timer?: NodeJS.Timeout;
}

/** Of one partition. */
interface Lane<R> {
  readonly index: number;
  leader: Partition["leader"] | undefined;
  open: Batch<R> | undefined;
  /** Settles when what was queued so far is done with. */
  sending: Promise<void>;
  nextSequence: number;
  /** Under which `nextSequence` counts. */
  identity: Identity | undefined;
}

export class Producer<R extends NewRecord = NewRecord> {
  readonly #brokers: Brokers;
  readonly #topic: string;
  readonly #options: ProducerOptions<R>;
  readonly #transactionalId: TransactionalId | undefined;
  /** None before it is open. */
  #lanes: readonly Lane<R>[] = [];
  #opening: Promise<void> | undefined;
  #identity: Promise<Identity> | undefined;
  /** Of a transaction: it cannot be committed any more. */
  #broken: { readonly error: unknown } | undefined;
  #waitingBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #turn = 0;
  #stuckTo: { readonly lane: Lane<R>; sizeBytes: number } | undefined;
  /** Acknowledged, or sent where no acknowledgement is waited for. */
  count = 0;

  constructor(brokers: Brokers, topic: string, options: ProducerOptions<R>) {
    this.#brokers = brokers;
    this.#topic = topic;
    this.#options = options;
    this.#transactionalId = options.transaction === undefined ? undefined : new TransactionalId(brokers, options.transaction);
  }

  /** Finds the topic, or makes it. */
  open(): Promise<void> {
    this.#opening ??= this.#findPartitions().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Takes over its transactional id, or asks for a number; the first batch does so too. Raises Refusal. */
  async identify(): Promise<void> {
    await this.#identified();
  }

  get isOpen(): boolean {
    return this.#lanes.length > 0;
  }

  get hasRoom(): boolean {
    return this.#waitingBytes <= this.#options.bufferBytes;
  }

  /** Settles when there is room for more records; what would wait for others to come is sent now. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    for (const lane of this.#lanes) this.#close(lane);
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Takes a record to send it soon, and waits for room. Raises what hinders to find the partition, and RecordTooLarge. */
  async add(record: R): Promise<void> {
    await this.open();
    this.append(record);
    if (!this.hasRoom) await this.room();
  }

  /** Likewise once it is open, whether there is room or not. Raises RecordTooLarge. */
  append(record: R): void {
    const sizeBytes = sizeOf(record);
    const { batchBytes, maxRecordBytes, lingerMs } = this.#options;
    const wholeBytes = BATCH_OVERHEAD_BYTES + sizeBytes;
    if (wholeBytes > maxRecordBytes) throw new RecordTooLarge(wholeBytes, maxRecordBytes);
    const lane = this.#laneFor(record, sizeBytes);
    if (lane.open !== undefined && lane.open.sizeBytes + sizeBytes > batchBytes) this.#close(lane);
    lane.open ??= { records: [], sizeBytes: BATCH_OVERHEAD_BYTES };
    lane.open.records.push(record.timestamp === undefined ? { timestamp: Date.now(), ...record } : record);
    lane.open.sizeBytes += sizeBytes;
    this.#waitingBytes += sizeBytes;
    if (lane.open.sizeBytes >= batchBytes) this.#close(lane);
    else lane.open.timer ??= setTimeout(() => this.#close(lane), lingerMs);
  }

  /** Settles when all that was added is acknowledged or given up. */
  async flush(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    for (const lane of this.#lanes) this.#close(lane);
    await Promise.all(this.#lanes.map((lane) => lane.sending));
  }

  /** Ends the transaction with all that was added; what is added next belongs to another. Raises what kept a record of it from being stored. */
  async commit(): Promise<void> {
    await this.flush();
    if (this.#transactionalId === undefined || this.#identity === undefined) return;
    const identity = await this.#identity;
    const broken = this.#broken;
    if (broken === undefined) return this.#transactionalId.end(identity, { isCommitted: true });
    // Begins anew, under another epoch: what was not stored left a gap in the numbers. That it cannot be aborted says less than why it must be.
    this.#broken = undefined;
    this.#identity = undefined;
    await this.#transactionalId.end(identity, { isCommitted: false }).catch(() => undefined);
    throw broken.error;
  }

  async #findPartitions(): Promise<void> {
    const { only } = this.#options;
    const found = (await topicLeaders(this.#brokers, this.#topic, { isCreationAllowed: true })) ?? [];
    const chosen = found.filter(({ index }) => only === undefined || index === only);
    if (chosen.length === 0) throw new ClientError(`The topic ${this.#topic} has no partition ${only ?? 0}.`);
    this.#lanes = chosen.map(({ index, leader }) => ({
      index,
      leader,
      open: undefined,
      sending: Promise.resolve(),
      nextSequence: 0,
      identity: undefined,
    }));
  }

  /** A key always goes to the same partition, the one that Kafka's own clients choose for it. */
  #laneFor({ key }: NewRecord, sizeBytes: number): Lane<R> {
    const lanes = this.#lanes;
    const at = (index: number) => present(lanes[index], `partition ${index} of ${this.#topic}`);
    if (key !== null) return at((murmur2(key) & 0x7fffffff) % lanes.length);
    if (this.#options.keyless === "in turn") return at(this.#turn++ % lanes.length);
    if (this.#stuckTo === undefined || this.#stuckTo.sizeBytes >= this.#options.batchBytes)
      this.#stuckTo = { lane: at(Math.floor(Math.random() * lanes.length)), sizeBytes: 0 };
    this.#stuckTo.sizeBytes += sizeBytes;
    return this.#stuckTo.lane;
  }

  #close(lane: Lane<R>): void {
    const batch = lane.open;
    if (batch === undefined) return;
    clearTimeout(batch.timer);
    lane.open = undefined;
    lane.sending = lane.sending.then(() => this.#finish(lane, batch));
  }

  async #finish(lane: Lane<R>, { records, sizeBytes }: Batch<R>): Promise<void> {
    try {
      const baseOffset = await this.#deliver(lane, records);
      this.count += records.length;
      this.#options.delivered?.({ partition: lane.index, baseOffset, records });
    } catch (error) {
      // The numbers of later batches would not follow on those that were stored. A transaction keeps its own, to be aborted under.
      if (this.#transactionalId !== undefined) this.#broken ??= { error };
      else if (this.#options.isIdempotent) this.#identity = undefined;
      this.#options.failed(records, error);
    }
    this.#waitingBytes -= sizeBytes - BATCH_OVERHEAD_BYTES;
    if (this.#room === undefined || !this.hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  async #deliver(lane: Lane<R>, records: readonly R[]): Promise<number> {
    if (this.#broken !== undefined) throw this.#broken.error;
    const { retries, retryBackoffMs, deliveryTimeoutMs, compression } = this.#options;
    const deadlineMs = Date.now() + deliveryTimeoutMs;
    const numbering = this.#options.isIdempotent ? await this.#numberingFor(lane, records.length) : {};
    const { bytes } = buildBatch(records, { ...numbering, isTransactional: this.#transactionalId !== undefined, compression });
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

  async #numberingFor(lane: Lane<R>, count: number): Promise<Identity & { readonly baseSequence: number }> {
    const identity = await this.#identified();
    if (lane.identity !== identity) {
      lane.identity = identity;
      lane.nextSequence = 0;
    }
    await this.#transactionalId?.include(identity, { topic: this.#topic, partition: lane.index });
    const baseSequence = lane.nextSequence;
    lane.nextSequence += count;
    return { ...identity, baseSequence };
  }

  #identified(): Promise<Identity> {
    this.#identity ??= this.#transactionalId?.identify() ?? this.#identify();
    return this.#identity;
  }

  #identify(): Promise<Identity> {
    return retried(async () => {
      const order = { transactionalId: null, transactionTimeoutMs: this.#options.deliveryTimeoutMs };
      const { errorCode, producerId, producerEpoch } = await this.#brokers.ask(initProducerId, 4, order);
      failOn(errorCode, "the producer id");
      return { producerId, producerEpoch };
    });
  }

  /** Gives the offset of the first record; -1 where no answer is waited for. */
  async #send(lane: Lane<R>, records: Buffer): Promise<number> {
    const { acks, requestTimeoutMs: timeoutMs } = this.#options;
    const name = `${this.#topic}-${lane.index}`;
    lane.leader ??= (await topicLeaders(this.#brokers, this.#topic, { isCreationAllowed: false }))?.find(
      ({ index }) => index === lane.index,
    )?.leader;
    if (lane.leader === undefined) throw new Refusal(Errors.UNKNOWN_TOPIC_OR_PARTITION, name, null);
    const connection = await this.#brokers.at(lane.leader);
    const topicData = [{ name: this.#topic, partitionData: [{ index: lane.index, records }] }];
    const order = { transactionalId: this.#transactionalId?.name ?? null, acks, timeoutMs, topicData };
    if (acks === 0) {
      await connection.sendUnanswered(produce, 9, order);
      return NO_OFFSET;
    }
    const { responses } = await connection.send(produce, 9, order, { timeoutMs });
    const { errorCode, errorMessage, baseOffset } = present(responses[0]?.partitionResponses[0], name);
    if (errorCode !== Errors.DUPLICATE_SEQUENCE_NUMBER) failOn(errorCode, name, errorMessage);
    return baseOffset;
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
function sizeOf({ key, value, headers = NO_HEADERS }: NewRecord): number {
  let sizeBytes = RECORD_OVERHEAD_BYTES + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headers.length);
  for (const header of headers) {
    const keyBytes = Buffer.byteLength(header.key);
    sizeBytes += sizeOfVarint(keyBytes) + keyBytes + sizeOfBytes(header.value);
  }
  return sizeBytes;
}
