// Java's properties format, as in Kafka's server.properties: `key=value`, `key: value` or `key value`, comments with # or !,
// lines continued by a backslash at the end, and the escapes \t \n \r \f \uXXXX; a backslash before anything else is dropped.
// The last line of a key wins.

import { SettingError } from "./setting.ts";

export interface Property {
  readonly key: string;
  readonly value: string;
  /** Where it begins, from 1. */
  readonly lineNumber: number;
}

/** In the file's order. Raises MALFORMED_FILE for a broken \u escape; everything else is some key and value, as in Java. */
export function parseProperties(text: string): Property[] {
  return [...logicalLines(text)].map(({ logical, lineNumber }) => {
    const [key, value] = splitLine(logical);
    return { key: withoutEscapes(key, lineNumber), value: withoutEscapes(value, lineNumber), lineNumber };
  });
}

interface Line {
  readonly logical: string;
  readonly lineNumber: number;
}

function* logicalLines(text: string): Generator<Line> {
  let logical = "";
  let isContinued = false;
  let lineNumber = 0;
  for (const [index, natural] of text.split(/\r\n|\r|\n/).entries()) {
    const line = natural.replace(/^[ \t\f]+/, "");
    if (!isContinued && (line === "" || line.startsWith("#") || line.startsWith("!"))) continue;
    if (logical === "" && !isContinued) lineNumber = index + 1;
    const backslashes = /\\*$/.exec(line)?.[0].length ?? 0;
    isContinued = backslashes % 2 === 1;
    logical += isContinued ? line.slice(0, -1) : line;
    if (isContinued) continue;
    yield { logical, lineNumber };
    logical = "";
  }
  if (logical !== "") yield { logical, lineNumber };
}

function splitLine(line: string): [string, string] {
  const match = /^((?:[^\\=: \t\f]|\\.)*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s.exec(line);
  return [match?.[1] ?? line, match?.[2] ?? ""];
}

const ESCAPES: { readonly [letter: string]: string } = { t: "\t", n: "\n", r: "\r", f: "\f" };

function withoutEscapes(text: string, lineNumber: number): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, escaped: string) => {
    if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    if (escaped === "u")
      throw new SettingError("MALFORMED_FILE", "", `line ${lineNumber}: \\u must be followed by four hexadecimal digits`);
    return ESCAPES[escaped] ?? escaped;
  });
}
