// Records for internal topics that no coordinator wrote: of types and versions that there are not, cut off, of wrong types, or such as one could
// have written, only that it says what it likes.

import type { Message } from "../../protocol/schema/message.ts";
import { consumerOffsetsRecords } from "../../protocol/state/consumer-offsets.ts";
import type { RecordType } from "../../protocol/state/coordinator-record.ts";
import { shareGroupStateRecords } from "../../protocol/state/share-group-state.ts";
import { transactionStateRecords } from "../../protocol/state/transaction-state.ts";
import type { Chance } from "./chance.ts";
import type { Persona } from "./persona.ts";
import { RequestWriter } from "./request-writer.ts";

export const INTERNAL_TOPICS = {
  __consumer_offsets: consumerOffsetsRecords as readonly RecordType[],
  __transaction_state: transactionStateRecords as readonly RecordType[],
  __share_group_state: shareGroupStateRecords as readonly RecordType[],
} as const;

export type InternalTopic = keyof typeof INTERNAL_TOPICS;

const TOPICS = Object.keys(INTERNAL_TOPICS) as InternalTopic[];

export interface StrangeRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export function anyInternalTopic(chance: Chance): InternalTopic {
  return chance.pick(TOPICS);
}

export function strangeRecord(topic: InternalTopic, persona: Persona, chance: Chance): StrangeRecord {
  const types = INTERNAL_TOPICS[topic];
  const type = chance.pick(types);
  const { lowest, highest } = type.value.versions;
  const written = (message: Message, prefix: number, version: number) =>
    Buffer.concat([int16(prefix), contentOf(message, version, persona, chance)]);
  const key = written(type.key, type.type, 0);
  const version = chance.between(lowest, highest);
  const value = chance.oneIn(8) ? null : written(type.value, version, version);
  return chance.weighted(SPOILINGS)({ key, value }, chance, types);
}

type Spoiling = (
  record: { readonly key: Buffer; readonly value: Buffer | null },
  chance: Chance,
  types: readonly RecordType[],
) => StrangeRecord;

const SPOILINGS: readonly (readonly [weight: number, spoil: Spoiling])[] = [
  [10, (record) => record],
  [2, ({ key, value }, chance) => ({ key, value: cut(value, chance) })],
  [1, ({ key, value }, chance) => ({ key: cut(key, chance), value })],
  [1, ({ key, value }, chance) => ({ key: renumbered(key, chance.pick([-1, 4, 13, 26, 99, 0x7fff])), value })],
  [2, ({ key, value }, chance) => ({ key, value: renumbered(value, chance.pick([-1, 1, 2, 5, 99, 0x7fff])) })],
  // What one type is called, and another one holds.
  [2, ({ key, value }, chance, types) => ({ key: renumbered(key, chance.pick(types).type), value })],
  [2, ({ key, value }, chance) => ({ key, value: changed(value, chance) })],
  [1, ({ key, value }, chance) => ({ key: changed(key, chance), value })],
  [1, ({ key, value }, chance) => ({ key, value: value === null ? null : Buffer.concat([value, chance.bytes(chance.between(1, 9))]) })],
  [1, ({ key }, chance) => ({ key, value: chance.bytes(chance.pick([0, 1, 2, 40])) })],
  [1, ({ value }, chance) => ({ key: chance.bytes(chance.pick([0, 1, 2, 40])), value })],
];

function contentOf(message: Message, version: number, persona: Persona, chance: Chance): Buffer {
  const manner = chance.pick([
    { oddOneIn: 0, lieOneIn: 0 },
    { oddOneIn: 10, lieOneIn: 0 },
    { oddOneIn: 2, lieOneIn: 0 },
    { oddOneIn: 10, lieOneIn: 20 },
  ]);
  return new RequestWriter(message, version, { persona, chance, manner: { ...manner, records: () => Buffer.alloc(0) } }).body;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function cut<Bytes extends Buffer | null>(bytes: Bytes, chance: Chance): Bytes {
  return (bytes === null ? bytes : bytes.subarray(0, chance.below(bytes.length))) as Bytes;
}

function renumbered<Bytes extends Buffer | null>(bytes: Bytes, number: number): Bytes {
  return (bytes === null ? bytes : Buffer.concat([int16(number), bytes.subarray(2)])) as Bytes;
}

function changed<Bytes extends Buffer | null>(bytes: Bytes, chance: Chance): Bytes {
  if (bytes === null) return bytes;
  const copy = Buffer.from(bytes);
  for (let changes = chance.between(1, 4); changes > 0; changes--) copy[chance.below(copy.length)] = chance.pick([0, 1, 0x7f, 0x80, 0xff]);
  return copy as Buffer as Bytes;
}
