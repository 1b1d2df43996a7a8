// What the operating system accounts to a process.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Clock ticks a second in /proc; 100 on every Linux that people run. */
const TICKS = 100;
/** In /proc/net/tcp. */
const LISTENING = "0A";

export interface Memory {
  /** Resident memory in MB (of 1024 KB): now, and the most so far. */
  readonly now: number;
  readonly peak: number;
}

/**
 * CPU seconds so far, user and system, of all its threads. `undefined` where the system has no /proc.
 *
 * Both sources say too little, never too much: the sum for the process is rounded down to ticks, that of its threads is exact but knows
 * only threads that still live.
 */
export function cpuSecondsOf(pid: number): number | undefined {
  const fields = statOf(pid);
  if (fields === undefined) return undefined;
  return Math.max((Number(fields[11]) + Number(fields[12])) / TICKS, threadSecondsOf(pid));
}

/** Also of its children, those that ended among them. `undefined` where the system has no /proc. */
export function cpuSecondsOfFamily(pid: number): number | undefined {
  const own = cpuSecondsOf(pid);
  if (own === undefined) return undefined;
  const living = numbersIn("/proc").filter((other) => Number(statOf(other)?.[1]) === pid);
  const ended = (Number(statOf(pid)?.[13]) + Number(statOf(pid)?.[14])) / TICKS;
  return living.reduce((sum, child) => sum + (cpuSecondsOf(child) ?? 0), own + ended);
}

/** Who listens on a port of loopback; `undefined` where the system does not say. */
export function listenerOn(port: number): number | undefined {
  const address = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["tcp", "tcp6"].flatMap((name) => (read(`/proc/net/${name}`) ?? "").split("\n").map((row) => row.trim().split(/\s+/)));
  const listening = rows.filter(([, local = "", , state]) => local.endsWith(address) && state === LISTENING);
  const sockets = new Set(listening.map((row) => `socket:[${row[9]}]`));
  if (sockets.size === 0) return undefined;
  return numbersIn("/proc").find((pid) => numbersIn(`/proc/${pid}/fd`).some((file) => sockets.has(targetOf(`/proc/${pid}/fd/${file}`))));
}

function threadSecondsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of numbersIn(`/proc/${pid}/task`))
    nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
  return nanoseconds / 1e9;
}

/** What follows the name of the program: the state, the parent, … */
function statOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** `undefined` where the system has no /proc. */
export function memoryOf(pid: number): Memory | undefined {
  const status = read(`/proc/${pid}/status`);
  if (status === undefined) return undefined;
  const megabytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
