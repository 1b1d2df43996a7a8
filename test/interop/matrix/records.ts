// Scenarios about records and offsets: every kind of record with each codec, offsets by time, and producers that repeat nothing.

import type { RecordSeen, RecordToSend } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { type Bench, KEPT_FOR_EVER, type Scenario } from "./bench.ts";

const FIRST_TIMESTAMP_MS = 1_700_000_000_000;

/** Records with the values "value 0", "value 1", …, a second after each other. */
export function numbered(count: number, partition = 0): RecordToSend[] {
  return Array.from({ length: count }, (_, index) => ({
    partition,
    key: `${index}`,
    value: `value ${index}`,
    timestampMs: FIRST_TIMESTAMP_MS + index * 1000,
  }));
}

/** Records of every kind for each partition: with and without key, a tombstone, an empty value, headers, text beyond ASCII. */
function assortedRecords(partitions: readonly number[]): RecordToSend[] {
  return partitions.flatMap((partition) => {
    const at = (index: number) => ({ partition, timestampMs: FIRST_TIMESTAMP_MS + index * 1000 });
    const headers = [
      ["first", "1"],
      ["second", "zwei"],
    ] as const;
    return [
      { ...at(0), key: "key", value: `plain in ${partition}` },
      { ...at(1), key: null, value: "without a key" },
      { ...at(2), key: "gone", value: null },
      { ...at(3), key: "empty", value: "" },
      { ...at(4), key: "", value: "with an empty key" },
      { ...at(5), key: "headers", value: "two of them", headers },
      { ...at(6), key: "ключ", value: "значение ✓" },
      { ...at(7), key: "long", value: "long ".repeat(2000) },
    ];
  });
}

/** What is read, in short: how many came as they were sent, and those that did not. */
export function asSent(seen: readonly RecordSeen[], sent: readonly RecordToSend[]): Observation {
  const short = (record: RecordToSend | RecordSeen): string => {
    const { partition, key, value, timestampMs, headers = [] } = record;
    const shortened = value !== null && value.length > 100 ? `${value.slice(0, 20)}… of ${value.length}` : value;
    return JSON.stringify([partition, key, shortened, timestampMs, headers]);
  };
  const wanted = sent.toSorted((a, b) => a.partition - b.partition);
  const others = seen.filter((record, index) => {
    const counterpart = wanted[index];
    return counterpart === undefined || record.value !== counterpart.value || short(record) !== short(counterpart);
  });
  return {
    asSent: seen.length - others.length,
    others: others.map((record) => ({ offset: record.offset, record: short(record) })),
    offsets: inRanges(seen),
  };
}

/** "0: 0-7": the offsets of each partition. */
function inRanges(places: readonly { partition: number; offset: number }[]): string[] {
  const ranges: { partition: number; first: number; last: number }[] = [];
  for (const { partition, offset } of places) {
    const range = ranges.at(-1);
    if (range !== undefined && range.partition === partition && offset === range.last + 1) range.last = offset;
    else ranges.push({ partition, first: offset, last: offset });
  }
  return ranges.map(({ partition, first, last }) => `${partition}: ${first}-${last}`);
}

/** Without what the client cannot send. */
function sendable({ about }: Bench, records: readonly RecordToSend[]): RecordToSend[] {
  const kept = about.lacks["null keys"] === undefined ? records : records.filter(({ key }) => key !== null);
  return kept.map((record) => (about.lacks.headers === undefined ? record : { ...record, headers: [] }));
}

const codecs: Scenario = {
  title: "records with each codec, keys and headers",
  needs: ["produce", "read"],
  async run(bench) {
    const process = await bench.start();
    const observed: Record<string, Observation> = {};
    for (const codec of bench.about.codecs) {
      const topic = `${bench.name}-${codec}`;
      const records = sendable(bench, assortedRecords([0, 1]));
      await bench.createTopic(process, { topic, partitions: 2, configs: KEPT_FOR_EVER });
      const sent = await process.call("produce", { topic, codec, records });
      const read = await process.call("read", { topic, partitions: [0, 1], from: "beginning", count: records.length });
      observed[codec] = { sent: inRanges(sent), read: asSent(read, records) };
    }
    observed["a hundred partitions"] = await hundredPartitions(bench);
    return observed;
  },
};

async function hundredPartitions(bench: Bench): Promise<Observation> {
  const process = await bench.start();
  const topic = `${bench.name}-hundred`;
  const partitions = Array.from({ length: 100 }, (_, partition) => partition);
  await bench.createTopic(process, { topic, partitions: 100, configs: KEPT_FOR_EVER });
  const records = partitions.flatMap((partition) => numbered((partition % 3) + 1, partition));
  const sent = await process.call("produce", { topic, records });
  const read = await process.call("read", { topic, partitions, from: "beginning", count: records.length });
  return { sent: inRanges(sent).join(), read: (asSent(read, records) as { asSent: number }).asSent };
}

const times: Scenario = {
  title: "offsets by time",
  needs: ["produce", "read", "offsetsForTime"],
  async run(bench) {
    const process = await bench.start();
    const topic = bench.name;
    const partitions = [0];
    await bench.createTopic(process, { topic, partitions: 1, configs: KEPT_FOR_EVER });
    for (let batch = 0; batch < 3; batch++) {
      await process.call("produce", { topic, records: numbered(20).slice(batch * 5, batch * 5 + 5) });
    }
    const offsetAt = async (afterMs: number): Promise<Observation> =>
      process.call("offsetsForTime", { topic, partitions, timestampMs: FIRST_TIMESTAMP_MS + afterMs });
    const valuesFrom = async (from: { offset: number } | { timestampMs: number }, count: number): Promise<Observation> =>
      asSent(await process.call("read", { topic, partitions, from, count }), numbered(15).slice(-count));
    return {
      atOffset: await valuesFrom({ offset: 7 }, 8),
      atTime: await valuesFrom({ timestampMs: FIRST_TIMESTAMP_MS + 11_500 }, 3),
      offsetsForTimes: [await offsetAt(-1), await offsetAt(5000), await offsetAt(5001), await offsetAt(60_000)],
      atEnd: await bench.attempt(process, "readNew", { topic, partitions, records: numbered(20).slice(15) }),
      watermarks: await bench.attempt(process, "watermarks", { topic, partitions }),
    };
  },
};

const idempotence: Scenario = {
  title: "idempotence, and acks of each kind",
  needs: ["produce", "read"],
  async run(bench) {
    const process = await bench.start();
    const topic = bench.name;
    const { lacks } = bench.about;
    const send = async (how: { acks?: number; isIdempotent?: boolean }): Promise<Observation> =>
      inRanges(await process.call("produce", { topic, ...how, records: numbered(3) }));
    await bench.createTopic(process, { topic, partitions: 1, configs: KEPT_FOR_EVER });
    let count = 0;
    if (lacks.acks === undefined) {
      await process.call("produce", { topic, acks: 0, records: numbered(3) });
      await process.call("read", { topic, partitions: [0], from: "beginning", count: 3 });
      count += 3;
    }
    const sent = {
      one: lacks.acks === undefined ? await send({ acks: 1 }) : { lacks: lacks.acks },
      all: await send({}),
      idempotent: lacks.idempotence === undefined ? await send({ isIdempotent: true }) : { lacks: lacks.idempotence },
      again: lacks.idempotence === undefined ? await send({ isIdempotent: true }) : { lacks: lacks.idempotence },
    };
    count += 3 * Object.values(sent).filter((each) => Array.isArray(each)).length;
    const read = await process.call("read", { topic, partitions: [0], from: "beginning", count });
    return { sent, read: read.map(({ offset, value }) => `${offset}: ${value}`) };
  },
};

export const RECORD_SCENARIOS: readonly Scenario[] = [codecs, times, idempotence];
