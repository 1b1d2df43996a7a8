// Log lines as JSON on stdout, by pino. Loaded late, see command-logger.ts.

import { pino } from "pino";
import type { LogLevel } from "./command-logger.ts";

/** Says whatever it is given: the levels are the command logger's business. */
export function openJsonLog(): (level: Exclude<LogLevel, "silent">, facts: object, message: string) => void {
  const log = pino({
    level: "debug",
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  });
  return (lineLevel, facts, message) => log[lineLevel](facts, message);
}
