// The flags of the shims, read as Kafka's own tools read theirs: `--name value` or `--name=value`. Most of them pass over words that belong to
// no flag; those that read arguments by argparse take abbreviations, lists of values, and no stray words. What a shim does not know it
// refuses by name.

export interface Flag {
  readonly name: string;
  /** As `-i`. */
  readonly letter?: string;
  /** What its value is called in the help; absent: it takes none. */
  readonly value?: string;
  readonly isValueOptional?: boolean;
  readonly isWhole?: boolean;
  /** What argparse calls the type of a number, where it is not Integer. */
  readonly type?: "Long" | "Double";
  /** argparse: takes all words up to the next flag. */
  readonly isList?: boolean;
  readonly help: string;
  /** Known from Kafka's tool, but this command cannot do it. */
  readonly isRefused?: boolean;
}

/** The arguments are wrong: said on stderr, with the help after it unless `isTerse`. */
export class FlagError extends Error {
  readonly isTerse: boolean;

  constructor(message: string, { isTerse = false }: { readonly isTerse?: boolean } = {}) {
    super(message);
    this.name = "FlagError";
    this.isTerse = isTerse;
  }
}

/** How a tool says what is wrong with its arguments. */
export interface Wording {
  unknown(word: string, name: string): FlagError;
  withoutValue(name: string): FlagError;
  notNumber(flag: Flag, value: string): FlagError;
  missing(name: string): FlagError;
}

const JOPT_SIMPLE: Wording = {
  unknown: (_, name) => new FlagError(`${name} is not a recognized option`, { isTerse: true }),
  withoutValue: (name) => new FlagError(`Option ${name} requires an argument`),
  notNumber: ({ name }, value) => new FlagError(`Cannot parse argument '${value}' of option ${name}`),
  missing: (name) => new FlagError(`Missing required argument "[${name}]"`),
};

function argparse(tool: string): Wording {
  return {
    unknown: (word) => argparseError(tool, `unrecognized arguments: '${word}'`),
    withoutValue: (name) => argparseError(tool, `argument --${name}: expected one argument`),
    notNumber: ({ name, type = "Integer" }, value) =>
      argparseError(tool, `argument --${name}: could not convert '${value}' to ${type} (For input string: "${value}")`),
    missing: (name) => argparseError(tool, `argument --${name} is required`),
  };
}

export function argparseError(tool: string, sentence: string): FlagError {
  return new FlagError(`${tool}: error: ${sentence}`);
}

export interface Reading {
  readonly isAbbreviable?: boolean;
  /** As the tool of this name, which reads its arguments by argparse and has no subcommands. */
  readonly argparse?: string | undefined;
}

export class Flags {
  readonly #wording: Wording;
  readonly #values = new Map<string, string[]>();
  /** What belongs to no flag. */
  readonly words: string[] = [];

  /** Raises FlagError. */
  constructor(known: readonly Flag[], argv: readonly string[], { isAbbreviable = false, argparse: tool }: Reading = {}) {
    this.#wording = tool === undefined ? JOPT_SIMPLE : argparse(tool);
    const byName = new Map(known.map((flag) => [flag.name, flag]));
    for (let at = 0; at < argv.length; at++) {
      const word = argv[at] ?? "";
      if (word === "--") break;
      if (!word.startsWith("-") || word === "-") {
        this.words.push(word);
        continue;
      }
      const [, name = word.slice(1), inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
      const flag =
        byName.get(name) ?? known.find(({ letter }) => `-${letter}` === word) ?? (isAbbreviable ? beginningWith(known, word) : undefined);
      if (flag === undefined) throw this.#wording.unknown(word, name);
      if (flag.isRefused)
        throw new FlagError(`--${name} is not something that this command can do; Kafka's own tool can.`, { isTerse: true });
      const values = this.#values.get(flag.name) ?? [];
      this.#values.set(flag.name, values);
      if (flag.value === undefined) continue;
      const next = argv[at + 1];
      const value = inline ?? (next === undefined || (next.startsWith("--") && next.length > 2) ? undefined : next);
      if (value === undefined && !flag.isValueOptional) throw this.#wording.withoutValue(name);
      if (value === undefined) continue;
      if (inline === undefined) at++;
      if (flag.isWhole && !isNumber(value, flag.type)) throw this.#wording.notNumber(flag, value);
      values.push(value);
      if (flag.isList) for (; argv[at + 1]?.startsWith("-") === false; at++) values.push(argv[at + 1] ?? "");
    }
    const [stray] = this.words;
    if (tool !== undefined && stray !== undefined) throw this.#wording.unknown(stray, stray);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last one given. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  whole(name: string): number | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : Number(value);
  }

  need(...names: readonly string[]): void {
    for (const name of names) if (!this.has(name)) throw this.#wording.missing(name);
  }

  /** `name` was given together with one of `others`, which it goes not with. */
  refuseWith(name: string, others: readonly string[]): void {
    if (!this.has(name)) return;
    for (const other of others) if (this.has(other)) throw new FlagError(`Option "[${other}]" can't be used with option "[${name}]"`);
  }

  countOf(names: readonly string[]): number {
    return names.filter((name) => this.has(name)).length;
  }
}

function isNumber(text: string, type: Flag["type"]): boolean {
  return type === "Double" ? /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) : /^[+-]?\d+$/.test(text);
}

/** The only flag that begins so. */
function beginningWith(known: readonly Flag[], word: string): Flag | undefined {
  const [beginning = ""] = word.split("=");
  const found = known.filter(({ name }) => beginning.length > "--".length && `--${name}`.startsWith(beginning));
  return found.length === 1 ? found[0] : undefined;
}

export const BOOTSTRAP_SERVER: Flag = { name: "bootstrap-server", value: "host:port", help: "the broker to talk to; several with commas" };
export const BOOTSTRAP_CONTROLLER: Flag = { name: "bootstrap-controller", value: "host:port", help: "instead: a controller to talk to" };
export const COMMAND_CONFIG: Flag = { name: "command-config", value: "file", help: "a properties file of client settings" };

export function helpOf(purpose: string, flags: readonly Flag[]): string {
  const names = flags.map(({ name, value, isValueOptional }) => `--${name}${valueText(value, isValueOptional)}`);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const rows = flags.flatMap(({ help, isRefused }, index) => (isRefused ? [] : [`${(names[index] ?? "").padEnd(width)}${help}`]));
  return [purpose, "", ...rows, ""].join("\n");
}

function valueText(value: string | undefined, isOptional = false): string {
  if (value === undefined) return "";
  return isOptional ? ` [${value}]` : ` <${value}>`;
}
