// The hashes that Apache Kafka's own coordinator makes (test/facts/metadata-hashes.json, by test/consumer-group-answers/java/HashVectors.java).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { xxh3 } from "../../src/base/xxh3.ts";
import { hashOfTopic, hashOfTopics } from "../../src/coordinator/group/metadata-hash.ts";

interface Vectors {
  readonly topics: readonly {
    readonly name: string;
    readonly id: string;
    readonly partitionCount: number;
    /** Of every partition, in no order. */
    readonly racks: readonly string[];
    readonly hash: string;
  }[];
  readonly groups: readonly { readonly topicCount: number; readonly hash: string }[];
}

const { topics, groups } = JSON.parse(readFileSync(join(import.meta.dirname, "../facts/metadata-hashes.json"), "utf8")) as Vectors;

test.each(topics)("$name with $partitionCount partitions on racks $racks hashes as in Kafka's coordinator", ({ racks, hash, ...topic }) => {
  expect(hashOfTopic({ ...topic, racks: () => racks })).toBe(BigInt(hash));
});

test.each(groups)("a group of $topicCount topics hashes as in Kafka's coordinator", ({ topicCount, hash }) => {
  const subscribed = topics.slice(0, topicCount).map((topic) => [topic.name, BigInt(topic.hash)] as const);
  expect(hashOfTopics(new Map(subscribed))).toBe(BigInt(hash));
  expect(hashOfTopics(new Map(subscribed.toReversed()))).toBe(BigInt(hash));
});

test("the vectors reach each length that is hashed in its own way", () => {
  expect(topics.length).toBeGreaterThanOrEqual(50);
  expect(groups.map(({ topicCount }) => topicCount)).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 11, 18, 32]));
});

// From the specification of XXH3, and for lengths that no group has.
test.each([
  ["", 0x2d06800538d394c2n],
  ["a", 0xe6c632b61e964e1fn],
  ["abc", 0x78af5f94892f3950n],
])("XXH3 of %j", (text, hash) => {
  expect(xxh3(Buffer.from(text))).toBe(hash);
});
