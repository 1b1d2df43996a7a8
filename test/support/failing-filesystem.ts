// A file system that fails at the n-th operation that changes anything, for crash tests: for every n, run, then open again what is left.
//
//   fail          the operation fails half done, as on a full disk; the process goes on, and so does the disk after so many failures
//   descriptors   the same, but what counts and fails is what needs a file descriptor of its own
//   crash         the operation is half done and nothing works any more, as if the process had been killed: what was written stays
//   power         the same, and only what was synced stays: content by its file, a name by its folder

import type { FileStat, Filesystem, OpenFile } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";

export type FailureKind = "fail" | "descriptors" | "crash" | "power";

/** What every operation raises after the crash. */
export class Crashed extends Error {
  constructor() {
    super("the process has crashed");
    this.name = "Crashed";
  }
}

export class FailingFilesystem implements Filesystem {
  /** Operations that changed something, so far, or that took a descriptor. */
  operationCount = 0;
  /** Called at each of them, from within. */
  onOperation: ((path: string) => void) | undefined;
  readonly #disk: MemoryFilesystem;
  #failAt: number;
  #failUntil: number;
  readonly #kind: FailureKind;
  /** What survives a power failure, by path. */
  readonly #synced = new Map<string, Buffer>();
  /** Files and folders whose names a power failure does not take. */
  readonly #durableNames = new Set<string>();
  #hasCrashed = false;

  /** @param failAt counted from 1; never when it is not reached */
  constructor(disk: MemoryFilesystem, kind: FailureKind, failAt: number) {
    this.#disk = disk;
    this.#kind = kind;
    this.#failAt = failAt;
    this.#failUntil = failAt + 1;
    this.#keepNames("", { isDeep: true });
  }

  #keepNames(directory: string, { isDeep }: { readonly isDeep: boolean }): void {
    for (const name of this.#disk.list(directory)) {
      const path = `${directory}/${name}`;
      this.#durableNames.add(path);
      if (isDeep && this.#disk.stat(path)?.isDirectory === true) this.#keepNames(path, { isDeep });
    }
  }

  #isNameDurable(path: string): boolean {
    return path === "" || (this.#durableNames.has(path) && this.#isNameDurable(path.slice(0, path.lastIndexOf("/"))));
  }

  /** Another operation to fail, counted like the first, and those that follow it. */
  failAt(operation: number, count = 1): void {
    this.#failAt = operation;
    this.#failUntil = operation + count;
  }

  /** How many failures there were. */
  failureCount = 0;

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** What the next process finds. */
  afterwards(): MemoryFilesystem {
    const left = new MemoryFilesystem();
    if (this.#kind === "power") {
      for (const [path, content] of this.#synced) if (this.#isNameDurable(path)) put(left, path, content);
    } else copyTree(this.#disk, left, "");
    return left;
  }

  /** `true` when this operation is the one to fail. */
  #step(path: string): boolean {
    if (this.#hasCrashed) throw new Crashed();
    return this.#kind !== "descriptors" && this.#isNextToFail(path);
  }

  #isNextToFail(path: string): boolean {
    this.operationCount++;
    this.onOperation?.(path);
    if (this.operationCount < this.#failAt || this.operationCount >= this.#failUntil) return false;
    this.failureCount++;
    this.#hasCrashed = this.#kind === "crash" || this.#kind === "power";
    return true;
  }

  #failure(): Error {
    return this.#hasCrashed ? new Crashed() : Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  }

  #takeDescriptor(path: string): void {
    if (this.#kind !== "descriptors" || !this.#isNextToFail(path)) return;
    throw Object.assign(new Error(`EMFILE: too many open files, open '${path}'`), { code: "EMFILE", syscall: "open", path });
  }

  #check(): void {
    if (this.#hasCrashed) throw new Crashed();
  }

  open(path: string, mode: "read" | "write"): OpenFile {
    this.#takeDescriptor(path);
    if (mode === "write" && this.#disk.stat(path) === undefined && this.#step(path)) throw this.#failure();
    this.#check();
    const file = this.#disk.open(path, mode);
    const changing = (action: (isFailing: boolean) => void) => {
      const isFailing = this.#step(path);
      action(isFailing);
      if (isFailing) throw this.#failure();
    };
    return {
      path,
      sizeBytes: () => file.sizeBytes(),
      read: (target, position) => {
        this.#check();
        return file.read(target, position);
      },
      readLater: async (target, position) => {
        this.#check();
        return file.read(target, position);
      },
      write: (buffers, position) =>
        changing((isFailing) => {
          const content = Buffer.concat(buffers);
          file.write([isFailing ? content.subarray(0, Math.floor(content.length / 2)) : content], position);
        }),
      truncate: (sizeBytes) => changing((isFailing) => !isFailing && file.truncate(sizeBytes)),
      sync: async () => {
        changing((isFailing) => !isFailing && this.#keep(path, file));
        // Others get their turn while the disk works.
        await new Promise((resolve) => setImmediate(resolve));
        this.#check();
      },
      syncNow: () => changing((isFailing) => !isFailing && this.#keep(path, file)),
      close: () => file.close(),
    };
  }

  #keep(path: string, file: OpenFile): void {
    const content = Buffer.alloc(file.sizeBytes());
    file.read(content, 0);
    this.#synced.set(path, content);
  }

  readFile(path: string): Buffer {
    this.#check();
    this.#takeDescriptor(path);
    return this.#disk.readFile(path);
  }

  replaceFile(path: string, content: Buffer | string): void {
    this.#takeDescriptor(path);
    if (this.#step(path)) {
      this.#disk.replaceFile(`${path}.tmp`, content);
      throw this.#failure();
    }
    this.#disk.replaceFile(path, content);
    this.#synced.set(path, Buffer.from(content));
    this.#durableNames.add(path);
    // The folder is synced last: what fails there is done.
    this.#takeDescriptor(path);
  }

  replaceFileUnsynced(path: string, content: Buffer | string): void {
    this.#takeDescriptor(path);
    if (this.#step(path)) {
      this.#disk.replaceFile(`${path}.tmp`, content);
      throw this.#failure();
    }
    this.#disk.replaceFile(path, content);
  }

  stat(path: string): FileStat | undefined {
    this.#check();
    return this.#disk.stat(path);
  }

  list(path: string): string[] {
    this.#check();
    this.#takeDescriptor(path);
    return this.#disk.list(path);
  }

  makeDirectory(path: string): void {
    if (this.#disk.stat(path) !== undefined) return;
    if (this.#step(path)) throw this.#failure();
    this.#disk.makeDirectory(path);
  }

  rename(from: string, to: string): void {
    if (this.#step(from)) throw this.#failure();
    this.#disk.rename(from, to);
    for (const [path, content] of [...this.#synced]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#synced.delete(path);
      this.#synced.set(`${to}${path.slice(from.length)}`, content);
    }
    for (const path of [...this.#durableNames]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#durableNames.delete(path);
      this.#durableNames.add(`${to}${path.slice(from.length)}`);
    }
  }

  remove(path: string): void {
    if (this.#disk.stat(path) === undefined) return;
    if (this.#step(path)) throw this.#failure();
    this.#disk.remove(path);
    for (const kept of [this.#synced, this.#durableNames])
      for (const each of [...kept.keys()]) if (each === path || each.startsWith(`${path}/`)) kept.delete(each);
  }

  syncDirectory(path: string): void {
    this.#takeDescriptor(path);
    if (this.#step(path)) throw this.#failure();
    this.#disk.syncDirectory(path);
    this.#keepNames(path === "/" ? "" : path, { isDeep: false });
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.syncDirectory(path);
  }

  lock(path: string): (() => void) | undefined {
    return this.#disk.lock(path);
  }
}

function copyTree(from: MemoryFilesystem, to: MemoryFilesystem, path: string): void {
  for (const name of from.list(path)) {
    const child = `${path}/${name}`;
    if (from.stat(child)?.isDirectory === true) {
      to.makeDirectory(child);
      copyTree(from, to, child);
    } else to.replaceFile(child, from.readFile(child));
  }
}

function put(filesystem: MemoryFilesystem, path: string, content: Buffer): void {
  filesystem.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  filesystem.replaceFile(path, content);
}
