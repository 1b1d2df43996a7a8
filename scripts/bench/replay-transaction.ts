// Transactions of one producing connection, in the protocol that every broker with transactions speaks (version 3 of its messages):
// AddPartitionsToTxn, so many batches, EndTxn, and again. The coordinator is the broker that the connection leads to.

import type net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { RawClient } from "../../test/support/raw-client.ts";
import type { Producer } from "./replay-frames.ts";

const VERSION = 3;
/** Of a response of either kind: correlation id, no tags, throttle time, and then what is looked at. */
const BODY_AT = 4 + 1 + 4;
/** In that of AddPartitionsToTxn: one topic, its name, its partitions, the index of the first; then its error code. */
const PARTITION_ERROR_AT = 1 + 1 + 1 + 4;
const INIT_DEADLINE_MS = 60_000;

export interface TransactionShape {
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly batchesPerTransaction: number;
}

export class ReplayTransaction {
  readonly #socket: net.Socket;
  readonly #batches: number;
  readonly #add: Buffer;
  readonly #end: Buffer;
  readonly #partitionErrorAt: number;
  #state: "none" | "adding" | "open" | "ending" = "none";
  #left = 0;

  constructor(socket: net.Socket, producer: Producer, { topic, partitions, batchesPerTransaction }: TransactionShape) {
    this.#socket = socket;
    this.#batches = batchesPerTransaction;
    this.#partitionErrorAt = BODY_AT + PARTITION_ERROR_AT + Buffer.byteLength(topic);
    const { producerId, producerEpoch } = producer;
    const header = { correlationId: 2, clientId: "replay" };
    const transactionalId = producer.transactionalId ?? "";
    const added = {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions }],
    };
    this.#add = Buffer.concat(encodeRequest(messages.addPartitionsToTxn, VERSION, header, added));
    const ended = { transactionalId, producerId, producerEpoch, committed: true };
    this.#end = Buffer.concat(encodeRequest(messages.endTxn, VERSION, header, ended));
  }

  /** How many batches may be sent now; begins and ends transactions meanwhile. */
  room(inFlight: number): number {
    if (this.#state === "none") this.#begin();
    if (this.#state !== "open") return 0;
    if (this.#left === 0 && inFlight === 0) this.#commit();
    return this.#left;
  }

  sent(count: number): void {
    this.#left -= count;
  }

  /** Commits what is open. `true` when nothing was: otherwise it is to be asked again after the next answer. */
  close(): boolean {
    if (this.#state === "none") return true;
    if (this.#state === "open") this.#commit();
    return false;
  }

  /** Whether the response was one to its own requests. Throws when that failed. */
  takes(data: Buffer, at: number): boolean {
    if (this.#state === "adding") {
      const code = data.readInt16BE(at + this.#partitionErrorAt);
      // The transaction before is still being completed: clients ask again.
      if (code === Errors.CONCURRENT_TRANSACTIONS) setImmediate(() => this.#socket.write(this.#add));
      else this.#become("open", code, "AddPartitionsToTxn");
      return true;
    }
    if (this.#state !== "ending") return false;
    this.#become("none", data.readInt16BE(at + BODY_AT), "EndTxn");
    return true;
  }

  #begin(): void {
    this.#state = "adding";
    this.#left = this.#batches;
    this.#socket.write(this.#add);
  }

  #commit(): void {
    this.#state = "ending";
    this.#socket.write(this.#end);
  }

  #become(state: "open" | "none", code: number, what: string): void {
    if (code !== Errors.NONE) throw new Error(`${what} was answered with ${errorName(code)}`);
    this.#state = state;
  }
}

/** Throws when the coordinator is not there within a minute. */
export async function initProducer(client: RawClient, transactionalId: string | null): Promise<Producer> {
  const deadline = Date.now() + INIT_DEADLINE_MS;
  for (;;) {
    if (transactionalId !== null) await client.call(messages.findCoordinator, 2, { key: transactionalId, keyType: 1 });
    const made = await client.call(messages.initProducerId, 2, { transactionalId, transactionTimeoutMs: 60_000 });
    if (made?.errorCode === Errors.NONE) return { transactionalId, producerId: Number(made.producerId), producerEpoch: made.producerEpoch };
    const code = made?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR;
    if (Date.now() > deadline) throw new Error(`InitProducerId was answered with ${errorName(code)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
