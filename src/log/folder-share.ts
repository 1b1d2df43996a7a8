// What the engines of several threads have in common when they share a data folder: a lock, under which the files that concern all of
// them are written, and for each such file a count of its writes, by which the others notice that they must look again. In shared memory:
//
//   word 0      1 while the lock is held
//   word 1…     writes of the first file, the second, …

import { StorageError } from "../storage/storage-error.ts";

const WORDS = 16;
const FREE = 0;
const HELD = 1;
/** Held for some writes of small files; longer than this means that its holder is no more. */
const LONGEST_WAIT_MS = 30_000;

/** What an engine gives to those of other threads that use the same folder. Can be sent between threads. */
export interface EngineShare {
  readonly memory: SharedArrayBuffer;
  readonly clusterId: string;
  readonly complete: CompleteFolders;
}

/** Folders whose files are complete up to the last byte, and that are not open: with where their logs ended. */
type CompleteFolders = ReadonlyMap<string, number>;

/** What an engine that shared the folder says of its logs once it is closed. */
export interface ClosedShare {
  readonly isSound: boolean;
  readonly complete: CompleteFolders;
}

export class FolderShare {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Runs the action while no other thread is in one. Throws StorageError WRITE_FAILED when the lock cannot be had. */
  exclusively(action: () => void): void {
    while (Atomics.compareExchange(this.#words, 0, FREE, HELD) !== FREE) {
      if (Atomics.wait(this.#words, 0, HELD, LONGEST_WAIT_MS) === "timed-out") {
        throw new StorageError("WRITE_FAILED", "Another thread does not let go of the data folder's checkpoints");
      }
    }
    try {
      action();
    } finally {
      Atomics.store(this.#words, 0, FREE);
      Atomics.notify(this.#words, 0, 1);
    }
  }

  /** How often the file of that number, from 0, was written. */
  writes(file: number): number {
    return Atomics.load(this.#words, file + 1);
  }

  noteWrite(file: number): void {
    Atomics.add(this.#words, file + 1, 1);
  }
}
