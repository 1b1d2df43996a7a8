// How far long work is, for the person who watches: one line on stderr, rewritten, gone at the end. Only on a terminal, and only where stdout goes
// elsewhere: lines that come there show by themselves how far it is.

import type { Terminal } from "./terminal.ts";

const REWRITE_MS = 100;
/** Short work says nothing. */
const SILENT_MS = 300;
const CLEAR_LINE = "\r\x1b[K";

export interface ProgressOptions {
  /** What is counted: "records sent". */
  readonly what: string;
  /** How many there will be, where that is known. */
  readonly total?: number;
  /** With `--json` and the like. */
  readonly isQuiet?: boolean;
  /** Milliseconds; may be replaced for tests. */
  readonly now?: () => number;
}

export class Progress {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  readonly #isShown: boolean;
  readonly #now: () => number;
  #nextMs: number;
  #isWritten = false;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#isShown = terminal.hasTerminal && terminal.isPiped && terminal.environment.TERM !== "dumb" && options.isQuiet !== true;
    this.#now = options.now ?? Date.now;
    this.#nextMs = this.#now() + SILENT_MS;
  }

  /** `count` of them are done, in all. */
  at(count: number): void {
    if (!this.#isShown || this.#now() < this.#nextMs) return;
    this.#nextMs = this.#now() + REWRITE_MS;
    this.#isWritten = true;
    const { what, total } = this.#options;
    const of = total === undefined ? "" : ` of ${grouped(total)} (${Math.floor((100 * count) / Math.max(1, total))} %)`;
    this.#terminal.error(`${CLEAR_LINE}${grouped(count)}${of} ${what}`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#isWritten) this.#terminal.error(CLEAR_LINE);
    this.#isWritten = false;
  }
}

function grouped(count: number): string {
  return `${count}`.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
