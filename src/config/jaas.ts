// A JAAS line as Kafka's settings have them: one login module, its flag, and options.
//
//   org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="…" user_alice="…";
//
// The words are those of Java's StreamTokenizer: values stand in quotes, or are a word that does not begin with a digit; comments are passed
// over. What is wrong is said without showing any of the line but what is no value.

export interface JaasEntry {
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Its message is the middle of a sentence. */
export class MalformedJaas extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedJaas";
  }
}

const FLAGS: readonly string[] = ["required", "requisite", "sufficient", "optional"];
const SPACE = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const WORD = /[A-Za-z_$\u00a0-\uffff][\w$.\-\u00a0-\uffff]*/y;
const QUOTED = /"((?:[^"\\\n\r]|\\[^\n\r])*)"|'((?:[^'\\\n\r]|\\[^\n\r])*)'/y;
const ESCAPES: { readonly [letter: string]: string } = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Throws MalformedJaas. */
export function parseJaas(text: string): JaasEntry {
  const words = new Words(text);
  const loginModule = words.take(WORD);
  if (loginModule === undefined) throw new MalformedJaas("it does not begin with a login module");
  const flag = words.take(WORD);
  if (flag === undefined || !FLAGS.includes(flag.toLowerCase()))
    throw new MalformedJaas(`after the login module there must be one of ${FLAGS.join(", ")}`);
  const options = new Map<string, string>();
  while (!words.takeSign(";")) {
    const name = words.take(WORD);
    if (name === undefined)
      throw new MalformedJaas(words.isAtEnd ? "it does not end with a semicolon" : "there is something that is no option");
    if (!words.takeSign("="))
      throw new MalformedJaas(`${options.size === 0 ? "the first option" : "an option"} has no "=" behind its name`);
    const value = words.quoted() ?? words.take(WORD);
    if (value === undefined) throw new MalformedJaas(`the option ${name} has no value; it must stand in quotes`);
    options.set(name, value);
  }
  if (!words.isAtEnd) throw new MalformedJaas("there is more behind the semicolon; one login module is what is expected");
  return { loginModule, options };
}

class Words {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    this.#match(SPACE);
    return this.#at === this.#text.length;
  }

  take(pattern: RegExp): string | undefined {
    this.#match(SPACE);
    return this.#match(pattern)?.[0];
  }

  takeSign(sign: string): boolean {
    this.#match(SPACE);
    const isThere = this.#text.startsWith(sign, this.#at);
    if (isThere) this.#at += sign.length;
    return isThere;
  }

  quoted(): string | undefined {
    this.#match(SPACE);
    const match = this.#match(QUOTED);
    if (match === undefined) return undefined;
    return (match[1] ?? match[2] ?? "").replace(/\\([0-3]?[0-7]{1,2}|.)/g, (_, escaped: string) =>
      /^[0-7]+$/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8)) : (ESCAPES[escaped] ?? escaped),
    );
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }
}
