// Fills one partition with keyed records, each batch different from all others.
//
//   node scripts/bench/compaction-client.ts '{"host":"127.0.0.1","port":9092,"topic":"t",…}'
//
// Prints one line when all is acknowledged.

import { decodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { givenOrder, report } from "./client-process.ts";
import { checkCode, encodedRequest, FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";

export interface CompactionOrder extends Address {
  readonly topic: string;
  /** Of the value. */
  readonly recordBytes: number;
  readonly recordsPerBatch: number;
  readonly records: number;
  /** A record's key is one of so many, by chance, the same in every run. */
  readonly keys: number;
}

export interface CompactionResult {
  /** Of the batches. */
  readonly bytes: number;
}

const PRODUCE_VERSION = 9;
const IN_FLIGHT = 4;

const order = givenOrder<CompactionOrder>();
const value = Buffer.alloc(order.recordBytes, "x");
let state = 1;
report({ bytes: await fill() } satisfies CompactionResult);

async function fill(): Promise<number> {
  const socket = await FrameSocket.connect(order);
  const batches = Math.ceil(order.records / order.recordsPerBatch);
  let bytes = 0;
  let sent = 0;
  let answered = 0;
  const send = () => {
    const records = nextBatch();
    bytes += records.length;
    sent++;
    const topicData = [{ name: order.topic, partitionData: [{ index: 0, records }] }];
    socket.write(encodedRequest(messages.produce, PRODUCE_VERSION, { acks: -1, timeoutMs: 30_000, topicData }));
  };
  await new Promise<void>((done) => {
    socket.onFrame = (frame) => {
      const { body } = decodeResponse(messages.produce, PRODUCE_VERSION, frame);
      checkCode("Produce", body.responses[0]?.partitionResponses[0]?.errorCode);
      if (++answered === batches) done();
      else if (sent < batches) send();
    };
    while (sent < Math.min(IN_FLIGHT, batches)) send();
  });
  return bytes;
}

function nextBatch(): Buffer {
  const timestamp = Date.now();
  const keyed = () => ({ key: Buffer.from(`key-${nextRandom() % order.keys}`), value, timestamp });
  return buildBatch(Array.from({ length: order.recordsPerBatch }, keyed)).bytes;
}

/** xorshift32. */
function nextRandom(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}
