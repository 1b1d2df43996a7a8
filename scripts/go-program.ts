// Programs in Go, each a folder with a module of its own, or a package of a module with several, built once into .cache where there is a Go
// toolchain.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../.cache");

export class GoProgram {
  readonly #folder: string;
  readonly #name: string;
  readonly #package: string;
  #isBuildable: boolean | undefined;

  /** @param folder has the module; @param within the package in it */
  constructor(folder: string, name = basename(folder), within = ".") {
    this.#folder = folder;
    this.#name = name;
    this.#package = within;
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
    execFileSync("go", ["build", "-o", path, `./${this.#package}`], { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
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
    const files = readdirSync(this.#folder, { recursive: true, encoding: "utf8" }).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file));
    for (const file of files.toSorted()) hash.update(readFileSync(join(this.#folder, file)));
    return join(CACHE, `${this.#name}-${hash.digest("hex").slice(0, 12)}`);
  }
}
