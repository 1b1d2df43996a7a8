// The words of a .proto file: identifiers, numbers, strings and signs. Comments and white space are left out.

import { InvalidSchema } from "../format.ts";

export interface Token {
  readonly kind: "word" | "number" | "string" | "sign" | "end";
  /** As written; of a string what stands between the quotes, as it stands between double quotes. */
  readonly text: string;
  readonly line: number;
}

const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["word", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["number", /0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ["sign", /[{}[\]()<>;:=,.+\-/]/y],
];
const SPACE = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  const advance = (found: string) => {
    at += found.length;
    line += found.split("\n").length - 1;
  };
  for (;;) {
    advance(matchAt(SPACE, text, at) ?? "");
    if (at >= text.length) break;
    const token = tokenAt(text, at, line);
    if (token === undefined) throw new InvalidSchema(`Syntax error in line ${line}: unexpected '${text[at]}'`);
    tokens.push(token.token);
    advance(token.source);
  }
  tokens.push({ kind: "end", text: "the end of the file", line });
  return tokens;
}

function tokenAt(text: string, at: number, line: number): { readonly token: Token; readonly source: string } | undefined {
  for (const [kind, pattern] of PATTERNS) {
    const source = matchAt(pattern, text, at);
    if (source !== undefined) return { source, token: { kind, line, text: kind === "string" ? unquoted(source) : source } };
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function unquoted(source: string): string {
  const inner = source.slice(1, -1);
  return source.startsWith('"') ? inner : inner.replace(/\\.|"/g, (found) => (found === '"' ? '\\"' : found === "\\'" ? "'" : found));
}
