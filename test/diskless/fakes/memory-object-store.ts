// Objects in memory, shared by the clients that are made of one bucket: each is the store as one process sees it, with a network and faults
// of its own. Time passes on the clock that is given, so that a test decides when a request arrives and when its answer does.
//
// It is as unkind as a store may be: what was sent arrives, whoever gave up waiting for the answer. And, where a fault says so, unkinder:
// short and spoilt bodies are for those who check all the same.

import { assert } from "../../../src/base/assert.ts";
import type { Clock } from "../../../src/base/clock.ts";
import {
  type ByteRange,
  type ListedPage,
  type ObjectStore,
  ObjectStoreError,
  type ObjectStoreErrorCode,
} from "../../../src/base/object-store.ts";

export const MOST_KEYS = 1000;

export interface StoreRequest {
  readonly kind: "put" | "get" | "list" | "delete";
  /** That of the object; of a list its prefix, of a delete the first of its keys. */
  readonly key: string;
  readonly range?: ByteRange | undefined;
}

/**
 *   slow-down, refused, unavailable   it is rejected so; `isDone`: having been carried out
 *   silent     there is never an answer: until the signal aborts it, or the connection is cut
 *   late       unavailable at once, and carried out so much later
 *   not-found  as if the object were not there
 *   short      of a body the last byte is missing
 *   flipped    of a body one bit is another
 *   kept       of the keys to delete the first stays, and is named
 */
export type Fault =
  | { readonly kind: "slow-down" | "refused" | "not-found" | "short" | "flipped" | "kept" }
  | { readonly kind: "unavailable" | "silent"; readonly isDone: boolean }
  | { readonly kind: "late"; readonly landsAfterMs: number };

export class MemoryBucket {
  readonly objects = new Map<string, Buffer>();
  /** Keys that were put more than once, with other bytes: nobody should. */
  readonly changedKeys = new Set<string>();

  client(options: { readonly clock: Clock; readonly latencyMs?: number }): MemoryObjectStore {
    return new MemoryObjectStore(this, options.clock, options.latencyMs ?? 0);
  }

  put(key: string, bytes: Buffer): void {
    if (this.objects.get(key)?.equals(bytes) === false) this.changedKeys.add(key);
    this.objects.set(key, bytes);
  }

  list(prefix: string, after: string): ListedPage {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && Buffer.from(key).compare(Buffer.from(after)) > 0);
    keys.sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
    const objects = keys.slice(0, MOST_KEYS).map((key) => ({ key, sizeBytes: this.objects.get(key)?.length ?? 0 }));
    return { objects, isTruncated: keys.length > MOST_KEYS };
  }
}

export class MemoryObjectStore implements ObjectStore {
  /** How often each kind of request was made, failed ones too. */
  readonly requestCounts = { put: 0, get: 0, list: 0, delete: 0 };
  /** From now on; half of it passes before a request arrives, half before its answer does. */
  latencyMs: number | ((request: StoreRequest) => number);
  /** What happens to each request; asked once, when it is made. */
  faultOf: (request: StoreRequest) => Fault | undefined = () => undefined;
  readonly #bucket: MemoryBucket;
  readonly #clock: Clock;
  /** Ends those that wait for an answer. */
  readonly #waiting = new Set<(error: ObjectStoreError) => void>();
  #isClosed = false;
  #cut: "refusing" | "silent" | undefined;

  constructor(bucket: MemoryBucket, clock: Clock, latencyMs: number) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.latencyMs = latencyMs;
  }

  put(key: string, parts: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    const bytes = Buffer.concat(parts);
    return this.#ask({ kind: "put", key }, signal, () => this.#bucket.put(key, bytes));
  }

  get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    return this.#ask({ kind: "get", key, range }, signal, (fault) => {
      const bytes = fault === "not-found" ? undefined : this.#bucket.objects.get(key);
      if (bytes === undefined) throw new ObjectStoreError("NOT_FOUND", `There is no object ${key}.`);
      const { from, length } = range ?? { from: 0, length: bytes.length };
      if (from + length > bytes.length) throw new ObjectStoreError("REFUSED", `The object ${key} has ${bytes.length} bytes.`);
      // A copy, so that nobody can change what is stored.
      const body = Buffer.from(bytes.subarray(from, from + length));
      if (fault === "flipped") body.writeUInt8(body.readUInt8(length >> 1) ^ 1, length >> 1);
      return fault === "short" ? body.subarray(0, length - 1) : body;
    });
  }

  list(prefix: string, after = ""): Promise<ListedPage> {
    return this.#ask({ kind: "list", key: prefix }, undefined, () => this.#bucket.list(prefix, after));
  }

  delete(keys: readonly string[]): Promise<readonly string[]> {
    assert(keys.length > 0 && keys.length <= MOST_KEYS, "a request deletes some keys, and at most a thousand");
    return this.#ask({ kind: "delete", key: keys[0] ?? "" }, undefined, (fault) => {
      const kept = fault === "kept" ? keys.slice(0, 1) : [];
      for (const key of keys) if (!kept.includes(key)) this.#bucket.objects.delete(key);
      return kept;
    });
  }

  /** Of requests that are under way the answers are lost; new ones fail at once, or never hear anything. */
  cutOff(how: "refusing" | "silent" = "refusing"): void {
    this.#cut = how;
    if (how === "refusing") this.#endAll("The connection was cut.");
  }

  heal(): void {
    this.#cut = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#endAll("The client was closed.");
  }

  #endAll(reason: string): void {
    for (const end of [...this.#waiting]) end(new ObjectStoreError("UNAVAILABLE", reason));
  }

  async #ask<T>(request: StoreRequest, signal: AbortSignal | undefined, work: (fault: Fault["kind"] | undefined) => T): Promise<T> {
    if (this.#isClosed) throw new ObjectStoreError("UNAVAILABLE", "The client was closed.");
    this.requestCounts[request.kind]++;
    if (signal?.aborted) throw aborted(signal);
    if (this.#cut === "refusing") throw new ObjectStoreError("UNAVAILABLE", "The store cannot be reached.");
    const fault = this.#cut === "silent" ? ({ kind: "silent", isDone: false } as const) : this.faultOf(request);
    const latencyMs = typeof this.latencyMs === "number" ? this.latencyMs : this.latencyMs(request);
    const carriedOut = this.#carriedOut(latencyMs, fault, work);
    // Who gave up has been told; what becomes of the request is nobody's concern then.
    carriedOut.catch(() => undefined);
    return await this.#unlessEnded(carriedOut, signal);
  }

  async #carriedOut<T>(latencyMs: number, fault: Fault | undefined, work: (fault: Fault["kind"] | undefined) => T): Promise<T> {
    await this.#pass(latencyMs / 2);
    if (fault?.kind === "late") this.#clock.after(fault.landsAfterMs, () => work(undefined));
    const code = codeOf(fault);
    const isDone = fault === undefined || (code === undefined && fault.kind !== "silent") || ("isDone" in fault && fault.isDone);
    const result = isDone ? { value: work(fault?.kind) } : undefined;
    await this.#pass(latencyMs / 2);
    if (code !== undefined) throw new ObjectStoreError(code, `The store was told to answer so: ${fault?.kind}.`);
    const isAnswered = result !== undefined && fault?.kind !== "silent" && this.#cut === undefined;
    return isAnswered ? result.value : await new Promise<never>(() => undefined);
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
  }

  #unlessEnded<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => end(aborted(signal));
      const end = (error: unknown) => {
        this.#waiting.delete(end);
        signal?.removeEventListener("abort", abort);
        reject(error);
      };
      this.#waiting.add(end);
      signal?.addEventListener("abort", abort);
      answer.then((value) => {
        this.#waiting.delete(end);
        signal?.removeEventListener("abort", abort);
        resolve(value);
      }, end);
    });
  }
}

function codeOf(fault: Fault | undefined): ObjectStoreErrorCode | undefined {
  switch (fault?.kind) {
    case "slow-down":
      return "SLOW_DOWN";
    case "refused":
      return "REFUSED";
    case "unavailable":
    case "late":
      return "UNAVAILABLE";
    case undefined:
    case "silent":
    case "not-found":
    case "short":
    case "flipped":
    case "kept":
      return undefined;
  }
}

function aborted(signal: AbortSignal | undefined): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", "Nobody waits for the answer any more.", { cause: signal?.reason });
}
