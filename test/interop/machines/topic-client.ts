// One partition's worth of everything that can be done with a topic, by a client that begins anew when a call fails or takes too long. What
// became of such a call is not known: it gives `undefined`.

import { setTimeout as sleep } from "node:timers/promises";
import { Errors } from "../../../protocol/errors.ts";
import { produce } from "../../../protocol/messages/00-produce.ts";
import { deleteRecordsBefore, OffsetSpec, offsetsAt } from "../../../src/client/admin/offsets.ts";
import { createTopic, deleteTopic, findTopic, hasLeader } from "../../../src/client/admin/topics.ts";
import { Brokers } from "../../../src/client/brokers.ts";
import type { Connection } from "../../../src/client/connection.ts";
import { fetchPartitions } from "../../../src/client/partition-fetch.ts";
import { Refusal } from "../../../src/client/refusal.ts";
import { nameOf } from "../../../src/client/topic-partition.ts";
import { batchOf } from "../../log/support.ts";

const CALL_MS = 5000;
const RETRY_MS = 200;

export interface Content {
  readonly startOffset: number;
  readonly values: ReadonlyMap<number, string>;
}

export class TopicClient {
  readonly #bootstrap: string;
  readonly #name: string;
  #brokers: Brokers;

  constructor(bootstrap: string, name: string) {
    this.#bootstrap = bootstrap;
    this.#name = name;
    this.#brokers = new Brokers(bootstrap);
  }

  close(): Promise<void> {
    return this.#brokers.close();
  }

  /** Makes it, unless it is there; gives its id, once it has a leader. */
  async make(): Promise<string | undefined> {
    await this.#try(() => createTopic(this.#brokers, { name: this.#name, partitions: 1, replicationFactor: -1, configs: new Map() }));
    return this.#try(async () => {
      const { id, partitions } = await findTopic(this.#brokers, this.#name);
      return partitions.length === 1 && partitions.every(hasLeader) ? id : undefined;
    });
  }

  id(): Promise<string | undefined> {
    return this.#try(async () => (await findTopic(this.#brokers, this.#name)).id);
  }

  /** Whether it is gone by now. */
  async delete(): Promise<boolean> {
    await this.#try(() => deleteTopic(this.#brokers, this.#name));
    const isGone = await this.#try(async () => {
      const found = await findTopic(this.#brokers, this.#name).catch((error: unknown) => error);
      return found instanceof Refusal && found.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION ? true : undefined;
    });
    return isGone === true;
  }

  /** Its offset, once it is acknowledged. */
  append(value: string): Promise<number | undefined> {
    return this.#try(async () => {
      const topicData = [{ name: this.#name, partitionData: [{ index: 0, records: batchOf([value]) }] }];
      const leader = await this.#leader();
      const { responses } = await leader.send(produce, 9, { transactionalId: null, acks: -1, timeoutMs: CALL_MS, topicData });
      const answer = responses[0]?.partitionResponses[0];
      return answer?.errorCode === Errors.NONE ? Number(answer.baseOffset) : undefined;
    });
  }

  /** Gives where it begins from then on. */
  deleteBefore(offset: number): Promise<number | undefined> {
    return this.#try(async () => {
      const answers = await deleteRecordsBefore(this.#brokers, [{ topic: this.#name, partition: 0, offset }]);
      const answer = answers.get(nameOf({ topic: this.#name, partition: 0 }));
      return typeof answer === "number" ? answer : undefined;
    });
  }

  /** All of it. */
  content(): Promise<Content | undefined> {
    return this.#try(async () => {
      const startOffset = await this.#offsetAt(OffsetSpec.EARLIEST);
      const endOffset = await this.#offsetAt(OffsetSpec.LATEST);
      const values = new Map<number, string>();
      for (let offset = startOffset; offset < endOffset; ) {
        const positions = [{ topic: this.#name, partition: 0, offset }];
        const order = { positions, maxWaitMs: 100, isCommittedOnly: true, partitionBytes: 1 << 20 };
        const [read] = await fetchPartitions(await this.#leader(), order);
        if (read?.errorCode !== Errors.NONE) return undefined;
        for (const record of read.records) values.set(record.offset, `${record.value}`);
        offset = read.nextOffset;
      }
      return { startOffset, values };
    });
  }

  async #offsetAt(timestamp: number): Promise<number> {
    const partition = { topic: this.#name, partition: 0 };
    const found = (await offsetsAt(this.#brokers, [partition], { timestamp })).get(nameOf(partition));
    if (found === undefined || found instanceof Refusal) throw found ?? new Error("no answer");
    return found.offset;
  }

  async #leader(): Promise<Connection> {
    const [partition] = (await findTopic(this.#brokers, this.#name)).partitions;
    return this.#brokers.byId(partition?.leaderId ?? -1);
  }

  async #try<T>(call: () => Promise<T | undefined>): Promise<T | undefined> {
    const late = new AbortController();
    const tooLong = sleep(CALL_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const answer = await Promise.race([call().catch(() => undefined), tooLong]);
    late.abort();
    if (answer !== undefined) return answer;
    const failed = this.#brokers;
    this.#brokers = new Brokers(this.#bootstrap);
    await sleep(RETRY_MS);
    await failed.close().catch(() => undefined);
    return undefined;
  }
}
