// Programs that come as a package of Debian's: where there is none and we are root it is installed; where that is not possible, what needs it is
// skipped, and this says so.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export interface Packaged {
  readonly name: string;
  /** What it is needed for, for who has to do without. */
  readonly serves: string;
  readonly paths: readonly string[];
}

const INSTALLATION_MS = 240_000;

/** The variable of its name in capitals names another one. */
export function placeOf({ name, paths }: Packaged): string | undefined {
  return [process.env[name.toUpperCase()] ?? "", ...paths].find((path) => path !== "" && existsSync(path));
}

export function isThere(program: Packaged): boolean {
  const { name, serves } = program;
  if (placeOf(program) === undefined && process.getuid?.() === 0 && process.platform === "linux") install(name);
  if (placeOf(program) !== undefined) return true;
  console.warn(`there is no ${name}, which ${serves}: apt-get install ${name}, or name one by ${name.toUpperCase()}`);
  return false;
}

/** Starts no service of it. */
function install(name: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const options = { stdio: "ignore", timeout: INSTALLATION_MS, env } as const;
  spawnSync("apt-get", ["update"], options);
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", name], options);
}
