// What the operating system accounts to a process.

import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc; 100 on every Linux that people run. */
const TICKS = 100;

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
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Math.max((Number(fields[11]) + Number(fields[12])) / TICKS, threadSecondsOf(pid));
}

function threadSecondsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of threadsOf(pid)) nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
  return nanoseconds / 1e9;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
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

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
