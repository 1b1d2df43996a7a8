// A real browser, driven by playwright-core: Debian's Chromium, or another one by CHROMIUM.

import { type Browser, chromium } from "playwright-core";
import { isThere, type Packaged, placeOf } from "./debian-package.ts";

const CHROMIUM: Packaged = {
  name: "chromium",
  serves: "shows the console",
  paths: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
};

export function hasChromium(): boolean {
  return isThere(CHROMIUM);
}

export async function openChromium(): Promise<Browser> {
  const executablePath = placeOf(CHROMIUM);
  if (executablePath === undefined) throw new Error("there is no Chromium");
  // Root has no namespaces of its own in a container.
  return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}
