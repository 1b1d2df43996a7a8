// Batches of delivery states come together as Apache Kafka's own coordinator puts them together (test/facts/state-batches.json, by
// test/share-state-answers/java/StateBatchVectors.java).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StateBatch } from "../../../src/coordinator/share/share-state-persister.ts";
import { combineBatches } from "../../../src/coordinator/share/state-batches.ts";

type Batch = readonly [first: number, last: number, state: number, count: number];
interface Vector {
  readonly known: readonly Batch[];
  readonly changed: readonly Batch[];
  readonly start: number;
  readonly combined: readonly Batch[];
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../../facts/state-batches.json"), "utf8")) as readonly Vector[];

test("batches that come are put together with those that are known as Kafka does it", () => {
  expect(vectors.length).toBeGreaterThan(300);
  for (const { known, changed, start, combined } of vectors) {
    const ours = combineBatches(known.map(toBatch), changed.map(toBatch), start).map(fromBatch);
    expect(ours, JSON.stringify({ known, changed, start })).toEqual(combined);
  }
});

test("a batch that ends before it begins counts for nothing", () => {
  expect(combineBatches([], [toBatch([9, 4, 0, 1])], 3)).toEqual([]);
  expect(combineBatches([toBatch([3, 9, 0, 1])], [toBatch([9, 4, 2, 1])], 3).map(fromBatch)).toEqual([[3, 9, 0, 1]]);
});

function toBatch([firstOffset, lastOffset, deliveryState, deliveryCount]: Batch): StateBatch {
  return { firstOffset, lastOffset, deliveryState, deliveryCount };
}

function fromBatch({ firstOffset, lastOffset, deliveryState, deliveryCount }: StateBatch): Batch {
  return [firstOffset, lastOffset, deliveryState, deliveryCount];
}
