// The lines of an answer that reads records: what was there, and with `live` what comes, at the pace of who reads them.

import type { InferOutput } from "valibot";
import type { Clock } from "../../../base/clock.ts";
import { NOTHING_YET } from "../../ndjson.ts";
import type { RecordLine, recordsQuery, StoredRecord } from "../shapes.ts";
import { merged } from "./merged.ts";
import { newestRecords } from "./newest-records.ts";
import type { Found, TopicReader } from "./topic-reader.ts";

/** What one read of a partition takes at most. */
const READ_BYTES = 1024 * 1024;
/** Few records are read with less: as if they had so many bytes. */
const GUESSED_BYTES = 1024;
const LEAST_READ_BYTES = 16 * 1024;
/** For how long records are waited for, where that can be done; and how often others are asked. */
const WAIT_MS = 10_000;
const POLL_MS = 250;
/** How often a partition that cannot be read is told and asked again. */
const RETRY_MS = 1000;

export interface Reading {
  readonly reader: TopicReader;
  readonly partitions: readonly number[];
  readonly query: InferOutput<typeof recordsQuery>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Line = RecordLine | typeof NOTHING_YET;

export async function* recordLines(reading: Reading): AsyncGenerator<Line, void, undefined> {
  const { reader, partitions, query } = reading;
  if (query.from === "latest") {
    const { records, ends, failed } = await newestRecords(reader, partitions, query.limit);
    yield* records;
    yield* problemsOf(failed);
    const positions = new Map(ends.map(({ partition, offset }) => [partition, offset]));
    if (query.live) yield* following(reading, positions);
    else yield { kind: "end", why: "read", next: ends.map((each) => ({ ...each })) };
    return;
  }
  const positions = await beginnings(reading);
  const ends = await reader.offsets(partitions, -1);
  let left = query.live ? Number.POSITIVE_INFINITY : query.limit;
  const open = new Set([...positions.keys()].filter((partition) => (positions.get(partition) ?? 0) < (ends.get(partition) ?? 0)));
  while (open.size > 0 && left > 0 && !reading.signal.aborted) {
    const maxBytes = Math.min(READ_BYTES, Math.max(LEAST_READ_BYTES, Math.ceil(left / open.size) * GUESSED_BYTES));
    const found = await reader.read([...open].map((partition) => ({ ...wishFor(partition, positions), maxBytes })));
    for (const line of taken(found, positions, left)) {
      if (line.kind === "record") left--;
      yield line;
    }
    for (const { partition, problem, records } of found) {
      const isBehind = (positions.get(partition) ?? 0) < (ends.get(partition) ?? 0);
      if (!isBehind || (problem !== undefined && records.length === 0)) open.delete(partition);
    }
  }
  if (query.live) yield* following(reading, positions);
  else
    yield {
      kind: "end",
      why: open.size > 0 ? "limit" : "read",
      next: [...positions].map(([partition, offset]) => ({ partition, offset })),
    };
}

async function beginnings({ reader, partitions, query }: Reading): Promise<Map<number, number>> {
  if (query.from === "offset") return new Map(partitions.map((partition) => [partition, query.offset ?? 0]));
  return reader.offsets(partitions, query.from === "timestamp" ? (query.timestamp ?? 0) : -2);
}

async function* following({ reader, clock, signal }: Reading, positions: Map<number, number>): AsyncGenerator<Line, void, undefined> {
  yield { kind: "live" };
  let silentMs = 0;
  while (!signal.aborted) {
    const partitions = [...positions.keys()];
    const waitMs = reader.leadsAll(partitions) ? WAIT_MS : 0;
    const found = await reader.read(
      partitions.map((partition) => wishFor(partition, positions)),
      waitMs,
    );
    const lines = taken(found, positions, Number.POSITIVE_INFINITY);
    yield* lines;
    const pauseMs = found.some(({ problem }) => problem !== undefined) ? RETRY_MS : waitMs > 0 || lines.length > 0 ? 0 : POLL_MS;
    if (pauseMs > 0) await pause(clock, pauseMs, signal);
    silentMs = lines.length > 0 ? 0 : silentMs + Math.max(waitMs, pauseMs);
    if (silentMs >= WAIT_MS) {
      silentMs = 0;
      yield NOTHING_YET;
    }
  }
}

function wishFor(partition: number, positions: ReadonlyMap<number, number>) {
  return { partition, offset: positions.get(partition) ?? 0, maxBytes: READ_BYTES };
}

/** In the order of their times; positions move behind what is given. */
function taken(found: readonly Found[], positions: Map<number, number>, limit: number): (StoredRecord | RecordLine)[] {
  const all = merged(found.map(({ records }) => records));
  const given = all.slice(0, limit);
  for (const { partition, offset } of found) positions.set(partition, offset);
  // What is left is where its partition is gone on with.
  for (const { partition, offset } of all.slice(limit).reverse()) positions.set(partition, offset);
  return [...given, ...problemsOf(found)];
}

function problemsOf(found: readonly Found[]): RecordLine[] {
  return found.flatMap(({ partition, problem }) => (problem === undefined ? [] : [{ kind: "problem" as const, partition, ...problem }]));
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(ms, resolve);
  const leave = () => resolve();
  signal.addEventListener("abort", leave, { once: true });
  await promise;
  signal.removeEventListener("abort", leave);
  timer.cancel();
}
