// Loaded into a broker's process before the broker (`node --expose-gc --import`): tells its parent, when asked, what memory is in use once
// garbage is collected, and how long turns of the event loop were since it was asked last. On a machine that does other work a turn may take
// long because others had the processor; what it took of the processor's time is the broker's own.

export interface ProbeAnswer {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** The longest turn, a few ms more or less. */
  readonly delayMs: number;
  /** The longest by the processor's time of its thread. */
  readonly busyMs: number;
}

const TICK_MS = 5;

let lastMs = performance.now();
let lastCpuMs = cpuMs();
let delayMs = 0;
let busyMs = 0;

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function tick(): void {
  const [nowMs, nowCpuMs] = [performance.now(), cpuMs()];
  delayMs = Math.max(delayMs, nowMs - lastMs - TICK_MS);
  busyMs = Math.max(busyMs, nowCpuMs - lastCpuMs);
  [lastMs, lastCpuMs] = [nowMs, nowCpuMs];
}

setInterval(tick, TICK_MS).unref();
process.on("message", () => {
  tick();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const answer: ProbeAnswer = { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, delayMs, busyMs };
  process.send?.(answer);
  // What collecting took is not the broker's.
  [lastMs, lastCpuMs, delayMs, busyMs] = [performance.now(), cpuMs(), 0, 0];
});
process.channel?.unref();
