// Where a command reads and writes, so that tests can look on. Colours only on a terminal, and not where NO_COLOR is set.

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
  out(text: string): void;
  error(text: string): void;
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
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour, text: string) => string;

export function painter({ hasTerminal, environment }: Pick<Terminal, "hasTerminal" | "environment">): Paint {
  const isColoured = hasTerminal && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
  return (colour, text) => (isColoured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text);
}
