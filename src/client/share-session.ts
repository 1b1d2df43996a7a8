// The share session of a member with one broker (KIP-932), on a connection of its own: what it fetches there, and what it says of what it
// fetched before, which goes with the next fetch.

import { Errors } from "../../protocol/errors.ts";
import { shareFetch } from "../../protocol/messages/78-share-fetch.ts";
import { shareAcknowledge } from "../../protocol/messages/79-share-acknowledge.ts";
import { TimestampType } from "../../protocol/records/batch-header.ts";
import { type DecodedRecord, recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Decoded } from "../../protocol/schema/field.ts";
import type { Connection } from "./connection.ts";
import { failOn } from "./refusal.ts";
import type { SharedPartition } from "./share-member.ts";

const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const LAST_EPOCH = 2 ** 31 - 1;
const MAX_BYTES = 50 * 1024 * 1024;
const GAP = 0;

/** What becomes of records. */
export const Acknowledgement = { ACCEPT: 1, RELEASE: 2, REJECT: 3 } as const;
export type Acknowledgement = (typeof Acknowledgement)[keyof typeof Acknowledgement];

export interface ShareFetchLimits {
  readonly maxWaitMs: number;
  /** And then to the end of a batch. */
  readonly maxRecords: number;
}

export interface AcquiredRecord extends DecodedRecord {
  /** This delivery included. */
  readonly deliveryCount: number;
}

/** What of one partition is the member's for a while. */
export interface AcquiredRecords extends SharedPartition {
  readonly errorCode: number;
  readonly records: readonly AcquiredRecord[];
  readonly isLogAppendTime: boolean;
}

interface AcknowledgedRange {
  readonly firstOffset: number;
  lastOffset: number;
  readonly type: number;
}

type PartitionAnswer = Decoded<typeof shareFetch.response.struct.shape>["responses"][number]["partitions"][number];

export class ShareSession {
  readonly #connection: Connection;
  readonly #member: { readonly groupId: string; readonly memberId: string };
  readonly #known = new Map<string, SharedPartition>();
  readonly #acknowledged = new Map<string, { readonly of: SharedPartition; readonly ranges: AcknowledgedRange[] }>();
  #epoch = INITIAL_EPOCH;

  constructor(connection: Connection, member: { readonly groupId: string; readonly memberId: string }) {
    this.#connection = connection;
    this.#member = member;
  }

  /** Told with the next request; in order of offsets, where the last may be told otherwise. */
  acknowledge(of: SharedPartition, offset: number, type: number): void {
    const key = keyOf(of);
    const entry = this.#acknowledged.get(key) ?? { of, ranges: [] };
    this.#acknowledged.set(key, entry);
    const last = entry.ranges.at(-1);
    if (last?.lastOffset === offset) {
      if (last.firstOffset === offset) entry.ranges.pop();
      else last.lastOffset--;
      this.acknowledge(of, offset, type);
      return;
    }
    if (last !== undefined && last.type === type && last.lastOffset === offset - 1) last.lastOffset = offset;
    else entry.ranges.push({ firstOffset: offset, lastOffset: offset, type });
  }

  /** Waits at the broker until there is something; raises Refusal and Disconnected. */
  async fetch(partitions: readonly SharedPartition[], { maxWaitMs, maxRecords }: ShareFetchLimits): Promise<AcquiredRecords[]> {
    const wanted = new Map(partitions.map((partition) => [keyOf(partition), partition]));
    const forgotten = [...this.#known].filter(([key]) => !wanted.has(key)).map(([, partition]) => partition);
    const added = partitions.filter((partition) => !this.#known.has(keyOf(partition)));
    // A session begins without acknowledgements: those of one that is over have lost their records.
    if (this.#epoch === INITIAL_EPOCH) this.#acknowledged.clear();
    const topics = this.#topics(added);
    this.#acknowledged.clear();
    const answer = await this.#connection.send(shareFetch, 2, {
      ...this.#member,
      shareSessionEpoch: this.#epoch,
      ...{ maxWaitMs, minBytes: 1, maxBytes: MAX_BYTES, maxRecords, batchSize: maxRecords },
      topics,
      forgottenTopicsData: this.#epoch === INITIAL_EPOCH ? [] : byTopic(forgotten),
    });
    if (answer.errorCode === Errors.SHARE_SESSION_NOT_FOUND || answer.errorCode === Errors.INVALID_SHARE_SESSION_EPOCH) {
      this.#epoch = INITIAL_EPOCH;
      this.#known.clear();
      return [];
    }
    failOn(answer.errorCode, `group ${this.#member.groupId}`, answer.errorMessage);
    this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1;
    for (const partition of forgotten) this.#known.delete(keyOf(partition));
    for (const partition of added) this.#known.set(keyOf(partition), partition);
    return answer.responses.flatMap(({ topicId, partitions: each }) => each.map((one) => this.#acquired(topicId, one)));
  }

  /** Tells what is left to tell: what the member has not acknowledged then is others'. */
  async end(): Promise<void> {
    if (this.#epoch === INITIAL_EPOCH) return;
    await this.#connection.send(shareAcknowledge, 2, { ...this.#member, shareSessionEpoch: FINAL_EPOCH, topics: this.#topics([]) });
  }

  close(): void {
    this.#connection.close();
  }

  /** Of what is told: offsets without a record are acknowledged as such. */
  #acquired(topicId: string, { partitionIndex, errorCode, records, acquiredRecords }: PartitionAnswer): AcquiredRecords {
    const of = { topicId, partition: partitionIndex };
    const decoded = new Map<number, DecodedRecord>();
    let isLogAppendTime = false;
    for (const batch of records === null || records.length === 0 ? [] : batchesOf(records)) {
      isLogAppendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
      if (!batch.isControl) for (const record of recordsOf(batch)) decoded.set(record.offset, record);
    }
    const acquired: AcquiredRecord[] = [];
    for (const { firstOffset, lastOffset, deliveryCount } of acquiredRecords) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const record = decoded.get(offset);
        if (record === undefined) this.acknowledge(of, offset, GAP);
        else acquired.push({ ...record, deliveryCount });
      }
    }
    return { ...of, errorCode, records: acquired, isLogAppendTime };
  }

  #topics(added: readonly SharedPartition[]) {
    const asked = new Map(added.map((partition) => [keyOf(partition), partition]));
    for (const [key, { of }] of this.#acknowledged) asked.set(key, of);
    return [...Map.groupBy(asked.values(), ({ topicId }) => topicId)].map(([topicId, partitions]) => ({
      topicId,
      partitions: partitions.map((of) => ({ partitionIndex: of.partition, acknowledgementBatches: this.#batchesOf(of) })),
    }));
  }

  #batchesOf(of: SharedPartition) {
    const ranges = this.#acknowledged.get(keyOf(of))?.ranges ?? [];
    return ranges
      .toSorted((one, other) => one.firstOffset - other.firstOffset)
      .map(({ firstOffset, lastOffset, type }) => ({ firstOffset, lastOffset, acknowledgeTypes: [type] }));
  }
}

function byTopic(partitions: readonly SharedPartition[]) {
  return [...Map.groupBy(partitions, ({ topicId }) => topicId)].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
}

export function keyOf({ topicId, partition }: SharedPartition): string {
  return `${topicId} ${partition}`;
}
