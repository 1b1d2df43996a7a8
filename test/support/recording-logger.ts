// A logger that keeps its lines, for tests of what is said.

import type { Logger } from "../../src/base/logger.ts";

export interface RecordedLine {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export function recordingLogger(lines: RecordedLine[], base: object = {}): Logger {
  const keep = (level: RecordedLine["level"]) => (facts: object, message: string) => {
    lines.push({ level, message, facts: { ...base, ...facts } });
  };
  return {
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
    isDebugging: false,
    child: (facts) => recordingLogger(lines, { ...base, ...facts }),
  };
}
