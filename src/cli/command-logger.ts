// The broker's log on the command line. For people: one short line on stderr, and nothing below "warn" until the broker is
// ready, since the banner says that. As JSON (`--json`): pino on stdout, after the ready event; pino is only loaded then, because
// loading it takes as long as starting everything else, and what is said before is held (at most 1,000 lines). Either way a log that
// nobody reads holds nobody up, see log-output.ts.

import type { Logger } from "../base/logger.ts";
import { LOG_LEVELS, type LogLevel } from "./log-level.ts";
import { LogOutput } from "./log-output.ts";
import type { Paint, Terminal } from "./terminal.ts";

type LineLevel = Exclude<LogLevel, "silent">;

export interface CommandLoggerOptions {
  readonly level: LogLevel;
  readonly isJson: boolean;
  readonly terminal: Terminal;
  readonly paint: Paint;
}

interface HeldLine {
  readonly level: LineLevel;
  readonly facts: object;
  readonly message: string;
}
type Sink = (line: HeldLine) => void;

const MOST_HELD_LINES = 1000;

export class CommandLogger {
  readonly #options: CommandLoggerOptions;
  readonly #output: LogOutput;
  readonly #rank: number;
  #held: HeldLine[] = [];
  #sink: Sink | undefined;
  #isReady = false;
  /** What the broker is given. */
  readonly logger: Logger;

  constructor(options: CommandLoggerOptions) {
    this.#options = options;
    this.#rank = LOG_LEVELS.indexOf(options.level);
    this.logger = {
      ...this.#child({}, this.#rank),
      unfiltered: { logger: this.#child({}, LOG_LEVELS.indexOf("debug")), level: options.level },
    };
    const { stdout, stderr } = options.terminal;
    this.#output = new LogOutput(options.isJson ? stdout : stderr, (lines) =>
      this.#write("warn", {}, { lines }, "log lines were lost: nobody took them"),
    );
    if (!options.isJson) this.#sink = (line) => this.#output.write(humanLine(line, options.paint));
  }

  /** The broker is ready: everything is said from now on, and what was held. */
  async ready(): Promise<void> {
    this.#isReady = true;
    if (this.#sink !== undefined) return;
    const { openJsonLog } = await import("./json-log.ts");
    const sink = openJsonLog(this.#output);
    const held = this.#held;
    this.#held = [];
    this.#sink = (line) => sink(line.level, line.facts, line.message);
    for (const line of held) this.#sink(line);
  }

  /** Keeps the lines up to a place in LOG_LEVELS. */
  #child(base: object, rank: number): Logger {
    const line = (level: LineLevel) => (facts: object, message: string) => {
      if (LOG_LEVELS.indexOf(level) <= rank) this.#write(level, base, facts, message);
    };
    return {
      error: line("error"),
      warn: line("warn"),
      info: line("info"),
      debug: line("debug"),
      isDebugging: LOG_LEVELS.indexOf("debug") <= rank,
      child: (facts) => this.#child({ ...base, ...facts }, rank),
    };
  }

  #write(level: LineLevel, base: object, facts: object, message: string): void {
    const line: HeldLine = { level, facts: { ...base, ...facts }, message };
    if (this.#sink === undefined) {
      if (this.#held.length < MOST_HELD_LINES) this.#held.push(line);
    } else if (this.#options.isJson || this.#isReady || level !== "info") this.#sink(line);
  }
}

const COLOURS = { error: "red", warn: "yellow", info: "green", debug: "dim" } as const;

/** `12:03:44 warn  request was malformed  connection=127.0.0.1:5002 error="unknown API"` */
function humanLine({ level, facts, message }: HeldLine, paint: Paint): string {
  const time = new Date().toTimeString().slice(0, 8);
  const words = Object.entries(facts).map(([name, value]) => `${name}=${humanValue(value)}`);
  const said = `${paint("dim", time)} ${paint(COLOURS[level], level.padEnd(5))} ${message}`;
  return words.length === 0 ? `${said}\n` : `${said}  ${paint("dim", words.join(" "))}\n`;
}

function humanValue(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\p{Cc}\p{Cf}]+$/u.test(value)) return value;
  const text = JSON.stringify(value instanceof Error ? value.message : value) ?? String(value);
  return text.replace(UNSEEN, (unseen) => `\\u{${unseen.codePointAt(0)?.toString(16)}}`);
}

/** What terminals obey instead of showing it, and JSON leaves as it is: names in the log are whatever clients say. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
