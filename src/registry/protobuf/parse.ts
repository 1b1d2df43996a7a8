// Reads a .proto file by the grammar of the Protobuf language (proto2, proto3 and editions). What a file must hold to beside its grammar is in check.ts.

import { InvalidSchema } from "../format.ts";
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFile,
  ProtoImport,
  ProtoMessage,
  ProtoMethod,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoService,
  ProtoType,
  ProtoValue,
} from "./file.ts";
import { type Token, tokensOf } from "./tokens.ts";

export function parseProto(text: string): ProtoFile {
  return new Parser(tokensOf(text)).file();
}

type Writable<Value> = { -readonly [key in keyof Value]: Value[key] extends readonly (infer Item)[] ? Item[] : Value[key] };

/** Messages within messages; more are refused. */
const DEEPEST = 32;

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  file(): ProtoFile {
    const file: Writable<ProtoFile> = { syntax: "proto2", package: "", imports: [], options: [], types: [], extensions: [], services: [] };
    if (this.#isWord("syntax", "edition")) file.syntax = this.#syntax();
    while (this.#token.kind !== "end") {
      if (this.#take(";")) continue;
      switch (this.#token.text) {
        case "package":
          if (file.package !== "") throw this.#error("a second package");
          this.#next++;
          file.package = this.#typeName();
          this.#need(";");
          break;
        case "import":
          file.imports.push(this.#import());
          break;
        case "option":
          file.options.push(this.#option());
          break;
        case "message":
        case "enum":
          file.types.push(this.#type());
          break;
        case "extend":
          file.extensions.push(this.#extend(file.types));
          break;
        case "service":
          file.services.push(this.#service());
          break;
        default:
          throw this.#unexpected();
      }
    }
    return file;
  }

  #syntax(): string {
    const isEdition = this.#word() === "edition";
    this.#need("=");
    const syntax = this.#string();
    this.#need(";");
    if (isEdition ? !/^[0-9]{4}$/.test(syntax) : syntax !== "proto2" && syntax !== "proto3")
      throw this.#error(`unknown syntax '${syntax}'`);
    return syntax;
  }

  #import(): ProtoImport {
    this.#next++;
    const word = this.#token.kind === "word" ? this.#word() : undefined;
    if (word !== undefined && word !== "public" && word !== "weak") throw this.#error(`unexpected '${word}'`);
    const path = this.#string();
    this.#need(";");
    return { path, kind: word };
  }

  #type(): ProtoType {
    return this.#word() === "enum" ? this.#enum() : this.#message(this.#word());
  }

  #message(name: string): ProtoMessage {
    if (++this.#depth > DEEPEST) throw this.#error(`more than ${DEEPEST} levels`);
    const message: Writable<ProtoMessage> = {
      ...{ kind: "message", name, options: [], fields: [], oneofs: [], types: [] },
      ...{ reserved: [], extensionRanges: [], extensions: [] },
    };
    this.#need("{");
    while (!this.#take("}")) {
      if (!this.#take(";")) this.#element(message);
    }
    this.#depth--;
    return message;
  }

  /** Every keyword may also be the type of a field, or begin its name: what follows decides. */
  #element(message: Writable<ProtoMessage>): void {
    const follows = this.#tokens[this.#next + 1];
    const isNamed = follows?.kind === "word" && this.#tokens[this.#next + 2]?.text === "{";
    if (this.#isWord("message", "enum") && isNamed) message.types.push(this.#type());
    else if (this.#isWord("oneof") && isNamed) message.oneofs.push(this.#oneof(message.types));
    else if (this.#isWord("option") && (follows?.kind === "word" || follows?.text === "(") && !this.#isField())
      message.options.push(this.#option());
    else if (this.#isWord("reserved") && !this.#isField()) message.reserved.push(this.#reserved());
    else if (this.#isWord("extensions") && follows?.kind === "number") message.extensionRanges.push(this.#extensionRange());
    else if (this.#isWord("extend") && !this.#isField()) message.extensions.push(this.#extend(message.types));
    else message.fields.push(this.#field(message.types));
  }

  /** Whether a type, a name, and a number follow. */
  #isField(): boolean {
    const before = this.#next;
    try {
      this.#typeName();
      return this.#token.kind === "word" && this.#tokens[this.#next + 1]?.text === "=" && this.#tokens[this.#next + 2]?.kind === "number";
    } catch {
      return false;
    } finally {
      this.#next = before;
    }
  }

  #field(types: ProtoType[]): ProtoField {
    const label = this.#label();
    if (this.#isWord("map") && this.#tokens[this.#next + 1]?.text === "<") return this.#mapField(label);
    if (this.#isWord("group") && this.#tokens[this.#next + 1]?.kind === "word" && this.#tokens[this.#next + 2]?.text === "=") {
      return this.#group(label, types);
    }
    const type = this.#typeName();
    return { label, type, mapKey: undefined, ...this.#numbered(), group: undefined };
  }

  #label(): ProtoField["label"] {
    const { text } = this.#token;
    if (text !== "optional" && text !== "required" && text !== "repeated") return undefined;
    const follows = this.#tokens[this.#next + 1];
    if ((follows?.kind !== "word" && follows?.text !== ".") || this.#tokens[this.#next + 2]?.text === "=") {
      if (follows?.text !== "group") return undefined;
    }
    this.#next++;
    return text;
  }

  #mapField(label: ProtoField["label"]): ProtoField {
    if (label !== undefined) throw this.#error("a map has no label");
    this.#next++;
    this.#need("<");
    const mapKey = this.#typeName();
    this.#need(",");
    const type = this.#typeName();
    this.#need(">");
    return { label, type, mapKey, ...this.#numbered(), group: undefined };
  }

  #group(label: ProtoField["label"], types: ProtoType[]): ProtoField {
    this.#next++;
    const name = this.#word();
    this.#need("=");
    const number = this.#integer();
    const options = this.#bracketed();
    const group = this.#message(name);
    types.push(group);
    return { label, type: name, mapKey: undefined, name: name.toLowerCase(), number, options, group };
  }

  #numbered() {
    const name = this.#word();
    this.#need("=");
    const number = this.#integer();
    const options = this.#bracketed();
    this.#need(";");
    return { name, number, options };
  }

  #oneof(types: ProtoType[]): ProtoOneof {
    this.#next++;
    const oneof: Writable<ProtoOneof> = { name: this.#word(), options: [], fields: [] };
    this.#need("{");
    while (!this.#take("}")) {
      if (this.#take(";")) continue;
      if (this.#isWord("option") && !this.#isField()) oneof.options.push(this.#option());
      else oneof.fields.push(this.#field(types));
    }
    return oneof;
  }

  #enum(): ProtoEnum {
    const element: Writable<ProtoEnum> = { kind: "enum", name: this.#word(), options: [], values: [], reserved: [] };
    this.#need("{");
    while (!this.#take("}")) {
      if (this.#take(";")) continue;
      const isValue = this.#tokens[this.#next + 1]?.text === "=";
      if (this.#isWord("option") && !isValue) element.options.push(this.#option());
      else if (this.#isWord("reserved") && !isValue) element.reserved.push(this.#reserved());
      else element.values.push(this.#numbered());
    }
    return element;
  }

  #extend(types: ProtoType[]): ProtoExtend {
    this.#next++;
    const extendee = this.#typeName();
    const fields: ProtoField[] = [];
    this.#need("{");
    while (!this.#take("}")) {
      if (!this.#take(";")) fields.push(this.#field(types));
    }
    return { extendee, fields };
  }

  #reserved(): ProtoReserved {
    this.#next++;
    if (this.#token.kind === "number" || this.#token.text === "-") {
      const ranges = this.#ranges();
      this.#need(";");
      return { ranges, names: [], isQuoted: false };
    }
    const isQuoted = this.#token.kind === "string";
    const names: string[] = [];
    do names.push(isQuoted ? this.#string() : this.#word());
    while (this.#take(","));
    this.#need(";");
    return { ranges: [], names, isQuoted };
  }

  #extensionRange(): ProtoMessage["extensionRanges"][number] {
    this.#next++;
    const ranges = this.#ranges();
    const options = this.#bracketed();
    this.#need(";");
    return { ranges, options };
  }

  #ranges(): readonly ProtoRange[] {
    const ranges: ProtoRange[] = [];
    do {
      const first = this.#integer();
      if (!this.#takeWord("to")) ranges.push({ first, last: first });
      else ranges.push({ first, last: this.#takeWord("max") ? undefined : this.#integer() });
    } while (this.#take(","));
    return ranges;
  }

  #service(): ProtoService {
    this.#next++;
    const service: Writable<ProtoService> = { name: this.#word(), options: [], methods: [] };
    this.#need("{");
    while (!this.#take("}")) {
      if (this.#take(";")) continue;
      if (this.#isWord("option")) service.options.push(this.#option());
      else if (this.#takeWord("rpc")) service.methods.push(this.#method());
      else throw this.#unexpected();
    }
    return service;
  }

  #method(): ProtoMethod {
    const name = this.#word();
    const input = this.#parameter();
    if (!this.#takeWord("returns")) throw this.#unexpected();
    const output = this.#parameter();
    const options: ProtoOption[] = [];
    if (this.#take("{")) {
      while (!this.#take("}")) {
        if (!this.#take(";")) options.push(this.#option());
      }
    } else this.#need(";");
    return { name, input: input.type, output: output.type, streamsInput: input.isStream, streamsOutput: output.isStream, options };
  }

  #parameter() {
    this.#need("(");
    const follows = this.#tokens[this.#next + 1]?.text;
    const isStream = this.#isWord("stream") && follows !== ")" && this.#takeWord("stream");
    const type = this.#typeName();
    this.#need(")");
    return { type, isStream };
  }

  #option(): ProtoOption {
    if (!this.#takeWord("option")) throw this.#unexpected();
    const option = this.#assignment();
    this.#need(";");
    return option;
  }

  #bracketed(): readonly ProtoOption[] {
    const options: ProtoOption[] = [];
    if (!this.#take("[")) return options;
    do options.push(this.#assignment());
    while (this.#take(","));
    this.#need("]");
    return options;
  }

  #assignment(): ProtoOption {
    const parts: string[] = [];
    do {
      if (this.#take("(")) {
        parts.push(`(${this.#typeName()})`);
        this.#need(")");
      } else parts.push(this.#word());
    } while (this.#take("."));
    this.#need("=");
    return { name: parts.join("."), value: this.#value() };
  }

  #value(): ProtoValue {
    if (this.#token.kind === "string") return { kind: "string", text: this.#string() };
    if (this.#token.text === "{") return { kind: "message", words: this.#textFormat() };
    const sign = this.#take("-") ? "-" : this.#take("+") ? "" : "";
    if (this.#token.kind !== "number" && this.#token.kind !== "word") throw this.#unexpected();
    const text = this.#token.kind === "word" ? this.#typeName() : this.#advance().text;
    return { kind: "scalar", text: sign + text };
  }

  /** The words of a message in text format, its braces left out. */
  #textFormat(): readonly string[] {
    const words: string[] = [];
    const open: string[] = [];
    do {
      const token = this.#advance();
      if (token.kind === "end") throw this.#error("a value does not end");
      if (token.text === "{" && token.kind === "sign") open.push("}");
      else if (token.text === "}" && token.kind === "sign" && open.pop() === undefined) throw this.#unexpected();
      words.push(token.kind === "string" ? `"${token.text}"` : token.text);
    } while (open.length > 0);
    return words.slice(1, -1);
  }

  #typeName(): string {
    let name = this.#take(".") ? "." : "";
    name += this.#word();
    while (this.#token.text === "." && this.#token.kind === "sign") {
      this.#next++;
      name += `.${this.#word()}`;
    }
    return name;
  }

  #integer(): number {
    const sign = this.#take("-") ? -1 : 1;
    const { kind, text } = this.#token;
    if (kind !== "number" || !/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text)) throw this.#unexpected();
    this.#next++;
    return sign * (/^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text));
  }

  /** Strings that follow one another are one. */
  #string(): string {
    if (this.#token.kind !== "string") throw this.#unexpected();
    let text = "";
    while (this.#token.kind === "string") text += this.#advance().text;
    return text;
  }

  #word(): string {
    if (this.#token.kind !== "word") throw this.#unexpected();
    return this.#advance().text;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "the end of the file", line: 0 };
  }

  #advance(): Token {
    const token = this.#token;
    this.#next++;
    return token;
  }

  #isWord(...words: readonly string[]): boolean {
    return this.#token.kind === "word" && words.includes(this.#token.text);
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#next++;
    return true;
  }

  #take(sign: string): boolean {
    if (this.#token.kind !== "sign" || this.#token.text !== sign) return false;
    this.#next++;
    return true;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) throw this.#error(`expected '${sign}', found '${this.#token.text}'`);
  }

  #unexpected(): InvalidSchema {
    return this.#error(`unexpected '${this.#token.text}'`);
  }

  #error(what: string): InvalidSchema {
    return new InvalidSchema(`Syntax error in line ${this.#token.line}: ${what}`);
  }
}
