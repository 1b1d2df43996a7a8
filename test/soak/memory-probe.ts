// Loaded into a broker's process before the broker (`node --expose-gc --import`): tells its parent, when asked, what memory is in use once
// garbage is collected, and how late the event loop was since it was asked last.

import { monitorEventLoopDelay } from "node:perf_hooks";

export interface ProbeAnswer {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly delayMs: number;
}

const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

process.on("message", () => {
  const delayMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const answer: ProbeAnswer = { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, delayMs };
  process.send?.(answer);
  // What collecting took is not the broker's.
  setTimeout(() => delay.reset(), 2 * RESOLUTION_MS).unref();
});
process.channel?.unref();
