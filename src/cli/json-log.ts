// Log lines as JSON on stdout, by pino. Loaded late, see command-logger.ts.

import { pino } from "pino";
import type { LogLevel } from "./command-logger.ts";

export function openJsonLog(level: LogLevel): (level: Exclude<LogLevel, "silent">, facts: object, message: string) => void {
  const log = pino({
    level,
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  });
  return (lineLevel, facts, message) => log[lineLevel](facts, message);
}
