// CLIENTS_TRACED=1: what libraries say of their work, in a file beside the log of each client process.

import { createWriteStream, type WriteStream } from "node:fs";

export const isTraced = process.env["CLIENTS_TRACED"] !== undefined;

export function traceOf(logPath: string): WriteStream | undefined {
  return isTraced ? createWriteStream(`${logPath.replace(/\.log$/, "")}.trace`) : undefined;
}
