// The horizon: what Node can do at most for Produce and Fetch. Takes the load generator's frames apart at fixed places, writes batches
// to a file for each partition, answers once for each read turn, and serves Fetch from the files. Tells whoever heartbeats in a consumer
// group that there is nothing new. Knows nothing else of Kafka, and checks nothing but, if it is asked to, checksums. Works only with the
// load generator beside it: one topic for a connection, equal batches.
//
//   node scripts/bench/sink.ts PORT FOLDER [--crc]

import net from "node:net";
import { encodeResponse, readBody, readRequestHeader } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { BufferPool } from "../../src/base/buffer-pool.ts";
import { FrameReader } from "../../src/server/frame-reader.ts";
import { RequestMemory } from "../../src/server/request-memory.ts";
import { takeOver } from "../../src/server/socket.ts";
import { SinkLog } from "./sink-log.ts";

const [port = "", folder = "", option] = process.argv.slice(2);
const PRODUCE_VERSION = 9;
const FETCH_VERSION = 11;
const MOST_FRAME_BYTES = 100 * 1024 * 1024;
/** Answers to Produce are sent so many at once at most. */
const ANSWERS = 512;

const reading = {
  pool: new BufferPool(),
  sharedReadBuffer: Buffer.allocUnsafeSlow(256 * 1024),
  requestMemory: new RequestMemory(() => -1),
  maxFrameBytes: MOST_FRAME_BYTES,
};
const logs = new Map<string, SinkLog>();

function logOf(topic: string, partition: number): SinkLog {
  const name = `${topic}-${partition}`;
  const log = logs.get(name) ?? new SinkLog(folder, name, option === "--crc");
  logs.set(name, log);
  return log;
}

/** Where things are in the Produce frames of one connection, and the logs of its partitions. */
class ProduceShape {
  readonly frameBytes: number;
  readonly acksAt: number;
  readonly partitionAt: number;
  readonly recordsAt: number;
  readonly recordsEnd: number;
  readonly answers: Buffer;
  readonly answerBytes: number;
  readonly #topic: string;
  readonly #logs: SinkLog[] = [];

  constructor(frame: Buffer) {
    const reader = new Reader(frame);
    const header = readRequestHeader(reader);
    const { topicData } = readBody(messages.produce.request, PRODUCE_VERSION, reader);
    const topic = topicData[0];
    const partition = topic?.partitionData[0];
    const records = partition?.records;
    if (topic === undefined || partition === undefined || !Buffer.isBuffer(records)) throw new Error("a Produce without records");
    this.frameBytes = frame.length;
    // API key, version, correlation id, client id, no tags, no transactional id.
    this.acksAt = 2 + 2 + 4 + 2 + Buffer.byteLength(header.clientId ?? "") + 1 + 1;
    this.recordsAt = records.byteOffset - frame.byteOffset;
    this.recordsEnd = this.recordsAt + records.length;
    this.partitionAt = this.recordsAt - varintBytes(records.length + 1) - 4;
    this.#topic = topic.name;
    const responses = [{ name: topic.name, topicId: "", partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0 }] }];
    const answer = Buffer.concat(encodeResponse(messages.produce, PRODUCE_VERSION, 1, { responses }));
    this.answerBytes = answer.length;
    this.answers = Buffer.concat(Array.from({ length: ANSWERS }, () => answer));
  }

  log(partition: number): SinkLog {
    const log = this.#logs[partition] ?? logOf(this.#topic, partition);
    this.#logs[partition] = log;
    return log;
  }
}

class SinkConnection {
  readonly #frames: FrameReader;
  readonly #socket: net.Socket;
  readonly #touched = new Set<SinkLog>();
  #shape: ProduceShape | undefined;
  #count = 0;
  #beats: Buffer[] = [];

  constructor(accepted: net.Socket) {
    this.#frames = new FrameReader(reading, (frame) => this.#take(frame));
    this.#socket = takeOver(accepted, {
      target: () => this.#frames.target(),
      received: (bytes) => this.#turn(bytes),
      drained: () => undefined,
      closed: () => this.#frames.close(),
    });
  }

  #turn(bytes: Buffer): boolean {
    this.#frames.feed(bytes);
    for (const log of this.#touched) log.flush();
    this.#touched.clear();
    if (this.#beats.length > 0) this.#socket.write(Buffer.concat(this.#beats));
    this.#beats = [];
    const { answers, answerBytes = 0 } = this.#shape ?? {};
    for (; answers !== undefined && this.#count > 0; this.#count -= Math.min(this.#count, ANSWERS)) {
      this.#socket.write(answers.subarray(0, Math.min(this.#count, ANSWERS) * answerBytes));
    }
    return true;
  }

  #take(frame: Buffer): boolean {
    if (frame.readInt16BE(0) === messages.fetch.key) {
      this.#fetch(frame);
      return true;
    }
    if (frame.readInt16BE(0) === messages.consumerGroupHeartbeat.key) {
      this.#beats.push(answerHeartbeat(frame));
      return true;
    }
    let shape = this.#shape;
    if (shape?.frameBytes !== frame.length) this.#shape = shape = new ProduceShape(frame);
    const log = shape.log(frame.readInt32BE(shape.partitionAt));
    if (frame.readInt16BE(shape.acksAt) !== 0) this.#count++;
    log.append(frame.subarray(shape.recordsAt, shape.recordsEnd));
    this.#touched.add(log);
    return true;
  }

  #fetch(frame: Buffer): void {
    const reader = new Reader(frame);
    readRequestHeader(reader);
    const { topics } = readBody(messages.fetch.request, FETCH_VERSION, reader);
    const topic = topics[0];
    const asked = topic?.partitions[0];
    if (topic === undefined || asked === undefined) throw new Error("a Fetch of nothing");
    const log = logOf(topic.topic, asked.partition);
    const answer = () => this.#answerFetch(topic.topic, asked, log);
    if (asked.fetchOffset < log.endOffset) answer();
    else waiting.add(log, answer);
  }

  #answerFetch(topic: string, asked: { partition: number; fetchOffset: number; partitionMaxBytes: number }, log: SinkLog): void {
    let buffer: Buffer | undefined;
    const records = log.read(asked.fetchOffset, asked.partitionMaxBytes, (sizeBytes) => (buffer = reading.pool.take(sizeBytes)));
    const partition = { partitionIndex: asked.partition, errorCode: 0, highWatermark: log.endOffset, abortedTransactions: null, records };
    const responses = [{ topic, topicId: "", partitions: [partition] }];
    const parts = encodeResponse(messages.fetch, FETCH_VERSION, 1, { errorCode: 0, responses });
    this.#socket.cork();
    for (const part of parts.slice(0, -1)) this.#socket.write(part);
    this.#socket.write(parts.at(-1) ?? Buffer.alloc(0), () => {
      if (buffer !== undefined) reading.pool.give(buffer);
    });
    this.#socket.uncork();
  }
}

/** The member id is where the frame has it: behind API key, version, correlation id, client id, no tags and the group's id. */
function answerHeartbeat(frame: Buffer): Buffer {
  const groupAt = 8 + 2 + frame.readInt16BE(8) + 1;
  const memberAt = groupAt + (frame[groupAt] ?? 1);
  const memberEnd = memberAt + (frame[memberAt] ?? 1);
  const idBytes = memberEnd - memberAt;
  // Size, correlation id, no tags, throttle time, error, no message · member id · epoch, interval, no assignment, no tags.
  const answer = Buffer.alloc(4 + 4 + 1 + 4 + 2 + 1 + idBytes + 4 + 4 + 1 + 1);
  answer.writeInt32BE(answer.length - 4, 0);
  frame.copy(answer, 4, 4, 8);
  frame.copy(answer, 16, memberAt, memberEnd + 4);
  answer[answer.length - 2] = 0xff;
  return answer;
}

/** Fetches at the end of a log. */
class Waiting {
  readonly #byLog = new Map<SinkLog, (() => void)[]>();

  add(log: SinkLog, answer: () => void): void {
    const there = this.#byLog.get(log);
    if (there === undefined) {
      this.#byLog.set(log, [answer]);
      log.appended = () => this.#wake(log);
    } else {
      there.push(answer);
    }
  }

  #wake(log: SinkLog): void {
    const answers = this.#byLog.get(log) ?? [];
    this.#byLog.set(log, []);
    for (const answer of answers) answer();
  }
}

const waiting = new Waiting();

function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;
}

const accepted = new Set<SinkConnection>();
net
  .createServer({ pauseOnConnect: true, noDelay: true }, (socket) => accepted.add(new SinkConnection(socket)))
  .listen(Number(port), "127.0.0.1");
