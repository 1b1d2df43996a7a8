// Asks every broker the same all the time, without asking who leads: how far partitions go, what lies at their ends, and what groups have
// committed. It goes on asking a broker that does not answer, so that one which stood still has questions to answer when it wakes, and
// keeps what is answered without an error; who has been relieved must not answer so with anything older than its successor.

import { setTimeout as sleep } from "node:timers/promises";
import { Errors } from "../../../protocol/errors.ts";
import { fetch } from "../../../protocol/messages/01-fetch.ts";
import { offsetFetch } from "../../../protocol/messages/09-offset-fetch.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import { RawClient } from "../../support/raw-client.ts";
import { nowUs } from "../event-log.ts";
import type { OffsetSeen, RecordSeen, WatermarksSeen } from "./history.ts";

const EVERY_MS = 200;
/** At a broker that does not answer. */
const MOST_WAITING = 40;
const ENDS_BACK = 15;
const ENDS_BYTES = 4096;
const [READ_UNCOMMITTED, READ_COMMITTED] = [0, 1];
const NO_OFFSET = -1;

export interface ObserverOptions {
  readonly ports: readonly number[];
  /** With how many partitions of each are watched. */
  readonly topics: ReadonlyMap<string, number>;
  /** With the topic of each. */
  readonly groups: ReadonlyMap<string, string>;
}

export class Observer {
  readonly watermarks: WatermarksSeen[] = [];
  readonly offsets: OffsetSeen[] = [];
  readonly records: RecordSeen[] = [];
  readonly #options: ObserverOptions;
  /** The highest that anybody told of each partition. */
  readonly #ends = new Map<string, number>();
  readonly #asking: Promise<void>[];
  #isOver = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    // Each on a connection of its own: what groups have committed may be waited for, and holds back what is asked behind it.
    this.#asking = options.ports.flatMap((port) => [
      this.#ask(port, (client) => [this.#fetch(client, port, READ_COMMITTED), this.#fetch(client, port, READ_UNCOMMITTED)]),
      this.#ask(port, (client) => [...options.groups].map(([group, topic]) => this.#fetchOffsets(client, port, { group, topic }))),
    ]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#asking);
  }

  async #ask(port: number, questions: (client: RawClient) => readonly Promise<void>[]): Promise<void> {
    let client: RawClient | undefined;
    let waiting = 0;
    const ask = async (connected: RawClient): Promise<void> => {
      waiting++;
      try {
        await Promise.all(questions(connected));
      } catch {
        if (client === connected) client = undefined;
        connected.close();
      } finally {
        waiting--;
      }
    };
    while (!this.#isOver) {
      if (client === undefined) client = await RawClient.connect(port).catch(() => undefined);
      if (client !== undefined && waiting < MOST_WAITING) void ask(client);
      await sleep(EVERY_MS);
    }
    client?.close();
  }

  async #fetch(client: RawClient, port: number, isolationLevel: number): Promise<void> {
    const sinceUs = nowUs();
    const topics = [...this.#options.topics].map(([topic, count]) => ({
      topic,
      partitions: Array.from({ length: count }, (_, partition) => {
        const end = this.#ends.get(`${topic}/${partition}`) ?? 0;
        return { partition, fetchOffset: Math.max(0, end - ENDS_BACK), partitionMaxBytes: ENDS_BYTES };
      }),
    }));
    const answer = await client.call(fetch, 11, { maxWaitMs: 0, minBytes: 0, isolationLevel, topics });
    if (answer === undefined) throw new Error("the connection ended");
    const common = { broker: `${port}`, sinceUs, atUs: nowUs() };
    for (const { topic, partitions } of answer.responses) {
      for (const { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset, records } of partitions) {
        if (errorCode !== Errors.NONE) continue;
        const place = `${topic}/${partitionIndex}`;
        this.#ends.set(place, Math.max(this.#ends.get(place) ?? 0, highWatermark));
        if (isolationLevel === READ_COMMITTED) this.watermarks.push({ ...common, place, highWatermark, lastStableOffset, logStartOffset });
        this.#keep(records, { ...common, place });
      }
    }
  }

  #keep(records: Buffer | null, common: Omit<RecordSeen, "offset" | "value">): void {
    for (const batch of records === null ? [] : batchesOf(records, { toleratePartial: true })) {
      if (batch.isControl) continue;
      for (const { offset, value } of recordsOf(batch)) this.records.push({ ...common, offset, value: `${value}` });
    }
  }

  async #fetchOffsets(
    client: RawClient,
    port: number,
    { group, topic }: { readonly group: string; readonly topic: string },
  ): Promise<void> {
    const sinceUs = nowUs();
    const partitionIndexes = Array.from({ length: this.#options.topics.get(topic) ?? 0 }, (_, partition) => partition);
    const answer = await client.call(offsetFetch, 7, { groupId: group, topics: [{ name: topic, partitionIndexes }] });
    if (answer === undefined) throw new Error("the connection ended");
    if (answer.errorCode !== Errors.NONE) return;
    const common = { group, broker: `${port}`, sinceUs, atUs: nowUs() };
    for (const { partitionIndex, errorCode, committedOffset } of answer.topics.flatMap(({ partitions }) => partitions))
      if (errorCode === Errors.NONE && committedOffset !== NO_OFFSET)
        this.offsets.push({ ...common, place: `${topic}/${partitionIndex}`, offset: committedOffset });
  }
}
