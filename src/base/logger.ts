// The part of pino's interface that we use, so that the core does not depend on the library.
// The message is a fixed phrase, facts are fields: log.info({ topic, partition }, "became leader").

type LogLine = (facts: object, message: string) => void;

export interface Logger {
  /** Someone must act. */
  readonly error: LogLine;
  /** We coped. */
  readonly warn: LogLine;
  /** State changed. */
  readonly info: LogLine;
  /** A line a request. */
  readonly debug: LogLine;
  /** Whether `debug` lines are kept; asked before one is put together on a hot path. */
  readonly isDebugging: boolean;
  /** The same lines without a level of its own, for who filters them; absent where a level holds in any case. */
  readonly unfiltered?: UnfilteredLogger;
  child(facts: object): Logger;
}

export interface UnfilteredLogger {
  readonly logger: Logger;
  /** What to filter by at first. */
  readonly level: "silent" | "error" | "warn" | "info" | "debug";
}

const nothing: LogLine = () => undefined;

/** Says nothing. */
export const silentLogger: Logger = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  isDebugging: false,
  child: () => silentLogger,
};
