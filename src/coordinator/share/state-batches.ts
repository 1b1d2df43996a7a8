// Batches of records in one delivery state, put together as Kafka's share coordinator does it: what is below the start offset is cut off; where
// two overlap, the one with more deliveries counts, with as many the one in the later state; neighbours that are alike become one. The
// outcome is in order and disjoint. It is Kafka's to the byte, also where a neighbour is left single that could have been joined
// (test/facts/state-batches.json): brokers of both kinds would write the same.

import type { StateBatch } from "./share-state-persister.ts";

/** @param startOffset -1: nothing is cut off */
export function combineBatches(known: readonly StateBatch[], changed: readonly StateBatch[], startOffset: number): readonly StateBatch[] {
  const kept = [...known, ...changed].flatMap((batch) => cut(batch, startOffset));
  if (kept.length < 2) return kept;
  const combined: StateBatch[] = [];
  // The first of them at the end, from where it is taken.
  const pending = kept.sort(compare).reverse();
  let first = pending.pop();
  while (first !== undefined) {
    const next = pending.pop();
    if (next === undefined || !areJoined(first, next)) {
      combined.push(first);
      first = next;
      continue;
    }
    for (const piece of join(first, next)) insert(pending, piece);
    first = pending.pop();
  }
  return combined;
}

/** What is left of a batch from the start offset on; nothing of one that ends before it begins. */
function cut(batch: StateBatch, startOffset: number): StateBatch[] {
  if (batch.lastOffset < startOffset || batch.lastOffset < batch.firstOffset) return [];
  return [batch.firstOffset < startOffset ? { ...batch, firstOffset: startOffset } : batch];
}

/** `next` does not begin before `first`. */
function areJoined(first: StateBatch, next: StateBatch): boolean {
  return next.firstOffset <= first.lastOffset || (next.firstOffset === first.lastOffset + 1 && compareStates(first, next) === 0);
}

/** Which pieces stand for both. */
function join(first: StateBatch, next: StateBatch): StateBatch[] {
  const order = compareStates(next, first);
  if (order === 0) return [{ ...first, lastOffset: Math.max(first.lastOffset, next.lastOffset) }];
  if (order < 0) return next.lastOffset > first.lastOffset ? [first, { ...next, firstOffset: first.lastOffset + 1 }] : [first];
  const before = first.firstOffset < next.firstOffset ? [{ ...first, lastOffset: next.firstOffset - 1 }] : [];
  const after = first.lastOffset > next.lastOffset ? [{ ...first, firstOffset: next.lastOffset + 1 }] : [];
  return [...before, next, ...after];
}

/** Into a list in falling order, near its end. One that is there already is not added. */
function insert(pending: StateBatch[], piece: StateBatch): void {
  let at = pending.length;
  for (; at > 0; at--) {
    const other = pending[at - 1];
    const order = other === undefined ? 1 : compare(other, piece);
    if (order === 0) return;
    if (order > 0) break;
  }
  pending.splice(at, 0, piece);
}

function compare(one: StateBatch, other: StateBatch): number {
  return one.firstOffset - other.firstOffset || one.lastOffset - other.lastOffset || compareStates(one, other);
}

function compareStates(one: StateBatch, other: StateBatch): number {
  return one.deliveryCount - other.deliveryCount || one.deliveryState - other.deliveryState;
}
