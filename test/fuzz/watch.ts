// Loaded into the broker's process before it (`--import`): measures each turn of the event loop by the processor time that it took, so that a
// busy machine does not look like a busy broker, and the memory of the process. Tells its parent. A log line is said each time, not once a
// minute for each client, so that every disconnect can be held against it.

import { Seldom } from "../../src/base/seldom.ts";

export type Observed =
  | { readonly kind: "alive" }
  | { readonly kind: "turn"; readonly endedMs: number; readonly cpuMs: number; readonly wallMs: number }
  | { readonly kind: "measured"; readonly longestTurnMs: number; readonly mostResidentBytes: number };

const LOOK_EVERY_MS = 5;
const ALIVE_EVERY_MS = 1000;
/** What is told at once. */
const LONG_TURN_MS = 50;

Seldom.prototype.say = () => 0;

/** Starting compiles and loads in long turns: turns count when the parent has asked first, and the garbage of that has been collected. */
let isCounting = false;
let longestTurnMs = 0;
let wallMs = performance.now();
let cpuMs = ownCpuMs();

setInterval(() => {
  const now = performance.now();
  const cpuNow = ownCpuMs();
  const turnCpuMs = cpuNow - cpuMs;
  if (isCounting && turnCpuMs > longestTurnMs) longestTurnMs = turnCpuMs;
  if (isCounting && turnCpuMs > LONG_TURN_MS) tell({ kind: "turn", endedMs: Date.now(), cpuMs: turnCpuMs, wallMs: now - wallMs });
  wallMs = now;
  cpuMs = cpuNow;
}, LOOK_EVERY_MS).unref();

process.on("message", () => {
  tell({ kind: "measured", longestTurnMs, mostResidentBytes: process.resourceUsage().maxRSS * 1024 });
  if (!isCounting) globalThis.gc?.();
  longestTurnMs = 0;
  wallMs = performance.now();
  cpuMs = ownCpuMs();
  isCounting = true;
});
process.channel?.unref();
setInterval(() => tell({ kind: "alive" }), ALIVE_EVERY_MS).unref();

function tell(observed: Observed): void {
  process.send?.(observed, undefined, undefined, () => undefined);
}

/** Of this thread. */
function ownCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
