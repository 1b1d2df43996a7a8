// The cluster's metadata as a worker thread has it: the main thread keeps the journal, is asked for commits, and tells of every unit.

import type { Change } from "../cluster/image.ts";
import type { ComingListener, MetadataStore } from "../storage/metadata-store.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type Unit, UnitListeners, type UnitStep } from "../storage/unit-listeners.ts";
import type { Answer, Question } from "./messages.ts";
import { receivedError } from "./sent-error.ts";

export interface RemoteMetadataStoreOptions {
  readonly ask: (id: number, question: Question) => void;
  /** Of the main thread's store, as it was told last. */
  readonly version: number;
  /** See UnitListeners. */
  readonly closedLogs: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: Exclude<Answer, { kind: "failed" }>) => void;
  readonly reject: (error: Error) => void;
}

export class RemoteMetadataStore implements MetadataStore<Change> {
  readonly #ask: RemoteMetadataStoreOptions["ask"];
  readonly #own: UnitListeners<Change>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  constructor({ ask, version, closedLogs }: RemoteMetadataStoreOptions) {
    this.#ask = ask;
    this.#own = new UnitListeners(version, closedLogs);
  }

  get version(): number {
    return this.#own.version;
  }

  async load(): Promise<readonly Change[]> {
    const answer = await this.#question({ kind: "load" });
    return answer.kind === "loaded" ? answer.changes : [];
  }

  async commit(changes: readonly Change[], expectedVersion: number): Promise<boolean> {
    const answer = await this.#question({ kind: "commit", changes, expectedVersion });
    return answer.kind === "committed" && answer.isStored;
  }

  subscribe(listener: (changes: readonly Change[], version: number) => void): () => void {
    return this.#own.subscribe(listener);
  }

  subscribeToComing(listener: ComingListener<Change>): () => void {
    return this.#own.subscribeToComing(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(closed());
    this.#waiting.clear();
  }

  /** The main thread has answered. */
  answered(id: number, answer: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    // Units that come after it count from there.
    if (answer.kind === "loaded") this.#own.version = answer.version;
    if (answer.kind === "failed") waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer);
  }

  /** The main thread tells of a unit. */
  take(step: UnitStep, unit: Unit<Change>): Promise<void> {
    return this.#own.take(step, unit);
  }

  #question(question: Question): Promise<Exclude<Answer, { kind: "failed" }>> {
    if (this.#isClosed) return Promise.reject(closed());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#ask(id, question);
    });
  }
}

function closed(): StorageError {
  return new StorageError("WRITE_FAILED", "The metadata is closed");
}
