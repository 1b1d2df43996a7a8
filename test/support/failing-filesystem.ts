// A file system that fails at the n-th operation that changes anything, for crash tests: for every n, run, then open again what is left.
//
//   fail          the operation fails half done, as on a full disk; the process goes on, and so does the disk after so many failures
//   descriptors   the same, but what counts and fails is what needs a file descriptor of its own
//   reads         the same, but what counts and fails is reading
//   crash         the operation is half done and nothing works any more, as if the process had been killed: what was written stays
//   power         the same, and what was not synced may be lost (page-disk.ts): content by its file, a name by its folder

import type { FileStat, Filesystem, OpenFile } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { Dice } from "../simulation/scheduler.ts";
import { PageDisk } from "./page-disk.ts";

export type FailureKind = "fail" | "descriptors" | "reads" | "crash" | "power";

/** What every operation raises after the crash. */
export class Crashed extends Error {
  constructor() {
    super("the process has crashed");
    this.name = "Crashed";
  }
}

type Disk = Omit<PageDisk, "afterPowerLoss">;

export class FailingFilesystem implements Filesystem {
  /** Operations that changed something, so far, or that took a descriptor, or read. */
  operationCount = 0;
  /** Called at each of them, from within. */
  onOperation: ((path: string) => void) | undefined;
  readonly #files: MemoryFilesystem;
  readonly #disk: Disk;
  readonly #pages: PageDisk | undefined;
  #failAt: number;
  #failUntil: number;
  readonly #kind: FailureKind;
  readonly #locks = new Set<string>();
  #hasCrashed = false;

  /**
   * @param files what there is, safe from a power failure. It is changed unless the kind is `power`.
   * @param failAt counted from 1; never when it is not reached
   */
  constructor(files: MemoryFilesystem, kind: FailureKind, failAt: number) {
    this.#files = files;
    this.#pages = kind === "power" ? PageDisk.copyOf(files) : undefined;
    this.#disk = this.#pages ?? pageless(files);
    this.#kind = kind;
    this.#failAt = failAt;
    this.#failUntil = failAt + 1;
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

  /** What the next process finds. The dice say what a power failure takes: without them everything that was not synced. */
  afterwards(dice?: Dice): MemoryFilesystem {
    if (this.#pages !== undefined) return this.#pages.afterPowerLoss(dice);
    const left = new MemoryFilesystem();
    copyTree(this.#files, left, "");
    return left;
  }

  /** `true` when this operation is the one to fail. */
  #step(path: string): boolean {
    if (this.#hasCrashed) throw new Crashed();
    return this.#kind !== "descriptors" && this.#kind !== "reads" && this.#isNextToFail(path);
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

  #reading(path: string): void {
    if (this.#hasCrashed) throw new Crashed();
    if (this.#kind !== "reads" || !this.#isNextToFail(path)) return;
    throw Object.assign(new Error(`EIO: i/o error, read '${path}'`), { code: "EIO", syscall: "read", path });
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
        this.#reading(path);
        return file.read(target, position);
      },
      readLater: async (target, position) => {
        this.#reading(path);
        return file.read(target, position);
      },
      write: (buffers, position) =>
        changing((isFailing) => {
          const content = Buffer.concat(buffers);
          file.write([isFailing ? content.subarray(0, Math.floor(content.length / 2)) : content], position);
        }),
      truncate: (sizeBytes) => changing((isFailing) => !isFailing && file.truncate(sizeBytes)),
      sync: async () => {
        changing((isFailing) => !isFailing && file.syncNow());
        // Others get their turn while the disk works.
        await new Promise((resolve) => setImmediate(resolve));
        this.#check();
      },
      syncNow: () => changing((isFailing) => !isFailing && file.syncNow()),
      close: () => file.close(),
    };
  }

  readFile(path: string): Buffer {
    this.#check();
    this.#takeDescriptor(path);
    this.#reading(path);
    return this.#disk.readFile(path);
  }

  replaceFile(path: string, content: Buffer | string): void {
    this.#writeBeside(path, content);
    this.#disk.syncFile(`${path}.tmp`);
    this.#renameOver(path);
    // What fails here is done.
    this.syncDirectory(path.slice(0, path.lastIndexOf("/")));
  }

  replaceFileUnsynced(path: string, content: Buffer | string): void {
    this.#writeBeside(path, content);
    this.#renameOver(path);
  }

  #writeBeside(path: string, content: Buffer | string): void {
    this.#takeDescriptor(path);
    const beside = `${path}.tmp`;
    const bytes = Buffer.from(content);
    const isFailing = this.#step(beside);
    if (!isFailing || this.#hasCrashed) this.#disk.writeNew(beside, isFailing ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes);
    if (isFailing) throw this.#failure();
  }

  #renameOver(path: string): void {
    const beside = `${path}.tmp`;
    const isFailing = this.#step(path);
    if (!isFailing) this.#disk.rename(beside, path);
    else if (!this.#hasCrashed) this.#disk.remove(beside);
    if (isFailing) throw this.#failure();
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
  }

  remove(path: string): void {
    if (this.#disk.stat(path) === undefined) return;
    if (this.#step(path)) throw this.#failure();
    this.#disk.remove(path);
  }

  syncDirectory(path: string): void {
    this.#takeDescriptor(path);
    if (this.#step(path)) throw this.#failure();
    this.#disk.syncDirectory(path);
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.syncDirectory(path);
  }

  lock(path: string): (() => void) | undefined {
    if (this.#pages === undefined) return this.#files.lock(path);
    if (this.#locks.has(path)) return undefined;
    this.#locks.add(path);
    return () => this.#locks.delete(path);
  }
}

/** Where nothing is lost. */
function pageless(files: MemoryFilesystem): Disk {
  return {
    open: (path, mode) => files.open(path, mode),
    readFile: (path) => files.readFile(path),
    writeNew: (path, content) => files.replaceFile(path, content),
    syncFile: () => undefined,
    stat: (path) => files.stat(path),
    list: (path) => files.list(path),
    makeDirectory: (path) => files.makeDirectory(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    syncDirectory: (path) => files.syncDirectory(path),
  };
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
