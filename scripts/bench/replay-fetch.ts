// One connection that reads one partition. A response is read into one buffer that is kept, and looked at in place: its fixed fields, and
// of the batches their length and last offset.

import type net from "node:net";
import { Errors, errorName } from "../../protocol/errors.ts";
import { encodeRequest } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { openSocket } from "./load-socket.ts";
import type { FetchOrder } from "./replay-order.ts";
import type { Tally } from "./tally.ts";

/** The last one with fields of fixed size, known to every broker since 2.4. */
const FETCH_VERSION = 11;
const DEFAULT_PARTITION_BYTES = 1024 * 1024;
const SLACK_BYTES = 64 * 1024;
/** Of a batch: base offset (8), length of what follows (4), …, last offset delta. */
const BATCH_PREFIX_BYTES = 12;
const BATCH_HEADER_BYTES = 61;
const LAST_OFFSET_DELTA_AT = 23;

/** Resolves when the partition is read as far as the order says. Throws when the broker answers with an error, or with other offsets. */
export function readPartition(order: FetchOrder, partition: number, tally: Tally): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new PartitionReader(order, partition, tally);
    const onread = {
      buffer: () => reader.target(),
      callback: (count: number) => {
        try {
          reader.take(count);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          socket.destroy();
        }
        return true;
      },
    };
    const socket = openSocket(order, onread, () => reader.start(socket));
    socket.on("error", reject);
    socket.on("close", () => (reader.isDone ? resolve() : reject(new Error("the broker closed the connection"))));
  });
}

class PartitionReader {
  readonly #order: FetchOrder;
  readonly #tally: Tally;
  readonly #request: Buffer;
  /** Where the request has its fetch offset, the only thing that changes. */
  readonly #offsetAt: number;
  /** In the response, size included: where the error code of the partition is. */
  readonly #errorAt: number;
  #socket: net.Socket | undefined;
  #buffer: Buffer;
  #have = 0;
  /** Negative until the end is known from which it counts. */
  #startOffset: number;
  #offset: number;
  #endOffset: number | undefined;
  #read = 0;
  #sentAtMs = 0;
  isDone = false;

  constructor(order: FetchOrder, partition: number, tally: Tally) {
    this.#order = order;
    this.#tally = tally;
    this.#startOffset = order.startOffset;
    this.#offset = Math.max(0, order.startOffset);
    this.#endOffset = order.endOffset;
    const partitionMaxBytes = order.partitionMaxBytes ?? DEFAULT_PARTITION_BYTES;
    this.#buffer = Buffer.allocUnsafeSlow(partitionMaxBytes + SLACK_BYTES);
    const marker = 0x0102030405060708n;
    const partitions = [{ partition, fetchOffset: Number(marker >> 8n), partitionMaxBytes }];
    const body = { maxWaitMs: 500, minBytes: 1, topics: [{ topic: order.topic, partitions }] };
    this.#request = Buffer.concat(encodeRequest(messages.fetch, FETCH_VERSION, { correlationId: 1, clientId: "replay" }, body));
    const marked = Buffer.alloc(8);
    marked.writeBigInt64BE(marker >> 8n);
    this.#offsetAt = this.#request.indexOf(marked);
    // size, correlation id, throttle time, error code, session id, one topic, its name, one partition, its index
    this.#errorAt = 4 + 4 + 4 + 2 + 4 + 4 + 2 + Buffer.byteLength(order.topic) + 4 + 4;
  }

  start(socket: net.Socket): void {
    this.#socket = socket;
    this.#send();
  }

  target(): Buffer {
    return this.#buffer.subarray(this.#have);
  }

  take(count: number): void {
    this.#have += count;
    if (this.#have < 4) return;
    const frameBytes = 4 + this.#buffer.readInt32BE(0);
    if (frameBytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(frameBytes + SLACK_BYTES);
      this.#buffer.copy(grown, 0, 0, this.#have);
      this.#buffer = grown;
    }
    if (this.#have < frameBytes) return;
    this.#have = 0;
    this.#response(frameBytes);
  }

  #response(frameBytes: number): void {
    const buffer = this.#buffer;
    const code = buffer.readInt16BE(this.#errorAt);
    if (code !== Errors.NONE) throw new Error(`Fetch was answered with ${errorName(code)}`);
    // After the error code: high watermark, last stable offset, log start offset, aborted transactions, preferred replica, records.
    const highWatermark = readInt64(buffer, this.#errorAt + 2);
    const abortedAt = this.#errorAt + 2 + 24;
    const recordsAt = abortedAt + 4 + Math.max(0, buffer.readInt32BE(abortedAt)) * 16 + 4 + 4;
    this.#endOffset ??= highWatermark;
    if (this.#startOffset < 0) {
      this.#startOffset = Math.max(0, highWatermark + this.#startOffset);
      this.#offset = this.#startOffset;
      this.#send();
      return;
    }
    // A reader that was there before the first record did not read slowly.
    if (this.#tally.bytes === 0) this.#tally.begin();
    this.#tally.latenciesMs.push(performance.now() - this.#sentAtMs);
    this.#tally.requests++;
    this.#walk(recordsAt, frameBytes);
    this.#goOn(this.#endOffset);
  }

  #walk(from: number, end: number): void {
    const buffer = this.#buffer;
    let at = from;
    while (at + BATCH_HEADER_BYTES <= end) {
      const next = at + BATCH_PREFIX_BYTES + buffer.readInt32BE(at + 8);
      if (next > end) break;
      const baseOffset = readInt64(buffer, at);
      if (at === from && baseOffset > this.#offset) throw new Error(`asked for offset ${this.#offset}, was given ${baseOffset}`);
      this.#offset = baseOffset + buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT) + 1;
      at = next;
    }
    this.#read += at - from;
    this.#tally.bytes += at - from;
  }

  #goOn(endOffset: number): void {
    if (this.#offset >= endOffset) {
      if (this.#read >= (this.#order.repeatBytes ?? 0)) {
        this.isDone = true;
        this.#socket?.destroy();
        return;
      }
      this.#offset = this.#startOffset;
    }
    this.#send();
  }

  #send(): void {
    this.#request.writeUInt32BE(Math.floor(this.#offset / 2 ** 32), this.#offsetAt);
    this.#request.writeUInt32BE(this.#offset % 2 ** 32, this.#offsetAt + 4);
    this.#sentAtMs = performance.now();
    this.#socket?.write(this.#request);
  }
}

/** Of offsets: not negative, exact below 2^53. */
function readInt64(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4);
}
