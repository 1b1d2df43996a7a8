// What a coordinator wrote into __consumer_offsets, by group and in the order of offsets. Records of one kind that follow one another stand
// in the order of their keys: a coordinator writes those of several members in whatever order it has them.

import { setTimeout as delay } from "node:timers/promises";
import { fetch, listOffsets, metadata } from "../../protocol/messages/index.ts";
import { recordsOf } from "../../protocol/records/record.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import { consumerOffsetsRecords } from "../../protocol/state/consumer-offsets.ts";
import { decodeKey, decodeValue, type RecordType } from "../../protocol/state/coordinator-record.ts";
import { hashOfTopic, hashOfTopics } from "../../src/coordinator/group/metadata-hash.ts";
import { RawClient } from "../support/raw-client.ts";
import { render, type Shown, show } from "./shown.ts";
import type { Place, Stage, TopicState } from "./stage.ts";

const TOPIC = "__consumer_offsets";
const LATEST = -1;
const REGULAR_EXPRESSION = "ConsumerGroupRegularExpression";
const ATTEMPTS = 500;
const PAUSE_MS = 20;
const MOST_BYTES = 1 << 24;

export interface GroupRecord {
  readonly type: string;
  readonly groupId: string;
  readonly key: Readonly<Record<string, unknown>>;
  /** null: a tombstone. */
  readonly value: unknown;
}

/** What is written between its opening and `read`. */
export class RecordsSince {
  readonly #client: RawClient;
  readonly #offsets: ReadonlyMap<number, number>;

  private constructor(client: RawClient, offsets: ReadonlyMap<number, number>) {
    this.#client = client;
    this.#offsets = offsets;
  }

  static async open({ port }: Place): Promise<RecordsSince> {
    const client = await RawClient.connect(port);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const offsets = await endsOf(client);
      if (offsets !== undefined) return new RecordsSince(client, offsets);
      await delay(PAUSE_MS);
    }
    throw new Error(`the ends of ${TOPIC} are not told`);
  }

  async read(): Promise<readonly GroupRecord[]> {
    const records: GroupRecord[] = [];
    for (const [partition, offset] of this.#offsets) records.push(...(await readPartition(this.#client, partition, offset)));
    this.#client.close();
    return records;
  }
}

/** `undefined` while not all partitions are led. */
async function endsOf(client: RawClient): Promise<ReadonlyMap<number, number> | undefined> {
  const described = await client.call(metadata, 12, { topics: [{ name: TOPIC }], allowAutoTopicCreation: false });
  const asked = (described?.topics[0]?.partitions ?? []).map(({ partitionIndex }) => ({ partitionIndex, timestamp: LATEST }));
  if (asked.length === 0) return undefined;
  const ends = await client.call(listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics: [{ name: TOPIC, partitions: asked }] });
  const partitions = ends?.topics[0]?.partitions ?? [];
  if (partitions.some(({ errorCode }) => errorCode !== 0)) return undefined;
  return new Map(partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
}

async function readPartition(client: RawClient, partition: number, startOffset: number): Promise<readonly GroupRecord[]> {
  const found: GroupRecord[] = [];
  for (let fetchOffset = startOffset; ; ) {
    const answer = await client.call(fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: MOST_BYTES,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: TOPIC, partitions: [{ partition, fetchOffset, partitionMaxBytes: MOST_BYTES }] }],
    });
    const read = answer?.responses[0]?.partitions[0];
    if (read === undefined || read.errorCode !== 0) throw new Error(`${TOPIC}-${partition} cannot be read: ${read?.errorCode}`);
    for (const batch of batchesOf(bytesOf(read.records))) {
      fetchOffset = batch.lastOffset + 1;
      if (batch.isControl) continue;
      for (const { key, value } of recordsOf(batch))
        found.push(...decoded(key, value).map((record) => (batch.isTransactional ? withoutTopicId(record) : record)));
    }
    if (fetchOffset >= read.highWatermark) return found;
  }
}

function decoded(keyBytes: Buffer | null, valueBytes: Buffer | null): GroupRecord[] {
  const decodedKey = keyBytes === null ? undefined : decodeKey(consumerOffsetsRecords, Buffer.from(keyBytes));
  if (decodedKey === undefined) return [];
  const key = { ...decodedKey.key } as Record<string, unknown>;
  const groupId = `${key["groupId"] ?? key["group"]}`;
  const value = valueBytes === null ? null : decodeValue(decodedKey.recordType as RecordType, Buffer.from(valueBytes));
  return [{ type: decodedKey.name, groupId, key, value }];
}

/** Kafka keeps none with offsets of transactions, and we do. */
function withoutTopicId(record: GroupRecord): GroupRecord {
  const { topicId: _, ...value } = record.value as { readonly topicId?: string };
  return { ...record, value };
}

/** As the facts have them: a line for each record of the stage's groups, by group. */
export function showRecords(records: readonly GroupRecord[], stage: Stage): readonly string[] {
  const own = records.filter(({ groupId }) => groupId.startsWith(stage.names.prefix));
  const groups = [...new Set(own.map(({ groupId }) => groupId))].sort();
  const hashes = namesOfHashes(stage);
  return groups.flatMap((group) => {
    const ofGroup = own.filter(({ groupId }) => groupId === group);
    return inOrder(
      ofGroup.map((record) => ({
        kind: `${record.type} ${record.value === null}`,
        key: stage.text(record.key),
        line: showRecord(record, stage, hashes),
      })),
    );
  });
}

interface ShownRecord {
  /** Its type, and whether it is a tombstone. */
  readonly kind: string;
  readonly key: string;
  readonly line: string;
}

function inOrder(records: readonly ShownRecord[]): readonly string[] {
  const runs: ShownRecord[][] = [];
  for (const record of records) {
    const last = runs.at(-1);
    if (last?.[0]?.kind === record.kind && !last.some(({ key }) => key === record.key)) last.push(record);
    else runs.push([record]);
  }
  return runs.flatMap((run) => run.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ line }) => line));
}

function showRecord({ type, key, value }: GroupRecord, stage: Stage, hashes: ReadonlyMap<bigint, string>): string {
  const shown: Record<string, Shown> = { ...(show(value, stage.names) as Record<string, Shown> | undefined) };
  if (type === REGULAR_EXPRESSION && value !== null) shown["version"] = "<version of the image>";
  const hash = (value as { readonly metadataHash?: bigint } | null)?.metadataHash;
  if (hash !== undefined) shown["metadataHash"] = hash === 0n ? 0 : (hashes.get(hash) ?? "<unknown hash>");
  return `${type} ${stage.text(key)} = ${value === null ? "null" : render(shown)}`;
}

/** "t/3,u/1" is the hash of topic t with three partitions and u with one. */
function namesOfHashes({ topicStates, names, place }: Stage): ReadonlyMap<bigint, string> {
  let sets: (readonly TopicState[])[] = [[]];
  for (const state of topicStates) {
    const others = sets.filter((set) => set.every(({ name }) => name !== state.name));
    sets = [...sets, ...others.map((set) => [...set, state])];
  }
  const racks = place.rack === undefined ? [] : [place.rack];
  return new Map(
    sets.map((set) => {
      const hash = hashOfTopics(new Map(set.map((state) => [state.name, hashOfTopic({ ...state, racks: () => racks })])));
      const title = set.map(({ id, partitionCount }) => `${names.in(id)}/${partitionCount}`).sort();
      return [hash, `<hash of ${title.join(",")}>`];
    }),
  );
}

function bytesOf(records: Buffer | readonly Buffer[] | null): Buffer {
  if (records === null) return Buffer.alloc(0);
  return Buffer.isBuffer(records) ? records : Buffer.concat([...records]);
}
