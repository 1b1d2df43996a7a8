// The levels of the broker's loggers, one for each component, which may be changed while it runs. A logger without a level of its own
// has that of the root. Names of levels are Kafka's, and so FATAL is kept: nothing is said at it.
//
// A component may have other names, whose levels are set and told like its own: it says what any of the names is set to say.
//
// Where the logger underneath insists on a level of its own, a line must pass both.

import type { Logger, UnfilteredLogger } from "./logger.ts";

const LEVELS = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"] as const;
export type LoggerLevel = (typeof LEVELS)[number];

const FIRST_LEVELS: { readonly [Level in UnfilteredLogger["level"]]: LoggerLevel } = {
  silent: "FATAL",
  error: "ERROR",
  warn: "WARN",
  info: "INFO",
  debug: "DEBUG",
};

export const ROOT_LOGGER = "root";

export function isLoggerLevel(text: string): text is LoggerLevel {
  return LEVELS.some((level) => level === text);
}

const rankOf = (level: LoggerLevel) => LEVELS.indexOf(level);
const RANKS = { error: rankOf("ERROR"), warn: rankOf("WARN"), info: rankOf("INFO"), debug: rankOf("DEBUG") } as const;

interface Component {
  /** Of the level that holds. */
  rank: number;
}

export class LogLevels {
  readonly #underneath: Logger;
  readonly #components = new Map<string, Component>();
  readonly #otherNames: ReadonlyMap<string, string | undefined>;
  /** By name; who is not here has the root's. */
  readonly #levels = new Map<string, LoggerLevel>();
  #root: LoggerLevel;

  /** `otherNames`: of which component each is one; `undefined` where there is none that would say anything under that name. */
  constructor(logger: Logger, otherNames: ReadonlyMap<string, string | undefined> = new Map()) {
    this.#otherNames = otherNames;
    this.#underneath = logger.unfiltered?.logger ?? logger;
    this.#root = FIRST_LEVELS[logger.unfiltered?.level ?? (logger.isDebugging ? "debug" : "info")];
  }

  /** The logger of a component, which is known from now on. */
  logger(name: string): Logger {
    const component = this.#components.get(name) ?? { rank: 0 };
    this.#components.set(name, component);
    this.#rankAll();
    return gate(this.#underneath.child({ component: name }), component);
  }

  /** Every logger with the level that holds for it, by name. */
  all(): ReadonlyMap<string, LoggerLevel> {
    const levels = new Map<string, LoggerLevel>([[ROOT_LOGGER, this.#root]]);
    for (const name of [...this.#components.keys(), ...this.#otherNames.keys()]) levels.set(name, this.#levels.get(name) ?? this.#root);
    return levels;
  }

  has(name: string): boolean {
    return name === ROOT_LOGGER || this.#components.has(name) || this.#otherNames.has(name);
  }

  /** `undefined` gives a logger back to the root's level; the root keeps its own. */
  set(name: string, level: LoggerLevel | undefined): void {
    if (name === ROOT_LOGGER) this.#root = level ?? this.#root;
    else if (level === undefined) this.#levels.delete(name);
    else this.#levels.set(name, level);
    this.#rankAll();
  }

  #rankAll(): void {
    const ranks = new Map<string, number>();
    for (const [name, level] of this.#levels) {
      const component = this.#otherNames.get(name) ?? name;
      ranks.set(component, Math.max(ranks.get(component) ?? 0, rankOf(level)));
    }
    for (const [name, component] of this.#components) component.rank = ranks.get(name) ?? rankOf(this.#root);
  }
}

function gate(logger: Logger, component: Component): Logger {
  return {
    error: (facts, message) => component.rank >= RANKS.error && logger.error(facts, message),
    warn: (facts, message) => component.rank >= RANKS.warn && logger.warn(facts, message),
    info: (facts, message) => component.rank >= RANKS.info && logger.info(facts, message),
    debug: (facts, message) => component.rank >= RANKS.debug && logger.debug(facts, message),
    get isDebugging() {
      return component.rank >= RANKS.debug && logger.isDebugging;
    },
    child: (facts) => gate(logger.child(facts), component),
  };
}
