// What every client library must find the same on both brokers: records of each kind and codec, where reading starts, offsets, many
// partitions, and refusals. Each scenario exists once and is run with each of the three libraries.

import { describe } from "vitest";
import { type RecordToSend, withClient } from "./client-process.ts";
import type { ClientName } from "./client-programs.ts";
import { compare, type Observation } from "./compare.ts";
import { waitFor } from "./processes.ts";

const CODECS: Readonly<Record<ClientName, readonly string[]>> = {
  kafkajs: ["none", "gzip"],
  librdkafka: ["none", "gzip", "snappy", "lz4", "zstd"],
  "kafka-python": ["none", "gzip", "snappy", "lz4", "zstd"],
};
const FIRST_TIMESTAMP_MS = 1_700_000_000_000;
/** The records are years old: they must not vanish while a scenario runs. */
const KEPT_FOR_EVER = { "retention.ms": "-1" };

/** Records of every kind for each partition: with and without key, a tombstone, an empty value, headers, text beyond ASCII. */
function assortedRecords(partitions: readonly number[]): RecordToSend[] {
  return partitions.flatMap((partition) => {
    const at = (index: number) => ({ partition, timestampMs: FIRST_TIMESTAMP_MS + index * 1000 });
    return [
      { ...at(0), key: "key", value: `plain in ${partition}` },
      { ...at(1), key: null, value: "without a key" },
      { ...at(2), key: "gone", value: null },
      { ...at(3), key: "empty", value: "" },
      { ...at(4), key: "", value: "with an empty key" },
      {
        ...at(5),
        key: "headers",
        value: "two of them",
        headers: [
          ["first", "1"],
          ["second", "zwei"],
        ] as const,
      },
      { ...at(6), key: "ключ", value: "значение ✓" },
      { ...at(7), key: "long", value: "long ".repeat(2000) },
    ];
  });
}

function numbered(count: number, partition = 0): RecordToSend[] {
  return Array.from({ length: count }, (_, index) => ({
    partition,
    key: `${index}`,
    value: `value ${index}`,
    timestampMs: FIRST_TIMESTAMP_MS + index * 1000,
  }));
}

for (const client of ["kafkajs", "librdkafka", "kafka-python"] as const) {
  describe(client, () => {
    for (const codec of CODECS[client]) {
      compare(`${client}: records of every kind come back as they were sent with codec ${codec}`, ({ bootstrap }) =>
        withClient(client, bootstrap, async (each) => {
          const topic = `${client}-${codec}`;
          const records = assortedRecords([0, 1]);
          await each.call("createTopic", { topic, partitions: 2, configs: KEPT_FOR_EVER });
          const sent = await each.call("produce", { topic, codec, records });
          return { sent, read: await each.call("read", { topic, partitions: [0, 1], from: "beginning", count: records.length }) };
        }),
      );
    }

    compare(`${client}: records sent with acks 0, 1 and by an idempotent producer follow one another`, ({ bootstrap }) =>
      withClient(client, bootstrap, async (each) => {
        const topic = `${client}-acks`;
        await each.call("createTopic", { topic, partitions: 1, configs: KEPT_FOR_EVER });
        await each.call("produce", { topic, acks: 0, records: numbered(3) });
        await each.call("read", { topic, partitions: [0], from: "beginning", count: 3 });
        const sent = [
          await each.call("produce", { topic, acks: 1, records: numbered(3) }),
          await each.call("produce", { topic, isIdempotent: true, records: numbered(3) }),
        ];
        return { sent, read: await each.call("read", { topic, partitions: [0], from: "beginning", count: 9 }) };
      }),
    );

    compare(`${client}: reading starts at an offset, at a time, and at the end`, ({ bootstrap }) =>
      withClient(client, bootstrap, async (each) => {
        const topic = `${client}-starts`;
        const partitions = [0];
        await each.call("createTopic", { topic, partitions: 1, configs: KEPT_FOR_EVER });
        for (let batch = 0; batch < 3; batch++)
          await each.call("produce", { topic, records: numbered(20).slice(batch * 5, batch * 5 + 5) });
        return {
          atOffset: await each.call("read", { topic, partitions, from: { offset: 7 }, count: 8 }),
          atTime: await each.call("read", { topic, partitions, from: { timestampMs: FIRST_TIMESTAMP_MS + 11_500 }, count: 3 }),
          offsetsForTimes: [
            await each.call("offsetsForTime", { topic, partitions, timestampMs: FIRST_TIMESTAMP_MS - 1 }),
            await each.call("offsetsForTime", { topic, partitions, timestampMs: FIRST_TIMESTAMP_MS + 5000 }),
            await each.call("offsetsForTime", { topic, partitions, timestampMs: FIRST_TIMESTAMP_MS + 5001 }),
            await each.call("offsetsForTime", { topic, partitions, timestampMs: FIRST_TIMESTAMP_MS + 60_000 }),
          ],
          atEnd: await each.call("readNew", { topic, partitions, records: numbered(20).slice(15) }),
          watermarks: await each.call("watermarks", { topic, partitions }),
        };
      }),
    );

    compare(`${client}: a topic of a hundred partitions has its own offsets in each`, ({ bootstrap }) =>
      withClient(client, bootstrap, async (each) => {
        const topic = `${client}-hundred`;
        const partitions = Array.from({ length: 100 }, (_, partition) => partition);
        await each.call("createTopic", { topic, partitions: 100, configs: KEPT_FOR_EVER });
        // Kafka answers before every partition has its leader, and kafkajs then sends again what other partitions had already taken.
        const ends = (): Promise<Observation> => each.attempt("watermarks", { topic, partitions });
        await waitFor("a leader for each partition", ends, (answer) => JSON.stringify(answer).startsWith('{"answered"'));
        const records = partitions.flatMap((partition) => numbered((partition % 3) + 1, partition));
        const sent = await each.call("produce", { topic, records });
        return {
          partitionCount: await each.call("partitionCount", { topic }),
          sent,
          watermarks: await each.call("watermarks", { topic, partitions }),
          read: await each.call("read", { topic, partitions, from: "beginning", count: records.length }),
        };
      }),
    );

    compare(`${client}: what a broker must refuse is refused with the same error`, ({ bootstrap }) =>
      withClient(client, bootstrap, async (each) => {
        const topic = `${client}-refusals`;
        await each.call("createTopic", { topic, partitions: 1, configs: { ...KEPT_FOR_EVER, "max.message.bytes": "1000" } });
        await each.call("produce", { topic, records: numbered(3) });
        const tooLarge = { partition: 0, key: "large", value: "x".repeat(5000), timestampMs: FIRST_TIMESTAMP_MS };
        return {
          existingTopic: await each.attempt("createTopic", { topic, partitions: 1 }),
          invalidName: await each.attempt("createTopic", { topic: "not a name", partitions: 1 }),
          tooLongName: await each.attempt("createTopic", { topic: "long".repeat(63), partitions: 1 }),
          noPartitions: await each.attempt("createTopic", { topic: `${client}-empty`, partitions: 0 }),
          unknownConfig: await each.attempt("createTopic", {
            topic: `${client}-config`,
            partitions: 1,
            configs: { "no.such.setting": "1" },
          }),
          invalidConfig: await each.attempt("createTopic", {
            topic: `${client}-config`,
            partitions: 1,
            configs: { "retention.ms": "soon" },
          }),
          deletingUnknownTopic: await each.attempt("deleteTopic", { topic: `${client}-unknown` }),
          describingUnknownTopic: await each.attempt("partitionCount", { topic: `${client}-unknown` }),
          tooLarge: await each.attempt("produce", { topic, records: [tooLarge] }),
          outOfRange: await each.attempt("read", { topic, partitions: [0], from: { offset: 1000 }, count: 3, waitMs: 5000 }),
          watermarks: await each.call("watermarks", { topic, partitions: [0] }),
        };
      }),
    );

    compare(`${client}: a deleted topic is gone and can be made again`, ({ bootstrap }) =>
      withClient(client, bootstrap, async (each) => {
        const topic = `${client}-again`;
        await each.call("createTopic", { topic, partitions: 2, configs: KEPT_FOR_EVER });
        await each.call("produce", { topic, records: numbered(5) });
        await each.call("deleteTopic", { topic });
        await each.call("createTopic", { topic, partitions: 3, configs: KEPT_FOR_EVER });
        // Kafka answers before its own brokers have forgotten the old topic and know the new one.
        const ask = (): Promise<Observation> => each.attempt("partitionCount", { topic });
        return {
          partitionCount: await waitFor("the new topic", ask, (answer) => JSON.stringify(answer) === '{"answered":3}'),
          watermarks: await each.call("watermarks", { topic, partitions: [0, 1, 2] }),
        };
      }),
    );
  });
}
