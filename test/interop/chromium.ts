// A real browser, driven by playwright-core: Debian's Chromium, or another one by CHROMIUM. Where there is none and we are root it is installed;
// where that is not possible, what needs it is skipped, and this says so.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [process.env["CHROMIUM"] ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const INSTALLATION_MS = 240_000;
const isRoot = process.getuid?.() === 0;

export function hasChromium(): boolean {
  if (placeOfChromium() !== undefined) return true;
  if (isRoot && process.platform === "linux") install();
  if (placeOfChromium() !== undefined) return true;
  console.warn("there is no Chromium, which the console is seen with: apt-get install chromium, or name one by CHROMIUM");
  return false;
}

export async function openChromium(): Promise<Browser> {
  const executablePath = placeOfChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium");
  // Root has no namespaces of its own in a container.
  return await chromium.launch({ executablePath, args: isRoot ? ["--no-sandbox"] : [] });
}

function placeOfChromium(): string | undefined {
  return PLACES.find((path) => path !== "" && existsSync(path));
}

function install(): void {
  const options = { stdio: "ignore", timeout: INSTALLATION_MS, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  spawnSync("apt-get", ["update"], options);
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"], options);
}
