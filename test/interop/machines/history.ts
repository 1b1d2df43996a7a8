// What writers and observers saw of a cluster while things were done to it, and what must hold of it together with what readers find in the
// end. Members of groups are judged by their own logs (../member-history.ts).
//
// Of a call it is known when it began and when it was over, so of two that do not overlap the order is known, whoever made them. What a
// client was not told may be so or not; nothing else may.

import type { MemberEvent, Offsets, Place } from "../member-log.ts";
import type { WriterEvent } from "./writer-log.ts";

/** A call of an observer, by the clock of the logs. */
interface Seen {
  readonly place: Place;
  /** Who answered. */
  readonly broker: string;
  readonly sinceUs: number;
  readonly atUs: number;
}

/** What a broker answered as the leader of the partition. */
export interface WatermarksSeen extends Seen {
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}

/** The committed offset of a group, as a coordinator answered it. */
export interface OffsetSeen extends Seen {
  readonly group: string;
  readonly offset: number;
}

export interface RecordSeen extends Seen {
  readonly offset: number;
  readonly value: string;
}

export interface LogRecord {
  readonly offset: number;
  readonly value: string;
}

/** By partition, in the order of the log. */
export type Logs = ReadonlyMap<Place, readonly LogRecord[]>;

export interface Evidence {
  readonly writers: readonly (readonly WriterEvent[])[];
  /** By group, the logs of its members. */
  readonly members: ReadonlyMap<string, readonly (readonly MemberEvent[])[]>;
  readonly watermarks: readonly WatermarksSeen[];
  readonly offsets: readonly OffsetSeen[];
  readonly records: readonly RecordSeen[];
  /** All that is there in the end, with what was aborted. */
  readonly stored: Logs;
  /** What readers of committed records find in the end, by reader. */
  readonly committed: ReadonlyMap<string, Logs>;
  /** Nothing was done to the cluster from then on. */
  readonly healedUs: number;
  readonly limits: Limits;
}

export interface Limits {
  /** After the last that was done to the cluster every client has come further in this time. */
  readonly goOnMs: number;
  /** The longest that a call may take. */
  readonly callMs: number;
}

/** What is wrong, a sentence each. */
export function complaintsAbout(evidence: Evidence): string[] {
  const { writers, stored, committed } = evidence;
  return [
    ...writers.flatMap(endedWriters),
    ...lostRecords(evidence),
    ...repeated(stored, "stored"),
    ...disorder(stored, "stored"),
    ...otherContents(evidence),
    ...[...committed].flatMap(([reader, logs]) => [...transactionComplaints(writers, logs, reader), ...repeated(logs, reader)]),
    ...fallingWatermarks(evidence.watermarks),
    ...fallingOffsets(evidence.offsets),
    ...standstills(evidence),
  ];
}

function endedWriters(events: readonly WriterEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event === "failed") return [`${event.writer} ended: ${event.error}`];
    return event.event === "unsent" ? [`${event.value} was given up: ${event.error}`] : [];
  });
}

/** What was acknowledged is there, at the offset that was told (-1: none was), for everybody. */
function lostRecords({ writers, stored, committed }: Evidence): string[] {
  const readers = new Map([["stored", stored], ...committed]);
  return [...readers].flatMap(([reader, logs]) => {
    const places = placesOf(logs);
    const values = new Set(places.values());
    return writers.flat().flatMap((event) => {
      if (event.event !== "sent") return [];
      const { value, place, offset } = event;
      const there = places.get(`${place}@${offset}`);
      if (offset < 0 ? values.has(value) : there === value) return [];
      const told = `${reader}: ${value} was acknowledged at ${place}@${offset}`;
      return [there === undefined ? `${told} and is ${values.has(value) ? "elsewhere" : "lost"}` : `${told}, where ${there} is`];
    });
  });
}

/** What a writer sends. A transformer writes the same again where it aborted what it wrote first. */
const isOfWriter = (value: string): boolean => value.includes(":");

function repeated(logs: Logs, reader: string): string[] {
  const places = new Map<string, string>();
  const complaints: string[] = [];
  for (const [place, records] of logs) {
    for (const { offset, value } of records) {
      if (!isOfWriter(value)) continue;
      const before = places.get(value);
      if (before !== undefined) complaints.push(`${reader}: ${value} is there twice, at ${before} and ${place}@${offset}`);
      places.set(value, `${place}@${offset}`);
    }
  }
  return complaints;
}

/** Of each writer, records are in each partition in the order in which they were sent. */
function disorder(logs: Logs, reader: string): string[] {
  const complaints: string[] = [];
  for (const [place, records] of logs) {
    const last = new Map<string, number>();
    for (const { offset, value } of records) {
      if (!isOfWriter(value)) continue;
      const [writer = "", number] = value.split(":");
      const before = last.get(writer) ?? -1;
      if (Number(number) < before) complaints.push(`${reader}: ${value} at ${place}@${offset} comes after number ${before}`);
      last.set(writer, Math.max(before, Number(number)));
    }
  }
  return complaints;
}

/** An offset has one content, whoever reads it and when. */
function otherContents({ records, stored, committed }: Evidence): string[] {
  const places = placesOf(stored);
  const complaints = new Set<string>();
  for (const { place, offset, value, broker } of records) {
    const there = places.get(`${place}@${offset}`);
    if (there !== value) complaints.add(`broker ${broker} gave ${value} at ${place}@${offset}, where ${there ?? "nothing"} is`);
  }
  for (const [reader, logs] of committed)
    for (const [at, value] of placesOf(logs))
      if (places.get(at) !== value) complaints.add(`${reader} found ${value} at ${at}, where ${places.get(at) ?? "nothing"} is`);
  return [...complaints];
}

function transactionComplaints(writers: Evidence["writers"], logs: Logs, reader: string): string[] {
  const values = new Set(placesOf(logs).values());
  return writers.flat().flatMap((event) => {
    if (event.event !== "transaction") return [];
    const { writer, number, outcome, records } = event;
    const found = records.filter(([, value]) => values.has(value)).length;
    const isRight =
      outcome === "committed" ? found === records.length : outcome === "aborted" ? found === 0 : found === 0 || found === records.length;
    return isRight
      ? []
      : [`${reader}: transaction ${writer}:${number} was ${outcome}, and ${found} of its ${records.length} records are there`];
  });
}

const WATERMARKS = ["logStartOffset", "lastStableOffset", "highWatermark"] as const;

/** What was answered before a question was asked is not fallen below in its answer. */
function fallingWatermarks(seen: readonly WatermarksSeen[]): string[] {
  const complaints: string[] = [];
  for (const [place, ofPlace] of Map.groupBy(seen, (each) => each.place)) {
    for (const what of WATERMARKS) complaints.push(...falls(ofPlace, (each) => each[what], `${what} of ${place}`));
    for (const { broker, logStartOffset, lastStableOffset, highWatermark } of ofPlace)
      if (logStartOffset > highWatermark || lastStableOffset > highWatermark)
        complaints.push(
          `broker ${broker} told ${logStartOffset}, ${lastStableOffset}, ${highWatermark} as start, stable and end of ${place}`,
        );
  }
  return complaints;
}

function fallingOffsets(seen: readonly OffsetSeen[]): string[] {
  const byOffset = Map.groupBy(seen, ({ group, place }) => `what ${group} has committed of ${place}`);
  return [...byOffset].flatMap(([what, ofPlace]) => falls(ofPlace, ({ offset }) => offset, what));
}

function falls<S extends Seen>(seen: readonly S[], told: (each: S) => number, what: string): string[] {
  const byEnd = seen.toSorted((a, b) => a.atUs - b.atUs);
  const complaints: string[] = [];
  let [index, highest]: [number, S | undefined] = [0, undefined];
  for (const each of seen.toSorted((a, b) => a.sinceUs - b.sinceUs)) {
    for (let next = byEnd[index]; next !== undefined && next.atUs <= each.sinceUs; next = byEnd[++index])
      if (highest === undefined || told(next) > told(highest)) highest = next;
    if (highest !== undefined && told(each) < told(highest))
      complaints.push(
        `${what} fell from ${told(highest)}, told by broker ${highest.broker} at ${highest.atUs} µs, to ${told(each)}, told by broker ${each.broker} at ${each.atUs} µs`,
      );
  }
  return complaints;
}

/** Every writer and every group goes on by itself once all is well, and no call lasts longer than it may. */
function standstills({ writers, members, healedUs, limits }: Evidence): string[] {
  const hasDone = (event: WriterEvent): boolean => event.event === "sent" || (event.event === "transaction" && event.outcome !== "unknown");
  const doings = [
    ...writers.map((events) => ({ name: events[0]?.writer ?? "a writer without a word", atUs: timesOf(events.filter(hasDone)) })),
    ...[...members].map(([name, logs]) => ({ name, atUs: timesOf(logs.flat().filter(({ event }) => event === "consumed")) })),
  ];
  const late = doings.flatMap(({ name, atUs }) => {
    const first = atUs.find((time) => time >= healedUs) ?? Number.POSITIVE_INFINITY;
    const waitedMs = Math.round((first - healedUs) / 1000);
    return waitedMs > limits.goOnMs ? [`${name} came no further for ${waitedMs} ms after all was well`] : [];
  });
  const calls = [...writers.flat(), ...[...members.values()].flat(2)].flatMap((event) => ("sinceUs" in event ? [event] : []));
  const long = calls.filter(({ sinceUs, atUs }) => (atUs - sinceUs) / 1000 > limits.callMs);
  return [...late, ...long.map((event) => `a call lasted ${Math.round((event.atUs - event.sinceUs) / 1000)} ms: ${JSON.stringify(event)}`)];
}

function timesOf(events: readonly { readonly atUs: number }[]): number[] {
  return events.map(({ atUs }) => atUs).toSorted((a, b) => a - b);
}

/** A transformer has copied each input once, "<topic>/<partition>/<offset>", as readers of committed records see it. `ends`: of the inputs. */
export function transformComplaints({ committed }: Pick<Evidence, "committed">, output: string, ends: Offsets): string[] {
  return [...committed].flatMap(([reader, logs]) => {
    const counts = new Map<string, number>();
    for (const [place, records] of logs)
      if (place.startsWith(`${output}/`)) for (const { value } of records) counts.set(value, (counts.get(value) ?? 0) + 1);
    const inputs = Object.entries(ends).flatMap(([place, end]) => Array.from({ length: end }, (_, offset) => `${place}/${offset}`));
    return inputs.flatMap((input) => {
      const count = counts.get(input) ?? 0;
      return count === 1 ? [] : [`${reader}: ${input} was copied ${count} times`];
    });
  });
}

function placesOf(logs: Logs): ReadonlyMap<string, string> {
  return new Map([...logs].flatMap(([place, records]) => records.map(({ offset, value }) => [`${place}@${offset}`, value] as const)));
}
