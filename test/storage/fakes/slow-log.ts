// A log over another one that takes its time: what is appended is durable when the test says so, and what storage is asked for comes
// later, as from a network.

import type { AbortedTransaction, LogRead, PartitionLog, ReadOptions } from "../../../src/storage/partition-log.ts";

export interface SlowDeletion {
  readonly offset: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface SlowLogOptions {
  /** What is appended becomes durable at `commit`, else at once. */
  readonly isHeld: () => boolean;
  readonly appended: () => void;
}

export class SlowLog {
  /** What a broker gets. */
  readonly log: PartitionLog;
  readonly #inner: PartitionLog;
  readonly #isHeld: () => boolean;
  #durableOffset: number;
  #told: () => void = () => undefined;
  /** DeleteRecords that are still to be done. */
  readonly deletions: SlowDeletion[] = [];

  constructor(inner: PartitionLog, { isHeld, appended }: SlowLogOptions) {
    this.#inner = inner;
    this.#isHeld = isHeld;
    this.#durableOffset = inner.logEndOffset;
    const own: Partial<PartitionLog> = {
      append: (records, options) => {
        const result = inner.append(records, options);
        appended();
        return result;
      },
      onDurable: (listener) => {
        this.#told = listener;
      },
      read: async (options: ReadOptions): Promise<LogRead> => await inner.read(options),
      abortedTransactions: async (from, until): Promise<readonly AbortedTransaction[]> => await inner.abortedTransactions(from, until),
      deleteRecordsBefore: (offset) => this.#deleteBefore(offset),
      enforceRetention: async () => await inner.enforceRetention(),
    };
    this.log = new Proxy(inner, {
      get: (target, name) => {
        if (name === "durableOffset") return this.#durable();
        const member: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #durable(): number {
    if (!this.#isHeld()) this.#durableOffset = this.#inner.logEndOffset;
    return this.#durableOffset;
  }

  commit(until = this.#inner.logEndOffset): void {
    this.#durableOffset = until;
    this.#told();
  }

  #deleteBefore(offset: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = () => {
      void this.#inner.deleteRecordsBefore(offset);
      resolve();
    };
    this.deletions.push({ offset, done, failed: reject });
    return promise;
  }
}
