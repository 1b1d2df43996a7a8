// Programs in Go, each a folder with a module of its own, built once into .cache where there is a Go toolchain.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../.cache");

export class GoProgram {
  readonly #folder: string;
  readonly #name: string;
  #isBuildable: boolean | undefined;

  constructor(folder: string, name = basename(folder)) {
    this.#folder = folder;
    this.#name = name;
  }

  /** Whether a binary is there or can be built; says why not. */
  canBuild(): boolean {
    this.#isBuildable ??= existsSync(this.#binary()) || (spawnSync("go", ["version"]).status === 0 && this.#isBuilt());
    return this.#isBuildable;
  }

  /** Gives the path of the binary. Throws when it cannot be built. */
  build(): string {
    const path = this.#binary();
    if (existsSync(path)) return path;
    mkdirSync(CACHE, { recursive: true });
    execFileSync("go", ["build", "-o", path, "."], { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
    return path;
  }

  #isBuilt(): boolean {
    try {
      this.build();
      return true;
    } catch (error) {
      console.error(`${this.#name} cannot be built and is left out: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  }

  /** Named after what it is built from. */
  #binary(): string {
    const hash = createHash("sha256");
    for (const file of ["main.go", "go.mod", "go.sum"]) hash.update(readFileSync(join(this.#folder, file)));
    return join(CACHE, `${this.#name}-${hash.digest("hex").slice(0, 12)}`);
  }
}
