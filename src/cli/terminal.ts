// Where a command reads and writes, so that tests can look on. Colours only on a terminal, and not where NO_COLOR is set.

import { codeOf } from "../client/client-error.ts";
import { ExitCode } from "./command-error.ts";
import type { Destination } from "./log-output.ts";

export interface Environment {
  readonly NO_COLOR?: string | undefined;
  readonly TERM?: string | undefined;
  readonly [name: string]: string | undefined;
}

export interface Terminal {
  readonly environment: Environment;
  readonly stdin: NodeJS.ReadableStream;
  /** A person reads along. */
  readonly hasTerminal: boolean;
  /** What is printed goes to a file or another command. */
  readonly isPiped: boolean;
  /** A person types stdin. */
  readonly isTyped: boolean;
  /** For logs: data goes through `out`. */
  readonly stdout: Destination;
  readonly stderr: Destination;
  /** All of it, however long it takes to be read; where the reader has gone away (`odradek consume t | head -1`), the command ends. */
  out(text: string): void;
  error(text: string): void;
  /** Settles when there is room for more of what `out` is given. */
  drained(): Promise<void>;
}

export const processTerminal: Terminal = {
  environment: process.env,
  // A getter: touching stdin opens it, which `start` need not.
  get stdin() {
    return process.stdin;
  },
  get hasTerminal() {
    return process.stderr.isTTY === true;
  },
  get isPiped() {
    return process.stdout.isTTY !== true;
  },
  get isTyped() {
    return process.stdin.isTTY === true;
  },
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  out: (text) => void process.stdout.write(text, endIfFailed),
  error: (text) => void process.stderr.write(text),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await new Promise((resolve) => process.stdout.once("drain", resolve));
  },
};

function endIfFailed(error?: Error | null): void {
  if (!error) return;
  if (codeOf(error) === "EPIPE") process.exit(ExitCode.OK);
  process.stderr.write(`odradek: the output cannot be written (${error.message})\n`);
  process.exit(ExitCode.FAILURE);
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour, text: string) => string;

export function painter({ hasTerminal, environment }: Pick<Terminal, "hasTerminal" | "environment">): Paint {
  const isColoured = hasTerminal && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
  return (colour, text) => (isColoured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text);
}
