// What must hold of a history (KIP-98): committed records are there, once, in order; aborted ones are not; a transaction took effect wholly
// or not at all; readers saw exactly that; and nothing holds them back in the end.

import type { SimulatedConsumer } from "./consumer.ts";
import type { TransactionNote } from "./producer.ts";

export interface FinalLog {
  readonly seen: readonly { readonly offset: number; readonly value: string }[];
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}

export interface Evidence {
  readonly notes: readonly TransactionNote[];
  /** By partition, what a consumer of committed records reads in the end. */
  readonly logs: ReadonlyMap<number, FinalLog>;
  /** The committed offset, by the instance that committed it. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly consumers: readonly SimulatedConsumer[];
}

export function check({ notes, logs, offsets, consumers }: Evidence): void {
  for (const [partition, { lastStableOffset, highWatermark }] of logs) {
    if (lastStableOffset !== highWatermark)
      fail(`partition ${partition}: the last stable offset ${lastStableOffset} is stuck below ${highWatermark}`);
  }
  const places = placesOf(logs);
  for (const note of notes) checkTransaction(note, places);
  checkOrder(notes, logs);
  for (const consumer of consumers) checkConsumer(consumer, logs.get(consumer.partition));
  checkOffsets(notes, offsets, places);
}

function fail(message: string): never {
  throw new Error(message);
}

/** Where each value is: "partition/offset". */
function placesOf(logs: Evidence["logs"]): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const [partition, { seen }] of logs) {
    for (const { offset, value } of seen) {
      const place = `${partition}/${offset}`;
      const other = places.get(value);
      if (other !== undefined) fail(`${value} is there twice: ${other} and ${place}`);
      places.set(value, place);
    }
  }
  return places;
}

function title({ instance, number, outcome }: TransactionNote): string {
  return `transaction ${instance}/${number} (${outcome})`;
}

function valuesOf(note: TransactionNote): string[] {
  return [...note.sent.values()].flat();
}

function checkTransaction(note: TransactionNote, places: ReadonlyMap<string, string>): void {
  const values = valuesOf(note);
  const present = values.filter((value) => places.has(value));
  switch (note.outcome) {
    case "committed":
      if (present.length < values.length) fail(`${title(note)} lost ${values.filter((value) => !places.has(value)).join(", ")}`);
      return;
    case "aborted":
    case "open":
      if (present.length > 0) fail(`${title(note)} is read: ${present.join(", ")}`);
      return;
    case "unknown":
      if (present.length !== 0 && present.length !== values.length)
        fail(`${title(note)} took effect in part: ${present.join(", ")} of ${values.join(", ")}`);
  }
}

/** Records of one instance are in each partition in the order in which they were sent. */
function checkOrder(notes: readonly TransactionNote[], logs: Evidence["logs"]): void {
  const order = new Map<string, number>();
  for (const note of notes) for (const values of note.sent.values()) for (const value of values) order.set(value, order.size);
  for (const [partition, { seen }] of logs) {
    const last = new Map<string, number>();
    for (const { value, offset } of seen) {
      const instance = value.slice(0, value.indexOf("/"));
      const position = order.get(value) ?? fail(`partition ${partition} has ${value}, which nobody sent`);
      if (position < (last.get(instance) ?? -1)) fail(`partition ${partition}: ${value} at ${offset} is out of order`);
      last.set(instance, position);
    }
  }
}

/** What a consumer saw while all went on is a part of what is there in the end, without gaps. */
function checkConsumer(consumer: SimulatedConsumer, log: FinalLog | undefined): void {
  const expected = (log?.seen ?? []).filter(({ offset }) => offset >= consumer.from && offset < consumer.position);
  const tell = (seen: readonly { readonly offset: number; readonly value: string }[]) =>
    seen.map(({ offset, value }) => `${offset}:${value}`).join(" ");
  if (tell(expected) !== tell(consumer.seen)) {
    fail(`the consumer of partition ${consumer.partition} saw ${tell(consumer.seen)}; it should have seen ${tell(expected)}`);
  }
}

/** The committed offset is that of a transaction that took effect, and no later one of that instance took effect, too. */
function checkOffsets(notes: readonly TransactionNote[], offsets: Evidence["offsets"], places: ReadonlyMap<string, string>): void {
  const [[instance, offset] = ["", -1]] = offsets;
  const withOffsets = notes.filter(({ committedOffset }) => committedOffset !== undefined);
  const tookEffect = (note: TransactionNote) =>
    note.outcome === "committed" || (note.outcome === "unknown" && valuesOf(note).some((value) => places.has(value)));
  const effective = withOffsets.filter(tookEffect);
  if (offset === -1) {
    if (effective.length > 0) fail(`${effective.map(title).join(", ")} committed offsets that are lost`);
    return;
  }
  const source = withOffsets.find((note) => note.instance === instance && note.committedOffset === offset);
  if (source === undefined) fail(`offset ${offset} of ${instance} was committed by nobody`);
  if (!tookEffect(source)) fail(`the offset of ${title(source)} is committed`);
  const later = effective.find((note) => note.instance === instance && note.number > offset);
  if (later !== undefined) fail(`the offset of ${title(later)} is lost: ${offset} is committed`);
}
