// What must be there before anything runs: the packages that package-lock.json names, and the pinned Node among them.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build.mjs";

const packages = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
const installedFile = join(packages, ".package-lock.json");
const stampFile = join(packages, ".set-up");

/** Installs packages if some are missing or changed. Raises an error that says what to do. */
export function setUp() {
  const stamp = `${statSync(lockFile).size} ${statSync(lockFile).mtimeMs}`;
  if (readIfThere(stampFile) === stamp) return;
  if (!isInstalled()) install();
  writeFileSync(stampFile, stamp);
}

/** The path of the Node that the project is run with. Raises an error that says what to do. */
export function pinnedNode() {
  const pinned = join(packages, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(pinned)) return pinned;
  if (isRecent(process.versions.node)) return process.execPath;
  throw new Error(
    `the pinned Node is missing because install scripts did not run; run "npm rebuild node --ignore-scripts=false", or use Node 22.15 or newer (this is ${process.versions.node})`,
  );
}

/** What is installed is what the lock file names; optional packages of other platforms may be absent. */
function isInstalled() {
  const installed = readIfThere(installedFile);
  if (installed === undefined) return false;
  const here = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages).every(([path, wanted]) => {
    if (path === "") return true;
    const found = here[path];
    return found === undefined ? wanted.optional === true : found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function install() {
  console.error("odradek: setting up…");
  const npm = process.env.npm_execpath;
  // Not "ci": that refuses a lock file which lacks optional packages of other platforms, as it must where a registry has none of them.
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const result = isScript
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, encoding: "utf8" })
    : spawnSync("npm", args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
  if (result.status === 0) return;
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim();
  throw new Error(`the packages could not be installed (npm install):\n${said}`);
}

function isRecent(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
