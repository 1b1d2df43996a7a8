// What the threads of a process do, by Linux.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A letter each; T: stopped. Threads run on for a moment after the signal. */
export function statesOfThreads(pid: number | undefined): string[] {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return [];
  // "<id> (<name>) <state> …", and a name may have anything in it.
  return readdirSync(folder).map((thread) =>
    readFileSync(join(folder, thread, "stat"), "latin1")
      .replace(/^.*\) /s, "")
      .charAt(0),
  );
}
