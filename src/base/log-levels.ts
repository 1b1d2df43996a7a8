// The levels of the broker's loggers, one for each component, which may be changed while it runs. A logger without a level of its own
// has that of the root. Names of levels are Kafka's, and so FATAL is kept: nothing is said at it.
//
// A line passes when the component's level lets it; what the logger underneath then does with it is its own business.

import type { Logger } from "./logger.ts";

const LEVELS = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"] as const;
export type LoggerLevel = (typeof LEVELS)[number];

export const ROOT_LOGGER = "root";

export function isLoggerLevel(text: string): text is LoggerLevel {
  return LEVELS.some((level) => level === text);
}

export class LogLevels {
  readonly #underneath: Logger;
  readonly #levels = new Map<string, LoggerLevel | undefined>();
  #root: LoggerLevel;

  constructor(underneath: Logger) {
    this.#underneath = underneath;
    this.#root = underneath.isDebugging ? "DEBUG" : "INFO";
  }

  /** The logger of a component, which is known from now on. */
  logger(component: string): Logger {
    this.#levels.set(component, this.#levels.get(component));
    return this.#gate(this.#underneath.child({ component }), component);
  }

  /** Every logger with the level that holds for it, by name. */
  all(): ReadonlyMap<string, LoggerLevel> {
    const levels = new Map<string, LoggerLevel>([[ROOT_LOGGER, this.#root]]);
    for (const [name, level] of this.#levels) levels.set(name, level ?? this.#root);
    return levels;
  }

  has(name: string): boolean {
    return name === ROOT_LOGGER || this.#levels.has(name);
  }

  set(name: string, level: LoggerLevel): void {
    if (name === ROOT_LOGGER) this.#root = level;
    else this.#levels.set(name, level);
  }

  /** Back to the level of the root. */
  unset(component: string): void {
    this.#levels.set(component, undefined);
  }

  #lets(component: string, level: LoggerLevel): boolean {
    return LEVELS.indexOf(level) <= LEVELS.indexOf(this.#levels.get(component) ?? this.#root);
  }

  #gate(logger: Logger, component: string): Logger {
    const lets = (level: LoggerLevel) => this.#lets(component, level);
    return {
      error: (facts, message) => lets("ERROR") && logger.error(facts, message),
      warn: (facts, message) => lets("WARN") && logger.warn(facts, message),
      info: (facts, message) => lets("INFO") && logger.info(facts, message),
      debug: (facts, message) => lets("DEBUG") && logger.debug(facts, message),
      get isDebugging() {
        return logger.isDebugging && lets("DEBUG");
      },
      child: (facts) => this.#gate(logger.child(facts), component),
    };
  }
}
