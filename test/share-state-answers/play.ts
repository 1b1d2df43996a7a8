// Asks a broker all of requests.ts, and tells what it answered and which records it wrote: a line each, with the bytes of records. Ids of topics
// and times stand for themselves, so that lines of two brokers can be compared.

import { setTimeout as delay } from "node:timers/promises";
import { Errors } from "../../protocol/errors.ts";
import { createTopics, deleteTopics, fetch, findCoordinator, readShareGroupState } from "../../protocol/messages/index.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import { decodeKey, decodeValue } from "../../protocol/state/coordinator-record.ts";
import { shareGroupStateRecords } from "../../protocol/state/share-group-state.ts";
import { SHARE_GROUP_STATE_TOPIC } from "../../src/cluster/topic-name.ts";
import { RawClient } from "../support/raw-client.ts";
import { steps } from "./requests.ts";

const TOPIC = "t";
const PARTITIONS = 2;
const SHARE = 2;
const ATTEMPTS = 500;
const PAUSE_MS = 20;
/** Of a snapshot's value: behind its version, three epochs and the start offset. */
const TIMES = { offset: 22, end: 38 };

export async function play(port: number): Promise<readonly string[]> {
  const client = await RawClient.connect(port);
  const topic = { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] };
  const made = await client.call(createTopics, 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
  const topicId = made?.topics[0]?.topicId ?? "";
  await untilThere(client, topicId);
  const log = new StateLog(client, topicId);
  const lines: string[] = [];
  for (const { api, version, body } of steps(topicId)) {
    const answer = await client.call(api, version, body as Encodable<Shape>);
    lines.push(`${api.name} ${version} ${shown(body, topicId)} -> ${shown(answer, topicId)}`, ...(await log.news()));
  }
  await client.call(deleteTopics, 6, { topics: [{ name: TOPIC, topicId: NO_TOPIC }], timeoutMs: 5000 });
  lines.push("the topic is deleted", ...(await log.untilTold(PARTITIONS)));
  client.close();
  return lines;
}

/** The topic of states, and who coordinates there. */
async function untilThere(client: RawClient, topicId: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await client.call(findCoordinator, 6, { keyType: SHARE, coordinatorKeys: [`g:${topicId}:0`] });
    if (found?.coordinators[0]?.errorCode === 0 && (await hasLoaded(client, topicId))) return;
    await delay(PAUSE_MS);
  }
  throw new Error("nobody coordinates share partitions");
}

/** Whether it knows that nothing is stored yet. */
async function hasLoaded(client: RawClient, topicId: string): Promise<boolean> {
  const answer = await client.call(readShareGroupState, 0, {
    groupId: "g",
    topics: [{ topicId, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  });
  return answer?.results[0]?.partitions[0]?.errorCode === Errors.INVALID_REQUEST;
}

class StateLog {
  readonly #client: RawClient;
  readonly #topicId: string;
  #offset = 0;

  constructor(client: RawClient, topicId: string) {
    this.#client = client;
    this.#topicId = topicId;
  }

  /** What was written since it was asked last. */
  async news(): Promise<string[]> {
    const partition = { partition: 0, fetchOffset: this.#offset, partitionMaxBytes: 1 << 20 };
    const request = {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: SHARE_GROUP_STATE_TOPIC, partitions: [partition] }],
      forgottenTopicsData: [],
    };
    const records = (await this.#client.call(fetch, 12, request))?.responses[0]?.partitions[0]?.records;
    const lines: string[] = [];
    for (const batch of batchesOf(records ?? Buffer.alloc(0))) {
      for (const { offset, key, value } of recordsOf(batch)) {
        if (offset < this.#offset || key === null) continue;
        this.#offset = offset + 1;
        lines.push(this.#line(key, value));
      }
    }
    return lines;
  }

  async untilTold(count: number): Promise<string[]> {
    const lines: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS && lines.length < count; attempt++) {
      lines.push(...(await this.news()));
      await delay(PAUSE_MS);
    }
    return lines.sort();
  }

  #line(key: Buffer, value: Buffer | null): string {
    const decoded = decodeKey(shareGroupStateRecords, key);
    if (decoded === undefined) return `  a record of another type: ${key.toString("hex")}`;
    const { name, recordType } = decoded;
    const keyBytes = key.toString("hex").replace(Buffer.from(this.#topicId, "base64url").toString("hex"), "<t>");
    if (value === null) return `  ${name} ${shown(decoded.key, this.#topicId)} = null  ${keyBytes}`;
    const told = shown(recordType === shareGroupStateRecords[0] ? decodeValue(recordType, value) : decodeValue(recordType, value), "");
    const bytes = Buffer.from(value);
    if (name === "ShareSnapshot") bytes.fill(0, TIMES.offset, TIMES.end);
    return `  ${name} ${shown(decoded.key, this.#topicId)} = ${told}  ${keyBytes} ${bytes.toString("hex")}`;
  }
}

const NO_TOPIC = "AAAAAAAAAAAAAAAAAAAAAA";

function shown(value: unknown, topicId: string): string {
  return JSON.stringify(value, (name, each: unknown) => {
    if (name.endsWith("Timestamp")) return "<time>";
    return each === topicId ? "<t>" : each;
  }).replaceAll('"', "");
}
