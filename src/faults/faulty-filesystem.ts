// A filesystem that can be made slow or full while it is in use, over one that works.
//
// Slow: what the broker waits for off the event loop (syncing, cold reads) takes so much longer. Writing to a file is a call that returns
// at once and stays so. Full: what would take room fails with ENOSPC; deleting and cutting still work.

import type { FileStat, Filesystem, OpenFile, VolumeSpace } from "../base/filesystem.ts";

export class FaultyFilesystem implements Filesystem {
  delayMs = 0;
  isFull = false;
  readonly #disk: Filesystem;
  readonly #after: (delayMs: number, action: () => void) => unknown;

  constructor(disk: Filesystem, after: (delayMs: number, action: () => void) => unknown) {
    this.#disk = disk;
    this.#after = after;
  }

  async #slowly(): Promise<void> {
    if (this.delayMs > 0) await new Promise<void>((resolve) => this.#after(this.delayMs, resolve));
  }

  #takeRoom(path: string): void {
    if (this.isFull) throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: "ENOSPC" });
  }

  open(path: string, mode: "read" | "write"): OpenFile {
    if (mode === "write" && this.#disk.stat(path) === undefined) this.#takeRoom(path);
    const file = this.#disk.open(path, mode);
    return {
      path: file.path,
      sizeBytes: () => file.sizeBytes(),
      read: (target, position) => file.read(target, position),
      readLater: async (target, position) => {
        await this.#slowly();
        return file.readLater(target, position);
      },
      write: (buffers, position) => {
        this.#takeRoom(path);
        file.write(buffers, position);
      },
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sync: async () => {
        await this.#slowly();
        await file.sync();
      },
      syncNow: () => file.syncNow(),
      close: () => file.close(),
    };
  }

  readFile(path: string): Buffer {
    return this.#disk.readFile(path);
  }

  replaceFile(path: string, content: Buffer | string, access?: "private"): void {
    this.#takeRoom(path);
    this.#disk.replaceFile(path, content, access);
  }

  replaceFileUnsynced(path: string, content: Buffer | string): void {
    this.#takeRoom(path);
    this.#disk.replaceFileUnsynced(path, content);
  }

  stat(path: string): FileStat | undefined {
    return this.#disk.stat(path);
  }

  space(path: string): VolumeSpace | undefined {
    const space = this.#disk.space?.(path);
    return space !== undefined && this.isFull ? { ...space, usableBytes: 0 } : space;
  }

  list(path: string): string[] {
    return this.#disk.list(path);
  }

  makeDirectory(path: string): void {
    if (this.#disk.stat(path) === undefined) this.#takeRoom(path);
    this.#disk.makeDirectory(path);
  }

  rename(from: string, to: string): void {
    this.#disk.rename(from, to);
  }

  remove(path: string): void {
    this.#disk.remove(path);
  }

  syncDirectory(path: string): void {
    this.#disk.syncDirectory(path);
  }

  async syncDirectoryLater(path: string): Promise<void> {
    await this.#slowly();
    await this.#disk.syncDirectoryLater(path);
  }

  lock(path: string): (() => void) | undefined {
    return this.#disk.lock(path);
  }
}
