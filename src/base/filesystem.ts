// Files, injected: Node's own, an in-memory one behind the same interface (the memory engine), and in tests one that fails.
// Synchronous where the hot path needs it (append, reads of cached ranges), asynchronous where a call may take long.
// Errors are Node's own, with `code` (ENOENT, ENOSPC, …); paths are joined with "/".

export interface FileStat {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
}

/** An open file. Reads and writes take positions; there is no cursor. */
export interface OpenFile {
  readonly path: string;
  sizeBytes(): number;
  /** Fills `target` from `position` as far as the file reaches; gives the number of bytes read. */
  read(target: Buffer, position: number): number;
  /** The same off the event loop: for ranges that may not be cached. */
  readLater(target: Buffer, position: number): Promise<number>;
  /** Writes the buffers one after another from `position`, completely. */
  write(buffers: readonly Buffer[], position: number): void;
  truncate(sizeBytes: number): void;
  /** Data on stable storage (fdatasync), off the event loop. */
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
}

export interface VolumeSpace {
  readonly totalBytes: number;
  /** What this process may still fill. */
  readonly usableBytes: number;
}

export interface Filesystem {
  /** `read` fails when there is no such file; `write` (read and write) makes it. */
  open(path: string, mode: "read" | "write"): OpenFile;
  readFile(path: string): Buffer;
  /** All or nothing: written beside, synced, renamed over. A private one is for nobody but this user of the system. */
  replaceFile(path: string, content: Buffer | string, access?: "private"): void;
  /** The same without syncing: whole if this process dies, but a power failure may take it back or tear it. For what can be rebuilt. */
  replaceFileUnsynced(path: string, content: Buffer | string): void;
  /** `undefined` when there is nothing at that path. */
  stat(path: string): FileStat | undefined;
  /** Of the volume that a path lies on; absent, or `undefined`, where nobody can tell. */
  space?(path: string): VolumeSpace | undefined;
  /** Names in a directory, sorted. */
  list(path: string): string[];
  /** With those above it; nothing happens when it is there. */
  makeDirectory(path: string): void;
  /** Replaces a file, never a directory. */
  rename(from: string, to: string): void;
  /** A file, or a directory with all that is in it; nothing happens when there is none. */
  remove(path: string): void;
  /** Makes the entries of a directory durable. */
  syncDirectory(path: string): void;
  /** The same off the event loop. */
  syncDirectoryLater(path: string): Promise<void>;
  /**
   * Locks a file, made if need be, against every other process and every other caller here, until the function given is called or the
   * process ends, in whatever way. `undefined` when it is locked already.
   */
  lock(path: string): (() => void) | undefined;
}
