// One connection that produces: keeps its window full. All requests that a read turn permits are one write.

import type net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { openSocket } from "./load-socket.ts";
import { Frames, type Producer } from "./replay-frames.ts";
import type { ProduceOrder } from "./replay-order.ts";
import { initProducer, ReplayTransaction } from "./replay-transaction.ts";
import type { Tally } from "./tally.ts";

const WARM_UP_SHARE = 0.1;
/** Between two writes without answers others have their turn. */
const UNANSWERED_BYTES = 1024 * 1024;

const shared = Buffer.allocUnsafeSlow(64 * 1024);

export class ProducingConnection {
  readonly #order: ProduceOrder;
  readonly #tally: Tally;
  readonly #frames: Frames;
  readonly #socket: net.Socket;
  readonly #transaction: ReplayTransaction | undefined;
  readonly #wanted: number;
  readonly #warmUp: number;
  /** Of requests in flight, by their number modulo the window. */
  readonly #sentAtMs: Float64Array;
  readonly #errorAt: number;
  #sent = 0;
  #answered = 0;
  #stopMs = Number.POSITIVE_INFINITY;
  #kept: Buffer = Buffer.alloc(0);
  #isAtEnd = false;
  #finish: (error?: Error) => void = () => undefined;

  private constructor(order: ProduceOrder, index: number, tally: Tally, socket: net.Socket, producer: Producer | undefined) {
    this.#order = order;
    this.#tally = tally;
    this.#socket = socket;
    const partitions = partitionsOf(order, index);
    this.#frames = new Frames(order, partitions, producer);
    this.#wanted = Math.ceil(order.requests / order.connections);
    this.#warmUp = index === 0 && order.acks !== 0 ? Math.floor(this.#wanted * WARM_UP_SHARE) : -1;
    this.#sentAtMs = new Float64Array(order.window);
    this.#errorAt = errorAt(order.topic);
    const { batchesPerTransaction } = order;
    this.#transaction =
      producer === undefined || batchesPerTransaction === undefined
        ? undefined
        : new ReplayTransaction(socket, producer, { topic: order.topic, partitions, batchesPerTransaction });
  }

  static async open(order: ProduceOrder, index: number, tally: Tally): Promise<ProducingConnection> {
    const needsProducer = order.isIdempotent === true || order.batchesPerTransaction !== undefined;
    const producer = needsProducer ? await makeProducer(order, index) : undefined;
    return new Promise((resolve, reject) => {
      const onread = { buffer: shared, callback: (count: number) => connection.#take(shared.subarray(0, count)) };
      const socket = openSocket(order, onread, () => resolve(connection));
      const connection = new ProducingConnection(order, index, tally, socket, producer);
      socket.on("error", (error) => {
        reject(error);
        connection.#finish(error);
      });
      socket.on("close", () => connection.#finish(new Error("the broker closed the connection")));
    });
  }

  /** Resolves when everything that was sent is answered. */
  run(): Promise<void> {
    this.#stopMs = performance.now() + this.#order.mostSeconds * 1000;
    return new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
      if (this.#order.acks === 0) this.#sendUnanswered();
      else this.#send(performance.now());
    });
  }

  #take(bytes: Buffer): boolean {
    try {
      const nowMs = performance.now();
      const data = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
      let at = 0;
      while (data.length - at >= 4) {
        const end = at + 4 + data.readInt32BE(at);
        if (end > data.length) break;
        this.#answer(data, at + 4, nowMs);
        at = end;
      }
      this.#kept = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
      if (this.#order.acks !== 0) this.#send(nowMs);
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #answer(data: Buffer, at: number, nowMs: number): void {
    if (this.#transaction?.takes(data, at)) return;
    const errorCode = data.readInt16BE(at + this.#errorAt);
    if (errorCode !== Errors.NONE) throw new Error(`Produce was answered with ${errorName(errorCode)}`);
    if (this.#isAtEnd) {
      this.#finish();
      return;
    }
    this.#tally.latenciesMs.push(nowMs - (this.#sentAtMs[this.#answered % this.#order.window] ?? 0));
    this.#count(1);
  }

  #count(requests: number): void {
    const before = this.#answered;
    this.#answered += requests;
    this.#tally.requests += requests;
    this.#tally.bytes += requests * this.#frames.batchBytes;
    if (before < this.#warmUp && this.#answered >= this.#warmUp) this.#tally.begin();
  }

  /** Fills the window, or ends when nothing is left to send or to wait for. */
  #send(nowMs: number): void {
    const isOver = this.#sent >= this.#wanted || nowMs > this.#stopMs;
    const inFlight = this.#sent - this.#answered;
    if (isOver && inFlight === 0) {
      if (this.#transaction?.close() ?? true) this.#finish();
      return;
    }
    if (isOver) return;
    let room = Math.min(this.#order.window - inFlight, this.#wanted - this.#sent);
    if (this.#transaction !== undefined) room = Math.min(room, this.#transaction.room(inFlight));
    while (room > 0) {
      const index = this.#sent % this.#frames.count;
      const count = Math.min(room, this.#frames.count - index);
      this.#socket.write(this.#frames.take(index, count));
      for (let each = 0; each < count; each++) this.#sentAtMs[(this.#sent + each) % this.#order.window] = nowMs;
      this.#sent += count;
      this.#transaction?.sent(count);
      room -= count;
    }
  }

  /** acks=0: as fast as the socket takes it; then one request that is answered. */
  #sendUnanswered(): void {
    while (this.#sent < this.#wanted && performance.now() < this.#stopMs) {
      const index = this.#sent % this.#frames.count;
      const most = Math.max(1, Math.floor(UNANSWERED_BYTES / this.#frames.frameBytes));
      const count = Math.min(most, this.#wanted - this.#sent, this.#frames.count - index);
      const hasRoom = this.#socket.write(this.#frames.take(index, count));
      this.#sent += count;
      this.#count(count);
      if (!hasRoom) {
        this.#socket.once("drain", () => this.#sendUnanswered());
        return;
      }
    }
    this.#isAtEnd = true;
    this.#socket.write(this.#frames.last);
  }
}

function partitionsOf({ partitions, connections }: ProduceOrder, index: number): number[] {
  const own: number[] = [];
  for (let partition = index; partition < partitions; partition += connections) own.push(partition);
  return own.length === 0 ? [index % partitions] : own;
}

async function makeProducer(order: ProduceOrder, index: number): Promise<Producer> {
  const transactionalId = order.batchesPerTransaction === undefined ? null : `${order.topic}-${index}`;
  const client = await RawClient.connect(order.port, order.host);
  try {
    return await initProducer(client, transactionalId);
  } finally {
    client.close();
  }
}

/**
 * Where the error code is in a Produce response of version 9 for one partition: correlation id, no tags, one topic, its name, one
 * partition, its index.
 */
function errorAt(topic: string): number {
  if (Buffer.byteLength(topic) > 126) throw new Error("the topic's name is too long");
  return 4 + 1 + 1 + 1 + Buffer.byteLength(topic) + 1 + 4;
}
