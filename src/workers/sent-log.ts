// The log of a worker thread: its lines go to the main thread, which has the only log of the process.

import type { Logger, UnfilteredLogger } from "../base/logger.ts";

type LineLevel = "error" | "warn" | "info" | "debug";

export interface LogLine {
  readonly level: LineLevel;
  readonly facts: object;
  readonly message: string;
}

const LEVELS: readonly UnfilteredLogger["level"][] = ["silent", "error", "warn", "info", "debug"];

/** A logger that hands its lines to `send`; facts that no other thread can be given are sent as text. */
export function sendingLogger(level: UnfilteredLogger["level"], send: (line: LogLine) => void): Logger {
  return { ...loggerAt(level, {}, send), unfiltered: { level, logger: loggerAt("debug", {}, send) } };
}

/** Writes a line that another thread has sent. Whether it is to be kept was decided there. */
export function writeSentLine(logger: Logger, { level, facts, message }: LogLine): void {
  logger[level](facts, message);
}

function loggerAt(most: UnfilteredLogger["level"], base: object, send: (line: LogLine) => void): Logger {
  const rank = LEVELS.indexOf(most);
  const line = (level: LineLevel) => (facts: object, message: string) => {
    if (LEVELS.indexOf(level) <= rank) sendLine({ level, facts: { ...base, ...facts }, message }, send);
  };
  return {
    error: line("error"),
    warn: line("warn"),
    info: line("info"),
    debug: line("debug"),
    isDebugging: most === "debug",
    child: (facts) => loggerAt(most, { ...base, ...facts }, send),
  };
}

function sendLine(line: LogLine, send: (line: LogLine) => void): void {
  try {
    send(line);
  } catch {
    // A function among the facts, or the like: JSON leaves it out.
    send({ ...line, facts: JSON.parse(JSON.stringify(line.facts)) });
  }
}
