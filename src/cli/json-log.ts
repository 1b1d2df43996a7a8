// Log lines as JSON, by pino. Loaded late, see command-logger.ts.

import { pino } from "pino";
import type { LogLevel } from "./log-level.ts";
import type { LogOutput } from "./log-output.ts";

/** Says whatever it is given: the levels are the command logger's business. */
export function openJsonLog(output: LogOutput): (level: Exclude<LogLevel, "silent">, facts: object, message: string) => void {
  const options = {
    level: "debug",
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  const log = pino(options, output);
  return (lineLevel, facts, message) => log[lineLevel](facts, message);
}
