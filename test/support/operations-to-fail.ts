// Which of the operations on a disk are worth a run in which they fail. A broker appends the same way many times; each way in which the code comes
// to the disk is tried the first and the last time that it does so, with each kind of file. EVERY_OPERATION=1 tries them all.

import { extname } from "node:path";
import type { FailingFilesystem } from "./failing-filesystem.ts";

const DEEPEST_STACK = 50;

/** Runs, and gives the operations to fail of those that there were, ascending, counted from 1. */
export async function operationsToFail(disk: FailingFilesystem, run: () => Promise<void>): Promise<number[]> {
  const ways: string[] = [];
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEPEST_STACK;
  disk.onOperation = (path) => ways.push(`${extname(path)} ${callersIn(new Error().stack ?? "")}`);
  try {
    await run();
  } finally {
    disk.onOperation = undefined;
    Error.stackTraceLimit = depth;
  }
  const isChosen = (way: string, index: number) => ways.indexOf(way) === index || ways.lastIndexOf(way) === index;
  const chooses = process.env["EVERY_OPERATION"] === undefined;
  return ways.flatMap((way, index) => (!chooses || isChosen(way, index) ? [index + 1] : []));
}

/** Of the product: which of the test's requests it serves makes no difference. */
function callersIn(stack: string): string {
  const lines = stack.split("\n").slice(1);
  return lines.filter((line) => line.includes("/src/") && !line.includes("/node_modules/")).join();
}
