// kfake as a contender: a Go program of a few lines (kfake/main.go), built once into .cache where there is a Go toolchain.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const SOURCE = join(import.meta.dirname, "kfake");
let isBuildable: boolean | undefined;

/** Whether a binary is there or can be built. */
export function canBuildKfake(): boolean {
  if (isBuildable !== undefined) return isBuildable;
  isBuildable = existsSync(binary()) || (spawnSync("go", ["version"]).status === 0 && isBuilt());
  return isBuildable;
}

/** Gives the path of the binary. Throws when it cannot be built. */
export function buildKfake(): string {
  const path = binary();
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("go", ["build", "-o", path, "."], { cwd: SOURCE, stdio: ["ignore", "ignore", "pipe"] });
  return path;
}

function isBuilt(): boolean {
  try {
    buildKfake();
    return true;
  } catch (error) {
    console.error(`bench: kfake cannot be built and is left out: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** Named after what it is built from. */
function binary(): string {
  const hash = createHash("sha256");
  for (const file of ["main.go", "go.mod", "go.sum"]) hash.update(readFileSync(join(SOURCE, file)));
  return resolve(import.meta.dirname, "../../.cache", `kfake-${hash.digest("hex").slice(0, 12)}`);
}
