// Keeps at most so many files open, the most recently used ones: a broker may have far more segments than descriptors. A file that
// an asynchronous read or sync is using stays open until it is done.

import { descriptorShares } from "../base/descriptors.ts";
import type { Filesystem, OpenFile } from "../base/filesystem.ts";

/** So many need no look at what the process may have. */
const FEW_FILES = 32;

export class FileHandles {
  readonly filesystem: Filesystem;
  #limit: number;
  #isLimitKnown = false;
  /** In the order of their last use: a Set keeps the order of insertion. */
  readonly #open = new Set<LazyFile>();
  #latest: LazyFile | undefined;

  constructor(filesystem: Filesystem, limit: number) {
    this.filesystem = filesystem;
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Called on every use of an open file. */
  touch(file: LazyFile): void {
    if (file === this.#latest) return;
    this.#open.delete(file);
    this.#open.add(file);
    this.#latest = file;
    if (this.#open.size > FEW_FILES && !this.#isLimitKnown) this.#limitToDescriptors();
    if (this.#open.size > this.#limit) this.#closeOldest();
  }

  forget(file: LazyFile): void {
    this.#open.delete(file);
    if (this.#latest === file) this.#latest = undefined;
  }

  #limitToDescriptors(): void {
    this.#isLimitKnown = true;
    this.#limit = Math.min(this.#limit, Math.max(FEW_FILES, descriptorShares().files));
  }

  #closeOldest(): void {
    for (const file of this.#open) {
      if (this.#open.size <= this.#limit || file === this.#latest) return;
      if (!file.isPinned) file.close();
    }
  }
}

/** A file that is opened when it is used. */
export class LazyFile {
  readonly #handles: FileHandles;
  #path: string;
  #isSetAside = false;
  #file: OpenFile | undefined;
  #pins = 0;
  #isClosing = false;

  constructor(path: string, handles: FileHandles) {
    this.#path = path;
    this.#handles = handles;
  }

  get path(): string {
    return this.#path;
  }

  /** The file has another name now. One that was set aside, to be removed, is not made again by a late reader. */
  renamed(path: string, isSetAside: boolean): void {
    this.#path = path;
    this.#isSetAside = isSetAside;
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  /** The open file, made when there is none. To be used at once: the next call of another file may close it. */
  use(): OpenFile {
    const file = this.#file ?? this.#handles.filesystem.open(this.#path, this.#isSetAside ? "read" : "write");
    this.#file = file;
    this.#handles.touch(this);
    return file;
  }

  /** Keeps the file open until the promise settles. */
  async useWhile<Result>(action: (file: OpenFile) => Promise<Result>): Promise<Result> {
    this.#pins++;
    try {
      return await action(this.use());
    } finally {
      this.#pins--;
      if (this.#isClosing) this.close();
    }
  }

  /** At once, or when those who use it are done. It may be used again. */
  close(): void {
    this.#isClosing = this.#pins > 0;
    if (this.#file === undefined || this.#isClosing) return;
    const file = this.#file;
    this.#file = undefined;
    this.#handles.forget(this);
    file.close();
  }
}
