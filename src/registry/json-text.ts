// JSON as a text that keeps its meaning: the order of keys and the digits of numbers, both of which `JSON.parse` loses ("10" and "2" move to the
// front as keys, numbers beyond 2^53 are rounded). Schemas are identified by their text, so what is read here is written again as it came, only
// without white space. A key that comes twice has its last value at its first place.

/** A JSON value. Of a number there is only its text. */
export type Json =
  | { readonly kind: "object"; readonly entries: readonly JsonEntry[] }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "literal"; readonly value: boolean | null };

export type JsonEntry = readonly [key: string, value: Json];

/** The same as JavaScript has it. Objects have no prototype, so that no name is found in them but those that were given. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The text is not JSON. `message` says what is wrong, and at which character. */
export class MalformedJson extends Error {
  constructor(message: string, position: number) {
    super(`${message} at character ${position}`);
    this.name = "MalformedJson";
  }
}

/** Deeper texts are refused: they are read by recursion. */
const DEEPEST = 200;

/** Reads `text`; with `comments`, as Avro's own parser does, also with comments in the two ways of C between its tokens. */
export function parseJson(text: string, { comments = false } = {}): Json {
  const reader = new JsonReader(text, comments);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Without white space, keys in their order. */
export function writeJson(json: Json): string {
  switch (json.kind) {
    case "object":
      return `{${json.entries.map(([key, value]) => `${writeString(key)}:${writeJson(value)}`).join(",")}}`;
    case "array":
      return `[${json.items.map(writeJson).join(",")}]`;
    case "string":
      return writeString(json.value);
    case "number":
      return json.text;
    case "literal":
      return String(json.value);
  }
}

/** Keys sorted by code unit in every object; arrays keep their order. */
export function sortKeys(json: Json): Json {
  switch (json.kind) {
    case "object": {
      const entries = json.entries.map(([key, value]): JsonEntry => [key, sortKeys(value)]);
      return { kind: "object", entries: entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
    }
    case "array":
      return { kind: "array", items: json.items.map(sortKeys) };
    default:
      return json;
  }
}

/** What an object has under `key`. */
export function member(json: Json, key: string): Json | undefined {
  return json.kind === "object" ? json.entries.find(([name]) => name === key)?.[1] : undefined;
}

/** What an object has under `key`, if that is a string. */
export function stringMember(json: Json, key: string): string | undefined {
  const value = member(json, key);
  return value?.kind === "string" ? value.value : undefined;
}

export function jsonString(value: string): Json {
  return { kind: "string", value };
}

/** As JavaScript has it: numbers may lose digits. */
export function jsonValue(json: Json): JsonValue {
  switch (json.kind) {
    case "object": {
      const value: { [key: string]: JsonValue } = Object.create(null);
      for (const [key, inner] of json.entries) value[key] = jsonValue(inner);
      return value;
    }
    case "array":
      return json.items.map(jsonValue);
    case "number":
      return Number(json.text);
    default:
      return json.value;
  }
}

/** `JSON.stringify`, with the digits of control characters in capitals as Java's writers have them. */
function writeString(value: string): string {
  return JSON.stringify(value).replace(/\\(?:u00[0-9a-f]{2}|.)/g, (found) =>
    found.length > 2 ? `\\u${found.slice(2).toUpperCase()}` : found,
  );
}

class JsonReader {
  readonly #text: string;
  readonly #comments: boolean;
  readonly #space: RegExp;
  #at = 0;

  constructor(text: string, comments: boolean) {
    this.#text = text;
    this.#comments = comments;
    this.#space = /[ \t\r\n]*/y;
  }

  value(depth: number): Json {
    if (depth > DEEPEST) throw this.#malformed(`more than ${DEEPEST} levels`);
    this.#skip();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return jsonString(this.#string());
      default:
        return this.#word();
    }
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) throw this.#malformed("something follows the value");
  }

  #object(depth: number): Json {
    const entries = new Map<string, Json>();
    this.#at++;
    if (!this.#take("}")) {
      do {
        this.#skip();
        if (this.#text[this.#at] !== '"') throw this.#malformed("a key was expected");
        const key = this.#string();
        if (!this.#take(":")) throw this.#malformed("':' was expected");
        entries.set(key, this.value(depth + 1));
      } while (this.#take(","));
      if (!this.#take("}")) throw this.#malformed("',' or '}' was expected");
    }
    return { kind: "object", entries: [...entries] };
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    this.#at++;
    if (!this.#take("]")) {
      do items.push(this.value(depth + 1));
      while (this.#take(","));
      if (!this.#take("]")) throw this.#malformed("',' or ']' was expected");
    }
    return { kind: "array", items };
  }

  #string(): string {
    const begin = this.#at;
    let at = begin + 1;
    for (let character = this.#text[at]; character !== '"'; character = this.#text[at]) {
      if (character === undefined) throw this.#malformed("a string does not end");
      at += character === "\\" ? 2 : 1;
    }
    this.#at = at + 1;
    try {
      return JSON.parse(this.#text.slice(begin, at + 1));
    } catch {
      this.#at = begin;
      throw this.#malformed("a string with a character or an escape that JSON does not have");
    }
  }

  #word(): Json {
    const word = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/y;
    word.lastIndex = this.#at;
    const [found] = word.exec(this.#text) ?? [];
    if (found === undefined) throw this.#malformed(this.#at < this.#text.length ? "a value was expected" : "the text ends too early");
    this.#at += found.length;
    if (found === "null") return { kind: "literal", value: null };
    if (found === "true" || found === "false") return { kind: "literal", value: found === "true" };
    return { kind: "number", text: found };
  }

  #take(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skip(): void {
    for (;;) {
      this.#space.lastIndex = this.#at;
      this.#at += this.#space.exec(this.#text)?.[0].length ?? 0;
      const opening = this.#comments ? this.#text.slice(this.#at, this.#at + 2) : "";
      if (opening !== "//" && opening !== "/*") return;
      const closing = opening === "//" ? "\n" : "*/";
      const end = this.#text.indexOf(closing, this.#at + 2);
      this.#at = end < 0 ? this.#text.length : end + closing.length;
    }
  }

  #malformed(message: string): MalformedJson {
    return new MalformedJson(message, this.#at);
  }
}
