// Node's file system behind our interface. Writes go on until all bytes are written, reads until the buffer is full or the
// file ends: the kernel may do less in one call.

import fs from "node:fs";
import { dirname } from "node:path";
import type { FileStat, Filesystem, OpenFile, VolumeSpace } from "./filesystem.ts";
import { lockFile } from "./node-file-lock.ts";

/** The most buffers that one writev takes (IOV_MAX on Linux and macOS). */
const MAX_BUFFERS_PER_WRITE = 1024;

export const nodeFilesystem: Filesystem = {
  open: (path, mode) => new NodeFile(path, mode),
  readFile: (path) => fs.readFileSync(path),
  replaceFile: (path, content, access) => {
    writeBesideAndRename(path, content, { isSynced: true, isPrivate: access === "private" });
    syncDirectory(dirname(path));
  },
  replaceFileUnsynced: (path, content) => writeBesideAndRename(path, content, { isSynced: false, isPrivate: false }),
  stat,
  space,
  list: (path) => fs.readdirSync(path).sort(),
  makeDirectory,
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { recursive: true, force: true }),
  syncDirectory,
  syncDirectoryLater,
  lock: lockFile,
};

class NodeFile implements OpenFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, mode: "read" | "write") {
    this.path = path;
    this.#descriptor = fs.openSync(path, mode === "read" ? fs.constants.O_RDONLY : fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
  }

  sizeBytes(): number {
    return fs.fstatSync(this.#descriptor).size;
  }

  read(target: Buffer, position: number): number {
    let done = 0;
    while (done < target.length) {
      const count = fs.readSync(this.#descriptor, target, done, target.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async readLater(target: Buffer, position: number): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const count = await this.#readOnce(target, done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  #readOnce(target: Buffer, at: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, target, at, target.length - at, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }

  write(buffers: readonly Buffer[], position: number): void {
    if (buffers.length === 1 && buffers[0] !== undefined) {
      this.#writeOne(buffers[0], position);
      return;
    }
    let at = position;
    for (let first = 0; first < buffers.length; first += MAX_BUFFERS_PER_WRITE) {
      at = this.#writeSome(buffers.slice(first, first + MAX_BUFFERS_PER_WRITE), at);
    }
  }

  #writeOne(buffer: Buffer, position: number): void {
    let done = 0;
    while (done < buffer.length) done += fs.writeSync(this.#descriptor, buffer, done, buffer.length - done, position + done);
  }

  #writeSome(buffers: readonly Buffer[], position: number): number {
    let done = fs.writevSync(this.#descriptor, buffers, position);
    let at = position;
    for (const buffer of buffers) {
      if (done < buffer.length) {
        this.#writeOne(buffer.subarray(done), at + done);
        done = buffer.length;
      }
      done -= buffer.length;
      at += buffer.length;
    }
    return at;
  }

  truncate(sizeBytes: number): void {
    fs.ftruncateSync(this.#descriptor, sizeBytes);
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  syncNow(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

function space(path: string): VolumeSpace | undefined {
  try {
    const { bsize, blocks, bavail } = fs.statfsSync(path);
    return { totalBytes: bsize * blocks, usableBytes: bsize * bavail };
  } catch {
    return undefined;
  }
}

function stat(path: string): FileStat | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { sizeBytes: found.size, modifiedMs: found.mtimeMs, isDirectory: found.isDirectory() };
}

interface Writing {
  readonly isSynced: boolean;
  readonly isPrivate: boolean;
}

function writeBesideAndRename(path: string, content: Buffer | string, { isSynced, isPrivate }: Writing): void {
  const beside = `${path}.tmp`;
  try {
    // One that is there has the access that it was made with.
    if (isPrivate) fs.rmSync(beside, { force: true });
    fs.writeFileSync(beside, content, { flush: isSynced, mode: isPrivate ? 0o600 : 0o666 });
    fs.renameSync(beside, path);
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw error;
  }
}

async function syncDirectoryLater(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await fs.promises.open(path, fs.constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Windows cannot open directories, and does not need it. */
/** Not `recursive`: where a parent exists and takes no folders (/proc), Node then tries without end. */
function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && fs.statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path || fs.existsSync(parent)) throw error;
    makeDirectory(parent);
    fs.mkdirSync(path);
  }
}

function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
