// A disk behind a cache, for what a power failure leaves of it. Files are read and written as usual; beside them the disk knows what was
// synced, and what of the rest a power failure may or may not take: pages of a file, in any order; lengths that it had since; names that were
// given, changed and taken in a folder, each for itself. What a file had when it was synced it keeps, unless it was written over since.

import type { FileStat, OpenFile } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import type { Dice } from "../simulation/scheduler.ts";

/** What is noted of writes; pages are some of these. */
const GRAIN_BYTES = 64;
const PAGE_BYTES = [64, 512, 4096] as const;
/** How much of what was not synced stays, in a power failure as the dice have it. */
const SHARES_KEPT = [0, 0.1, 0.5, 0.9, 1] as const;

type NameChange =
  | { readonly type: "given"; readonly name: string; readonly node: Node }
  | { readonly type: "taken"; readonly name: string }
  | { readonly type: "renamed"; readonly from: string; readonly to: string; readonly node: Node };

type Node = FileNode | FolderNode;

class FileNode {
  content: Buffer = Buffer.alloc(0);
  sizeBytes = 0;
  #synced: Buffer = Buffer.alloc(0);
  readonly #grains = new Set<number>();
  /** Lengths since it was synced. */
  #sizes: number[] = [0];

  get bytes(): Buffer {
    return this.content.subarray(0, this.sizeBytes);
  }

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    this.#grow(end);
    bytes.copy(this.content, position);
    if (position > this.sizeBytes) this.#note(this.sizeBytes, position);
    this.#note(position, end);
    if (end > this.sizeBytes) this.#resize(end);
  }

  truncate(sizeBytes: number): void {
    this.#grow(sizeBytes);
    if (sizeBytes < this.sizeBytes) this.content.fill(0, sizeBytes, this.sizeBytes);
    this.#note(Math.min(sizeBytes, this.sizeBytes), Math.max(sizeBytes, this.sizeBytes));
    this.#resize(sizeBytes);
  }

  sync(): void {
    const synced = this.#synced.length === this.sizeBytes ? this.#synced : Buffer.alloc(this.sizeBytes);
    if (synced !== this.#synced) this.#synced.copy(synced);
    for (const grain of this.#grains)
      this.content.copy(synced, grain * GRAIN_BYTES, grain * GRAIN_BYTES, this.#endOf(grain, this.sizeBytes));
    this.#synced = synced;
    this.#grains.clear();
    this.#sizes = [this.sizeBytes];
  }

  /** Without dice, what was synced. */
  afterPowerLoss(dice: Dice | undefined): Buffer {
    if (dice === undefined) return Buffer.from(this.#synced);
    const share = dice.pick(SHARES_KEPT);
    const pageBytes = dice.pick(PAGE_BYTES);
    const sizeBytes = share === 1 ? this.sizeBytes : share === 0 ? this.#synced.length : dice.pick(this.#sizes);
    const left = Buffer.alloc(sizeBytes);
    this.#synced.copy(left);
    const pages = new Set([...this.#grains].map((grain) => Math.floor((grain * GRAIN_BYTES) / pageBytes)));
    for (const page of pages) {
      if (!dice.chance(share)) continue;
      this.content.copy(left, page * pageBytes, page * pageBytes, Math.min((page + 1) * pageBytes, this.sizeBytes));
    }
    return left;
  }

  #endOf(grain: number, sizeBytes: number): number {
    return Math.max(grain * GRAIN_BYTES, Math.min((grain + 1) * GRAIN_BYTES, sizeBytes));
  }

  #note(from: number, to: number): void {
    for (let grain = Math.floor(from / GRAIN_BYTES); grain * GRAIN_BYTES < to; grain++) this.#grains.add(grain);
  }

  #grow(sizeBytes: number): void {
    if (sizeBytes <= this.content.length) return;
    const grown = Buffer.alloc(Math.max(sizeBytes, 2 * this.content.length));
    this.content.copy(grown);
    this.content = grown;
  }

  #resize(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    this.#sizes.push(sizeBytes);
  }
}

class FolderNode {
  readonly entries = new Map<string, Node>();
  #synced = new Map<string, Node>();
  #changes: NameChange[] = [];

  change(change: NameChange): void {
    this.#changes.push(change);
    apply(this.entries, change);
  }

  sync(): void {
    this.#synced = new Map(this.entries);
    this.#changes = [];
  }

  afterPowerLoss(dice: Dice | undefined): Map<string, Node> {
    const left = new Map(this.#synced);
    if (dice === undefined) return left;
    const share = dice.pick(SHARES_KEPT);
    for (const change of this.#changes) if (dice.chance(share)) apply(left, change);
    return left;
  }
}

function apply(entries: Map<string, Node>, change: NameChange): void {
  if (change.type === "given") entries.set(change.name, change.node);
  else if (change.type === "taken") entries.delete(change.name);
  else {
    entries.delete(change.from);
    entries.set(change.to, change.node);
  }
}

/** As much of a Filesystem as one that fails needs. Errors are those of Node. */
export class PageDisk {
  readonly #root = new FolderNode();

  /** All of that is synced. */
  static copyOf(files: MemoryFilesystem): PageDisk {
    const disk = new PageDisk();
    copyInto(files, "", disk.#root);
    return disk;
  }

  /** Without dice all is lost that was not synced. */
  afterPowerLoss(dice?: Dice): MemoryFilesystem {
    const left = new MemoryFilesystem();
    leave(this.#root, "", { left, dice });
    return left;
  }

  open(path: string, mode: "read" | "write"): OpenFile {
    const found = this.#find(path);
    if (found === undefined && mode === "read") throw failure("ENOENT", "open", path);
    if (found instanceof FolderNode) throw failure("EISDIR", "open", path);
    const node = found ?? this.#give(path, new FileNode());
    return {
      path,
      sizeBytes: () => node.sizeBytes,
      read: (target, position) => node.bytes.copy(target, 0, Math.min(position, node.sizeBytes)),
      readLater: async (target, position) => node.bytes.copy(target, 0, Math.min(position, node.sizeBytes)),
      write: (buffers, position) => node.write(Buffer.concat(buffers), position),
      truncate: (sizeBytes) => node.truncate(sizeBytes),
      sync: async () => node.sync(),
      syncNow: () => node.sync(),
      close: () => undefined,
    };
  }

  readFile(path: string): Buffer {
    return Buffer.from(this.#file(path).bytes);
  }

  /** Another file takes the name when it is renamed; this one is new. */
  writeNew(path: string, content: Buffer | string): void {
    const node = new FileNode();
    node.write(Buffer.from(content), 0);
    this.#give(path, node);
  }

  syncFile(path: string): void {
    this.#file(path).sync();
  }

  stat(path: string): FileStat | undefined {
    const node = this.#find(path);
    if (node === undefined) return undefined;
    return {
      sizeBytes: node instanceof FileNode ? node.sizeBytes : 0,
      modifiedMs: systemClock.now(),
      isDirectory: node instanceof FolderNode,
    };
  }

  list(path: string): string[] {
    return [...this.#folder(path).entries.keys()].sort();
  }

  makeDirectory(path: string): void {
    if (this.#find(path) !== undefined) return;
    const { directory } = split(path);
    this.makeDirectory(directory);
    this.#give(path, new FolderNode());
  }

  rename(from: string, to: string): void {
    const node = this.#find(from);
    if (node === undefined) throw failure("ENOENT", "rename", from);
    const source = split(from);
    const target = split(to);
    if (source.directory === target.directory)
      this.#folder(source.directory).change({ type: "renamed", from: source.name, to: target.name, node });
    else {
      this.#folder(target.directory).change({ type: "given", name: target.name, node });
      this.#folder(source.directory).change({ type: "taken", name: source.name });
    }
  }

  remove(path: string): void {
    const node = this.#find(path);
    if (node === undefined) return;
    if (node instanceof FolderNode) for (const name of node.entries.keys()) this.remove(`${path}/${name}`);
    const { directory, name } = split(path);
    this.#folder(directory).change({ type: "taken", name });
  }

  syncDirectory(path: string): void {
    this.#folder(path).sync();
  }

  #give<Given extends Node>(path: string, node: Given): Given {
    const { directory, name } = split(path);
    this.#folder(directory).change({ type: "given", name, node });
    return node;
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/").filter((part) => part !== ""))
      node = node instanceof FolderNode ? node.entries.get(name) : undefined;
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#find(path);
    if (node instanceof FileNode) return node;
    throw failure(node === undefined ? "ENOENT" : "EISDIR", "open", path);
  }

  #folder(path: string): FolderNode {
    const node = this.#find(path);
    if (node instanceof FolderNode) return node;
    throw failure(node === undefined ? "ENOENT" : "ENOTDIR", "scandir", path);
  }
}

function copyInto(files: MemoryFilesystem, path: string, folder: FolderNode): void {
  for (const name of files.list(path)) {
    const child = `${path}/${name}`;
    const isFolder = files.stat(child)?.isDirectory === true;
    const node = isFolder ? new FolderNode() : new FileNode();
    if (node instanceof FolderNode) copyInto(files, child, node);
    else {
      node.write(files.readFile(child), 0);
      node.sync();
    }
    folder.change({ type: "given", name, node });
  }
  folder.sync();
}

function leave(folder: FolderNode, path: string, left: { readonly left: MemoryFilesystem; readonly dice: Dice | undefined }): void {
  for (const [name, node] of folder.afterPowerLoss(left.dice)) {
    const child = `${path}/${name}`;
    if (node instanceof FolderNode) {
      left.left.makeDirectory(child);
      leave(node, child, left);
    } else left.left.replaceFile(child, node.afterPowerLoss(left.dice));
  }
}

function split(path: string): { readonly directory: string; readonly name: string } {
  const clean = `/${path
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;
  const slash = clean.lastIndexOf("/");
  return { directory: clean.slice(0, slash), name: clean.slice(slash + 1) };
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}
