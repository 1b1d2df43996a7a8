// What readers find of whole topics when all is over: our own client at both isolation levels, librdkafka beside it for committed records.

import { OffsetSpec, offsetsAt } from "../../../src/client/admin/offsets.ts";
import { Brokers } from "../../../src/client/brokers.ts";
import { PartitionReader } from "../../../src/client/partition-reader.ts";
import { Refusal } from "../../../src/client/refusal.ts";
import { nameOf } from "../../../src/client/topic-partition.ts";
import { withClient } from "../client-process.ts";
import { waitFor } from "../processes.ts";
import type { LogRecord, Logs } from "./history.ts";

const READ_MS = 40_000;
const PARTITION_BYTES = 1 << 20;

export interface Found {
  readonly stored: Logs;
  /** By reader. */
  readonly committed: ReadonlyMap<string, Logs>;
  /** The next offset of each partition. */
  readonly ends: ReadonlyMap<string, number>;
}

/** @param topics with how many partitions each has. Rejects where transactions stay open, or a partition cannot be read. */
export async function readAll(bootstrap: string, topics: ReadonlyMap<string, number>): Promise<Found> {
  const brokers = new Brokers(bootstrap, { clientId: "reader" });
  try {
    const ends = await waitFor(
      "the end of all transactions",
      () => endsOf(brokers, topics),
      (found) => found.every(({ end, stable }) => end === stable && end >= 0),
      READ_MS,
    );
    const endOf = new Map(ends.map(({ place, end }) => [place, end]));
    const stored = await read(brokers, endOf, false);
    const ours = await read(brokers, endOf, true);
    return {
      stored,
      committed: new Map([
        ["our reader", ours],
        ["librdkafka", await readElsewhere(bootstrap, topics, ours)],
      ]),
      ends: endOf,
    };
  } finally {
    await brokers.close();
  }
}

interface End {
  readonly place: string;
  /** -1: nobody tells. */
  readonly end: number;
  readonly stable: number;
}

export async function endsOf(brokers: Brokers, topics: ReadonlyMap<string, number>): Promise<readonly End[]> {
  const partitions = [...topics].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })));
  const [all, stable] = await Promise.all(
    [false, true].map((isCommittedOnly) => offsetsAt(brokers, partitions, { timestamp: OffsetSpec.LATEST, isCommittedOnly })),
  );
  const offsetIn = (found: Awaited<ReturnType<typeof offsetsAt>> | undefined, name: string): number => {
    const answer = found?.get(name);
    return answer === undefined || answer instanceof Refusal ? -1 : answer.offset;
  };
  return partitions.map((each) => ({
    place: `${each.topic}/${each.partition}`,
    end: offsetIn(all, nameOf(each)),
    stable: offsetIn(stable, nameOf(each)),
  }));
}

async function read(brokers: Brokers, ends: ReadonlyMap<string, number>, isCommittedOnly: boolean): Promise<Logs> {
  const logs = new Map<string, LogRecord[]>([...ends.keys()].map((place) => [place, []]));
  const reader = new PartitionReader(brokers, {
    isCommittedOnly,
    partitionBytes: PARTITION_BYTES,
    reset: ({ topic, partition, offset }) => Promise.reject(new Error(`${topic}/${partition} has no offset ${offset}`)),
  });
  let left = [...ends].filter(([, end]) => end > 0).map(([place]) => ({ ...partitionOf(place), offset: 0 }));
  reader.assign(left);
  const deadline = performance.now() + READ_MS;
  while (left.length > 0) {
    if (performance.now() > deadline) throw new Error(`not read within ${READ_MS} ms: ${JSON.stringify(left)}`);
    for (const { topic, partition, records, nextOffset } of await reader.poll(500)) {
      for (const { offset, value } of records) logs.get(`${topic}/${partition}`)?.push({ offset, value: `${value}` });
      reader.passed({ topic, partition }, nextOffset);
    }
    const isLeft = reader.positions.filter(({ topic, partition, offset }) => offset < (ends.get(`${topic}/${partition}`) ?? 0));
    if (isLeft.length !== left.length) reader.assign(isLeft);
    left = isLeft.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }
  return logs;
}

/** Librdkafka reads until it has as many as we have. */
async function readElsewhere(bootstrap: string, topics: ReadonlyMap<string, number>, ours: Logs): Promise<Logs> {
  const logs = new Map<string, LogRecord[]>();
  await withClient("librdkafka", bootstrap, async (client) => {
    for (const [topic, count] of topics) {
      const partitions = Array.from({ length: count }, (_, partition) => partition);
      const expected = partitions.reduce((sum, partition) => sum + (ours.get(`${topic}/${partition}`)?.length ?? 0), 0);
      const records = await client.call("read", { topic, partitions, from: "beginning", count: expected, waitMs: 20_000 });
      for (const partition of partitions)
        logs.set(
          `${topic}/${partition}`,
          records.filter((record) => record.partition === partition).map(({ offset, value }) => ({ offset, value: `${value}` })),
        );
    }
  });
  return logs;
}

function partitionOf(place: string): { topic: string; partition: number } {
  const at = place.lastIndexOf("/");
  return { topic: place.slice(0, at), partition: Number(place.slice(at + 1)) };
}
