// Files that live in memory: the same semantics and error codes as a disk, gone with the object. Nothing is copied when a file
// grows: it is a list of chunks that double from 512 bytes to 1 MiB. Memory is given back when a file is cut or deleted.
//
//   chunk    0    1     2     ...  11     12     13 ...
//   bytes    512  1024  2048       1 MiB  1 MiB  1 MiB

import type { Clock } from "./clock.ts";
import type { FileStat, Filesystem, OpenFile } from "./filesystem.ts";
import { systemClock } from "./system-clock.ts";

const SMALLEST_CHUNK_BYTES = 512;
const LARGEST_CHUNK_BYTES = 1024 * 1024;
const DOUBLINGS = Math.log2(LARGEST_CHUNK_BYTES / SMALLEST_CHUNK_BYTES);
/** Where the first chunk of the largest size starts. */
const LARGE_START = SMALLEST_CHUNK_BYTES * (2 ** DOUBLINGS - 1);

export class MemoryFilesystem implements Filesystem {
  readonly #nodes = new Map<string, FileData | "directory">([["", "directory"]]);
  readonly #children = new Map<string, Set<string>>([["", new Set()]]);
  readonly #locks = new Set<string>();
  readonly #clock: Clock;
  readonly #room: Room;

  /**
   * @param clock gives files their time of modification
   * @param capacityBytes of all files, beyond which the disk is full
   */
  constructor(clock: Clock = systemClock, capacityBytes = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#room = { freeBytes: capacityBytes };
  }

  open(path: string, mode: "read" | "write"): OpenFile {
    const clean = normalize(path);
    const found = this.#nodes.get(clean);
    if (found === "directory") {
      if (mode === "write") throw failure("EISDIR", "open", path);
      return new MemoryFile(path, new FileData(this.#clock, this.#room));
    }
    if (found !== undefined) return new MemoryFile(path, found);
    if (mode === "read") throw failure("ENOENT", "open", path);
    const data = new FileData(this.#clock, this.#room);
    this.#add(clean, data, "open");
    return new MemoryFile(path, data);
  }

  readFile(path: string): Buffer {
    const data = this.#file(path, "open");
    const content = Buffer.allocUnsafe(data.sizeBytes);
    data.read(content, 0);
    return content;
  }

  replaceFile(path: string, content: Buffer | string): void {
    const clean = normalize(path);
    if (this.#nodes.get(clean) === "directory") throw failure("EISDIR", "rename", path);
    const data = new FileData(this.#clock, this.#room);
    data.write(typeof content === "string" ? Buffer.from(content) : content, 0);
    const replaced = this.#nodes.get(clean);
    if (replaced instanceof FileData) replaced.free();
    if (replaced !== undefined) this.#nodes.set(clean, data);
    else this.#add(clean, data, "open");
  }

  replaceFileUnsynced(path: string, content: Buffer | string): void {
    this.replaceFile(path, content);
  }

  stat(path: string): FileStat | undefined {
    const found = this.#nodes.get(normalize(path));
    if (found === undefined) return undefined;
    if (found === "directory") return { sizeBytes: 0, modifiedMs: 0, isDirectory: true };
    return { sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs, isDirectory: false };
  }

  list(path: string): string[] {
    const clean = normalize(path);
    const names = this.#children.get(clean);
    if (names === undefined) throw failure(this.#nodes.has(clean) ? "ENOTDIR" : "ENOENT", "scandir", path);
    return [...names].sort();
  }

  makeDirectory(path: string): void {
    const clean = normalize(path);
    const found = this.#nodes.get(clean);
    if (found === "directory") return;
    if (found !== undefined) throw failure("EEXIST", "mkdir", path);
    const above = split(clean).directory;
    if (this.#nodes.has(above) && this.#nodes.get(above) !== "directory") throw failure("ENOTDIR", "mkdir", path);
    this.makeDirectory(above);
    this.#add(clean, "directory", "mkdir");
  }

  rename(from: string, to: string): void {
    const source = normalize(from);
    const target = normalize(to);
    const node = this.#nodes.get(source);
    if (node === undefined) throw failure("ENOENT", "rename", from);
    const replaced = this.#nodes.get(target);
    if (replaced === "directory") throw failure(node === "directory" ? "ENOTEMPTY" : "EISDIR", "rename", to);
    if (replaced !== undefined && node === "directory") throw failure("ENOTDIR", "rename", to);
    if (!this.#children.has(split(target).directory)) throw failure("ENOENT", "rename", to);
    if (node === "directory") this.#moveDirectory(source, target);
    else {
      this.#drop(source);
      this.#free(target);
      this.#drop(target);
      this.#add(target, node, "rename");
    }
  }

  #moveDirectory(source: string, target: string): void {
    const names = this.#children.get(source) ?? new Set<string>();
    this.#add(target, "directory", "rename");
    for (const name of names) this.rename(`${source}/${name}`, `${target}/${name}`);
    this.#drop(source);
  }

  remove(path: string): void {
    const clean = normalize(path);
    for (const name of this.#children.get(clean) ?? []) this.remove(`${clean}/${name}`);
    this.#free(clean);
    this.#drop(clean);
  }

  syncDirectory(path: string): void {
    this.list(path);
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.list(path);
  }

  lock(path: string): (() => void) | undefined {
    const clean = normalize(path);
    if (this.#locks.has(clean)) return undefined;
    this.open(path, "write").close();
    this.#locks.add(clean);
    return () => this.#locks.delete(clean);
  }

  #file(path: string, call: string): FileData {
    const found = this.#nodes.get(normalize(path));
    if (found === undefined) throw failure("ENOENT", call, path);
    if (found === "directory") throw failure("EISDIR", call, path);
    return found;
  }

  #add(path: string, node: FileData | "directory", call: string): void {
    const { directory, name } = split(path);
    const siblings = this.#children.get(directory);
    if (siblings === undefined) throw failure(this.#nodes.has(directory) ? "ENOTDIR" : "ENOENT", call, path);
    siblings.add(name);
    this.#nodes.set(path, node);
    if (node === "directory") this.#children.set(path, new Set());
  }

  #free(path: string): void {
    const node = this.#nodes.get(path);
    if (node instanceof FileData) node.free();
  }

  #drop(path: string): void {
    if (!this.#nodes.delete(path)) return;
    this.#children.delete(path);
    const { directory, name } = split(path);
    this.#children.get(directory)?.delete(name);
  }
}

class MemoryFile implements OpenFile {
  readonly path: string;
  /** `undefined` once it is closed: what is deleted must not be kept by who had it open. */
  #data: FileData | undefined;

  constructor(path: string, data: FileData) {
    this.path = path;
    this.#data = data;
  }

  sizeBytes(): number {
    return this.#open("fstat").sizeBytes;
  }

  read(target: Buffer, position: number): number {
    return this.#open("read").read(target, position);
  }

  async readLater(target: Buffer, position: number): Promise<number> {
    return this.#open("read").read(target, position);
  }

  write(buffers: readonly Buffer[], position: number): void {
    const data = this.#open("write");
    let at = position;
    for (const buffer of buffers) {
      data.write(buffer, at);
      at += buffer.length;
    }
  }

  truncate(sizeBytes: number): void {
    this.#open("ftruncate").truncate(sizeBytes);
  }

  async sync(): Promise<void> {
    this.syncNow();
  }

  syncNow(): void {
    this.#open("fdatasync");
  }

  close(): void {
    this.#open("close");
    this.#data = undefined;
  }

  #open(call: string): FileData {
    if (this.#data === undefined) throw failure("EBADF", call, this.path);
    return this.#data;
  }
}

/** What the files of a filesystem may still take. */
interface Room {
  freeBytes: number;
}

/** What is in a file, shared by all who have it open. */
class FileData {
  sizeBytes = 0;
  modifiedMs: number;
  readonly #clock: Clock;
  #room: Room;
  readonly #chunks: Buffer[] = [];

  constructor(clock: Clock, room: Room) {
    this.#clock = clock;
    this.#room = room;
    this.modifiedMs = clock.now();
  }

  read(target: Buffer, position: number): number {
    const end = Math.min(this.sizeBytes, position + target.length);
    let at = position;
    while (at < end) {
      const index = chunkAt(at);
      const start = chunkStart(index);
      at += this.#chunk(index).copy(target, at - position, at - start, Math.min(end - start, chunkBytes(index)));
    }
    return Math.max(0, end - position);
  }

  write(content: Buffer, position: number): void {
    if (position > this.sizeBytes) this.#fillWithZeros(position);
    let at = position;
    const end = position + content.length;
    while (at < end) {
      const index = chunkAt(at);
      at += content.copy(this.#chunk(index), at - chunkStart(index), at - position);
    }
    this.sizeBytes = Math.max(this.sizeBytes, end);
    this.modifiedMs = this.#clock.now();
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) this.#fillWithZeros(sizeBytes);
    else if (sizeBytes < this.sizeBytes) {
      const kept = sizeBytes === 0 ? 0 : chunkAt(sizeBytes - 1) + 1;
      for (const chunk of this.#chunks.slice(kept)) this.#room.freeBytes += chunk.length;
      this.#chunks.length = kept;
      this.sizeBytes = sizeBytes;
    }
    this.modifiedMs = this.#clock.now();
  }

  /** It is gone. Who has it open has what is in it until it is closed, which counts no more. */
  free(): void {
    for (const chunk of this.#chunks) this.#room.freeBytes += chunk.length;
    this.#room = { freeBytes: Number.POSITIVE_INFINITY };
  }

  #fillWithZeros(until: number): void {
    for (let at = this.sizeBytes; at < until; ) {
      const index = chunkAt(at);
      const start = chunkStart(index);
      const end = Math.min(until, start + chunkBytes(index));
      this.#chunk(index).fill(0, at - start, end - start);
      at = end;
    }
    this.sizeBytes = until;
  }

  #chunk(index: number): Buffer {
    const found = this.#chunks[index];
    if (found !== undefined) return found;
    const sizeBytes = chunkBytes(index);
    if (sizeBytes > this.#room.freeBytes) throw failure("ENOSPC", "write", "in memory");
    this.#room.freeBytes -= sizeBytes;
    const made = Buffer.allocUnsafeSlow(sizeBytes);
    this.#chunks[index] = made;
    return made;
  }
}

function chunkAt(position: number): number {
  if (position >= LARGE_START) return DOUBLINGS + Math.floor((position - LARGE_START) / LARGEST_CHUNK_BYTES);
  return 31 - Math.clz32(Math.floor(position / SMALLEST_CHUNK_BYTES) + 1);
}

function chunkStart(index: number): number {
  if (index >= DOUBLINGS) return LARGE_START + (index - DOUBLINGS) * LARGEST_CHUNK_BYTES;
  return SMALLEST_CHUNK_BYTES * (2 ** index - 1);
}

function chunkBytes(index: number): number {
  return index >= DOUBLINGS ? LARGEST_CHUNK_BYTES : SMALLEST_CHUNK_BYTES * 2 ** index;
}

/** Absolute, without the slash in front: "" is the root. "." and ".." are not resolved. */
function normalize(path: string): string {
  if (path.startsWith("/") && !path.includes("//") && !path.endsWith("/")) return path.slice(1);
  return path
    .split("/")
    .filter((part) => part !== "")
    .join("/");
}

function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? { directory: "", name: path } : { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}
