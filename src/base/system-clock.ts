// The time and the timers of the computer, whoever may have replaced them: fake timers of test frameworks stand in place of the globals and
// of what the module `node:timers` exports, and a broker inside a test must go on whatever the test does to time.
//
// Taken when this file is loaded, so that what is replaced later does not matter. What had been replaced by then is had from where no
// fake reaches: the time from the `Date` of a fresh realm, timers from the time-out of a socket, which Node keeps by itself.

import { Socket } from "node:net";
import { runInNewContext } from "node:vm";
import type { Clock, Timer } from "./clock.ts";

/** Longest delay that Node's timers take. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const nothing = (): void => undefined;

const now: Clock["now"] = isNative(Date) && isNative(Date.now) ? Date.now : runInNewContext("Date.now");
const after: Clock["after"] = holdsProcess(() => setTimeout(nothing, 0), clearTimeout) ? timersOf(setTimeout) : socketTimer;
/** No time to live by: a fake that stands in its place makes requests look quick, and nothing wait. */
const elapsed: Required<Clock>["elapsed"] = performance.now.bind(performance);
const hasImmediates = typeof setImmediate === "function" && holdsProcess(() => setImmediate(nothing), clearImmediate);
const soon: Required<Clock>["soon"] = hasImmediates ? immediatesOf(setImmediate) : (action) => after(0, action);

/** Timers of `after` do not keep the process alive: sockets do. Those of `soon` do. */
export const systemClock: Clock = { now, after, soon, elapsed };

function isNative(callable: () => unknown): boolean {
  return Function.prototype.toString.call(callable).includes("[native code]");
}

/** Node counts what holds the process: real timers, but no fake ones. Those of a simulated browser are real, but mere numbers. */
function holdsProcess<Handle>(set: () => Handle, clear: (handle: Handle) => void): boolean {
  const before = process.getActiveResourcesInfo().length;
  const handle = set();
  const isCounted = process.getActiveResourcesInfo().length > before;
  clear(handle);
  return isCounted && typeof handle === "object";
}

function timersOf(set: typeof setTimeout): Clock["after"] {
  return (delayMs, action) => {
    // Node warns of what is past.
    const handle = set(action, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS)).unref();
    return { cancel: () => handle.close() };
  };
}

function immediatesOf(set: typeof setImmediate): Required<Clock>["soon"] {
  return (action) => {
    const handle = set(action);
    return { cancel: () => handle[Symbol.dispose]() };
  };
}

/** A socket that is connected to nothing has a time-out all the same; 0 would mean none. */
function socketTimer(delayMs: number, action: () => void): Timer {
  const socket = new Socket().setTimeout(Math.min(Math.max(1, delayMs), LONGEST_DELAY_MS), action);
  return { cancel: () => socket.setTimeout(0) };
}
