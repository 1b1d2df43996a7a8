// The flags of the shims, read as Kafka's own tools read theirs: `--name value` or `--name=value`, no abbreviations but in tools with subcommands, words that belong
// to no flag are passed over. What a shim does not know it refuses by name.

export interface Flag {
  readonly name: string;
  /** As `-i`. */
  readonly letter?: string;
  /** What its value is called in the help; absent: it takes none. */
  readonly value?: string;
  readonly isValueOptional?: boolean;
  readonly isWhole?: boolean;
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

export class Flags {
  readonly #values = new Map<string, string[]>();
  /** What belongs to no flag. */
  readonly words: string[] = [];

  /** Raises FlagError. */
  constructor(known: readonly Flag[], argv: readonly string[], { isAbbreviable = false }: { readonly isAbbreviable?: boolean } = {}) {
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
      if (flag === undefined) throw new FlagError(`${name} is not a recognized option`, { isTerse: true });
      if (flag.isRefused)
        throw new FlagError(`--${name} is not something that this command can do; Kafka's own tool can.`, { isTerse: true });
      const values = this.#values.get(flag.name) ?? [];
      this.#values.set(flag.name, values);
      if (flag.value === undefined) continue;
      const next = argv[at + 1];
      const value = inline ?? (next === undefined || (next.startsWith("--") && next.length > 2) ? undefined : next);
      if (value === undefined && !flag.isValueOptional) throw new FlagError(`Option ${name} requires an argument`);
      if (value === undefined) continue;
      if (inline === undefined) at++;
      if (flag.isWhole && !/^[+-]?\d+$/.test(value)) throw new FlagError(`Cannot parse argument '${value}' of option ${name}`);
      values.push(value);
    }
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
    for (const name of names) if (!this.has(name)) throw new FlagError(`Missing required argument "[${name}]"`);
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
