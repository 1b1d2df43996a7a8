import { expect, it } from "vitest";
import { partitionFor } from "../../src/coordinator/partition-for.ts";

// Seen on Apache Kafka 4.3.1 with 8 partitions: where it put the offsets of these groups.
it.each([
  ["hash-group-0-0-é", 2],
  ["hash-group-1-63z-é", 0],
  ["hash-group-3-ibx-é", 4],
])("puts %s where Kafka puts it", (groupId, partition) => {
  expect(partitionFor(groupId, 8)).toBe(partition);
});

it("is never negative, not even for the hash that has no absolute value", () => {
  expect(partitionFor("polygenelubricants", 50)).toBe(0);
  expect(partitionFor("", 50)).toBe(0);
});
