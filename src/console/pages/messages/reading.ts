// Messages as they come: in batches, filtered, the newest so many of them kept.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Position, RecordLine, StoredRecord } from "../../../http/api/shapes.ts";
import { type Fault, faultOf, Fault as Problem } from "../../ask/fault.ts";
import { readRecords } from "../../ask/records.ts";
import { type Readable, readFully, readPlainly } from "../../decode/readable.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import type { FilteredRecord } from "../../sandbox/worker.ts";
import { askedFor, type Wanted } from "./wanted.ts";

export interface Reading {
  readonly records: readonly StoredRecord[];
  /** Looked at, with those that the filter left out. */
  readonly readCount: number;
  readonly state: "reading" | "live" | "ended";
  readonly fault: Fault | undefined;
  /** Where there is more, once it has ended. */
  readonly next: readonly Position[];
}

/** Kept in the page; of a live view the older ones go. */
const MOST_KEPT = 10_000;
/** How often what has come is shown. */
const TURN_MS = 80;
const MOST_IN_BATCH = 1000;
const NOTHING: Reading = { records: [], readCount: 0, state: "reading", fault: undefined, next: [] };

/** @param turn another one reads again */
export function useReading(topic: string, wanted: Wanted, turn: number): { readonly reading: Reading; readonly readOn: () => void } {
  const [reading, setReading] = useState<Reading>(NOTHING);
  const readMore = useRef<(next: readonly Position[]) => void>(undefined);
  const what = JSON.stringify([topic, wanted, turn]);
  useEffect(() => {
    const abort = new AbortController();
    const filter = new Filter(wanted);
    setReading(NOTHING);
    const show = (change: (old: Reading) => Reading) => {
      if (!abort.signal.aborted) setReading(change);
    };
    const read = (lines: AsyncIterable<RecordLine>) =>
      collect(lines, { wanted, filter, show })
        .catch((error: unknown) => show((old) => ({ ...old, state: "ended", fault: faultOf(error) })))
        .finally(() => filter.close());
    void read(readRecords(topic, askedFor(wanted), abort.signal));
    readMore.current = (next) => {
      show((old) => ({ ...old, state: "reading", next: [] }));
      void read(linesFrom(topic, wanted, next, abort.signal));
    };
    return () => {
      abort.abort();
      filter.close();
    };
  }, [what]);
  const readOn = useCallback(() => readMore.current?.(reading.next), [reading.next]);
  return { reading, readOn };
}

/** What comes after positions, of one partition after the other, an equal share of each. */
async function* linesFrom(topic: string, wanted: Wanted, next: readonly Position[], signal: AbortSignal): AsyncGenerator<RecordLine> {
  const asked = askedFor(wanted);
  const limit = String(Math.ceil(Number(asked.limit) / next.length));
  const further: Position[] = [];
  for (const { partition, offset } of next)
    for await (const line of readRecords(
      topic,
      { ...asked, from: "offset", offset: String(offset), partitions: String(partition), limit },
      signal,
    ))
      if (line.kind !== "end") yield line;
      else if (line.why === "limit") further.push(...line.next);
  yield { kind: "end", why: further.length > 0 ? "limit" : "read", next: further };
}

interface Collecting {
  readonly wanted: Wanted;
  readonly filter: Filter;
  readonly show: (change: (old: Reading) => Reading) => void;
}

async function collect(lines: AsyncIterable<RecordLine>, { wanted, filter, show }: Collecting): Promise<void> {
  let batch: StoredRecord[] = [];
  let shownMs = 0;
  let found = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const mostFound = wanted.isLive || wanted.filter === "" ? Number.POSITIVE_INFINITY : Number(wanted.limit) || 100;
  let flushing: Promise<void> = Promise.resolve();
  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    const taken = batch;
    batch = [];
    if (taken.length === 0) return;
    const matching = (await filter.matching(taken)).slice(0, mostFound - found);
    found += matching.length;
    shownMs = performance.now();
    show((old) => ({ ...old, records: [...old.records, ...matching].slice(-MOST_KEPT), readCount: old.readCount + taken.length }));
  };
  const inTurn = () => {
    flushing = flushing.then(flush);
    return flushing;
  };
  try {
    for await (const line of lines) {
      if (line.kind === "record") {
        batch.push(line);
        if (batch.length >= MOST_IN_BATCH || performance.now() - shownMs > 2 * TURN_MS) await inTurn();
        else timer ??= setTimeout(() => inTurn().catch((error: unknown) => show((old) => ({ ...old, fault: faultOf(error) }))), TURN_MS);
        if (found >= mostFound) break;
      } else if (line.kind === "live") {
        await inTurn();
        show((old) => ({ ...old, state: "live" }));
      } else if (line.kind === "end") {
        show((old) => ({ ...old, next: line.why === "limit" ? line.next : [] }));
      } else if (line.kind === "problem") {
        const fault = new Problem(line.error, `Partition ${line.partition}: ${line.message}`);
        show((old) => ({ ...old, fault }));
      }
    }
    await inTurn();
    show((old) => ({ ...old, state: "ended" }));
  } finally {
    clearTimeout(timer);
  }
}

class Filter {
  readonly #text: string;
  readonly #sandbox: Sandbox | undefined;

  constructor({ filter, filterBy }: Wanted) {
    this.#text = filterBy === "text" ? filter.toLowerCase() : "";
    this.#sandbox = filterBy === "js" && filter.trim() !== "" ? new Sandbox(filter) : undefined;
  }

  async matching(records: readonly StoredRecord[]): Promise<readonly StoredRecord[]> {
    if (this.#sandbox !== undefined) {
      const { matches } = await this.#sandbox.verdict(await Promise.all(records.map(asSeen)));
      return records.filter((_, index) => matches[index] === true);
    }
    if (this.#text === "") return records;
    const texts = await Promise.all(records.map(textOf));
    return records.filter((_, index) => texts[index]?.includes(this.#text) === true);
  }

  close(): void {
    this.#sandbox?.close();
  }
}

async function asSeen({ partition, offset, timestamp, key, value, headers }: StoredRecord): Promise<FilteredRecord> {
  const [readKey, readValue] = await Promise.all([readFully(key), readFully(value)]);
  const readHeaders = Object.fromEntries(headers.map((header) => [header.key, readPlainly(header.value).value]));
  return { partition, offset, timestamp, key: readKey.value, value: readValue.value, headers: readHeaders };
}

async function textOf({ key, value, headers }: StoredRecord): Promise<string> {
  const read: Readable[] = await Promise.all([readFully(key), readFully(value), ...headers.map((header) => readFully(header.value))]);
  return [...read.map(({ text }) => text), ...headers.map((header) => header.key)].join("\n").toLowerCase();
}
