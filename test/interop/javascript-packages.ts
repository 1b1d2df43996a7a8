// The clients from npm that are no dependencies of this project (javascript/package.json), installed once into .cache/interop/javascript at the
// versions of the lock file there. Two of them are native and built here, with librdkafka and Node's headers: that takes minutes, once.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { CACHE, NODE, ROOT } from "./broker-under-test.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";

export type NativePackage = "@confluentinc/kafka-javascript" | "node-rdkafka";

const SOURCE = join(import.meta.dirname, "javascript");
const FOLDER = join(CACHE, "javascript");
const FILES = ["package.json", "package-lock.json"];
const INSTALL_MS = 300_000;
const BUILD_MS = 900_000;

/** The pinned Node comes first, also for what npm starts. */
const env = { PATH: `${dirname(NODE)}${delimiter}${process.env["PATH"] ?? ""}`, NODE_ENV: "" };
/** One after the other: each takes all cores that there are. */
let building: Promise<void> = Promise.resolve();

/** The folder in whose node_modules they are. */
export const javascriptPackages = madeOnce(install);

export function isBuilt(name: NativePackage): boolean {
  return isCurrent() && existsSync(marker(name));
}

/** Builds it where it is not yet. Rejects with what the compiler says. */
export async function nativePackage(name: NativePackage): Promise<string> {
  const folder = await javascriptPackages();
  const built = building.then(() => build(name));
  building = built.catch(() => undefined);
  await built;
  return folder;
}

function isCurrent(): boolean {
  const same = (file: string): boolean =>
    existsSync(join(FOLDER, file)) && readFileSync(join(FOLDER, file), "utf8") === readFileSync(join(SOURCE, file), "utf8");
  return FILES.every(same) && existsSync(join(FOLDER, "installed"));
}

async function install(): Promise<string> {
  if (isCurrent()) return FOLDER;
  mkdirSync(FOLDER, { recursive: true });
  for (const file of FILES) copyFileSync(join(SOURCE, file), join(FOLDER, file));
  const quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await runOrThrow("npm", ["ci", ...quietly], { cwd: FOLDER, env, deadlineMs: INSTALL_MS });
  writeFileSync(join(FOLDER, "installed"), "");
  return FOLDER;
}

async function build(name: NativePackage): Promise<void> {
  if (existsSync(marker(name))) return;
  const headers = nodeHeaders();
  const more = { CKJS_LINKING: "dynamic", JOBS: "2", ...(headers === undefined ? {} : { npm_config_nodedir: headers }) };
  // First what the rest is built with: several jobs of make at a time look for it before it is there.
  const source = join(FOLDER, "node_modules", name, "deps");
  await runOrThrow(NODE, [join("..", "util", "configure")], { cwd: source, env: { ...env, ...more }, deadlineMs: BUILD_MS });
  const args = ["rebuild", name, "--foreground-scripts", "--loglevel=error"];
  await runOrThrow("npm", args, { cwd: FOLDER, env: { ...env, ...more }, deadlineMs: BUILD_MS });
  writeFileSync(marker(name), "");
}

function marker(name: NativePackage): string {
  return join(FOLDER, "node_modules", name, `built-for-${process.version}`);
}

/** Those that came with the pinned Node: nothing has to be fetched then. */
function nodeHeaders(): string | undefined {
  const packages = join(ROOT, "node_modules/node/node_modules");
  const names = existsSync(packages) ? readdirSync(packages) : [];
  return names.map((name) => join(packages, name)).find((path) => existsSync(join(path, "include/node/node_api.h")));
}
