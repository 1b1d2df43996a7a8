// What a partition knows of its idempotent and transactional producers (KIP-98): per producer id the epoch, the last five batches,
// and the open transaction. Decides whether a batch is new, a repetition or out of order; engines call `check` before they append,
// and `append` for every batch that is in the log, at run time and when they read it again.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { advanceSequence, NO_PRODUCER_EPOCH, NO_SEQUENCE } from "../../protocol/records/batch-header.ts";
import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import type { RecordBatch } from "../../protocol/records/record-batch.ts";
import { isExactInt64 } from "../../protocol/wire/int64.ts";
import type { ActiveProducer, AppendOptions } from "./partition-log.ts";

/** Clients keep at most five requests in flight, and may repeat any of them. */
const REMEMBERED_BATCHES = 5;
const MAX_SEQUENCE = 0x7fffffff;
const MAX_PRODUCER_EPOCH = 0x7fff;

export interface AppendedBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 until a marker came. */
  readonly coordinatorEpoch: number;
  /** -1 until a batch came. */
  readonly lastTimestampMs: number;
  /** -1 without an open transaction. */
  readonly transactionFirstOffset: number;
  /** At most five, oldest first. */
  readonly batches: readonly AppendedBatch[];
}

export type ProducerDecision =
  | { readonly kind: "new" }
  | { readonly kind: "duplicate"; readonly batch: AppendedBatch }
  | { readonly kind: "refused"; readonly error: ErrorCode; readonly message: string };

export interface EndedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
  readonly isAborted: boolean;
  /** The first offset of the earliest transaction that is still open, else the one after the marker. */
  readonly lastStableOffset: number;
}

const NONE_ENDED: readonly EndedTransaction[] = [];
const NEW: ProducerDecision = { kind: "new" };

export class ProducerStates {
  // Most partitions have no such producers: the maps are made with the first.
  #producers: Map<number, ProducerState> | undefined;
  /** Producer ids by the first offset of their open transaction; transactions open in the order of offsets. */
  #open: Map<number, number> | undefined;
  /** Ended by a marker that is not yet durable: until it is, what the transaction wrote is not stable. */
  #ended: readonly EndedTransaction[] = NONE_ENDED;

  get(producerId: number): ProducerState | undefined {
    return this.#producers?.get(producerId);
  }

  values(): Iterable<ProducerState> {
    return this.#producers?.values() ?? [];
  }

  /** The first offset of the earliest transaction that is open, or whose marker is not durable. */
  get firstUnstableOffset(): number | undefined {
    let first = this.#firstOpenOffset;
    for (const { firstOffset } of this.#ended) first = first === undefined ? firstOffset : Math.min(first, firstOffset);
    return first;
  }

  get #firstOpenOffset(): number | undefined {
    for (const firstOffset of this.#open?.keys() ?? []) return firstOffset;
    return undefined;
  }

  /** May this batch be appended? Changes nothing. */
  check(batch: RecordBatch, options: AppendOptions): ProducerDecision {
    const { producerId } = batch;
    if (producerId < 0) return NEW;
    if (!isExactInt64(producerId)) return inexactProducerId(producerId);
    const state = this.#producers?.get(producerId) ?? unknownProducer(producerId);
    if (batch.isControl) return checkMarker(state, batch, options.transactionVersion ?? 1);
    if (options.origin === "client") {
      const duplicate = findDuplicate(state, batch);
      if (duplicate !== undefined) return { kind: "duplicate", batch: duplicate };
    }
    return checkData(state, batch, options);
  }

  /** Takes note of a batch that is in the log, with its offsets; gives the transaction that it ended. */
  append(batch: RecordBatch): EndedTransaction | undefined {
    const { producerId } = batch;
    if (producerId < 0 || !isExactInt64(producerId)) return undefined;
    const state = this.#producers?.get(producerId) ?? unknownProducer(producerId);
    if (batch.isControl) return this.#appendMarker(state, batch);
    const { lastOffset, lastOffsetDelta: offsetDelta, maxTimestamp: timestampMs, lastSequence, producerEpoch } = batch;
    const isNewEpoch = producerEpoch !== state.producerEpoch;
    const earlier = isNewEpoch ? [] : state.batches.slice(1 - REMEMBERED_BATCHES);
    const opens = batch.isTransactional && state.transactionFirstOffset === -1;
    if (opens) this.#opened(batch.baseOffset, producerId);
    this.#remember({
      ...state,
      producerEpoch,
      lastTimestampMs: timestampMs,
      transactionFirstOffset: opens ? batch.baseOffset : state.transactionFirstOffset,
      batches: [...earlier, { lastSequence, lastOffset, offsetDelta, timestampMs }],
    });
    return undefined;
  }

  #appendMarker(state: ProducerState, batch: RecordBatch): EndedTransaction | undefined {
    const marker = readControlBatch(batch);
    if (marker?.coordinatorEpoch === undefined) return undefined;
    const { producerId, producerEpoch, baseOffset: lastOffset } = batch;
    const firstOffset = state.transactionFirstOffset;
    this.#remember({
      producerId,
      producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      lastTimestampMs: batch.maxTimestamp,
      transactionFirstOffset: -1,
      batches: producerEpoch === state.producerEpoch ? state.batches : [],
    });
    if (firstOffset === -1) return undefined;
    this.#open?.delete(firstOffset);
    const lastStableOffset = this.#firstOpenOffset ?? lastOffset + 1;
    const ended = { producerId, firstOffset, lastOffset, isAborted: marker.type === ControlType.ABORT, lastStableOffset };
    this.#ended = [...this.#ended, ended];
    return ended;
  }

  #remember(state: ProducerState): void {
    this.#producers ??= new Map();
    this.#producers.set(state.producerId, state);
  }

  #opened(firstOffset: number, producerId: number): void {
    this.#open ??= new Map();
    this.#open.set(firstOffset, producerId);
  }

  /** Transactions whose marker lies below `durableOffset` have ended for good. */
  settle(durableOffset: number): void {
    if (this.#ended.length > 0) this.#ended = this.#ended.filter(({ lastOffset }) => lastOffset >= durableOffset);
  }

  /** Forgets producers that were idle for `expirationMs`, unless a transaction is open. Gives how many. */
  expire(nowMs: number, expirationMs: number): number {
    const before = this.#producers?.size ?? 0;
    for (const { producerId, transactionFirstOffset, lastTimestampMs } of this.values()) {
      if (transactionFirstOffset === -1 && nowMs - lastTimestampMs >= expirationMs) this.#producers?.delete(producerId);
    }
    return before - (this.#producers?.size ?? 0);
  }

  /** Goes back to earlier states of producers; `undefined` for one that was not known. None of them opened or ended a transaction since. */
  goBack(states: Iterable<readonly [producerId: number, state: ProducerState | undefined]>): void {
    for (const [producerId, state] of states) {
      if (state === undefined) this.#producers?.delete(producerId);
      else this.#remember(state);
    }
  }

  /** Takes states over from a snapshot; only into an empty one. */
  restore(states: Iterable<ProducerState>): void {
    const open: [firstOffset: number, producerId: number][] = [];
    for (const state of states) {
      this.#remember(state);
      if (state.transactionFirstOffset !== -1) open.push([state.transactionFirstOffset, state.producerId]);
    }
    for (const [firstOffset, producerId] of open.sort(([one], [other]) => one - other)) this.#opened(firstOffset, producerId);
  }

  activeProducers(): ActiveProducer[] {
    return [...this.values()].map((state) => ({
      producerId: state.producerId,
      producerEpoch: state.producerEpoch,
      lastSequence: lastSequenceOf(state),
      lastTimestampMs: state.lastTimestampMs,
      coordinatorEpoch: state.coordinatorEpoch,
      currentTransactionStartOffset: state.transactionFirstOffset,
    }));
  }
}

/** No broker gives such ids, and as a number one stands for many. */
function inexactProducerId(producerId: number): ProducerDecision {
  return {
    kind: "refused",
    error: Errors.INVALID_PRODUCER_ID_MAPPING,
    message: `No broker has given the producer id ${BigInt(producerId)}.`,
  };
}

function unknownProducer(producerId: number): ProducerState {
  return {
    producerId,
    producerEpoch: NO_PRODUCER_EPOCH,
    coordinatorEpoch: -1,
    lastTimestampMs: -1,
    transactionFirstOffset: -1,
    batches: [],
  };
}

function lastSequenceOf(state: ProducerState): number {
  return state.batches.at(-1)?.lastSequence ?? NO_SEQUENCE;
}

function firstSequenceOf(batch: AppendedBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + MAX_SEQUENCE + 1 : first;
}

function findDuplicate(state: ProducerState, batch: RecordBatch): AppendedBatch | undefined {
  if (state.batches.length === 0 || batch.producerEpoch !== state.producerEpoch) return undefined;
  const { baseSequence, lastSequence } = batch;
  return state.batches.find((each) => each.lastSequence === lastSequence && firstSequenceOf(each) === baseSequence);
}

function checkData(state: ProducerState, batch: RecordBatch, { origin, transactionVersion = 1 }: AppendOptions): ProducerDecision {
  const { producerId, producerEpoch, baseSequence } = batch;
  if (producerEpoch < state.producerEpoch) return staleEpoch(state, producerEpoch);
  const isTooLate = state.producerEpoch === NO_PRODUCER_EPOCH && transactionVersion >= 2 && baseSequence !== 0;
  if (origin === "client" && (isTooLate || !isInSequence(state, producerEpoch, baseSequence))) {
    return {
      kind: "refused",
      error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      message: `Out of order sequence number for producer ${producerId}: ${baseSequence} (epoch ${producerEpoch}) came after ${lastSequenceOf(state)} (epoch ${state.producerEpoch}).`,
    };
  }
  if (state.transactionFirstOffset !== -1 && !batch.isTransactional) {
    return {
      kind: "refused",
      error: Errors.INVALID_TXN_STATE,
      message: `Producer ${producerId} has an open transaction in this partition, but the batch is not transactional.`,
    };
  }
  return NEW;
}

function isInSequence(state: ProducerState, producerEpoch: number, baseSequence: number): boolean {
  // A producer that is not known, or no longer, may start anywhere: its records may have been deleted.
  if (state.producerEpoch === NO_PRODUCER_EPOCH) return true;
  if (producerEpoch !== state.producerEpoch) return baseSequence === 0;
  const last = lastSequenceOf(state);
  return last === NO_SEQUENCE ? baseSequence === 0 : baseSequence === advanceSequence(last, 1);
}

/**
 * With transaction version 2 (KIP-890) each transaction ends under an epoch of its own: the marker's must be newer, unless it repeats
 * one that ended the transaction already.
 */
function checkMarker(state: ProducerState, batch: RecordBatch, transactionVersion: number): ProducerDecision {
  const { producerId, producerEpoch } = batch;
  const isRepeated = producerEpoch === state.producerEpoch && (state.transactionFirstOffset === -1 || producerEpoch === MAX_PRODUCER_EPOCH);
  if (producerEpoch < state.producerEpoch) return staleEpoch(state, producerEpoch);
  if (transactionVersion >= 2 && producerEpoch === state.producerEpoch && !isRepeated) return staleEpoch(state, producerEpoch);
  const coordinatorEpoch = readControlBatch(batch)?.coordinatorEpoch;
  if (coordinatorEpoch !== undefined && coordinatorEpoch < state.coordinatorEpoch) {
    return {
      kind: "refused",
      error: Errors.TRANSACTION_COORDINATOR_FENCED,
      message: `Transaction marker for producer ${producerId} has coordinator epoch ${coordinatorEpoch}; ${state.coordinatorEpoch} was seen already.`,
    };
  }
  return NEW;
}

function staleEpoch(state: ProducerState, producerEpoch: number): ProducerDecision {
  return {
    kind: "refused",
    error: Errors.INVALID_PRODUCER_EPOCH,
    message: `Epoch ${producerEpoch} of producer ${state.producerId} is older than the last seen epoch ${state.producerEpoch}.`,
  };
}
